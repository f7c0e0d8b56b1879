// Functions of one element, or of two at the same place.
#pragma once

#include "math-inl.h"

static void fill(float value, float* out, std::size_t n) {
  const Vf x = v_splat(value);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) v_store(out + i, x);
  v_store_n(out + i, x, n - i);
}

// Truncated towards zero; NaN gives 0, and what int32 cannot hold its nearest end.
static void to_int(const float* x, std::int32_t* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float value = x[i];
    out[i] = value >= 2147483648.0f    ? INT32_MAX
             : value >= -2147483648.0f ? static_cast<std::int32_t>(value)
             : value < 0.0f            ? INT32_MIN
                                       : 0;
  }
}

static void to_float(const std::int32_t* x, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(x[i]);
}

// Tails run through the same vector code, so an element's bits do not depend on where it stands.
#define LANEWISE_UNARY(name, value, ...)                                                    \
  static void name(const float* in, float* out, std::size_t n __VA_OPT__(, ) __VA_ARGS__) { \
    std::size_t i = 0;                                                                      \
    for (; i + kLanes <= n; i += kLanes) {                                                  \
      const Vf x = v_load(in + i);                                                          \
      v_store(out + i, value);                                                              \
    }                                                                                       \
    if (i < n) {                                                                            \
      const Vf x = v_load_n(in + i, n - i, v_splat(0.0f));                                  \
      v_store_n(out + i, value, n - i);                                                     \
    }                                                                                       \
  }

#define LANEWISE_BACKWARD(name, value, ...)                                                                    \
  static void name(const float* grad, const float* in, float* out, std::size_t n __VA_OPT__(, ) __VA_ARGS__) { \
    std::size_t i = 0;                                                                                         \
    for (; i + kLanes <= n; i += kLanes) {                                                                     \
      const Vf g = v_load(grad + i), x = v_load(in + i);                                                       \
      v_store(out + i, value);                                                                                 \
    }                                                                                                          \
    if (i < n) {                                                                                               \
      const Vf zero = v_splat(0.0f), g = v_load_n(grad + i, n - i, zero), x = v_load_n(in + i, n - i, zero);   \
      v_store_n(out + i, value, n - i);                                                                        \
    }                                                                                                          \
  }

LANEWISE_VEC Vf v_sign(Vf x) {
  const Vf zero = v_splat(0.0f);
  const Vf positive = v_select(v_lt(zero, x), v_splat(1.0f), zero);
  return v_select(v_lt(x, zero), v_splat(-1.0f), positive);
}

LANEWISE_VEC Vf v_clamp(Vf x, float low, float high) {
  const Vf l = v_splat(low), h = v_splat(high);
  x = v_select(v_lt(x, l), l, x);
  return v_select(v_lt(h, x), h, x);
}

LANEWISE_VEC Vf v_where_inside(Vf g, Vf x, float low, float high) {
  return v_select(v_and(v_le(v_splat(low), x), v_le(x, v_splat(high))), g, v_splat(0.0f));
}

LANEWISE_UNARY(neg, v_neg(x))
LANEWISE_UNARY(exp, v_exp(x))
LANEWISE_UNARY(expm1, v_expm1(x))
LANEWISE_UNARY(log, v_log(x))
LANEWISE_UNARY(log1p, v_log1p(x))
LANEWISE_UNARY(sqrt, v_sqrt(x))
LANEWISE_UNARY(abs, v_abs(x))
LANEWISE_UNARY(sign, v_sign(x))
LANEWISE_UNARY(relu, v_relu(x))
LANEWISE_UNARY(sigmoid, v_sigmoid(x))
LANEWISE_UNARY(tanh, v_tanh(x))
LANEWISE_UNARY(erf, v_erf(x))
LANEWISE_UNARY(floor, v_floor(x))
LANEWISE_UNARY(ceil, v_ceil(x))
LANEWISE_UNARY(round, v_round(x))
LANEWISE_UNARY(clamp, v_clamp(x, low, high), float low, float high)
LANEWISE_BACKWARD(relu_backward, v_drop(v_le(x, v_splat(0.0f)), g))
LANEWISE_BACKWARD(sigmoid_backward, v_mul(v_mul(g, x), v_sub(v_splat(1.0f), x)))
LANEWISE_BACKWARD(tanh_backward, v_mul(g, v_fnma(x, x, v_splat(1.0f))))
LANEWISE_BACKWARD(clamp_backward, v_where_inside(g, x, low, high), float low, float high)

#undef LANEWISE_UNARY
#undef LANEWISE_BACKWARD
