// The kernels of one instruction set: a struct of function pointers, one per line of kernels.inc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise::kernels {

struct KernelTable {
  const char* name;        // as in isas.inc; the backend is called native:<name>
  std::size_t gemm_mr;     // rows of a GEMM tile
  std::size_t gemm_nr;     // columns of a GEMM tile, and the width of a panel of B
  double fma_chain_flops;  // floating-point operations in one round of the kernel fma_chains

#define KERNEL(name, parameters) void(*name) parameters;
#include "kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels
