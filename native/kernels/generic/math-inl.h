// Elementary functions of one vector. Polynomials are least-maximum fits of our own; errors stand in ../README.md.
#pragma once

LANEWISE_VEC Vf v_abs(Vf x) { return v_from_bits(v_and_int(v_bits(x), v_splat_int(0x7fffffff))); }
LANEWISE_VEC Vf v_neg(Vf x) { return v_from_bits(v_xor_int(v_bits(x), v_splat_int(INT32_MIN))); }
// The larger and the smaller; `b` where a NaN takes part.
LANEWISE_VEC Vf v_larger(Vf a, Vf b) { return v_select(v_lt(b, a), a, b); }
LANEWISE_VEC Vf v_smaller(Vf a, Vf b) { return v_select(v_lt(a, b), a, b); }

// 0 where x <= 0; a NaN stays.
LANEWISE_VEC Vf v_relu(Vf x) { return v_drop(v_le(x, v_splat(0.0f)), x); }

inline constexpr float kInfinity = __builtin_inff();
inline constexpr float kNaN = __builtin_nanf("");
inline constexpr float kSmallestNormal = 1.17549435e-38f;

// ln 2 in two parts, the first short enough for its products with exponents to be exact.
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kLn2Low = -2.12194442e-4f;

// e^r - 1 for r = x - n·ln 2 with |r| <= ln 2 / 2.
LANEWISE_VEC Vf v_exp_reduced(Vf x, Vf n) {
  Vf r = v_fnma(n, v_splat(kLn2High), x);
  r = v_fnma(n, v_splat(kLn2Low), r);
  Vf q = v_splat(1.99187838e-4f);
  q = v_fma(q, r, v_splat(1.39463681e-3f));
  q = v_fma(q, r, v_splat(8.33326392e-3f));
  q = v_fma(q, r, v_splat(4.16662656e-2f));
  q = v_fma(q, r, v_splat(0.166666672f));
  q = v_fma(q, r, v_splat(0.5f));
  return v_fma(q, v_mul(r, r), r);
}

// x·2^n in two factors, because n runs from -150 to 128.
LANEWISE_VEC Vf v_scale_by(Vf x, Vf n) {
  const Vi whole = v_to_int(n);
  const Vi half = v_sar(whole, 1);
  const Vi bias = v_splat_int(127);
  const Vi rest = v_add_int(whole, v_add_int(v_xor_int(half, v_splat_int(-1)), v_splat_int(1)));
  return v_mul(v_mul(x, v_from_bits(v_shl(v_add_int(half, bias), 23))), v_from_bits(v_shl(v_add_int(rest, bias), 23)));
}

// e^x = 2^n·e^r.
LANEWISE_VEC Vf v_exp(Vf x) {
  // Beyond these bounds the result is infinite, or zero even as a denormal; a NaN stays.
  x = v_smaller(v_splat(89.0f), x);
  x = v_larger(v_splat(-104.0f), x);
  const Vf n = v_round(v_mul(x, v_splat(1.44269502f)));
  return v_scale_by(v_add(v_exp_reduced(x, n), v_splat(1.0f)), n);
}

// e^x - 1 = 2^n·(q + 1 - 2^-n), where q = e^r - 1 as in v_exp.
LANEWISE_VEC Vf v_expm1(Vf x) {
  const Vi sign = v_and_int(v_bits(x), v_splat_int(INT32_MIN));
  x = v_smaller(v_splat(89.0f), x);
  x = v_larger(v_splat(-20.0f), x);  // from -18 on the result is -1
  const Vf n = v_round(v_mul(x, v_splat(1.44269502f)));
  const Vf q = v_exp_reduced(x, n);
  const Vi bias = v_splat_int(127);
  // 2^-n: beyond 2^64 it makes no difference.
  const Vi back = v_to_int(v_larger(v_splat(-64.0f), v_neg(n)));
  const Vf rest = v_sub(v_splat(1.0f), v_from_bits(v_shl(v_add_int(back, bias), 23)));
  // The sign of zero is that of x.
  return v_from_bits(v_or_int(v_bits(v_scale_by(v_add(q, rest), n)), sign));
}

// e·ln 2 + ln(1 + f) with √½ <= 1 + f < √2.
LANEWISE_VEC Vf v_log_reduced(Vf e, Vf f) {
  const Vf z = v_mul(f, f);
  Vf q = v_splat(6.92726895e-2f);
  q = v_fma(q, f, v_splat(-0.118082404f));
  q = v_fma(q, f, v_splat(0.118774466f));
  q = v_fma(q, f, v_splat(-0.123817071f));
  q = v_fma(q, f, v_splat(0.142177731f));
  q = v_fma(q, f, v_splat(-0.166693643f));
  q = v_fma(q, f, v_splat(0.200022697f));
  q = v_fma(q, f, v_splat(-0.249999851f));
  q = v_fma(q, f, v_splat(0.333333105f));
  q = v_mul(q, v_mul(z, f));
  q = v_fma(e, v_splat(kLn2Low), q);
  q = v_fma(z, v_splat(-0.5f), q);
  return v_fma(e, v_splat(kLn2High), v_add(f, q));
}

// The logarithm `result` of x, but where x is zero, negative, infinite or a NaN. Denormals count as zero.
LANEWISE_VEC Vf v_log_special(Vf x, Vf result) {
  result = v_select(v_lt(x, v_splat(kSmallestNormal)), v_splat(-kInfinity), result);
  result = v_select(v_le(x, v_splat(-kSmallestNormal)), v_splat(kNaN), result);
  result = v_select(v_eq(x, v_splat(kInfinity)), x, result);
  return v_select(v_eq(x, x), result, x);
}

// Bits of √½: counting from them puts the mantissa's range around 1.
inline constexpr std::int32_t kRootHalf = 0x3f3504f3;

LANEWISE_VEC Vf v_log(Vf x) {
  const Vi shifted = v_add_int(v_bits(x), v_splat_int(-kRootHalf));
  const Vf e = v_to_float(v_sar(shifted, 23));
  const Vf m = v_from_bits(v_add_int(v_and_int(shifted, v_splat_int(0x007fffff)), v_splat_int(kRootHalf)));
  return v_log_special(x, v_log_reduced(e, v_sub(m, v_splat(1.0f))));
}

// ln(1 + x) with the exponent e of 1 + x, but f from x itself: 1 + f = (1 + x)·2^-e, so f = x·2^-e + (2^-e - 1), where
// only the last sum is rounded.
LANEWISE_VEC Vf v_log1p(Vf x) {
  const Vf one = v_splat(1.0f);
  const Vf u = v_add(one, x);
  const Vi e = v_sar(v_add_int(v_bits(u), v_splat_int(-kRootHalf)), 23);
  const Vi minus = v_shl(v_add_int(v_xor_int(e, v_splat_int(-1)), v_splat_int(1)), 23);  // -e in the exponent's place
  // 2^-e, or 0 where it makes no difference.
  const Vi inverse = v_select_int(v_lt_int(e, v_splat_int(64)), v_add_int(v_bits(one), minus), v_splat_int(0));
  const Vf f = v_add(v_from_bits(v_add_int(v_bits(x), minus)), v_sub(v_from_bits(inverse), one));
  const Vf result = v_log_special(u, v_log_reduced(v_to_float(e), f));
  // The sign of zero is that of x.
  return v_from_bits(v_or_int(v_bits(result), v_and_int(v_bits(x), v_splat_int(INT32_MIN))));
}

LANEWISE_VEC Vf v_sigmoid(Vf x) {
  const Vf one = v_splat(1.0f);
  return v_div(one, v_add(one, v_exp(v_neg(x))));
}

// Near zero an odd polynomial, else 1 - 2 / (e^2|x| + 1) with the sign of x.
LANEWISE_VEC Vf v_tanh(Vf x) {
  const Vf one = v_splat(1.0f);
  const Vf size = v_abs(x);
  const Vf far = v_sub(one, v_div(v_splat(2.0f), v_add(v_exp(v_add(size, size)), one)));
  const Vf z = v_mul(x, x);
  Vf q = v_splat(2.13090517e-3f);
  q = v_fma(q, z, v_splat(-8.16503633e-3f));
  q = v_fma(q, z, v_splat(2.16960702e-2f));
  q = v_fma(q, z, v_splat(-5.39459921e-2f));
  q = v_fma(q, z, v_splat(0.133331999f));
  q = v_fma(q, z, v_splat(-0.333333313f));
  const Vf near = v_fma(v_mul(q, z), size, size);
  const Vi sign = v_and_int(v_bits(x), v_splat_int(INT32_MIN));
  return v_from_bits(v_or_int(v_bits(v_select(v_lt(size, v_splat(0.625f)), near, far)), sign));
}

// Near zero x + x·P(x²), else 1 - e^(-t·(1 + Q(t))) for t = |x| with the sign of x.
LANEWISE_VEC Vf v_erf(Vf x) {
  const Vf size = v_abs(x), z = v_mul(x, x);
  Vf p = v_splat(8.31677782e-5f);
  p = v_fma(p, z, v_splat(-8.13001359e-4f));
  p = v_fma(p, z, v_splat(5.19990688e-3f));
  p = v_fma(p, z, v_splat(-2.68589407e-2f));
  p = v_fma(p, z, v_splat(0.112836875f));
  p = v_fma(p, z, v_splat(-0.376126319f));
  p = v_fma(p, z, v_splat(0.128379166f));
  // 2^24 times as large: p·x is subnormal for the smallest x, and a flushed product is lost where it is rounded by
  // itself.
  const Vf large = v_mul(x, v_splat(0x1p24f));
  const Vf near = v_mul(v_fma(p, large, large), v_splat(0x1p-24f));
  const Vf t = v_smaller(v_splat(4.0f), size);  // from 3.92 on the result is 1
  Vf q = v_splat(-1.12312619e-5f);
  q = v_fma(q, t, v_splat(3.22803447e-4f));
  q = v_fma(q, t, v_splat(-3.64245754e-3f));
  q = v_fma(q, t, v_splat(2.37620603e-2f));
  q = v_fma(q, t, v_splat(-0.106236875f));
  q = v_fma(q, t, v_splat(-0.635151327f));
  q = v_fma(q, t, v_splat(-0.12864849f));
  const Vf far = v_sub(v_splat(1.0f), v_exp(v_neg(v_fnma(q, t, t))));
  const Vi sign = v_and_int(v_bits(x), v_splat_int(INT32_MIN));
  return v_select(v_lt(size, v_splat(0.921875f)), near, v_from_bits(v_or_int(v_bits(far), sign)));
}

LANEWISE_VEC Vf v_floor(Vf x) {
  const Vf whole = v_round(x);
  return v_select(v_lt(x, whole), v_sub(whole, v_splat(1.0f)), whole);
}

LANEWISE_VEC Vf v_ceil(Vf x) {
  const Vf whole = v_round(x);
  const Vf up = v_select(v_lt(whole, x), v_add(whole, v_splat(1.0f)), whole);
  // The sign of zero is that of x.
  return v_from_bits(v_or_int(v_bits(up), v_and_int(v_bits(x), v_splat_int(INT32_MIN))));
}
