// Normalisation of a row and its gradient: layer, group, instance and RMS norm.
#pragma once

#include "softmax-inl.h"

// out = (x - mean)·rstd·weight + bias for a row of channels × inner elements.
static void layer_norm(const float* x, std::size_t channels, std::size_t inner, bool centered, double eps,
                       const float* weight, const float* bias, float* out, float* mean, float* variance) {
  const std::size_t size = channels * inner;
  const Vf zero = v_splat(0.0f);
  float center = 0.0f;
  if (centered) {
#define TERM(v, i, n) sums[v] = v_add(sums[v], load_some(x + (i), n, zero));
    LANEWISE_ROW_SUM(total, size, TERM)
#undef TERM
    center = static_cast<float>(total / static_cast<double>(size));
  }
  const Vf m = v_splat(center);
#define TERM(v, i, n)                                \
  {                                                  \
    const Vf d = v_sub(load_some(x + (i), n, m), m); \
    sums[v] = v_fma(d, d, sums[v]);                  \
  }
  LANEWISE_ROW_SUM(squares, size, TERM)
#undef TERM
  const float spread = static_cast<float>(squares / static_cast<double>(size));
  *mean = center;
  *variance = spread;
  const Vf r = v_splat(static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(spread) + eps)));
  const Vf one = v_splat(1.0f);
  if (inner == 1) {
#define BODY(v, i, n)                                                                                            \
  {                                                                                                              \
    const Vf xhat = v_mul(v_sub(load_some(x + (i), n, zero), m), r);                                             \
    const Vf w = weight == nullptr ? one : load_some(weight + (i), n, zero);                                     \
    store_some(out + (i), bias == nullptr ? v_mul(xhat, w) : v_fma(xhat, w, load_some(bias + (i), n, zero)), n); \
  }
    LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
    return;
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const Vf w = weight == nullptr ? one : v_splat(weight[c]), b = bias == nullptr ? zero : v_splat(bias[c]);
    const float* from = x + c * inner;
    float* to = out + c * inner;
#define BODY(v, i, n)                                                              \
  {                                                                                \
    const Vf xhat = v_mul(v_sub(load_some(from + (i), n, zero), m), r);            \
    store_some(to + (i), bias == nullptr ? v_mul(xhat, w) : v_fma(xhat, w, b), n); \
  }
    LANEWISE_EACH_VECTOR(0, inner, BODY)
#undef BODY
  }
}

// The gradient for x of a row; what it adds to the gradients of weight and bias, of which either may be null.
static void layer_norm_backward(const float* grad, const float* x, std::size_t channels, std::size_t inner,
                                bool centered, double eps, const float* weight, float mean, float variance, float* out,
                                float* weight_grad, float* bias_grad) {
  const std::size_t size = channels * inner;
  const Vf zero = v_splat(0.0f), m = v_splat(mean);
  const double root = 1.0 / __builtin_sqrt(static_cast<double>(variance) + eps);
  const Vf r = v_splat(static_cast<float>(root));
  double total = 0.0, product = 0.0;  // Σ grad·weight, Σ grad·weight·xhat
  if (inner == 1) {
    for (std::size_t begin = 0; begin < size; begin += kSumBlock) {
      const std::size_t end = size - begin < kSumBlock ? size : begin + kSumBlock;
      Vf sums[kSumVectors], products[kSumVectors];
      LANEWISE_UNROLL
      for (int v = 0; v < kSumVectors; ++v) sums[v] = products[v] = zero;
#define BODY(v, i, n)                                                                                        \
  {                                                                                                          \
    const Vf xhat = v_mul(v_sub(load_some(x + (i), n, m), m), r);                                            \
    const Vf g = load_some(grad + (i), n, zero);                                                             \
    const Vf gw = weight == nullptr ? g : v_mul(g, load_some(weight + (i), n, zero));                        \
    sums[v] = v_add(sums[v], gw);                                                                            \
    products[v] = v_fma(gw, xhat, products[v]);                                                              \
    if (weight_grad != nullptr)                                                                              \
      store_some(weight_grad + (i), v_fma(g, xhat, load_some(weight_grad + (i), n, zero)), n);               \
    if (bias_grad != nullptr) store_some(bias_grad + (i), v_add(load_some(bias_grad + (i), n, zero), g), n); \
  }
      LANEWISE_EACH_VECTOR(begin, end, BODY)
#undef BODY
      total += static_cast<double>(fold_sums(sums));
      product += static_cast<double>(fold_sums(products));
    }
  } else {
    for (std::size_t c = 0; c < channels; ++c) {
      const float *g = grad + c * inner, *from = x + c * inner;
      double sum = 0.0, sum_xhat = 0.0;
      for (std::size_t begin = 0; begin < inner; begin += kSumBlock) {
        const std::size_t end = inner - begin < kSumBlock ? inner : begin + kSumBlock;
        Vf sums[kSumVectors], products[kSumVectors];
        LANEWISE_UNROLL
        for (int v = 0; v < kSumVectors; ++v) sums[v] = products[v] = zero;
#define BODY(v, i, n)                                                                      \
  {                                                                                        \
    const Vf dy = load_some(g + (i), n, zero);                                             \
    sums[v] = v_add(sums[v], dy);                                                          \
    products[v] = v_fma(dy, v_mul(v_sub(load_some(from + (i), n, m), m), r), products[v]); \
  }
        LANEWISE_EACH_VECTOR(begin, end, BODY)
#undef BODY
        sum += static_cast<double>(fold_sums(sums));
        sum_xhat += static_cast<double>(fold_sums(products));
      }
      const double w = weight == nullptr ? 1.0 : static_cast<double>(weight[c]);
      total += w * sum;
      product += w * sum_xhat;
      if (weight_grad != nullptr) weight_grad[c] += static_cast<float>(sum_xhat);
      if (bias_grad != nullptr) bias_grad[c] += static_cast<float>(sum);
    }
  }
  if (out == nullptr) return;
  const double n = static_cast<double>(size);
  // out = (grad·weight - total/n - (x - mean)·rstd·product/n)·rstd: what cancels does so before it is multiplied by
  // rstd, which is large where the spread is small, and a row of one element has exactly 0.
  const Vf center = v_splat(static_cast<float>(centered ? total / n : 0.0));
  const Vf slope = v_splat(static_cast<float>(root * product / n));
  if (inner == 1) {
#define BODY(v, i, n)                                                                       \
  {                                                                                         \
    const Vf d = v_sub(load_some(x + (i), n, zero), m), g = load_some(grad + (i), n, zero); \
    const Vf gw = weight == nullptr ? g : v_mul(g, load_some(weight + (i), n, zero));       \
    store_some(out + (i), v_mul(v_fnma(d, slope, v_sub(gw, center)), r), n);                \
  }
    LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
    return;
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const Vf w = v_splat(weight == nullptr ? 1.0f : weight[c]);
    const float *g = grad + c * inner, *from = x + c * inner;
    float* to = out + c * inner;
#define BODY(v, i, n)                                                       \
  {                                                                         \
    const Vf d = v_sub(load_some(from + (i), n, zero), m);                  \
    const Vf gw = v_mul(load_some(g + (i), n, zero), w);                    \
    store_some(to + (i), v_mul(v_fnma(d, slope, v_sub(gw, center)), r), n); \
  }
    LANEWISE_EACH_VECTOR(0, inner, BODY)
#undef BODY
  }
}
