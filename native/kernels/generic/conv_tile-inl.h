// Convolution without im2col: the sums of a few output pixels times a panel of channels stay in registers over all
// segments. Each pixel has a pointer, so that tiles go across the ends of rows.
#pragma once

#include "gemm-inl.h"

// A panel of which one half or less is used has half of its vectors computed.
inline constexpr int kNarrowVectors = kTileVectors / 2;
// Steps of what a round leaves over that are unrolled.
inline constexpr std::ptrdiff_t kConvRest = 4;

// The sums of one step: `pixels[i][at]` times the line of the panel.
LANEWISE_VEC void conv_step(const int rows, const int vectors, Vf (*sum)[kTileVectors], const float* const* pixels,
                            std::ptrdiff_t at, const float* line_at) {
  Vf line[kTileVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) line[v] = v_load(line_at + v * kLanes);
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    v_fence();
    const Vf x = v_splat(pixels[i][at]);
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) v_accumulate(sum[i][v], x, line[v]);
  }
}

#if defined(LANEWISE_CONV_ROUND)
#include LANEWISE_CONV_ROUND
#else
#include "conv_round-inl.h"
#endif

// `rows` and `vectors` are constants at every call.
LANEWISE_VEC void conv_tile(const int rows, const int vectors, const ConvRegion* region, const float* const* source,
                            float* const* out) {
  Vf sum[kConvRows][kTileVectors];
  const float* pixels[kConvRows];
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    pixels[i] = source[i];
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) sum[i][v] = v_load(region->start + v * kLanes);
  }
  for (const ConvSegment *s = region->segments, *const last = s + region->count; s != last; ++s) {
    const float* line = region->panel + s->line * kGemmNr;
    std::ptrdiff_t at = s->source;
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(s->k);
    for (; at + kConvRound <= end; at += kConvRound) {
      conv_steps(kConvRound, rows, vectors, sum, pixels, at, line);
      line += kConvRound * kGemmNr;
    }
    if (at + kConvRest <= end) {
      conv_steps(kConvRest, rows, vectors, sum, pixels, at, line);
      at += kConvRest;
      line += kConvRest * kGemmNr;
    }
    for (; at < end; ++at) {
      conv_steps(1, rows, vectors, sum, pixels, at, line);
      line += kGemmNr;
    }
  }
  if (region->columns == static_cast<std::size_t>(vectors) * kLanes) {
    LANEWISE_UNROLL
    for (int i = 0; i < rows; ++i) {
      LANEWISE_UNROLL
      for (int v = 0; v < vectors; ++v) v_store(out[i] + v * kLanes, sum[i][v]);
    }
    return;
  }
  LANEWISE_UNROLL
  for (int i = 0; i < rows; ++i) {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const std::size_t before = static_cast<std::size_t>(v) * kLanes;
      if (region->columns >= before + kLanes) {
        v_store(out[i] + before, sum[i][v]);
      } else if (region->columns > before) {
        v_store_n(out[i] + before, sum[i][v], region->columns - before);
      }
    }
  }
}

#define LANEWISE_CONV_TILE(rows)                                                                                       \
  static LANEWISE_NOINLINE void tile_conv_##rows(const ConvRegion* region, const float* const* s, float* const* out) { \
    conv_tile(rows, kTileVectors, region, s, out);                                                                     \
  }                                                                                                                    \
  static LANEWISE_NOINLINE void tile_conv_narrow_##rows(const ConvRegion* region, const float* const* s,               \
                                                        float* const* out) {                                           \
    conv_tile(rows, kNarrowVectors, region, s, out);                                                                   \
  }
LANEWISE_CONV_TILES(LANEWISE_CONV_TILE)
#undef LANEWISE_CONV_TILE

using ConvTile = void (*)(const ConvRegion*, const float* const*, float* const*);
#define LANEWISE_CONV_WHOLE(rows) tile_conv_##rows,
#define LANEWISE_CONV_NARROW(rows) tile_conv_narrow_##rows,
// [narrow][rows - 1]
static constexpr ConvTile kConvTiles[2][kConvRows] = {{LANEWISE_CONV_TILES(LANEWISE_CONV_WHOLE)},
                                                      {LANEWISE_CONV_TILES(LANEWISE_CONV_NARROW)}};
#undef LANEWISE_CONV_WHOLE
#undef LANEWISE_CONV_NARROW

// Goes through the pixels of a region, row by row and image by image.
struct ConvWalk {
  const float *source_row, *source_image;
  float *out_row, *out_image;
  std::size_t x, y;
};

LANEWISE_VEC ConvWalk conv_walk(const ConvRegion* r) { return {r->source, r->source, r->out, r->out, 0, 0}; }

// The next `share` pixels.
LANEWISE_VEC void conv_take(const ConvRegion* r, ConvWalk* at, std::size_t share, const float** pixels, float** out) {
  if (at->x + share < r->width) {
    const float* source = at->source_row + at->x * r->source_pixel;
    float* to = at->out_row + at->x * r->out_pixel;
    at->x += share;
    for (std::size_t i = 0; i < share; ++i) {
      pixels[i] = source;
      out[i] = to;
      source += r->source_pixel;
      to += r->out_pixel;
    }
    return;
  }
  for (std::size_t i = 0; i < share; ++i) {
    pixels[i] = at->source_row + at->x * r->source_pixel;
    out[i] = at->out_row + at->x * r->out_pixel;
    if (++at->x != r->width) continue;
    at->x = 0;
    at->source_row += r->source_row;
    at->out_row += r->out_row;
    if (++at->y != r->height) continue;
    at->y = 0;
    at->source_row = at->source_image += r->source_image;
    at->out_row = at->out_image += r->out_image;
  }
}

// Whether the pixels of an image are equally far apart, as rows of a matrix are.
LANEWISE_VEC bool is_matrix(const ConvRegion* r) {
  return r->height == 1 || (r->source_row == r->width * r->source_pixel && r->out_row == r->width * r->out_pixel);
}

static void conv_region(const ConvRegion* region) {
  const bool narrow = region->columns <= static_cast<std::size_t>(kNarrowVectors) * kLanes;
  if (region->count == 1 && !narrow && is_matrix(region)) {
    const ConvSegment* const s = region->segments;
    for (std::size_t n = 0; n < region->images; ++n) {
      gemm_panel(region->source + n * region->source_image + s->source, region->source_pixel, 1,
                 region->width * region->height, region->panel + s->line * kGemmNr, kGemmNr, s->k, region->start, 0,
                 region->out + n * region->out_image, region->out_pixel, region->columns);
    }
    return;
  }
  const float* pixels[kConvRows];
  float* out[kConvRows];
  ConvWalk walk = conv_walk(region);
  const ConvTile* const tile = kConvTiles[narrow];
  std::size_t left = region->width * region->height * region->images;
  // Equal shares, not full tiles and a thin rest.
  for (std::size_t tiles = (left + kConvRows - 1) / kConvRows; tiles != 0; --tiles) {
    const std::size_t share = (left + tiles - 1) / tiles;
    conv_take(region, &walk, share, pixels, out);
    tile[share - 1](region, pixels, out);
    left -= share;
  }
}
