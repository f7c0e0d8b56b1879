// The most that fused multiply-adds reach on this machine, which is what products are compared with.
#pragma once

#include <cstddef>
#include <string_view>

namespace lanewise::bench {

struct FmaChains {
  const char* isa;
  void (*run)(std::size_t rounds, float* sum);  // independent chains in registers; their sum
  double flops;                                 // of one round
};

// Those of an instruction set, by its name in kernels/isas.inc. Null if this binary or this processor has none.
const FmaChains* find_fma_chains(std::string_view isa);

// GFLOP/s of the chains on `threads` threads of the pool: the best of many short runs within `seconds`.
double fma_peak(const FmaChains& chains, std::size_t threads, double seconds);

}  // namespace lanewise::bench
