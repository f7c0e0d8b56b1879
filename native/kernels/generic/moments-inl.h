// Statistics of channels over a block of pixels, and what is made of them: batch normalisation. All sums are 16 side by
// side, by the pixel's place in the block, folded in halves: whether a channel's pixels lie side by side (by_row) or
// its neighbours do, the bits are the same.
#pragma once

#include "reduce-inl.h"

// Channels whose sums are kept at a time where channels lie side by side.
inline constexpr std::size_t kStrip = 64;

// Rows of 16 sums side by side to one, for `channels` columns: the order of fold_sums.
LANEWISE_VEC void fold_strips(float* sums, std::size_t channels) {
  for (std::size_t half = kSums / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) {
      float *to = sums + i * kStrip, *from = sums + (i + half) * kStrip;
      for (std::size_t c = 0; c < channels; c += kLanes) v_store(to + c, v_add(v_load(to + c), v_load(from + c)));
    }
  }
}

// Runs BODY(p, c, count, sum) for pixels p and vectors of `channels` <= kStrip channels; `sum` is the place of its
// sums.
#define LANEWISE_EACH_STRIP(sums, pixels, channels, BODY)                           \
  for (std::size_t p_ = 0; p_ < (pixels); ++p_) {                                   \
    float* row_ = (sums) + p_ % kSums * kStrip;                                     \
    std::size_t c_ = 0;                                                             \
    for (; c_ + kLanes <= (channels); c_ += kLanes) BODY(p_, c_, kLanes, row_ + c_) \
    if (c_ < (channels)) BODY(p_, c_, (channels) - c_, row_ + c_)                   \
  }

LANEWISE_VEC void clear_strips(float* sums) {
  for (std::size_t i = 0; i < kSums * kStrip; i += kLanes) v_store(sums + i, v_splat(0.0f));
}

static void moments(const float* x, std::size_t stride, std::size_t pixels, std::size_t channels, bool by_row,
                    float* mean, float* m2) {
  const Vf zero = v_splat(0.0f);
  const float count = static_cast<float>(pixels);
  if (by_row) {
    for (std::size_t c = 0; c < channels; ++c) {
      const float* row = x + c * stride;
      Vf sums[kSumVectors];
      LANEWISE_UNROLL
      for (int v = 0; v < kSumVectors; ++v) sums[v] = zero;
#define BODY(v, i, n) sums[v] = v_add(sums[v], load_some(row + (i), n, zero));
      LANEWISE_EACH_VECTOR(0, pixels, BODY)
#undef BODY
      const float center = fold_sums(sums) / count;
      const Vf m = v_splat(center);
      LANEWISE_UNROLL
      for (int v = 0; v < kSumVectors; ++v) sums[v] = zero;
#define BODY(v, i, n)                                  \
  {                                                    \
    const Vf d = v_sub(load_some(row + (i), n, m), m); \
    sums[v] = v_fma(d, d, sums[v]);                    \
  }
      LANEWISE_EACH_VECTOR(0, pixels, BODY)
#undef BODY
      mean[c] = center;
      m2[c] = fold_sums(sums);
    }
    return;
  }
  alignas(64) float sums[kSums * kStrip];
  for (std::size_t first = 0; first < channels; first += kStrip) {
    const std::size_t width = channels - first < kStrip ? channels - first : kStrip;
    const float* from = x + first;
    clear_strips(sums);
#define BODY(p, c, n, sum) v_store(sum, v_add(v_load(sum), load_some(from + (p) * stride + (c), n, zero)));
    LANEWISE_EACH_STRIP(sums, pixels, width, BODY)
#undef BODY
    fold_strips(sums, width);
    alignas(64) float center[kStrip];
    const Vf divisor = v_splat(count);
    for (std::size_t c = 0; c < kStrip; c += kLanes) v_store(center + c, v_div(v_load(sums + c), divisor));
    clear_strips(sums);
#define BODY(p, c, n, sum)                                             \
  {                                                                    \
    const Vf m = v_load(center + (c));                                 \
    const Vf d = v_sub(load_some(from + (p) * stride + (c), n, m), m); \
    v_store(sum, v_fma(d, d, v_load(sum)));                            \
  }
    LANEWISE_EACH_STRIP(sums, pixels, width, BODY)
#undef BODY
    fold_strips(sums, width);
    for (std::size_t c = 0; c < width; ++c) {
      mean[first + c] = center[c];
      m2[first + c] = sums[c];
    }
  }
}

static void merge_moments(float* mean, float* m2, const float* other_mean, const float* other_m2, float share,
                          float factor, std::size_t n) {
  const Vf zero = v_splat(0.0f), s = v_splat(share), f = v_splat(factor);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const std::size_t count = n - i < kLanes ? n - i : kLanes;
    const Vf own = load_some(mean + i, count, zero), delta = v_sub(load_some(other_mean + i, count, zero), own);
    const Vf squares = v_add(load_some(m2 + i, count, zero), load_some(other_m2 + i, count, zero));
    store_some(mean + i, v_fma(delta, s, own), count);
    store_some(m2 + i, v_fma(v_mul(delta, delta), f, squares), count);
  }
}

static void gradient_sums(const float* grad, const float* x, std::size_t stride, std::size_t pixels,
                          std::size_t channels, bool by_row, const float* mean, float* sum, float* product) {
  const Vf zero = v_splat(0.0f);
  if (by_row) {
    for (std::size_t c = 0; c < channels; ++c) {
      const float *g = grad + c * stride, *row = x + c * stride;
      const Vf m = v_splat(mean[c]);
      Vf sums[kSumVectors], products[kSumVectors];
      LANEWISE_UNROLL
      for (int v = 0; v < kSumVectors; ++v) sums[v] = products[v] = zero;
#define BODY(v, i, n)                                                           \
  {                                                                             \
    const Vf dy = load_some(g + (i), n, zero);                                  \
    sums[v] = v_add(sums[v], dy);                                               \
    products[v] = v_fma(dy, v_sub(load_some(row + (i), n, m), m), products[v]); \
  }
      LANEWISE_EACH_VECTOR(0, pixels, BODY)
#undef BODY
      sum[c] = fold_sums(sums);
      product[c] = fold_sums(products);
    }
    return;
  }
  alignas(64) float sums[kSums * kStrip], products[kSums * kStrip];
  for (std::size_t first = 0; first < channels; first += kStrip) {
    const std::size_t width = channels - first < kStrip ? channels - first : kStrip;
    const float *g = grad + first, *from = x + first;
    clear_strips(sums);
    clear_strips(products);
#define BODY(p, c, n, at)                                                                        \
  {                                                                                              \
    const std::size_t place = (p) * stride + (c);                                                \
    float* const product_at = products + ((at) - sums);                                          \
    const Vf m = load_some(mean + first + (c), n, zero), dy = load_some(g + place, n, zero);     \
    v_store(at, v_add(v_load(at), dy));                                                          \
    v_store(product_at, v_fma(dy, v_sub(load_some(from + place, n, m), m), v_load(product_at))); \
  }
    LANEWISE_EACH_STRIP(sums, pixels, width, BODY)
#undef BODY
    fold_strips(sums, width);
    fold_strips(products, width);
    for (std::size_t c = 0; c < width; ++c) {
      sum[first + c] = sums[c];
      product[first + c] = products[c];
    }
  }
}

// Runs BODY for the vectors of rows × columns, a few rows at a time: LOAD is run once for them, and makes what belongs
// to the `count` columns from column i on.
#define LANEWISE_EACH_COEFFICIENT(rows, columns, LOAD, BODY)                            \
  for (std::size_t r_ = 0; r_ < (rows); r_ += kRowsTogether) {                          \
    const std::size_t end_ = (rows) - r_ < kRowsTogether ? (rows) : r_ + kRowsTogether; \
    for (std::size_t i = 0; i < (columns); i += kLanes) {                               \
      const std::size_t count = (columns) - i < kLanes ? (columns) - i : kLanes;        \
      LOAD for (std::size_t r = r_; r < end_; ++r) {                                    \
        const std::size_t at = r * (columns) + i;                                       \
        BODY                                                                            \
      }                                                                                 \
    }                                                                                   \
  }
inline constexpr std::size_t kRowsTogether = 16;

static void normalize(const float* x, std::size_t rows, std::size_t columns, bool by_row, const float* mean,
                      const float* scale, const float* shift, float* out) {
  const Vf zero = v_splat(0.0f);
  if (by_row) {
    for (std::size_t r = 0; r < rows; ++r) {
      const Vf m = v_splat(mean[r]), a = v_splat(scale[r]), b = v_splat(shift[r]);
      const float* from = x + r * columns;
      float* to = out + r * columns;
#define BODY(v, i, n) store_some(to + (i), v_fma(v_sub(load_some(from + (i), n, zero), m), a, b), n);
      LANEWISE_EACH_VECTOR(0, columns, BODY)
#undef BODY
    }
    return;
  }
#define LOAD                                                                            \
  const Vf m = load_some(mean + i, count, zero), a = load_some(scale + i, count, zero); \
  const Vf b = load_some(shift + i, count, zero);
#define BODY store_some(out + at, v_fma(v_sub(load_some(x + at, count, zero), m), a, b), count);
  LANEWISE_EACH_COEFFICIENT(rows, columns, LOAD, BODY)
#undef BODY
#undef LOAD
}

static void normalize_backward(const float* grad, const float* x, std::size_t rows, std::size_t columns, bool by_row,
                               const float* mean, const float* scale, const float* slope, const float* shift,
                               float* out) {
  const Vf zero = v_splat(0.0f);
  if (by_row) {
    for (std::size_t r = 0; r < rows; ++r) {
      const Vf m = v_splat(mean[r]), a = v_splat(scale[r]), b = v_splat(slope[r]), s = v_splat(shift[r]);
      const float *g = grad + r * columns, *from = x + r * columns;
      float* to = out + r * columns;
#define BODY(v, i, n)                                                                       \
  {                                                                                         \
    const Vf d = v_sub(load_some(from + (i), n, zero), m);                                  \
    store_some(to + (i), v_mul(v_fnma(d, b, v_sub(load_some(g + (i), n, zero), s)), a), n); \
  }
      LANEWISE_EACH_VECTOR(0, columns, BODY)
#undef BODY
    }
    return;
  }
#define LOAD                                                                            \
  const Vf m = load_some(mean + i, count, zero), a = load_some(scale + i, count, zero); \
  const Vf b = load_some(slope + i, count, zero), s = load_some(shift + i, count, zero);
#define BODY                                             \
  const Vf d = v_sub(load_some(x + at, count, zero), m); \
  store_some(out + at, v_mul(v_fnma(d, b, v_sub(load_some(grad + at, count, zero), s)), a), count);
  LANEWISE_EACH_COEFFICIENT(rows, columns, LOAD, BODY)
#undef BODY
#undef LOAD
}

#undef LANEWISE_EACH_STRIP
#undef LANEWISE_EACH_COEFFICIENT
