// One panel of a matrix product: rows of A times a panel of kGemmNr columns of B, in tiles of up to kGemmMr rows whose
// sums stay in registers. Every output has one accumulator that takes its products with k ascending, so the result does
// not depend on the tiling.
#pragma once

inline constexpr int kTileVectors = kGemmNr / kLanes;

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

// `rows` is a constant at every call, and one of a_row and a_k is the constant 1, so that the loops over the sums
// unroll away and addresses are displacements.
LANEWISE_VEC void tile(const int rows, const float* a, std::size_t a_row, std::size_t a_k, const float* b,
                       std::size_t b_stride, std::size_t k, const float* start, std::size_t start_stride, float* c,
                       std::size_t c_stride) {
  Vf sum[kGemmMr][kTileVectors];
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) {
      sum[i][v] =
          start == nullptr ? v_splat(0.0f) : v_load(start + static_cast<std::size_t>(i) * start_stride + v * kLanes);
    }
  }
  std::size_t p = 0;
  for (; p + 4 <= k; p += 4) {
    tile_step(rows, sum, a, a_row, b);
    tile_step(rows, sum, a + a_k, a_row, b + b_stride);
    tile_step(rows, sum, a + 2 * a_k, a_row, b + 2 * b_stride);
    tile_step(rows, sum, a + 3 * a_k, a_row, b + 3 * b_stride);
    a += 4 * a_k;
    b += 4 * b_stride;
  }
  for (; p < k; ++p) {
    tile_step(rows, sum, a, a_row, b);
    a += a_k;
    b += b_stride;
  }
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) v_store(c + static_cast<std::size_t>(i) * c_stride + v * kLanes, sum[i][v]);
  }
}

#define LANEWISE_TILE_ARGUMENTS                                                                                  \
  const float *a, std::size_t a_stride, const float *b, std::size_t b_stride, std::size_t k, const float *start, \
      std::size_t start_stride, float *c, std::size_t c_stride

// Two functions for each number of rows: tile_rows for an A that is dense along k, tile_columns for one that is dense
// across. The stride of a packed panel is a constant too; other strides read B where it stands.
#define LANEWISE_TILE(rows)                                                         \
  static LANEWISE_NOINLINE void tile_rows_##rows(LANEWISE_TILE_ARGUMENTS) {         \
    if (b_stride == kGemmNr) {                                                      \
      tile(rows, a, a_stride, 1, b, kGemmNr, k, start, start_stride, c, c_stride);  \
    } else {                                                                        \
      tile(rows, a, a_stride, 1, b, b_stride, k, start, start_stride, c, c_stride); \
    }                                                                               \
  }                                                                                 \
  static LANEWISE_NOINLINE void tile_columns_##rows(LANEWISE_TILE_ARGUMENTS) {      \
    if (b_stride == kGemmNr) {                                                      \
      tile(rows, a, 1, a_stride, b, kGemmNr, k, start, start_stride, c, c_stride);  \
    } else {                                                                        \
      tile(rows, a, 1, a_stride, b, b_stride, k, start, start_stride, c, c_stride); \
    }                                                                               \
  }

#define LANEWISE_TILES_4(TILE) TILE(1) TILE(2) TILE(3) TILE(4)
#define LANEWISE_TILES_6(TILE) LANEWISE_TILES_4(TILE) TILE(5) TILE(6)
#define LANEWISE_TILES_12(TILE) LANEWISE_TILES_6(TILE) TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)

LANEWISE_GEMM_TILES(LANEWISE_TILE)

using Tile = void (*)(LANEWISE_TILE_ARGUMENTS);
#define LANEWISE_TILE_ROWS(rows) tile_rows_##rows,
#define LANEWISE_TILE_COLUMNS(rows) tile_columns_##rows,
// [A's columns dense][rows - 1]
static constexpr Tile kTiles[2][kGemmMr] = {{LANEWISE_GEMM_TILES(LANEWISE_TILE_ROWS)},
                                            {LANEWISE_GEMM_TILES(LANEWISE_TILE_COLUMNS)}};
#undef LANEWISE_TILE_ROWS
#undef LANEWISE_TILE_COLUMNS
#undef LANEWISE_TILE
#undef LANEWISE_TILE_ARGUMENTS

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
  whole(a, a_stride, b, b_stride, k, buffer, kGemmNr, buffer, kGemmNr);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) c[i * c_stride + j] = buffer[i * kGemmNr + j];
  }
}

static void gemm_panel(const float* a, std::size_t a_row, std::size_t a_k, std::size_t rows, const float* b,
                       std::size_t b_stride, std::size_t k, const float* start, std::size_t start_stride, float* c,
                       std::size_t c_stride, std::size_t columns) {
  const bool dense_columns = a_k != 1;
  const std::size_t a_stride = dense_columns ? a_k : a_row;
  // Equal shares instead of full tiles and a thin rest: 32 rows are 6, 6, 5, 5, 5, 5.
  std::size_t tiles = (rows + kGemmMr - 1) / kGemmMr;
  while (rows != 0) {
    const std::size_t share = (rows + tiles - 1) / tiles;
    const Tile whole = kTiles[dense_columns][share - 1];
    if (columns == kGemmNr) {
      whole(a, a_stride, b, b_stride, k, start, start_stride, c, c_stride);
    } else {
      tile_edge(whole, share, a, a_stride, b, b_stride, k, start, start_stride, c, c_stride, columns);
    }
    a += share * a_row;
    c += share * c_stride;
    if (start != nullptr) start += share * start_stride;
    rows -= share;
    --tiles;
  }
}
