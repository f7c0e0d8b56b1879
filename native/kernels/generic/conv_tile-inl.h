// Convolution without im2col: the sums of a few output pixels times a panel of channels stay in registers over all
// segments. Each pixel has a pointer of its own, so that tiles go across the ends of rows.
#pragma once

#include "gemm-inl.h"

// The sums of one step: `pixels[i][at]` times the line of the panel.
LANEWISE_VEC void conv_step(const int rows, Vf (*sum)[kTileVectors], const float* const* pixels, std::ptrdiff_t at,
                            const float* line_at) {
  Vf line[kTileVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < kTileVectors; ++v) line[v] = v_load(line_at + v * kLanes);
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    v_fence();
    const Vf x = v_splat(pixels[i][at]);
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) v_accumulate(sum[i][v], x, line[v]);
  }
}

#if defined(LANEWISE_CONV_ROUND)
#include LANEWISE_CONV_ROUND
#else
#include "conv_round-inl.h"
#endif

// `rows` is a constant at every call.
LANEWISE_VEC void conv_tile(const int rows, const ConvRegion* region, const float* const* source, float* const* out) {
  Vf sum[kConvRows][kTileVectors];
  const float* pixels[kConvRows];
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    pixels[i] = source[i];
    LANEWISE_UNROLL
    for (int v = 0; v < kTileVectors; ++v) sum[i][v] = v_load(region->start + v * kLanes);
  }
  for (const ConvSegment *s = region->segments, *const last = s + region->count; s != last; ++s) {
    const float* line = region->panel + s->line * kGemmNr;
    std::ptrdiff_t at = s->source;
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(s->k);
    for (; at + kConvRound <= end; at += kConvRound) {
      conv_round(rows, sum, pixels, at, line);
      line += kConvRound * kGemmNr;
    }
    for (; at < end; ++at) {
      conv_step(rows, sum, pixels, at, line);
      line += kGemmNr;
    }
  }
  if (region->columns == kGemmNr) {
    LANEWISE_UNROLL
    for (int i = 0; i < rows; ++i) {
      LANEWISE_UNROLL
      for (int v = 0; v < kTileVectors; ++v) v_store(out[i] + v * kLanes, sum[i][v]);
    }
    return;
  }
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (std::size_t v = 0; v < kTileVectors; ++v) {
      if (region->columns >= (v + 1) * kLanes) {
        v_store(out[i] + v * kLanes, sum[i][v]);
      } else if (region->columns > v * kLanes) {
        v_store_n(out[i] + v * kLanes, sum[i][v], region->columns - v * kLanes);
      }
    }
  }
}

#define LANEWISE_CONV_TILE(rows)                                                                                       \
  static LANEWISE_NOINLINE void conv_tile_##rows(const ConvRegion* region, const float* const* s, float* const* out) { \
    conv_tile(rows, region, s, out);                                                                                   \
  }
LANEWISE_CONV_TILES(LANEWISE_CONV_TILE)
#undef LANEWISE_CONV_TILE

using ConvTile = void (*)(const ConvRegion*, const float* const*, float* const*);
#define LANEWISE_CONV_TILE(rows) conv_tile_##rows,
static constexpr ConvTile kConvTiles[kConvRows] = {LANEWISE_CONV_TILES(LANEWISE_CONV_TILE)};
#undef LANEWISE_CONV_TILE

static void conv_region(const ConvRegion* region) {
  const float* pixels[kConvRows];
  float* out[kConvRows];
  const float* source_row = region->source;
  float* out_row = region->out;
  std::size_t x = 0, left = region->width * region->height;
  // Equal shares, not full tiles and a thin rest.
  for (std::size_t tiles = (left + kConvRows - 1) / kConvRows; tiles != 0; --tiles) {
    const std::size_t share = (left + tiles - 1) / tiles;
    for (std::size_t i = 0; i < share; ++i) {
      pixels[i] = source_row + x * region->source_pixel;
      out[i] = out_row + x * region->out_pixel;
      if (++x == region->width) {
        x = 0;
        source_row += region->source_row;
        out_row += region->out_row;
      }
    }
    kConvTiles[share - 1](region, pixels, out);
    left -= share;
  }
}
