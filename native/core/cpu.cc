#include "cpu.h"

// This file is in no target region and under no link-time optimisation: it must run on any processor.

#if defined(__x86_64__) || defined(_M_X64)
#define LANEWISE_X86_64
#include <cstdint>
#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace lanewise::core {
namespace {

#ifdef LANEWISE_X86_64

struct Registers {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// All zero when the processor does not know the leaf.
Registers cpuid(std::uint32_t leaf) {
  Registers r;
#if defined(_MSC_VER)
  int values[4];
  __cpuid(values, 0);
  if (static_cast<std::uint32_t>(values[0]) < leaf) return r;
  __cpuidex(values, static_cast<int>(leaf), 0);
  r = {static_cast<std::uint32_t>(values[0]), static_cast<std::uint32_t>(values[1]),
       static_cast<std::uint32_t>(values[2]), static_cast<std::uint32_t>(values[3])};
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// XCR0: the register states that the operating system saves. Only to be called when cpuid says OSXSAVE.
std::uint64_t saved_states() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  // The instruction itself, because the intrinsic needs a target region.
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
#endif
}

constexpr bool bit(std::uint64_t word, unsigned index) { return ((word >> index) & 1) != 0; }

CpuFeatures detect() {
  const Registers basic = cpuid(1);
  const bool osxsave = bit(basic.ecx, 27);
  const std::uint64_t states = osxsave ? saved_states() : 0;
  const bool os_saves_ymm = (states & 0x06) == 0x06;  // XMM and YMM
  const bool os_saves_zmm = (states & 0xe6) == 0xe6;  // those, mask registers and both halves of the ZMMs
  const Registers extended = cpuid(7);

  CpuFeatures features{};
  const bool avx = bit(basic.ecx, 28), fma = bit(basic.ecx, 12), avx2 = bit(extended.ebx, 5);
  features.avx2_fma = os_saves_ymm && avx && fma && avx2;
  const bool f = bit(extended.ebx, 16), dq = bit(extended.ebx, 17), bw = bit(extended.ebx, 30),
             vl = bit(extended.ebx, 31);
  features.avx512 = features.avx2_fma && os_saves_zmm && f && dq && bw && vl;
#if defined(LANEWISE_EMULATE_AVX512)  // C++ tests that have a table in its place which needs AVX2 only
  features.avx512 = features.avx2_fma;
#endif
  return features;
}

#elif defined(__aarch64__) || defined(_M_ARM64)

CpuFeatures detect() { return {.avx2_fma = false, .avx512 = false, .neon = true}; }  // part of the base architecture

#else

CpuFeatures detect() { return {}; }

#endif

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

bool can_run(std::string_view isa) {
  const CpuFeatures& cpu = cpu_features();
  if (isa == "avx2") return cpu.avx2_fma;
  if (isa == "avx512") return cpu.avx512;
  if (isa == "neon") return cpu.neon;
  // A WebAssembly module with SIMD does not load where there is none.
  return isa == "scalar" || isa == "simd128";
}

}  // namespace lanewise::core
