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
#define LANEWISE_UNARY(name, value)                              \
  static void name(const float* in, float* out, std::size_t n) { \
    std::size_t i = 0;                                           \
    for (; i + kLanes <= n; i += kLanes) {                       \
      const Vf x = v_load(in + i);                               \
      v_store(out + i, value);                                   \
    }                                                            \
    if (i < n) {                                                 \
      const Vf x = v_load_n(in + i, n - i, v_splat(0.0f));       \
      v_store_n(out + i, value, n - i);                          \
    }                                                            \
  }

LANEWISE_VEC Vf v_sign(Vf x) {
  const Vf zero = v_splat(0.0f);
  const Vf positive = v_select(v_lt(zero, x), v_splat(1.0f), zero);
  return v_select(v_lt(x, zero), v_splat(-1.0f), positive);
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

#undef LANEWISE_UNARY
