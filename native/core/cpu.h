// What this processor can run and this operating system saves across a context switch.
#pragma once

#include <string_view>

namespace lanewise::core {

struct CpuFeatures {
  bool avx2_fma;  // AVX2 and FMA3
  bool avx512;    // AVX-512 F, BW, VL and DQ
  bool neon;      // Advanced SIMD of AArch64
};

// Detected once, at the first call.
const CpuFeatures& cpu_features();

// Whether code for that instruction set (kernels/isas.inc) runs here.
bool can_run(std::string_view isa);

}  // namespace lanewise::core
