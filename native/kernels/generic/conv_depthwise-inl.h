// Convolution with a kernel for each channel: channels are lanes, and a few pixels go through the taps together.
#pragma once

#include "conv_tile-inl.h"

inline constexpr int kDepthwisePixels = 8;

LANEWISE_VEC Vf load_some(const float* p, std::size_t n) {
  return n >= kLanes ? v_load(p) : v_load_n(p, n, v_splat(0.0f));
}

// `count` pixels, a constant at every call; the `taken` channels from c on.
LANEWISE_VEC void depthwise_pixels(const int count, const ConvRegion* r, const float* const* pixels, float* const* out,
                                   std::size_t c, std::size_t taken) {
  Vf sum[kDepthwisePixels];
  LANEWISE_UNROLL
  for (int i = 0; i < count; ++i) sum[i] = v_load(r->start + c);
  for (const ConvSegment *s = r->segments, *const last = s + r->count; s != last; ++s) {
    const Vf weight = v_load(r->panel + s->line * r->line + c);
    const std::ptrdiff_t at = s->source + static_cast<std::ptrdiff_t>(c);
    LANEWISE_UNROLL
    for (int i = 0; i < count; ++i) {
      sum[i] = v_fma(taken == kLanes ? v_load(pixels[i] + at) : load_some(pixels[i] + at, taken), weight, sum[i]);
    }
  }
  LANEWISE_UNROLL
  for (int i = 0; i < count; ++i) {
    if (taken == kLanes) {
      v_store(out[i] + c, sum[i]);
    } else {
      v_store_n(out[i] + c, sum[i], taken);
    }
  }
}

LANEWISE_VEC void depthwise_channels(const int count, const ConvRegion* r, const float* const* pixels,
                                     float* const* out) {
  std::size_t c = 0;
  for (; c + kLanes <= r->columns; c += kLanes) depthwise_pixels(count, r, pixels, out, c, kLanes);
  if (c < r->columns) depthwise_pixels(count, r, pixels, out, c, r->columns - c);
}

static void conv_depthwise(const ConvRegion* region) {
  const float* pixels[kDepthwisePixels];
  float* out[kDepthwisePixels];
  ConvWalk walk = conv_walk(region);
  for (std::size_t left = region->width * region->height * region->images; left != 0;) {
    const std::size_t share = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    conv_take(region, &walk, share, pixels, out);
    if (share == 8) {
      depthwise_channels(8, region, pixels, out);
    } else if (share == 4) {
      depthwise_channels(4, region, pixels, out);
    } else if (share == 2) {
      depthwise_channels(2, region, pixels, out);
    } else {
      depthwise_channels(1, region, pixels, out);
    }
    left -= share;
  }
}

inline constexpr int kDepthwiseTaps = 9;

// `count` taps from `segments` on, a constant at every call, over all pixels of the region.
LANEWISE_VEC void depthwise_taps(const int count, const ConvDepthwiseSums* r, const ConvSegment* segments,
                                 std::size_t c, std::size_t taken) {
  Vf sum[kDepthwiseTaps];
  std::ptrdiff_t offset[kDepthwiseTaps];
  LANEWISE_UNROLL
  for (int t = 0; t < count; ++t) {
    sum[t] = v_load(r->sums + segments[t].line * r->line + c);
    offset[t] = segments[t].source;
  }
  for (std::size_t y = 0; y < r->height; ++y) {
    const float* source = r->source + y * r->source_row + c;
    const float* grad = r->grad + y * r->grad_row + c;
    for (std::size_t x = 0; x < r->width; ++x) {
      const Vf g = taken == kLanes ? v_load(grad) : load_some(grad, taken);
      LANEWISE_UNROLL
      for (int t = 0; t < count; ++t) {
        const float* const from = source + offset[t];
        sum[t] = v_fma(g, taken == kLanes ? v_load(from) : load_some(from, taken), sum[t]);
      }
      source += r->source_pixel;
      grad += r->grad_pixel;
    }
  }
  LANEWISE_UNROLL
  for (int t = 0; t < count; ++t) v_store(r->sums + segments[t].line * r->line + c, sum[t]);
}

LANEWISE_VEC void depthwise_all_taps(const ConvDepthwiseSums* r, std::size_t c, std::size_t taken) {
  const ConvSegment* s = r->segments;
  for (std::size_t left = r->count; left != 0;) {
    const std::size_t share = left >= 9 ? 9 : left >= 6 ? 6 : left >= 3 ? 3 : left >= 2 ? 2 : 1;
    if (share == 9) {
      depthwise_taps(9, r, s, c, taken);
    } else if (share == 6) {
      depthwise_taps(6, r, s, c, taken);
    } else if (share == 3) {
      depthwise_taps(3, r, s, c, taken);
    } else if (share == 2) {
      depthwise_taps(2, r, s, c, taken);
    } else {
      depthwise_taps(1, r, s, c, taken);
    }
    s += share;
    left -= share;
  }
}

static void conv_depthwise_sums(const ConvDepthwiseSums* r) {
  std::size_t c = 0;
  for (; c + kLanes <= r->channels; c += kLanes) depthwise_all_taps(r, c, kLanes);
  if (c < r->channels) depthwise_all_taps(r, c, r->channels - c);
}
