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

// e^x = 2^n·e^r with |r| <= ln 2 / 2.
LANEWISE_VEC Vf v_exp(Vf x) {
  // Beyond these bounds the result is infinite, or zero even as a denormal; a NaN stays.
  x = v_smaller(v_splat(89.0f), x);
  x = v_larger(v_splat(-104.0f), x);
  const Vf n = v_round(v_mul(x, v_splat(1.44269502f)));
  Vf r = v_fnma(n, v_splat(kLn2High), x);
  r = v_fnma(n, v_splat(kLn2Low), r);
  Vf q = v_splat(1.99187838e-4f);
  q = v_fma(q, r, v_splat(1.39463681e-3f));
  q = v_fma(q, r, v_splat(8.33326392e-3f));
  q = v_fma(q, r, v_splat(4.16662656e-2f));
  q = v_fma(q, r, v_splat(0.166666672f));
  q = v_fma(q, r, v_splat(0.5f));
  q = v_fma(q, v_mul(r, r), r);
  const Vf e = v_add(q, v_splat(1.0f));
  // 2^n in two factors, because n runs from -150 to 128.
  const Vi whole = v_to_int(n);
  const Vi half = v_sar(whole, 1);
  const Vi bias = v_splat_int(127);
  const Vi rest = v_add_int(whole, v_add_int(v_xor_int(half, v_splat_int(-1)), v_splat_int(1)));
  const Vf scale = v_from_bits(v_shl(v_add_int(half, bias), 23));
  return v_mul(v_mul(e, scale), v_from_bits(v_shl(v_add_int(rest, bias), 23)));
}

// ln x = e·ln 2 + ln(1 + f) with √½ <= 1 + f < √2. Denormals count as zero.
LANEWISE_VEC Vf v_log(Vf x) {
  const Vi bits = v_bits(x);
  // Counting from √½'s pattern puts the mantissa's range around 1.
  const Vi offset = v_splat_int(0x3f3504f3);
  const Vi shifted = v_add_int(bits, v_splat_int(-0x3f3504f3));
  const Vf e = v_to_float(v_sar(shifted, 23));
  const Vf m = v_from_bits(v_add_int(v_and_int(shifted, v_splat_int(0x007fffff)), offset));
  const Vf f = v_sub(m, v_splat(1.0f));
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
  Vf result = v_fma(e, v_splat(kLn2High), v_add(f, q));
  result = v_select(v_lt(x, v_splat(kSmallestNormal)), v_splat(-kInfinity), result);
  result = v_select(v_le(x, v_splat(-kSmallestNormal)), v_splat(kNaN), result);
  result = v_select(v_eq(x, v_splat(kInfinity)), x, result);
  return v_select(v_eq(x, x), result, x);
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
