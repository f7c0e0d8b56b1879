// A few steps of a convolution's tile.
#pragma once

inline constexpr std::ptrdiff_t kConvRound = 4;

LANEWISE_VEC void conv_steps(const std::ptrdiff_t steps, const int rows, const int vectors, Vf (*sum)[kTileVectors],
                             const float* const* pixels, std::ptrdiff_t at, const float* line) {
  LANEWISE_UNROLL
  for (std::ptrdiff_t q = 0; q < steps; ++q) conv_step(rows, vectors, sum, pixels, at + q, line + q * kGemmNr);
}
