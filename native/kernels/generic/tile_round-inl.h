// A few steps of k of a GEMM tile whose panel of B is packed.
#pragma once

inline constexpr std::size_t kTileRound = 4;

LANEWISE_VEC void tile_round(const int rows, const AForm form, Vf (*sum)[kTileVectors], const float* a,
                             std::size_t a_stride, const float* b) {
  const std::size_t a_row = row_stride(form, a_stride), a_k = line_stride(form, a_stride);
  LANEWISE_UNROLL
  for (std::size_t q = 0; q < kTileRound; ++q) tile_step(rows, sum, a + q * a_k, a_row, b + q * kGemmNr);
}
