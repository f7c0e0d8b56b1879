// Up to eight steps of a convolution's tile, instruction by instruction, for AVX2 and AVX-512: the loads of the panel,
// and for each pixel a broadcast and a multiply-add with each. Pixels have a pointer each and share the index `at`, so
// that nothing but the index and the panel's address moves. As intrinsics g++ loads the panel again for each pixel.
#pragma once

inline constexpr std::ptrdiff_t kConvRound = 8;

#define LANEWISE_CONV_ROW(i, q)                                                                        \
  if (rows > i) {                                                                                      \
    Vf splat;                                                                                          \
    if (vectors == 2) {                                                                                \
      __asm__("vbroadcastss 4*" #q "(%5,%6,4), %2\n\tvfmadd231ps %3, %2, %0\n\tvfmadd231ps %4, %2, %1" \
              : "+v"(sum[i][0]), "+v"(sum[i][1]), "=&v"(splat)                                         \
              : "v"(low), "v"(high), "r"(pixels[i]), "r"(at), "m"(*(Readable)pixels[i]));              \
    } else {                                                                                           \
      __asm__("vbroadcastss 4*" #q "(%3,%4,4), %1\n\tvfmadd231ps %2, %1, %0"                           \
              : "+v"(sum[i][0]), "=&v"(splat)                                                          \
              : "v"(low), "r"(pixels[i]), "r"(at), "m"(*(Readable)pixels[i]));                         \
    }                                                                                                  \
  }
#if LANEWISE_CONV_PIXELS > 6
#define LANEWISE_CONV_LATER(q) LANEWISE_CONV_ROW(6, q) LANEWISE_CONV_ROW(7, q)
#else
#define LANEWISE_CONV_LATER(q)
#endif
#define LANEWISE_CONV_STEP(q)                                                                      \
  if (steps > q) {                                                                                 \
    const Vf low = v_load(line + (q) * kGemmNr);                                                   \
    const Vf high = vectors == 2 ? v_load(line + (q) * kGemmNr + kLanes) : low;                    \
    LANEWISE_CONV_ROW(0, q)                                                                        \
    LANEWISE_CONV_ROW(1, q)                                                                        \
    LANEWISE_CONV_ROW(2, q)                                                                        \
    LANEWISE_CONV_ROW(3, q) LANEWISE_CONV_ROW(4, q) LANEWISE_CONV_ROW(5, q) LANEWISE_CONV_LATER(q) \
  }

LANEWISE_VEC void conv_steps(const std::ptrdiff_t steps, const int rows, const int vectors, Vf (*sum)[kTileVectors],
                             const float* const* pixels, std::ptrdiff_t at, const float* line) {
  static_assert(kTileVectors == 2 && kConvRows == LANEWISE_CONV_PIXELS);
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
