// Convolution, ReLU and a max pool of 2x2: the four outputs of a window are a tile, so that the pool is done in its
// registers and they are never stored.
#pragma once

#include "conv_tile-inl.h"
#include "pool_square-inl.h"

// The sums of pixels [first, last), which are constants as `vectors` and `width` are: the length of all segments, or 0.
LANEWISE_VEC void window_sums(const int first, const int last, const int vectors, const std::ptrdiff_t width,
                              Vf (*sum)[kTileVectors], const float* const* pixels, const float* panel,
                              const ConvSegment* s, std::size_t count) {
  for (const ConvSegment* const behind = s + count; s != behind; ++s) {
    const float* line = panel + s->line * kGemmNr;
    std::ptrdiff_t at = s->source;
    if (width != 0) {
      LANEWISE_UNROLL
      for (std::ptrdiff_t q = 0; q < width; q += kConvRound) {
        conv_steps(width - q < kConvRound ? width - q : kConvRound, last - first, vectors, sum + first, pixels + first,
                   at + q, line + q * kGemmNr);
      }
      continue;
    }
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(s->k);
    for (; at + kConvRound <= end; at += kConvRound, line += kConvRound * kGemmNr) {
      conv_steps(kConvRound, last - first, vectors, sum + first, pixels + first, at, line);
    }
    for (; at < end; ++at, line += kGemmNr) conv_steps(1, last - first, vectors, sum + first, pixels + first, at, line);
  }
}

LANEWISE_VEC void put_windows(const int vectors, std::size_t columns, const Vf* best, const Vi* where, Vi first,
                              float* out, std::int32_t* index) {
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    const std::size_t before = static_cast<std::size_t>(v) * kLanes;
    if (columns <= before) return;
    const std::size_t count = columns - before < kLanes ? columns - before : kLanes;
    store_some(out + before, best[v], count);
    if (index != nullptr) store_some_int(index + before, v_add_int(where[v], first), count);
  }
}

LANEWISE_VEC void conv_windows(const int vectors, const std::ptrdiff_t width, const ConvWindows* row) {
  Vi places[kWindowPixels];  // of the pixels, counted from the first
  const std::int32_t offsets[kWindowPixels] = {0, 1, row->pixel_row, row->pixel_row + 1};
  LANEWISE_UNROLL
  for (int i = 0; i < kWindowPixels; ++i) places[i] = v_splat_int(offsets[i]);
  const float* pixels[kWindowPixels] = {row->upper, row->upper + row->source_pixel, row->lower,
                                        row->lower + row->source_pixel};
  // Read once: g++ takes it that the stores below could change them.
  const float *const start = row->start, *const panel = row->panel;
  const ConvSegment *const lower_segments = row->lower_segments, *const segments = row->segments;
  const std::size_t lower_count = row->lower_count, both_count = row->both_count, upper_count = row->upper_count;
  const std::size_t windows = row->windows, out_stride = row->out_stride, step = 2 * row->source_pixel;
  const bool relu = row->relu;
  float* out = row->out;
  std::int32_t* index = row->index;
  Vi first = v_splat_int(row->pixel);
  const bool whole = row->columns == static_cast<std::size_t>(vectors) * kLanes && index != nullptr;
  for (std::size_t w = 0; w < windows; ++w, out += out_stride) {
    Vf sum[kWindowPixels][kTileVectors];
    LANEWISE_UNROLL
    for (int i = 0; i < kWindowPixels; ++i) {
      LANEWISE_UNROLL
      for (int v = 0; v < vectors; ++v) sum[i][v] = v_load(start + v * kLanes);
    }
    window_sums(2, 4, vectors, width, sum, pixels, panel, lower_segments, lower_count);
    window_sums(0, 4, vectors, width, sum, pixels, panel, segments, both_count);
    window_sums(0, 2, vectors, width, sum, pixels, panel, segments + both_count, upper_count);
    Vf best[kTileVectors];
    Vi where[kTileVectors];
    Vf four[kTileVectors][kWindowPixels];
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      LANEWISE_UNROLL
      for (int i = 0; i < kWindowPixels; ++i) four[v][i] = sum[i][v];
    }
    pool_square(vectors, relu, four, places, best, where);
    if (whole) {
      LANEWISE_UNROLL
      for (int v = 0; v < vectors; ++v) {
        v_store(out + v * kLanes, best[v]);
        v_store_int(index + v * kLanes, v_add_int(where[v], first));
      }
    } else {
      put_windows(vectors, row->columns, best, where, first, out, index);
    }
    if (index != nullptr) index += out_stride;
    first = v_add_int(first, v_splat_int(2));
    LANEWISE_UNROLL
    for (int i = 0; i < kWindowPixels; ++i) pixels[i] += step;
  }
}

// Kernels over one or three channels have short segments, all of one length: their steps are unrolled.
#define LANEWISE_WINDOW_WIDTHS(ONE) ONE(0) ONE(3) ONE(5) ONE(7) ONE(9)
#define LANEWISE_WINDOWS(width)                                                                                     \
  static LANEWISE_NOINLINE void windows_##width(const ConvWindows* row) { conv_windows(kTileVectors, width, row); } \
  static LANEWISE_NOINLINE void windows_narrow_##width(const ConvWindows* row) {                                    \
    conv_windows(kNarrowVectors, width, row);                                                                       \
  }
LANEWISE_WINDOW_WIDTHS(LANEWISE_WINDOWS)
#undef LANEWISE_WINDOWS

// The length of all segments, or 0.
static std::size_t width_of(const ConvWindows* row) {
  const ConvSegment* const any = row->lower_count == 0 ? row->segments : row->lower_segments;
  std::size_t width = row->lower_count + row->both_count + row->upper_count == 0 ? 0 : any->k;
  for (std::size_t s = 0; s < row->lower_count; ++s) width = row->lower_segments[s].k == width ? width : 0;
  for (std::size_t s = 0; s < row->both_count + row->upper_count; ++s) width = row->segments[s].k == width ? width : 0;
  return width;
}

static void conv_max_pool(const ConvWindows* row) {
  const bool narrow = row->columns <= static_cast<std::size_t>(kNarrowVectors) * kLanes;
#define CASE(width) \
  case width:       \
    return narrow ? windows_narrow_##width(row) : windows_##width(row);
  switch (width_of(row)) {
    LANEWISE_WINDOW_WIDTHS(CASE)
    default:
      return narrow ? windows_narrow_0(row) : windows_0(row);
  }
#undef CASE
}
#undef LANEWISE_WINDOW_WIDTHS
