// The kernels of one instruction set: a struct of function pointers, one per line of kernels.inc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise::kernels {

// A dropout mask for a tensor of `columns` columns whose first row is row number first_row; see generic/dropout-inl.h.
struct Mask {
  std::uint32_t k0, k1;
  std::int32_t threshold;  // from 0, which keeps nothing, to 65536
  float scale;
  std::size_t columns;
  std::size_t first_row;
};

struct KernelTable {
  const char* name;     // as in isas.inc; the backend is called native:<name>
  std::size_t gemm_mr;  // rows of a GEMM tile
  std::size_t gemm_nr;  // columns of a GEMM tile, and the width of a panel of B

#define KERNEL(name, parameters) void(*name) parameters;
#include "kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels
