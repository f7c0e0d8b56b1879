// A few steps of a convolution's tile.
#pragma once

inline constexpr std::ptrdiff_t kConvRound = 4;

// `count` of them, a constant where it is written: of a loop of `steps` rounds g++ makes one only after it has given
// sums their registers.
#define LANEWISE_CONV_STEPS(count) \
  LANEWISE_UNROLL                  \
  for (std::ptrdiff_t q = 0; q < (count); ++q) conv_step(rows, vectors, sum, pixels, at + q, line + q * kGemmNr)

LANEWISE_VEC void conv_steps(const std::ptrdiff_t steps, const int rows, const int vectors, Vf (*sum)[kTileVectors],
                             const float* const* pixels, std::ptrdiff_t at, const float* line) {
  if (steps == kConvRound) {
    LANEWISE_CONV_STEPS(kConvRound);
  } else if (steps == 1) {
    conv_step(rows, vectors, sum, pixels, at, line);
  } else {
    LANEWISE_CONV_STEPS(steps);
  }
}
#undef LANEWISE_CONV_STEPS
