// What the compilers spell differently. Included before a region opens.
#pragma once

#include "../../core/target.h"

// A function of the vocabulary, or one that must melt into its caller.
#define LANEWISE_VEC [[maybe_unused]] static LANEWISE_ALWAYS_INLINE

// In front of a loop of few, constant rounds over an array that is to live in registers. LANEWISE_ROLLED: where small
// code is worth more.
#if defined(__clang__)
#ifdef LANEWISE_ROLLED
#define LANEWISE_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define LANEWISE_UNROLL _Pragma("clang loop unroll(full)")
#endif
#define LANEWISE_NOINLINE __attribute__((noinline))
#elif defined(__GNUC__)
#define LANEWISE_UNROLL _Pragma("GCC unroll 16")
#define LANEWISE_NOINLINE __attribute__((noinline))
#else
#define LANEWISE_UNROLL
#define LANEWISE_NOINLINE __declspec(noinline)
#endif
