// Softmax and cross-entropy together; the formulas stand in src/ops/ops.ts. confidence = 1 - smoothing, spread =
// smoothing / classes.
#pragma once

#include "elementwise-inl.h"
#include "softmax-inl.h"

// The loss of a row whose target is t. max and log_sum apart: added up first they would swallow digits when the logits
// are large.
LANEWISE_VEC float row_loss(const float* logits, std::size_t classes, std::size_t t, const float* weight, float max,
                            float log_sum, float confidence, float spread) {
  const Vf zero = v_splat(0.0f), one = v_splat(1.0f);
  const float weight_t = weight == nullptr ? 1.0f : weight[t];
  const float value = confidence * (weight_t * (log_sum - (logits[t] - max)));
  if (spread == 0.0f) return value;
  const Vf m = v_splat(max), l = v_splat(log_sum);
#define TERM(v, i, count)                                                        \
  {                                                                              \
    const Vf w = weight == nullptr ? one : load_some(weight + (i), count, zero); \
    const Vf x = load_some(logits + (i), count, m);                              \
    const Vf term = v_mul(w, v_sub(l, v_sub(x, m)));                             \
    sums[v] = v_add(sums[v], count == kLanes ? term : first_of(term, count));    \
  }
  LANEWISE_ROW_SUM(total, classes, TERM)
#undef TERM
  return value + spread * static_cast<float>(total);
}

static void cross_entropy(const float* logits, const std::int32_t* target, const float* weight, float* loss,
                          float* stats, std::size_t rows, std::size_t classes, std::int32_t ignore_index,
                          float confidence, float spread) {
  for (std::size_t r = 0; r < rows; ++r, logits += classes) {
    const float max = row_max(logits, classes);
    const double total = sum_exp(logits, classes, max);
    stats[2 * r] = max;
    stats[2 * r + 1] = static_cast<float>(total);
    const std::int32_t t = target[r];
    loss[r] = t == ignore_index ? 0.0f
                                : row_loss(logits, classes, static_cast<std::size_t>(t), weight, max, log_of(total),
                                           confidence, spread);
  }
}

// Of at most this many classes, samples are in the lanes.
inline constexpr std::size_t kFewClasses = kSums;

// x[c] = column c of `rows` <= kLanes rows, and back.
LANEWISE_VEC void load_columns(const float* from, std::size_t rows, std::size_t columns, Vf* x) {
  for (std::size_t c = 0; c < columns; c += kLanes) {
    const std::size_t count = columns - c < kLanes ? columns - c : kLanes;
    Vf block[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) {
      block[i] = i < rows ? load_some(from + i * columns + c, count, v_splat(0.0f)) : v_splat(0.0f);
    }
    v_transpose(block);
    for (std::size_t j = 0; j < count; ++j) x[c + j] = block[j];
  }
}
LANEWISE_VEC void store_columns(const Vf* x, std::size_t rows, std::size_t columns, float* to) {
  for (std::size_t c = 0; c < columns; c += kLanes) {
    const std::size_t count = columns - c < kLanes ? columns - c : kLanes;
    Vf block[kLanes];
    for (std::size_t j = 0; j < kLanes; ++j) block[j] = j < count ? x[c + j] : v_splat(0.0f);
    v_transpose(block);
    for (std::size_t i = 0; i < rows; ++i) store_some(to + i * columns + c, block[i], count);
  }
}

// cross_entropy_train for `rows` <= kLanes rows of few classes without weights and smoothing. The sum over the classes
// is that of reduce-inl.h; what it adds for classes that are not there is zero.
static void cross_entropy_train_few(const float* logits, const std::int32_t* target, float* loss, float* grad,
                                    std::size_t rows, std::size_t classes, std::int32_t ignore_index, float confidence,
                                    float direct) {
  float chosen[kLanes] = {};
  for (std::size_t i = 0; i < rows; ++i) {
    if (target[i] != ignore_index) chosen[i] = logits[i * classes + static_cast<std::size_t>(target[i])];
  }
  Vf e[kFewClasses], sums[kFewClasses], max = v_splat(-kInfinity);
  load_columns(logits, rows, classes, e);
  for (std::size_t c = 0; c < classes; ++c) max = v_larger(e[c], max);
  for (std::size_t c = 0; c < classes; ++c) sums[c] = e[c] = v_exp(v_sub(e[c], max));
  for (std::size_t half = kFewClasses / 2; half > 0; half /= 2) {
    for (std::size_t c = 0; c < half && c + half < classes; ++c) sums[c] = v_add(sums[c], sums[c + half]);
  }
  const Vf surprise = v_sub(v_log(sums[0]), v_sub(v_load(chosen), max));
  float losses[kLanes];
  v_store(losses, v_mul(v_splat(confidence), surprise));
  const Vf share = v_div(v_splat(direct), sums[0]);
  for (std::size_t c = 0; c < classes; ++c) e[c] = v_mul(e[c], share);
  store_columns(e, rows, classes, grad);
  for (std::size_t i = 0; i < rows; ++i, grad += classes) {
    if (target[i] == ignore_index) {
      loss[i] = 0.0f;
      fill(0.0f, grad, classes);
    } else {
      loss[i] = losses[i];
      grad[target[i]] -= direct;
    }
  }
}

static void cross_entropy_train(const float* logits, const std::int32_t* target, const float* weight, float* loss,
                                float* grad, std::size_t rows, std::size_t classes, std::int32_t ignore_index,
                                float confidence, float spread, float scale, float spread_sum) {
  const Vf zero = v_splat(0.0f), one = v_splat(1.0f), lowest = v_splat(-kInfinity);
  const float even = scale * spread;
  if (classes - 1 < kFewClasses && weight == nullptr && spread == 0.0f) {
    for (std::size_t r = 0; r < rows; r += kLanes) {
      cross_entropy_train_few(logits + r * classes, target + r, loss + r, grad + r * classes,
                              rows - r < kLanes ? rows - r : kLanes, classes, ignore_index, confidence,
                              scale * confidence);
    }
    return;
  }
  for (std::size_t r = 0; r < rows; ++r, logits += classes, grad += classes) {
    const std::int32_t t = target[r];
    if (t == ignore_index) {
      loss[r] = 0.0f;
      fill(0.0f, grad, classes);
      continue;
    }
    const float max = row_max(logits, classes);
    const Vf m = v_splat(max);
#define TERM(v, i, count)                                                 \
  {                                                                       \
    const Vf e = v_exp(v_sub(load_some(logits + (i), count, lowest), m)); \
    store_some(grad + (i), e, count);                                     \
    sums[v] = v_add(sums[v], e);                                          \
  }
    LANEWISE_ROW_SUM(total, classes, TERM)
#undef TERM
    loss[r] = row_loss(logits, classes, static_cast<std::size_t>(t), weight, max, log_of(total), confidence, spread);
    // d loss / d logit_c = p_c·(direct + Σ even·w) - even·w_c - [c = t]·direct, with p_c = e_c / total
    const float direct = scale * (confidence * (weight == nullptr ? 1.0f : weight[t]));
    const Vf share = v_splat((direct + scale * spread_sum) / static_cast<float>(total)), flat = v_splat(even);
#define BODY(v, i, count)                                                          \
  {                                                                                \
    Vf g = v_mul(load_some(grad + (i), count, zero), share);                       \
    if (spread != 0.0f) {                                                          \
      const Vf w = weight == nullptr ? one : load_some(weight + (i), count, zero); \
      g = v_fnma(flat, w, g);                                                      \
    }                                                                              \
    store_some(grad + (i), g, count);                                              \
  }
    LANEWISE_EACH_VECTOR(0, classes, BODY)
#undef BODY
    grad[t] -= direct;
  }
}

static void cross_entropy_backward(const float* scale, std::size_t scale_step, const float* logits,
                                   const std::int32_t* target, const float* weight, const float* stats, float* out,
                                   std::size_t rows, std::size_t classes, std::int32_t ignore_index, float confidence,
                                   float spread, float spread_sum) {
  const Vf zero = v_splat(0.0f), one = v_splat(1.0f);
  for (std::size_t r = 0; r < rows; ++r, logits += classes, out += classes) {
    const std::int32_t t = target[r];
    if (t == ignore_index) {
      fill(0.0f, out, classes);
      continue;
    }
    const float s = scale[r * scale_step];
    const float direct = s * (confidence * (weight == nullptr ? 1.0f : weight[t]));
    const float even = s * spread;
    // As in cross_entropy_train, to the bit.
    const float max = stats[2 * r], total = stats[2 * r + 1];
    const Vf share = v_splat((direct + s * spread_sum) / total), flat = v_splat(even), m = v_splat(max);
#define BODY(v, i, count)                                                          \
  {                                                                                \
    const Vf e = v_exp(v_sub(load_some(logits + (i), count, m), m));               \
    Vf g = v_mul(e, share);                                                        \
    if (spread != 0.0f) {                                                          \
      const Vf w = weight == nullptr ? one : load_some(weight + (i), count, zero); \
      g = v_fnma(flat, w, g);                                                      \
    }                                                                              \
    store_some(out + (i), g, count);                                               \
  }
    LANEWISE_EACH_VECTOR(0, classes, BODY)
#undef BODY
    out[t] -= direct;
  }
}
