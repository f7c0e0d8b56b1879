// Regions of code that are compiled for an instruction set above the platform's baseline.
//
//   #include <cstddef>                      // system headers first, outside
//   #include "../../../core/target.h"
//   LANEWISE_TARGET_BEGIN("avx2,fma")
//   namespace lanewise::kernels::avx2 { ... static functions ... }
//   LANEWISE_TARGET_END
//
// Inside a region stand no system header, no template instantiation, no lambda and no std algorithm: the linker may
// keep the region's copy of such an inline function for the whole program, and that copy crashes on an older processor.
#pragma once

#define LANEWISE_PRAGMA_(...) _Pragma(#__VA_ARGS__)

#if defined(__clang__)
#define LANEWISE_TARGET_BEGIN(features) \
  LANEWISE_PRAGMA_(clang attribute push(__attribute__((target(features))), apply_to = function))
#define LANEWISE_TARGET_END LANEWISE_PRAGMA_(clang attribute pop)
#elif defined(__GNUC__)
#define LANEWISE_TARGET_BEGIN(features) LANEWISE_PRAGMA_(GCC push_options) LANEWISE_PRAGMA_(GCC target(features))
#define LANEWISE_TARGET_END LANEWISE_PRAGMA_(GCC pop_options)
#else  // MSVC compiles the intrinsics of every instruction set anywhere.
#define LANEWISE_TARGET_BEGIN(features)
#define LANEWISE_TARGET_END
#endif

// Inlining and unrolling that the kernels' speed rests on.
#if defined(__GNUC__) || defined(__clang__)
#define LANEWISE_ALWAYS_INLINE inline __attribute__((always_inline))
#define LANEWISE_RESTRICT __restrict__
#else
#define LANEWISE_ALWAYS_INLINE __forceinline
#define LANEWISE_RESTRICT __restrict
#endif
