// One panel of a matrix product: rows of A times a panel of kGemmNr columns of B, in tiles of up to kGemmMr rows whose
// sums stay in registers. Every output has one accumulator that takes its products with k ascending, so the result does
// not depend on the tiling. What is to become of the sums of a weight's gradient happens in the same registers.
#pragma once

inline constexpr int kTileVectors = kGemmNr / kLanes;

// How A lies: dense along k, its rows a_stride apart; dense across rows, its lines a_stride apart; or packed in tiles,
// lines of kGemmMr.
enum AForm { kAlong, kAcross, kPacked };

// From one row to the next, and from one k to the next.
LANEWISE_VEC std::size_t row_stride(const AForm form, std::size_t a_stride) { return form == kAlong ? a_stride : 1; }
LANEWISE_VEC std::size_t line_stride(const AForm form, std::size_t a_stride) {
  return form == kAlong ? 1 : form == kAcross ? a_stride : kGemmMr;
}

// The sums of one step of k: every row's element of A times the line of B.
LANEWISE_VEC void tile_step(const int rows, Vf (*sum)[kTileVectors], const float* a, std::size_t a_row,
                            const float* b) {
  Vf line[kTileVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < kTileVectors; ++v) line[v] = v_load(b + v * kLanes);
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    v_fence();
    const Vf ai = v_splat(a[static_cast<std::size_t>(i) * a_row]);
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) v_accumulate(sum[i][v], ai, line[v]);
  }
}

#if defined(LANEWISE_TILE_ROUND)
#include LANEWISE_TILE_ROUND
#else
#include "tile_round-inl.h"
#endif

// What is done with the sums: stored, or a step of gradient descent at once, c -= lr·sum.
enum Finish { kStore, kDescend };

// `rows`, `form` and `finish` are constants at every call, and so is the b_stride of a packed panel, kGemmNr: the loops
// over the sums unroll away and addresses are displacements.
LANEWISE_VEC void tile(const int rows, const AForm form, const Finish finish, const float* a, std::size_t a_stride,
                       const float* b, std::size_t b_stride, std::size_t k, const float* start,
                       std::size_t start_stride, float* c, std::size_t c_stride, float lr) {
  Vf sum[kGemmMr][kTileVectors];
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) {
      sum[i][v] =
          start == nullptr ? v_splat(0.0f) : v_load(start + static_cast<std::size_t>(i) * start_stride + v * kLanes);
    }
  }
  const std::size_t a_row = row_stride(form, a_stride), a_k = line_stride(form, a_stride);
  std::size_t p = 0;
  if (b_stride == kGemmNr) {
    for (; p + kTileRound <= k; p += kTileRound) {
      tile_round(rows, form, sum, a, a_stride, b);
      a += kTileRound * a_k;
      b += kTileRound * kGemmNr;
    }
  }
  for (; p < k; ++p) {
    tile_step(rows, sum, a, a_row, b);
    a += a_k;
    b += b_stride;
  }
  const Vf rate = v_splat(lr);
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) {
      float* const at = c + static_cast<std::size_t>(i) * c_stride + v * kLanes;
      v_store(at, finish == kDescend ? v_fnma(rate, sum[i][v], v_load(at)) : sum[i][v]);
    }
  }
}

#define LANEWISE_TILE_ARGUMENTS                                                                               \
  const float *a, std::size_t a_stride, const float *b, [[maybe_unused]] std::size_t b_stride, std::size_t k, \
      const float *start, std::size_t start_stride, float *c, std::size_t c_stride, [[maybe_unused]] float lr

// Functions for each number of rows: for each form of A those for packed panels of B, and for two of them such as read
// B where it stands.
#define LANEWISE_TILE(rows)                                                                           \
  static LANEWISE_NOINLINE void tile_along_##rows(LANEWISE_TILE_ARGUMENTS) {                          \
    if (b_stride == kGemmNr) {                                                                        \
      tile(rows, kAlong, kStore, a, a_stride, b, kGemmNr, k, start, start_stride, c, c_stride, lr);   \
    } else {                                                                                          \
      tile(rows, kAlong, kStore, a, a_stride, b, b_stride, k, start, start_stride, c, c_stride, lr);  \
    }                                                                                                 \
  }                                                                                                   \
  static LANEWISE_NOINLINE void tile_across_##rows(LANEWISE_TILE_ARGUMENTS) {                         \
    if (b_stride == kGemmNr) {                                                                        \
      tile(rows, kAcross, kStore, a, a_stride, b, kGemmNr, k, start, start_stride, c, c_stride, lr);  \
    } else {                                                                                          \
      tile(rows, kAcross, kStore, a, a_stride, b, b_stride, k, start, start_stride, c, c_stride, lr); \
    }                                                                                                 \
  }                                                                                                   \
  static LANEWISE_NOINLINE void tile_packed_##rows(LANEWISE_TILE_ARGUMENTS) {                         \
    tile(rows, kPacked, kStore, a, a_stride, b, kGemmNr, k, start, start_stride, c, c_stride, lr);    \
  }                                                                                                   \
  static LANEWISE_NOINLINE void tile_across_sgd_##rows(LANEWISE_TILE_ARGUMENTS) {                     \
    tile(rows, kAcross, kDescend, a, a_stride, b, kGemmNr, k, start, start_stride, c, c_stride, lr);  \
  }                                                                                                   \
  static LANEWISE_NOINLINE void tile_packed_sgd_##rows(LANEWISE_TILE_ARGUMENTS) {                     \
    tile(rows, kPacked, kDescend, a, a_stride, b, kGemmNr, k, start, start_stride, c, c_stride, lr);  \
  }

#define LANEWISE_TILES_4(TILE) TILE(1) TILE(2) TILE(3) TILE(4)
#define LANEWISE_TILES_5(TILE) LANEWISE_TILES_4(TILE) TILE(5)
#define LANEWISE_TILES_6(TILE) LANEWISE_TILES_5(TILE) TILE(6)
#define LANEWISE_TILES_8(TILE) LANEWISE_TILES_6(TILE) TILE(7) TILE(8)
#define LANEWISE_TILES_12(TILE) LANEWISE_TILES_8(TILE) TILE(9) TILE(10) TILE(11) TILE(12)

LANEWISE_GEMM_TILES(LANEWISE_TILE)

using Tile = void (*)(LANEWISE_TILE_ARGUMENTS);
#define LANEWISE_TILE_ALONG(rows) tile_along_##rows,
#define LANEWISE_TILE_ACROSS(rows) tile_across_##rows,
#define LANEWISE_TILE_PACKED(rows) tile_packed_##rows,
#define LANEWISE_TILE_ACROSS_SGD(rows) tile_across_sgd_##rows,
#define LANEWISE_TILE_PACKED_SGD(rows) tile_packed_sgd_##rows,
// [finish][form][rows - 1]; nothing descends with an A that is dense along k.
static constexpr Tile kTiles[2][3][kGemmMr] = {
    {{LANEWISE_GEMM_TILES(LANEWISE_TILE_ALONG)},
     {LANEWISE_GEMM_TILES(LANEWISE_TILE_ACROSS)},
     {LANEWISE_GEMM_TILES(LANEWISE_TILE_PACKED)}},
    {{}, {LANEWISE_GEMM_TILES(LANEWISE_TILE_ACROSS_SGD)}, {LANEWISE_GEMM_TILES(LANEWISE_TILE_PACKED_SGD)}}};
#undef LANEWISE_TILE_ALONG
#undef LANEWISE_TILE_ACROSS
#undef LANEWISE_TILE_PACKED
#undef LANEWISE_TILE_ACROSS_SGD
#undef LANEWISE_TILE_PACKED_SGD
#undef LANEWISE_TILE
#undef LANEWISE_TILE_ARGUMENTS

// Equal shares instead of full tiles and a thin rest, 32 rows are 6, 6, 5, 5, 5, 5: how many tiles, and how many rows
// the next of them takes.
LANEWISE_VEC std::size_t tiles_of(std::size_t rows) { return (rows + kGemmMr - 1) / kGemmMr; }
LANEWISE_VEC std::size_t next_tile(std::size_t rows, std::size_t tiles) { return (rows + tiles - 1) / tiles; }

// A tile with fewer columns than a panel, through a buffer: sums of the padding are computed and dropped.
static void tile_edge(Tile whole, std::size_t rows, const float* a, std::size_t a_stride, const float* b,
                      std::size_t b_stride, std::size_t k, const float* start, std::size_t start_stride, float* c,
                      std::size_t c_stride, std::size_t columns) {
  float buffer[kGemmMr * kGemmNr] = {};
  if (start != nullptr) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) buffer[i * kGemmNr + j] = start[i * start_stride + j];
    }
  }
  whole(a, a_stride, b, b_stride, k, buffer, kGemmNr, buffer, kGemmNr, 0.0f);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) c[i * c_stride + j] = buffer[i * kGemmNr + j];
  }
}

static void gemm_panel(const float* a, std::size_t a_row, std::size_t a_k, std::size_t rows, const float* b,
                       std::size_t b_stride, std::size_t k, const float* start, std::size_t start_stride, float* c,
                       std::size_t c_stride, std::size_t columns) {
  const bool dense_columns = a_k != 1;
  const std::size_t a_stride = dense_columns ? a_k : a_row;
  for (std::size_t tiles = tiles_of(rows); tiles != 0; --tiles) {
    const std::size_t share = next_tile(rows, tiles);
    const Tile whole = kTiles[kStore][dense_columns ? kAcross : kAlong][share - 1];
    if (columns == kGemmNr) {
      whole(a, a_stride, b, b_stride, k, start, start_stride, c, c_stride, 0.0f);
    } else {
      tile_edge(whole, share, a, a_stride, b, b_stride, k, start, start_stride, c, c_stride, columns);
    }
    a += share * a_row;
    c += share * c_stride;
    if (start != nullptr) start += share * start_stride;
    rows -= share;
  }
}

// From one packed tile of A to the next: a line more than it takes, lest tiles fall into the same cache sets.
LANEWISE_VEC std::size_t packed_tile(std::size_t k) { return k * kGemmMr + 16; }

static void gemm_outer(const float* a, std::size_t a_k, bool tiled, std::size_t rows, const float* panel, std::size_t k,
                       const float* start, float* c, std::size_t c_stride, const float* lr) {
  const float rate = lr == nullptr ? 0.0f : *lr;
  for (std::size_t tiles = tiles_of(rows); tiles != 0; --tiles) {
    const std::size_t share = next_tile(rows, tiles);
    kTiles[lr == nullptr ? kStore : kDescend][tiled ? kPacked : kAcross][share - 1](a, a_k, panel, kGemmNr, k, start,
                                                                                    c_stride, c, c_stride, rate);
    a += tiled ? packed_tile(k) : share;
    c += share * c_stride;
    if (start != nullptr) start += share * c_stride;
    rows -= share;
  }
}

static void pack_tiles(const float* a, std::size_t stride, std::size_t k, std::size_t rows, float* tiles) {
  if (rows == 0) return;
  const std::size_t count = tiles_of(rows), share = rows / count, larger = rows % count;
  for (std::size_t p = 0; p < k; ++p) {
    float* to = tiles + p * kGemmMr;
    std::size_t i = 0;
    for (std::size_t t = 0; t < count; ++t) {
      // A tile's place has room for kGemmMr; what lies beyond its rows is not read.
      if (i + kGemmMr <= rows) {
        std::memcpy(to, a + i, kGemmMr * sizeof(float));
      } else {
        for (std::size_t j = 0; i + j < rows; ++j) to[j] = a[i + j];
      }
      i += t < larger ? share + 1 : share;
      to += packed_tile(k);
    }
    a += stride;
  }
}

// Panels that a single row takes at once: two vectors of sums alone would wait for each other.
inline constexpr std::size_t kRowPanels = 4;

LANEWISE_VEC void row_of(const std::size_t count, const float* a, const float* panels, std::size_t apart, std::size_t k,
                         const float* start, float* c) {
  Vf sum[kRowPanels][kTileVectors];
  LANEWISE_UNROLL
  for (std::size_t j = 0; j < count; ++j) {
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) {
      sum[j][v] = start == nullptr ? v_splat(0.0f) : v_load(start + j * kGemmNr + static_cast<std::size_t>(v) * kLanes);
    }
  }
  for (std::size_t p = 0; p < k; ++p) {
    const Vf ap = v_splat(a[p]);
    LANEWISE_UNROLL
    for (std::size_t j = 0; j < count; ++j) {
      LANEWISE_UNROLL
      for (int v = 0; v < kTileVectors; ++v) {
        sum[j][v] = v_fma(ap, v_load(panels + j * apart + static_cast<std::size_t>(v) * kLanes), sum[j][v]);
      }
    }
    panels += kGemmNr;
  }
  LANEWISE_UNROLL
  for (std::size_t j = 0; j < count; ++j) {
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) {
      v_store(c + j * kGemmNr + static_cast<std::size_t>(v) * kLanes, sum[j][v]);
    }
  }
}

static void gemm_row(const float* a, const float* panels, std::size_t count, std::size_t k, const float* start,
                     float* c) {
  const std::size_t apart = k * kGemmNr;
  while (count != 0) {
    const std::size_t taken = count < kRowPanels ? 1 : kRowPanels;
    if (taken == 1) {
      row_of(1, a, panels, apart, k, start, c);
    } else {
      row_of(kRowPanels, a, panels, apart, k, start, c);
    }
    panels += taken * apart;
    c += taken * kGemmNr;
    if (start != nullptr) start += taken * kGemmNr;
    count -= taken;
  }
}
