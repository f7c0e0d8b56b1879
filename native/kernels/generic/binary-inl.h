// Arithmetic of two ranges, either of which may be one repeated element.
#pragma once

#include "math-inl.h"

// The larger and the smaller, b of two that are equal; a NaN wins.
LANEWISE_VEC Vf v_max(Vf a, Vf b) { return v_select(v_eq(a, a), v_larger(a, b), a); }
LANEWISE_VEC Vf v_min(Vf a, Vf b) { return v_select(v_eq(a, a), v_smaller(a, b), a); }

#define LANEWISE_BINARY(name, operation)                                                                           \
  static void name(const float* a, std::size_t a_step, const float* b, std::size_t b_step, float* out,             \
                   std::size_t n) {                                                                                \
    if (n == 0) return;                                                                                            \
    const Vf zero = v_splat(0.0f);                                                                                 \
    std::size_t i = 0;                                                                                             \
    if (a_step != 0 && b_step != 0) {                                                                              \
      for (; i + kLanes <= n; i += kLanes) v_store(out + i, operation(v_load(a + i), v_load(b + i)));              \
      if (i < n) v_store_n(out + i, operation(v_load_n(a + i, n - i, zero), v_load_n(b + i, n - i, zero)), n - i); \
    } else if (a_step != 0) {                                                                                      \
      const Vf one = v_splat(*b);                                                                                  \
      for (; i + kLanes <= n; i += kLanes) v_store(out + i, operation(v_load(a + i), one));                        \
      if (i < n) v_store_n(out + i, operation(v_load_n(a + i, n - i, zero), one), n - i);                          \
    } else if (b_step != 0) {                                                                                      \
      const Vf one = v_splat(*a);                                                                                  \
      for (; i + kLanes <= n; i += kLanes) v_store(out + i, operation(one, v_load(b + i)));                        \
      if (i < n) v_store_n(out + i, operation(one, v_load_n(b + i, n - i, zero)), n - i);                          \
    } else {                                                                                                       \
      const Vf both = operation(v_splat(*a), v_splat(*b));                                                         \
      for (; i + kLanes <= n; i += kLanes) v_store(out + i, both);                                                 \
      v_store_n(out + i, both, n - i);                                                                             \
    }                                                                                                              \
  }

LANEWISE_BINARY(add, v_add)
LANEWISE_BINARY(sub, v_sub)
LANEWISE_BINARY(mul, v_mul)
LANEWISE_BINARY(div, v_div)
LANEWISE_BINARY(max, v_max)
LANEWISE_BINARY(min, v_min)
#undef LANEWISE_BINARY

// The power in double precision without fused operations, so that every instruction set gives the same bits. The
// logarithm is 2·artanh((m - 1) / (m + 1)), the exponential a Taylor series on [-½, ½]; both to about 1e-13, so that
// the float is within 1 ulp. Special cases are those of C's pow; denormal bases count as zero.
LANEWISE_VEC float pow_of(float x, float y) {
  const float size = __builtin_fabsf(x);
  const std::int32_t bits = __builtin_bit_cast(std::int32_t, size);
  const std::int32_t shifted = bits - 0x3f3504f3;
  const double exponent = static_cast<double>(shifted >> 23);
  const double m = static_cast<double>(__builtin_bit_cast(float, (shifted & 0x007fffff) + 0x3f3504f3));
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double q = 1.0 / 17.0;
  q = q * z + 1.0 / 15.0;
  q = q * z + 1.0 / 13.0;
  q = q * z + 1.0 / 11.0;
  q = q * z + 1.0 / 9.0;
  q = q * z + 1.0 / 7.0;
  q = q * z + 1.0 / 5.0;
  q = q * z + 1.0 / 3.0;
  q = q * z + 1.0;
  double logarithm = exponent + s * q * 2.8853900817779268;  // 2 / ln 2
  if (size < kSmallestNormal) logarithm = -static_cast<double>(kInfinity);
  if (size == kInfinity) logarithm = static_cast<double>(kInfinity);
  if (size != size) logarithm = static_cast<double>(kNaN);

  double t = static_cast<double>(y) * logarithm;
  if (size == 1.0f && y == y) t = 0.0;
  // As the base, an exponent below the smallest normal number is 0 also where hardware does not flush it.
  if (__builtin_fabsf(y) < kSmallestNormal || x == 1.0f) t = 0.0;
  const bool is_nan = t != t;
  if (is_nan) t = 0.0;
  if (t > 200.0) t = 200.0;
  if (t < -200.0) t = -200.0;
  const double n = (t + 6755399441055744.0) - 6755399441055744.0;  // nearest integer: 1.5·2^52 leaves no fraction
  const double f = (t - n) * 0.69314718055994531;
  double e = 1.0 / 39916800.0;
  e = e * f + 1.0 / 3628800.0;
  e = e * f + 1.0 / 362880.0;
  e = e * f + 1.0 / 40320.0;
  e = e * f + 1.0 / 5040.0;
  e = e * f + 1.0 / 720.0;
  e = e * f + 1.0 / 120.0;
  e = e * f + 1.0 / 24.0;
  e = e * f + 1.0 / 6.0;
  e = e * f + 0.5;
  e = e * f + 1.0;
  e = e * f + 1.0;
  const std::int64_t scale = (static_cast<std::int64_t>(static_cast<std::int32_t>(n)) + 1023) << 52;
  float result = static_cast<float>(e * __builtin_bit_cast(double, scale));
  if (is_nan) result = kNaN;

  // Negative bases: the sign of odd powers; NaN where y is finite and no integer.
  if (__builtin_signbit(x)) {
    const float y_size = __builtin_fabsf(y);
    const bool large = y_size >= 16777216.0f;  // an even integer, infinity or NaN
    const std::int32_t whole = large || y != y ? 0 : static_cast<std::int32_t>(y);
    const bool integer = large || static_cast<float>(whole) == y;
    if (integer && (whole & 1) != 0) result = -result;
    if (!integer && size >= kSmallestNormal && size != kInfinity) result = kNaN;
  }
  return result;
}

// Squares, the everyday case, are multiplications wherever the exponent stands.
static void pow(const float* a, std::size_t a_step, const float* b, std::size_t b_step, float* out, std::size_t n) {
  if (n != 0 && b_step == 0 && *b == 2.0f) {
    mul(a, a_step, a, a_step, out, n);
    return;
  }
  // The repeated element is read first, because out may be where it stands.
  const float first_a = n == 0 ? 0.0f : *a, first_b = n == 0 ? 0.0f : *b;
  for (std::size_t i = 0; i < n; ++i) {
    const float x = a_step == 0 ? first_a : a[i], y = b_step == 0 ? first_b : b[i];
    out[i] = y == 2.0f ? x * x : pow_of(x, y);
  }
}
