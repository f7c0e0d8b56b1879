// Eight steps of a convolution's tile, instruction by instruction, for AVX2 and AVX-512: two loads of the panel, and
// for each pixel a broadcast and two multiply-adds. Pixels have a pointer each and share the index `at`, so that
// nothing but the index and the panel's address moves.
#pragma once

inline constexpr std::ptrdiff_t kConvRound = 8;

#define LANEWISE_CONV_ROW(i, q)                                                                      \
  if (rows > i) {                                                                                    \
    Vf splat;                                                                                        \
    __asm__("vbroadcastss 4*" #q "(%5,%6,4), %2\n\tvfmadd231ps %3, %2, %0\n\tvfmadd231ps %4, %2, %1" \
            : "+v"(sum[i][0]), "+v"(sum[i][1]), "=&v"(splat)                                         \
            : "v"(low), "v"(high), "r"(pixels[i]), "r"(at), "m"(*(Readable)pixels[i]));              \
  }
#if LANEWISE_CONV_PIXELS > 6
#define LANEWISE_CONV_LATER(q) LANEWISE_CONV_ROW(6, q) LANEWISE_CONV_ROW(7, q)
#else
#define LANEWISE_CONV_LATER(q)
#endif
#define LANEWISE_CONV_STEP(q)                                                                      \
  {                                                                                                \
    const Vf low = v_load(line + (q) * kGemmNr), high = v_load(line + (q) * kGemmNr + kLanes);     \
    LANEWISE_CONV_ROW(0, q)                                                                        \
    LANEWISE_CONV_ROW(1, q)                                                                        \
    LANEWISE_CONV_ROW(2, q)                                                                        \
    LANEWISE_CONV_ROW(3, q) LANEWISE_CONV_ROW(4, q) LANEWISE_CONV_ROW(5, q) LANEWISE_CONV_LATER(q) \
  }

LANEWISE_VEC void conv_round(const int rows, const int vectors, Vf (*sum)[kTileVectors], const float* const* pixels,
                             std::ptrdiff_t at, const float* line) {
  static_assert(kTileVectors == 2 && kConvRows == LANEWISE_CONV_PIXELS);
  if (vectors == 1) {
    LANEWISE_UNROLL
    for (std::ptrdiff_t q = 0; q < kConvRound; ++q) conv_step(rows, 1, sum, pixels, at + q, line + q * kGemmNr);
    return;
  }
  using Readable = const float(*)[1 << 28];
  LANEWISE_CONV_STEP(0)
  LANEWISE_CONV_STEP(1)
  LANEWISE_CONV_STEP(2)
  LANEWISE_CONV_STEP(3)
  LANEWISE_CONV_STEP(4)
  LANEWISE_CONV_STEP(5)
  LANEWISE_CONV_STEP(6)
  LANEWISE_CONV_STEP(7)
}

#undef LANEWISE_CONV_ROW
#undef LANEWISE_CONV_LATER
#undef LANEWISE_CONV_STEP
