// Eight steps of k of a GEMM tile of two vectors, instruction by instruction, for AVX2 and AVX-512: two loads of B, and
// for each row a broadcast and two multiply-adds. Compilers add moves and reload addresses, up to a fifth more
// instructions, which cost nothing while a core is alone and their share of the time once another hardware thread is on
// it (../../README.md).
#pragma once

inline constexpr std::size_t kTileRound = 8;

// Row `i` of a step: `address` is that of its element of A, %5 being `at`, and %6, %7, %8 one, three and five strides
// in bytes. The last operand says that memory from `at` on is read.
#define LANEWISE_TILE_ROW(i, address)                                                             \
  if (rows > i) {                                                                                 \
    Vf splat;                                                                                     \
    __asm__("vbroadcastss " address ", %2\n\tvfmadd231ps %3, %2, %0\n\tvfmadd231ps %4, %2, %1"    \
            : "+v"(sum[i][0]), "+v"(sum[i][1]), "=&v"(splat)                                      \
            : "v"(low), "v"(high), "r"(at), "r"(one), "r"(three), "r"(five), "m"(*(Readable)at)); \
  }
#define LANEWISE_TILE_ROWS_6(q, ROW) ROW(0, q) ROW(1, q) ROW(2, q) ROW(3, q) ROW(4, q) ROW(5, q)
#define LANEWISE_TILE_STEP(q, ROWS)                                                      \
  {                                                                                      \
    const Vf low = v_load(b + (q) * kGemmNr), high = v_load(b + (q) * kGemmNr + kLanes); \
    ROWS(q)                                                                              \
  }

// at + n strides, as an address can say it.
#define LANEWISE_STRIDES_0 "(%5)"
#define LANEWISE_STRIDES_1 "(%5,%6)"
#define LANEWISE_STRIDES_2 "(%5,%6,2)"
#define LANEWISE_STRIDES_3 "(%5,%7)"
#define LANEWISE_STRIDES_4 "(%5,%6,4)"
#define LANEWISE_STRIDES_5 "(%5,%8)"
// A dense along k, whose rows from the sixth on have a second base; dense across; and packed.
#define LANEWISE_ROW_ALONG(i, q) LANEWISE_TILE_ROW(i, "4*" #q LANEWISE_STRIDES_##i)
#define LANEWISE_ROW_ALONG_LATER(i, later, q) LANEWISE_TILE_ROW(later, "4*" #q LANEWISE_STRIDES_##i)
#define LANEWISE_ROW_ACROSS(i, q) LANEWISE_TILE_ROW(i, "4*" #i LANEWISE_STRIDES_##q)
#define LANEWISE_ROW_PACKED(i, q) LANEWISE_TILE_ROW(i, "4*(" LANEWISE_TILE_MR "*" #q "+" #i ")(%5)")

#if LANEWISE_TILE_ROWS > 6
#define LANEWISE_ROWS_ALONG(q)                                                                              \
  LANEWISE_TILE_ROWS_6(q, LANEWISE_ROW_ALONG)                                                               \
  if (rows > 6) {                                                                                           \
    const float* const at = later;                                                                          \
    LANEWISE_ROW_ALONG_LATER(0, 6, q)                                                                       \
    LANEWISE_ROW_ALONG_LATER(1, 7, q)                                                                       \
    LANEWISE_ROW_ALONG_LATER(2, 8, q)                                                                       \
    LANEWISE_ROW_ALONG_LATER(3, 9, q) LANEWISE_ROW_ALONG_LATER(4, 10, q) LANEWISE_ROW_ALONG_LATER(5, 11, q) \
  }
#define LANEWISE_TILE_MR "12"
#define LANEWISE_EACH_TILE_ROW(q, ROW) \
  LANEWISE_TILE_ROWS_6(q, ROW) ROW(6, q) ROW(7, q) ROW(8, q) ROW(9, q) ROW(10, q) ROW(11, q)
#else
#define LANEWISE_ROWS_ALONG(q) LANEWISE_TILE_ROWS_6(q, LANEWISE_ROW_ALONG)
#define LANEWISE_TILE_MR "6"
#define LANEWISE_EACH_TILE_ROW(q, ROW) LANEWISE_TILE_ROWS_6(q, ROW)
#endif
#define LANEWISE_ROWS_ACROSS(q) LANEWISE_EACH_TILE_ROW(q, LANEWISE_ROW_ACROSS)
#define LANEWISE_ROWS_PACKED(q) LANEWISE_EACH_TILE_ROW(q, LANEWISE_ROW_PACKED)

LANEWISE_VEC void tile_round(const int rows, const AForm form, Vf (*sum)[kTileVectors], const float* a,
                             std::size_t a_stride, const float* b) {
  static_assert(kTileVectors == 2 && kGemmMr == LANEWISE_TILE_ROWS);
  using Readable = const float(*)[1 << 28];
  const std::size_t one = a_stride * sizeof(float), three = 3 * one, five = 5 * one;
  const float* at = a;
  if (form == kAlong) {
    [[maybe_unused]] const float* const later = a + 6 * a_stride;
    LANEWISE_TILE_STEP(0, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(1, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(2, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(3, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(4, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(5, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(6, LANEWISE_ROWS_ALONG)
    LANEWISE_TILE_STEP(7, LANEWISE_ROWS_ALONG)
  } else if (form == kPacked) {
    LANEWISE_TILE_STEP(0, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(1, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(2, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(3, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(4, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(5, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(6, LANEWISE_ROWS_PACKED)
    LANEWISE_TILE_STEP(7, LANEWISE_ROWS_PACKED)
  } else {
    LANEWISE_TILE_STEP(0, LANEWISE_ROWS_ACROSS)
    LANEWISE_TILE_STEP(1, LANEWISE_ROWS_ACROSS)
    LANEWISE_TILE_STEP(2, LANEWISE_ROWS_ACROSS)
    LANEWISE_TILE_STEP(3, LANEWISE_ROWS_ACROSS)
    at += 4 * a_stride;
    b += 4 * kGemmNr;
    LANEWISE_TILE_STEP(0, LANEWISE_ROWS_ACROSS)
    LANEWISE_TILE_STEP(1, LANEWISE_ROWS_ACROSS)
    LANEWISE_TILE_STEP(2, LANEWISE_ROWS_ACROSS)
    LANEWISE_TILE_STEP(3, LANEWISE_ROWS_ACROSS)
  }
}

#undef LANEWISE_TILE_ROW
#undef LANEWISE_TILE_ROWS_6
#undef LANEWISE_TILE_STEP
#undef LANEWISE_STRIDES_0
#undef LANEWISE_STRIDES_1
#undef LANEWISE_STRIDES_2
#undef LANEWISE_STRIDES_3
#undef LANEWISE_STRIDES_4
#undef LANEWISE_STRIDES_5
#undef LANEWISE_ROW_ALONG
#undef LANEWISE_ROW_ALONG_LATER
#undef LANEWISE_ROW_ACROSS
#undef LANEWISE_ROW_PACKED
#undef LANEWISE_ROWS_ALONG
#undef LANEWISE_ROWS_ACROSS
#undef LANEWISE_ROWS_PACKED
#undef LANEWISE_EACH_TILE_ROW
#undef LANEWISE_TILE_MR
