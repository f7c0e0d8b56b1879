// The gradient of a convolution's weight: rows are channels of x, for one tap or, where each row has its place, for
// all; columns are channels of the gradient. The sums of a tile stay in registers over the pixels of one image or
// several.
#pragma once

#include "conv_tile-inl.h"

LANEWISE_VEC void outer_step(const int rows, const int vectors, Vf (*sum)[kTileVectors], const float* a,
                             const float* b) {
  Vf line[kTileVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) line[v] = v_load(b + v * kLanes);
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    v_fence();
    const Vf ai = v_splat(a[i]);
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) v_accumulate(sum[i][v], ai, line[v]);
  }
}

// `rows` and `vectors` are constants at every call.
LANEWISE_VEC void outer_tile(const int rows, const int vectors, const ConvOuter* outer, std::size_t first) {
  Vf sum[kGemmMr][kTileVectors];
  float* const sums = outer->sums + first * kGemmNr;
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) sum[i][v] = v_load(sums + i * kGemmNr + v * kLanes);
  }
  const std::size_t a_step = outer->a_step, b_step = outer->b_step;
  for (const ConvRun *run = outer->runs, *const last = run + outer->count; run != last; ++run) {
    const float* a = outer->a + first + run->a;
    const float* b = outer->b + run->b;
    for (std::size_t left = run->k; left != 0; --left) {
      outer_step(rows, vectors, sum, a, b);
      a += a_step;
      b += b_step;
    }
  }
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) v_store(sums + i * kGemmNr + v * kLanes, sum[i][v]);
  }
}

// Rows of a tile that has a pointer for each; one less where the gradient's own sums go along.
inline constexpr int kPlacedRows = 5;
#define LANEWISE_PLACED_TILES LANEWISE_TILES_5
#define LANEWISE_BIAS_TILES LANEWISE_TILES_4

// The same with a pointer for each row. `with_bias` is a constant, too.
LANEWISE_VEC void outer_placed_tile(const int rows, const int vectors, const bool with_bias, const ConvOuter* outer,
                                    std::size_t first) {
  Vf sum[kPlacedRows][kTileVectors], bias[kTileVectors];
  const float* row[kPlacedRows];
  float* const sums = outer->sums + first * kGemmNr;
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    row[i] = outer->a + outer->places[first + static_cast<std::size_t>(i)];
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) sum[i][v] = v_load(sums + i * kGemmNr + v * kLanes);
  }
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) bias[v] = with_bias ? v_load(outer->bias + v * kLanes) : v_splat(0.0f);
  const std::size_t b_step = outer->b_step;
  const std::ptrdiff_t a_step = static_cast<std::ptrdiff_t>(outer->a_step);
  for (const ConvRun *run = outer->runs, *const last = run + outer->count; run != last; ++run) {
    std::ptrdiff_t at = static_cast<std::ptrdiff_t>(run->a);
    const float* b = outer->b + run->b;
    for (std::size_t left = run->k; left != 0; --left) {
      Vf line[kTileVectors];
      LANEWISE_UNROLL
      for (int v = 0; v < vectors; ++v) {
        line[v] = v_load(b + v * kLanes);
        if (with_bias) bias[v] = v_add(bias[v], line[v]);
      }
      LANEWISE_UNROLL
      for (int i = 0; i < rows; ++i) {
        v_fence();
        const Vf x = v_splat(row[i][at]);
        LANEWISE_UNROLL
        for (int v = 0; v < vectors; ++v) v_accumulate(sum[i][v], x, line[v]);
      }
      at += a_step;
      b += b_step;
    }
  }
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) v_store(sums + i * kGemmNr + v * kLanes, sum[i][v]);
  }
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    if (with_bias) v_store(outer->bias + v * kLanes, bias[v]);
  }
}

#define LANEWISE_OUTER_TILE(rows)                                                                     \
  static LANEWISE_NOINLINE void tile_outer_##rows(const ConvOuter* outer, std::size_t first) {        \
    outer_tile(rows, kTileVectors, outer, first);                                                     \
  }                                                                                                   \
  static LANEWISE_NOINLINE void tile_outer_narrow_##rows(const ConvOuter* outer, std::size_t first) { \
    outer_tile(rows, kNarrowVectors, outer, first);                                                   \
  }
LANEWISE_GEMM_TILES(LANEWISE_OUTER_TILE)
#undef LANEWISE_OUTER_TILE

#define LANEWISE_PLACED_TILE(rows)                                                                           \
  static LANEWISE_NOINLINE void tile_outer_placed_##rows(const ConvOuter* outer, std::size_t first) {        \
    outer_placed_tile(rows, kTileVectors, false, outer, first);                                              \
  }                                                                                                          \
  static LANEWISE_NOINLINE void tile_outer_placed_narrow_##rows(const ConvOuter* outer, std::size_t first) { \
    outer_placed_tile(rows, kNarrowVectors, false, outer, first);                                            \
  }
LANEWISE_PLACED_TILES(LANEWISE_PLACED_TILE)
#undef LANEWISE_PLACED_TILE
#define LANEWISE_BIAS_TILE(rows)                                                                           \
  static LANEWISE_NOINLINE void tile_outer_bias_##rows(const ConvOuter* outer, std::size_t first) {        \
    outer_placed_tile(rows, kTileVectors, true, outer, first);                                             \
  }                                                                                                        \
  static LANEWISE_NOINLINE void tile_outer_bias_narrow_##rows(const ConvOuter* outer, std::size_t first) { \
    outer_placed_tile(rows, kNarrowVectors, true, outer, first);                                           \
  }
LANEWISE_BIAS_TILES(LANEWISE_BIAS_TILE)
#undef LANEWISE_BIAS_TILE

using OuterTile = void (*)(const ConvOuter*, std::size_t);
#define LANEWISE_OUTER_WHOLE(rows) tile_outer_##rows,
#define LANEWISE_OUTER_NARROW(rows) tile_outer_narrow_##rows,
#define LANEWISE_OUTER_PLACED(rows) tile_outer_placed_##rows,
#define LANEWISE_OUTER_PLACED_NARROW(rows) tile_outer_placed_narrow_##rows,
#define LANEWISE_OUTER_BIAS(rows) tile_outer_bias_##rows,
#define LANEWISE_OUTER_BIAS_NARROW(rows) tile_outer_bias_narrow_##rows,
// [narrow][rows - 1]
static constexpr OuterTile kOuterTiles[2][kGemmMr] = {{LANEWISE_GEMM_TILES(LANEWISE_OUTER_WHOLE)},
                                                      {LANEWISE_GEMM_TILES(LANEWISE_OUTER_NARROW)}};
static constexpr OuterTile kPlacedTiles[2][kPlacedRows] = {{LANEWISE_PLACED_TILES(LANEWISE_OUTER_PLACED)},
                                                           {LANEWISE_PLACED_TILES(LANEWISE_OUTER_PLACED_NARROW)}};
static constexpr OuterTile kBiasTiles[2][kPlacedRows - 1] = {{LANEWISE_BIAS_TILES(LANEWISE_OUTER_BIAS)},
                                                             {LANEWISE_BIAS_TILES(LANEWISE_OUTER_BIAS_NARROW)}};
#undef LANEWISE_OUTER_WHOLE
#undef LANEWISE_OUTER_NARROW
#undef LANEWISE_OUTER_PLACED
#undef LANEWISE_OUTER_PLACED_NARROW
#undef LANEWISE_OUTER_BIAS
#undef LANEWISE_OUTER_BIAS_NARROW

// Equal shares of at most kPlacedRows rows; the bias is one, which the last tile has.
static void conv_outer_placed(const ConvOuter* outer, bool narrow) {
  const bool with_bias = outer->bias != nullptr;
  std::size_t first = 0, left = outer->rows + (with_bias ? 1 : 0);
  for (std::size_t tiles = (left + kPlacedRows - 1) / kPlacedRows; tiles != 0; --tiles) {
    const std::size_t share = (left + tiles - 1) / tiles;
    if (tiles == 1 && with_bias) {
      kBiasTiles[narrow][share - 2](outer, first);
    } else {
      kPlacedTiles[narrow][share - 1](outer, first);
    }
    first += share;
    left -= share;
  }
}

static void conv_outer(const ConvOuter* outer) {
  const bool narrow = outer->columns <= static_cast<std::size_t>(kNarrowVectors) * kLanes;
  if (outer->places != nullptr) {
    conv_outer_placed(outer, narrow);
    return;
  }
  std::size_t first = 0, left = outer->rows;
  for (std::size_t tiles = tiles_of(left); tiles != 0; --tiles) {
    const std::size_t share = next_tile(left, tiles);
    kOuterTiles[narrow][share - 1](outer, first);
    first += share;
    left -= share;
  }
}

static void add_columns(const float* x, std::size_t rows, std::size_t stride, std::size_t columns, float* out) {
  for (std::size_t c = 0; c < columns; c += kLanes) {
    const std::size_t taken = columns - c < kLanes ? columns - c : kLanes;
    const Vf zero = v_splat(0.0f);
    Vf sum[4] = {zero, zero, zero, zero};
    const float* at = x + c;
    std::size_t r = 0;
    if (taken == kLanes) {
      for (; r + 4 <= rows; r += 4) {
        LANEWISE_UNROLL
        for (std::size_t i = 0; i < 4; ++i) sum[i] = v_add(sum[i], v_load(at + i * stride));
        at += 4 * stride;
      }
    }
    for (; r < rows; ++r) {
      sum[r % 4] = v_add(sum[r % 4], v_load_n(at, taken, zero));
      at += stride;
    }
    const Vf all = v_add(v_add(sum[0], sum[1]), v_add(sum[2], sum[3]));
    v_store_n(out + c, v_add(v_load_n(out + c, taken, zero), all), taken);
  }
}
