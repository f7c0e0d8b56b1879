// Rows of a block of attention's scores: the running softmax, and its gradient.
#pragma once

#include "math-inl.h"
#include "reduce-inl.h"
#include "softmax-inl.h"

// How many keys of the block query `r` sees.
LANEWISE_VEC std::size_t seen_keys(const AttentionBlock* block, std::size_t r) {
  if (!block->causal) return block->keys;
  const std::ptrdiff_t seen = block->seen + static_cast<std::ptrdiff_t>(r);
  if (seen <= 0) return 0;
  const std::size_t count = static_cast<std::size_t>(seen);
  return count < block->keys ? count : block->keys;
}

// `count` scores from key i of a row on, scaled and masked; missing lanes are -infinity.
LANEWISE_VEC Vf masked_scores(const AttentionBlock* block, const float* scores, const float* mask, std::size_t i,
                              std::size_t count) {
  const Vf lowest = v_splat(-kInfinity);
  const Vf scaled = v_mul(load_some(scores + i, count, v_splat(0.0f)), v_splat(block->scale));
  if (mask == nullptr) return scaled;
  return v_add(scaled, block->mask_key == 0 ? v_splat(*mask) : load_some(mask + i, count, lowest));
}

LANEWISE_VEC const float* mask_row(const AttentionBlock* block, std::size_t r) {
  return block->mask == nullptr ? nullptr : block->mask + r * block->mask_row;
}

// Rows whose maxima are known before the first exponential: their factors are vectors, and nothing waits for a row's
// own maximum.
inline constexpr std::size_t kScoreRows = 16;

// Scales and masks a row, and gives the largest.
LANEWISE_VEC float scored_max(const AttentionBlock* block, float* s, const float* mask, std::size_t seen) {
  const Vf lowest = v_splat(-kInfinity);
  Vf best[kSumVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < kSumVectors; ++v) best[v] = lowest;
#define BODY(v, i, count)                                                                       \
  {                                                                                             \
    const Vf value = masked_scores(block, s, mask, i, count);                                   \
    store_some(s + (i), value, count);                                                          \
    best[v] = v_larger((count) == kLanes ? value : load_some(s + (i), count, lowest), best[v]); \
  }
  LANEWISE_EACH_VECTOR(0, seen, BODY)
#undef BODY
  return fold_max(best);
}

// What a row is whose scores are all -infinity: weights of 0, but what is NaN stays.
LANEWISE_VEC void hidden_row(float* s, std::size_t seen, float* total) {
  for (std::size_t j = 0; j < seen; ++j) {
    const bool is_nan = s[j] != s[j];
    if (is_nan) *total = s[j];
    s[j] = is_nan ? s[j] : 0.0f;
  }
}

static void attention_scores(const AttentionBlock* block, float* most, float* total, float* factor) {
  const Vf lowest = v_splat(-kInfinity);
  for (std::size_t first = 0; first < block->rows; first += kScoreRows) {
    const std::size_t rows = block->rows - first < kScoreRows ? block->rows - first : kScoreRows;
    float fall[kScoreRows] = {};
    for (std::size_t r = first; r < first + rows; ++r) {
      float* const s = block->scores + r * block->stride;
      const std::size_t seen = seen_keys(block, r);
      for (std::size_t j = seen; j < block->keys; ++j) s[j] = 0.0f;
      const float own = scored_max(block, s, mask_row(block, r), seen), before = most[r];
      const float now = own > before ? own : before;
      most[r] = now;
      // Nothing before: e to the -infinity; no change, or no key so far: 1.
      fall[r - first] = now == before ? 0.0f : before - now;
    }
    float grown[kScoreRows];
    for (std::size_t i = 0; i < kScoreRows; i += kLanes) v_store(grown + i, v_exp(v_load(fall + i)));
    for (std::size_t r = first; r < first + rows; ++r) {
      float* const s = block->scores + r * block->stride;
      const std::size_t seen = seen_keys(block, r);
      factor[r] = fall[r - first] == -kInfinity ? 0.0f : grown[r - first];
      if (most[r] == -kInfinity) {
        hidden_row(s, seen, total + r);
        continue;
      }
      const Vf m = v_splat(most[r]);
#define TERM(v, i, count)                                            \
  {                                                                  \
    const Vf e = v_exp(v_sub(load_some(s + (i), count, lowest), m)); \
    store_some(s + (i), e, count);                                   \
    sums[v] = v_add(sums[v], e);                                     \
  }
      LANEWISE_ROW_SUM(sum, seen, TERM)
#undef TERM
      // A NaN among what has been added so far stays one: 0·NaN.
      total[r] = total[r] * factor[r] + static_cast<float>(sum);
    }
  }
}

static void attention_gradient(const AttentionBlock* block, const float* most, const float* total, const float* delta,
                               const float* noise, float* products) {
  const Vf zero = v_splat(0.0f), one = v_splat(1.0f), scale = v_splat(block->scale);
  for (std::size_t r = 0; r < block->rows; ++r) {
    const std::size_t line = r * block->stride;
    float *const s = block->scores + line, *const g = products + line;
    const float *const mask = mask_row(block, r), *const n = noise == nullptr ? nullptr : noise + line;
    const std::size_t seen = total[r] == 0.0f ? 0 : seen_keys(block, r);
    for (std::size_t j = seen; j < block->keys; ++j) s[j] = g[j] = 0.0f;
    const Vf m = v_splat(most[r]), divisor = v_splat(total[r]), d = v_splat(delta[r]);
#define BODY(v, i, count)                                                                  \
  {                                                                                        \
    const Vf w = v_div(v_exp(v_sub(masked_scores(block, s, mask, i, count), m)), divisor); \
    const Vf z = n == nullptr ? one : load_some(n + (i), count, zero);                     \
    const Vf own = v_sub(v_mul(load_some(g + (i), count, zero), z), d);                    \
    store_some(s + (i), v_mul(w, z), count);                                               \
    store_some(g + (i), v_mul(v_mul(w, own), scale), count);                               \
  }
    LANEWISE_EACH_VECTOR(0, seen, BODY)
#undef BODY
  }
}

static void scale_lines(const float* x, std::size_t x_stride, const float* factor, float* out, std::size_t out_stride,
                        std::size_t rows, std::size_t columns) {
  const Vf zero = v_splat(0.0f);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* const from = x + r * x_stride;
    float* const to = out + r * out_stride;
    const Vf f = v_splat(factor[r]);
#define BODY(v, i, count) store_some(to + (i), v_mul(load_some(from + (i), count, zero), f), count);
    LANEWISE_EACH_VECTOR(0, columns, BODY)
#undef BODY
  }
}

static void dot_lines(const float* a, std::size_t a_stride, const float* b, std::size_t b_stride, std::size_t rows,
                      std::size_t columns, float* out) {
  const Vf zero = v_splat(0.0f);
  for (std::size_t r = 0; r < rows; ++r) {
    const float *const left = a + r * a_stride, *const right = b + r * b_stride;
#define TERM(v, i, count) \
  sums[v] = v_fma(load_some(left + (i), count, zero), load_some(right + (i), count, zero), sums[v]);
    LANEWISE_ROW_SUM(total, columns, TERM)
#undef TERM
    out[r] = static_cast<float>(total);
  }
}
