// Pooling. With channels side by side vectors are of channels; with one channel they are of windows, whose pixels lie
// `step` apart.
#pragma once

#include "pool_square-inl.h"
#include "reduce-inl.h"

// Vectors of channels that go through a window together.
inline constexpr int kPoolVectors = 4;

// Runs BODY(pixel) for the pixels of a window from number `skipped` on, in order; `base` is that of the window beyond
// the first one's. At least one pixel is in a row.
#define LANEWISE_EACH_TAP(row, base, skipped, BODY)                                                 \
  for (std::size_t r_ = 0, t_ = (skipped); r_ < (row)->row_count; ++r_, t_ = 0) {                   \
    std::size_t pixel_ = (base) + static_cast<std::size_t>((row)->rows[r_]) + t_ * (row)->tap_step; \
    for (; t_ < (row)->taps; ++t_, pixel_ += (row)->tap_step) BODY(pixel_)                          \
  }

// --- channels side by side: `vectors` (a constant) of them -----------------------------------------------------------

LANEWISE_VEC void max_pool_channels(const int vectors, const float* x, std::size_t x_stride, std::size_t count,
                                    const WindowRow* row, std::size_t base, float* out, std::int32_t* index) {
  Vf best[kPoolVectors];
  Vi where[kPoolVectors];
  if (is_square(row) && count == kLanes) {
    const SquarePixels square = square_pixels(row, base);
    Vi places[kWindowPixels];
    LANEWISE_UNROLL
    for (int i = 0; i < kWindowPixels; ++i) places[i] = v_splat_int(static_cast<std::int32_t>(square.at[i]));
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      Vf pixels[1][kWindowPixels];
      LANEWISE_UNROLL
      for (int i = 0; i < kWindowPixels; ++i) pixels[0][i] = v_load(x + square.at[i] * x_stride + v * kLanes);
      pool_square(1, false, pixels, places, best, where);
      v_store(out + v * kLanes, best[0]);
      if (index != nullptr) v_store_int(index + v * kLanes, where[0]);
    }
    return;
  }
  const std::size_t first = base + static_cast<std::size_t>(row->rows[0]);
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    best[v] = load_some(x + first * x_stride + v * kLanes, count, v_splat(0.0f));
    where[v] = v_splat_int(static_cast<std::int32_t>(first));
  }
#define TAP(pixel)                                                                          \
  {                                                                                         \
    const Vi here = v_splat_int(static_cast<std::int32_t>(pixel));                          \
    LANEWISE_UNROLL                                                                         \
    for (int v = 0; v < vectors; ++v) {                                                     \
      const Vf next = load_some(x + (pixel) * x_stride + v * kLanes, count, v_splat(0.0f)); \
      const Vm better = takes_place(next, best[v]);                                         \
      best[v] = v_select(better, next, best[v]);                                            \
      where[v] = v_select_int(better, here, where[v]);                                      \
    }                                                                                       \
  }
  LANEWISE_EACH_TAP(row, base, 1, TAP)
#undef TAP
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    store_some(out + v * kLanes, best[v], count);
    if (index != nullptr) store_some_int(index + v * kLanes, where[v], count);
  }
}

LANEWISE_VEC void avg_pool_channels(const int vectors, const float* x, std::size_t x_stride, std::size_t count,
                                    const WindowRow* row, std::size_t base, Vf divisor, float* out) {
  Vf sums[kPoolVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) sums[v] = v_splat(0.0f);
#define TAP(pixel)                                                                                    \
  {                                                                                                   \
    LANEWISE_UNROLL                                                                                   \
    for (int v = 0; v < vectors; ++v)                                                                 \
      sums[v] = v_add(sums[v], load_some(x + (pixel) * x_stride + v * kLanes, count, v_splat(0.0f))); \
  }
  LANEWISE_EACH_TAP(row, base, 0, TAP)
#undef TAP
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) store_some(out + v * kLanes, v_div(sums[v], divisor), count);
}

// From 0, so that a result is never -0, whether windows share pixels or not.
LANEWISE_VEC void put_gradient(float* out, Vf grad, std::size_t count, bool add) {
  const Vf zero = v_splat(0.0f);
  store_some(out, v_add(add ? load_some(out, count, zero) : zero, grad), count);
}

LANEWISE_VEC void max_gradient_channels(const int vectors, const float* grad, const std::int32_t* index,
                                        std::size_t count, const WindowRow* row, std::size_t base, float* out,
                                        std::size_t out_stride, bool add) {
  const Vf zero = v_splat(0.0f);
  Vf g[kPoolVectors];
  Vi where[kPoolVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    g[v] = v_add(zero, load_some(grad + v * kLanes, count, zero));
    where[v] = load_some_int(index + v * kLanes, count);
  }
  if (is_square(row) && count == kLanes && !add) {
    const SquarePixels square = square_pixels(row, base);
    LANEWISE_UNROLL
    for (int i = 0; i < kWindowPixels; ++i) {
      const Vi here = v_splat_int(static_cast<std::int32_t>(square.at[i]));
      float* const to = out + square.at[i] * out_stride;
      LANEWISE_UNROLL
      for (int v = 0; v < vectors; ++v) v_store(to + v * kLanes, v_select(v_eq_int(where[v], here), g[v], zero));
    }
    return;
  }
#define TAP(pixel)                                                                   \
  {                                                                                  \
    const Vi here = v_splat_int(static_cast<std::int32_t>(pixel));                   \
    float* const to = out + (pixel) * out_stride;                                    \
    LANEWISE_UNROLL                                                                  \
    for (int v = 0; v < vectors; ++v) {                                              \
      const Vf value = v_select(v_eq_int(where[v], here), g[v], zero);               \
      float* const at = to + v * kLanes;                                             \
      store_some(at, add ? v_add(load_some(at, count, zero), value) : value, count); \
    }                                                                                \
  }
  LANEWISE_EACH_TAP(row, base, 0, TAP)
#undef TAP
}

// --- one channel: vectors of windows ---------------------------------------------------------------------------------

LANEWISE_VEC void max_pool_windows(const float* x, const WindowRow* row, std::size_t w, std::size_t count, float* out,
                                   std::int32_t* index) {
  const std::size_t base = w * row->step, first = base + static_cast<std::size_t>(row->rows[0]);
  if (is_square(row) && row->step == 2 && row->tap_step == 1) {
    max_pool_row_squares(x, square_pixels(row, base), count, out + w, index == nullptr ? nullptr : index + w);
    return;
  }
  Vf best = load_strided(x + first, row->step, count);
  Vi where = v_splat_int(static_cast<std::int32_t>(first));
#define TAP(pixel)                                                                      \
  {                                                                                     \
    const Vf next = load_strided(x + (pixel), row->step, count);                        \
    const Vm better = takes_place(next, best);                                          \
    best = v_select(better, next, best);                                                \
    where = v_select_int(better, v_splat_int(static_cast<std::int32_t>(pixel)), where); \
  }
  LANEWISE_EACH_TAP(row, base, 1, TAP)
#undef TAP
  store_some(out + w, best, count);
  if (index == nullptr) return;
  // Window w + i takes pixels i·step further on than window w.
  const Vi steps = v_mul_int(v_lane_index(), v_splat_int(static_cast<std::int32_t>(row->step)));
  store_some_int(index + w, v_add_int(where, steps), count);
}

LANEWISE_VEC void avg_pool_windows(const float* x, const WindowRow* row, std::size_t w, std::size_t count, Vf divisor,
                                   float* out) {
  Vf sum = v_splat(0.0f);
#define TAP(pixel) sum = v_add(sum, load_strided(x + (pixel), row->step, count));
  LANEWISE_EACH_TAP(row, w * row->step, 0, TAP)
#undef TAP
  store_some(out + w, v_div(sum, divisor), count);
}

// What two windows that lie side by side and have two pixels in a row give to them.
LANEWISE_VEC bool is_pairs(const WindowRow* row, bool add) {
  return !add && row->taps == 2 && row->tap_step == 1 && row->step == 2;
}

// --- the kernels -----------------------------------------------------------------------------------------------------

// Runs BODY(vectors, c, count) over the channels.
#define LANEWISE_EACH_CHANNEL(channels, BODY)                                                                    \
  {                                                                                                              \
    std::size_t c_ = 0;                                                                                          \
    for (; c_ + kPoolVectors * kLanes <= (channels); c_ += kPoolVectors * kLanes) BODY(kPoolVectors, c_, kLanes) \
    if (c_ + 2 * kLanes <= (channels)) {                                                                         \
      BODY(2, c_, kLanes)                                                                                        \
      c_ += 2 * kLanes;                                                                                          \
    }                                                                                                            \
    for (; c_ + kLanes <= (channels); c_ += kLanes) BODY(1, c_, kLanes)                                          \
    if (c_ < (channels)) BODY(1, c_, (channels) - c_)                                                            \
  }

// Runs BODY(w, count) over the windows; the last full vector may lie over the one before it.
#define LANEWISE_EACH_WINDOWS(windows, BODY)                                    \
  {                                                                             \
    std::size_t w_ = 0;                                                         \
    for (; w_ + kLanes <= (windows); w_ += kLanes) BODY(w_, kLanes)             \
    if (w_ < (windows) && (windows) >= kLanes) BODY((windows) - kLanes, kLanes) \
    if ((windows) < kLanes && (windows) > 0) BODY(0, (windows))                 \
  }

static void max_pool(const float* x, std::size_t x_stride, std::size_t channels, const WindowRow* row, float* out,
                     std::int32_t* index, std::size_t out_stride) {
  if (channels == 1 && x_stride == 1 && out_stride == 1) {
#define BODY(w, count) max_pool_windows(x, row, w, count, out, index);
    LANEWISE_EACH_WINDOWS(row->windows, BODY)
#undef BODY
    return;
  }
  for (std::size_t w = 0; w < row->windows; ++w) {
    float* to = out + w * out_stride;
    std::int32_t* index_to = index == nullptr ? nullptr : index + w * out_stride;
#define BODY(vectors, c, count)                                                      \
  max_pool_channels(vectors, x + (c), x_stride, count, row, w * row->step, to + (c), \
                    index_to == nullptr ? nullptr : index_to + (c));
    LANEWISE_EACH_CHANNEL(channels, BODY)
#undef BODY
  }
}

static void avg_pool(const float* x, std::size_t x_stride, std::size_t channels, const WindowRow* row, float divisor,
                     float* out, std::size_t out_stride) {
  const Vf by = v_splat(divisor);
  if (channels == 1 && x_stride == 1 && out_stride == 1) {
#define BODY(w, count) avg_pool_windows(x, row, w, count, by, out);
    LANEWISE_EACH_WINDOWS(row->windows, BODY)
#undef BODY
    return;
  }
  for (std::size_t w = 0; w < row->windows; ++w) {
    float* to = out + w * out_stride;
#define BODY(vectors, c, count) avg_pool_channels(vectors, x + (c), x_stride, count, row, w * row->step, by, to + (c));
    LANEWISE_EACH_CHANNEL(channels, BODY)
#undef BODY
  }
}

static void max_pool_backward(const float* grad, const std::int32_t* index, std::size_t grad_stride,
                              std::size_t channels, const WindowRow* row, float* out, std::size_t out_stride,
                              bool add) {
  std::size_t w = 0;
  if (channels == 1 && out_stride == 1 && grad_stride == 1 && is_pairs(row, add)) {
    const Vf zero = v_splat(0.0f);
    for (; w < row->windows; w += kLanes) {
      const std::size_t rest = row->windows - w, count = rest < kLanes ? rest : kLanes;
      const Vf g = v_add(zero, load_some(grad + w, count, zero));
      const Vi where = load_some_int(index + w, count);
      for (std::size_t r = 0; r < row->row_count; ++r) {
        put_pairs(g, where, static_cast<std::size_t>(row->rows[r]) + w * 2, count, out);
      }
    }
    return;
  }
  if (channels == 1) {
    for (; w < row->windows; ++w) {
      const float g = 0.0f + grad[w * grad_stride];
      const std::int32_t where = index[w * grad_stride];
#define TAP(pixel)                                                            \
  {                                                                           \
    float* to = out + (pixel) * out_stride;                                   \
    const float value = where == static_cast<std::int32_t>(pixel) ? g : 0.0f; \
    *to = add ? *to + value : value;                                          \
  }
      LANEWISE_EACH_TAP(row, w * row->step, 0, TAP)
#undef TAP
    }
    return;
  }
  for (; w < row->windows; ++w) {
#define BODY(vectors, c, count)                                                                           \
  max_gradient_channels(vectors, grad + w * grad_stride + (c), index + w * grad_stride + (c), count, row, \
                        w * row->step, out + (c), out_stride, add);
    LANEWISE_EACH_CHANNEL(channels, BODY)
#undef BODY
  }
}

static void avg_pool_backward(const float* grad, std::size_t grad_stride, std::size_t channels, const WindowRow* row,
                              float divisor, float* out, std::size_t out_stride, bool add) {
  const Vf by = v_splat(divisor), zero = v_splat(0.0f);
  std::size_t w = 0;
  if (channels == 1 && out_stride == 1 && grad_stride == 1 && is_pairs(row, add)) {
    for (; w + kLanes <= row->windows; w += kLanes) {
      const Vf g = v_add(zero, v_div(v_load(grad + w), by));
      const Vf low = v_zip_low(g, g), high = v_zip_high(g, g);
      for (std::size_t r = 0; r < row->row_count; ++r) {
        float* to = out + static_cast<std::size_t>(row->rows[r]) + w * 2;
        v_store(to, low);
        v_store(to + kLanes, high);
      }
    }
  }
  for (; w < row->windows; ++w) {
    for (std::size_t c = 0; c < channels; c += kLanes) {
      const std::size_t count = channels - c < kLanes ? channels - c : kLanes;
      const Vf g = v_div(load_some(grad + w * grad_stride + c, count, zero), by);
#define TAP(pixel) put_gradient(out + (pixel) * out_stride + c, g, count, add);
      LANEWISE_EACH_TAP(row, w * row->step, 0, TAP)
#undef TAP
    }
  }
}

#undef LANEWISE_EACH_TAP
#undef LANEWISE_EACH_CHANNEL
#undef LANEWISE_EACH_WINDOWS
