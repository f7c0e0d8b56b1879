// The vector vocabulary without vectors: 1 lane, for processors that have nothing better, and without fused
// multiply-adds. What each function means stands in isa/avx2/vec.h.
#pragma once

inline constexpr int kLanes = 1;
inline constexpr int kGemmMr = 4;
inline constexpr int kGemmNr = 8;
#define LANEWISE_GEMM_TILES LANEWISE_TILES_4
inline constexpr int kConvRows = 4;
#define LANEWISE_CONV_TILES LANEWISE_TILES_4

using Vf = float;
using Vi = std::int32_t;
using Vm = bool;

LANEWISE_VEC Vf v_splat(float x) { return x; }
LANEWISE_VEC Vf v_load(const float* p) { return *p; }
LANEWISE_VEC void v_store(float* p, Vf x) { *p = x; }
LANEWISE_VEC Vf v_load_n(const float* p, std::size_t n, Vf rest) { return n == 0 ? rest : *p; }
LANEWISE_VEC void v_store_n(float* p, Vf x, std::size_t n) {
  if (n != 0) *p = x;
}

LANEWISE_VEC Vf v_add(Vf a, Vf b) { return a + b; }
LANEWISE_VEC Vf v_sub(Vf a, Vf b) { return a - b; }
LANEWISE_VEC Vf v_mul(Vf a, Vf b) { return a * b; }
LANEWISE_VEC Vf v_div(Vf a, Vf b) { return a / b; }
LANEWISE_VEC Vf v_sqrt(Vf x) { return __builtin_sqrtf(x); }
// Adding 2^23 leaves no room for a fraction; from there on there is none.
LANEWISE_VEC Vf v_round(Vf x) {
  const float size = __builtin_fabsf(x);
  if (!(size < 8388608.0f)) return x;
  const volatile float shifted = size + 8388608.0f;
  return __builtin_copysignf(shifted - 8388608.0f, x);
}
LANEWISE_VEC Vf v_fma(Vf a, Vf b, Vf c) { return a * b + c; }
LANEWISE_VEC Vf v_fnma(Vf a, Vf b, Vf c) { return c - a * b; }
LANEWISE_VEC void v_accumulate(Vf& sum, Vf a, Vf b) { sum += a * b; }

LANEWISE_VEC void v_fence() {}

LANEWISE_VEC Vm v_lt(Vf a, Vf b) { return a < b; }
LANEWISE_VEC Vm v_le(Vf a, Vf b) { return a <= b; }
LANEWISE_VEC Vm v_eq(Vf a, Vf b) { return a == b; }
LANEWISE_VEC Vm v_and(Vm a, Vm b) { return a && b; }
LANEWISE_VEC Vm v_or(Vm a, Vm b) { return a || b; }
LANEWISE_VEC Vm v_not(Vm a) { return !a; }
LANEWISE_VEC bool v_all(Vm a) { return a; }
LANEWISE_VEC Vf v_select(Vm m, Vf yes, Vf no) { return m ? yes : no; }
LANEWISE_VEC Vf v_drop(Vm m, Vf x) { return m ? 0.0f : x; }

LANEWISE_VEC Vi v_bits(Vf x) { return __builtin_bit_cast(Vi, x); }
LANEWISE_VEC Vf v_from_bits(Vi x) { return __builtin_bit_cast(Vf, x); }
LANEWISE_VEC Vf v_to_float(Vi x) { return static_cast<Vf>(x); }
LANEWISE_VEC Vi v_to_int(Vf x) { return x > -2147483648.0f && x < 2147483648.0f ? static_cast<Vi>(x) : 0; }
LANEWISE_VEC Vi v_splat_int(std::int32_t x) { return x; }
LANEWISE_VEC Vi v_lane_index() { return 0; }
LANEWISE_VEC Vi v_load_int(const std::int32_t* p) { return *p; }
LANEWISE_VEC void v_store_int(std::int32_t* p, Vi x) { *p = x; }
LANEWISE_VEC Vi v_load_int_n(const std::int32_t* p, std::size_t n) { return n == 0 ? 0 : *p; }
LANEWISE_VEC void v_store_int_n(std::int32_t* p, Vi x, std::size_t n) {
  if (n != 0) *p = x;
}
LANEWISE_VEC Vm v_eq_int(Vi a, Vi b) { return a == b; }
LANEWISE_VEC std::uint32_t bits_of(Vi x) { return static_cast<std::uint32_t>(x); }
LANEWISE_VEC Vi v_add_int(Vi a, Vi b) { return static_cast<Vi>(bits_of(a) + bits_of(b)); }
LANEWISE_VEC Vi v_mul_int(Vi a, Vi b) { return static_cast<Vi>(bits_of(a) * bits_of(b)); }
LANEWISE_VEC Vi v_and_int(Vi a, Vi b) { return a & b; }
LANEWISE_VEC Vi v_or_int(Vi a, Vi b) { return a | b; }
LANEWISE_VEC Vi v_xor_int(Vi a, Vi b) { return a ^ b; }
LANEWISE_VEC Vi v_shl(Vi x, int bits) { return static_cast<Vi>(bits_of(x) << bits); }
LANEWISE_VEC Vi v_shr(Vi x, int bits) { return static_cast<Vi>(bits_of(x) >> bits); }
LANEWISE_VEC Vi v_sar(Vi x, int bits) { return x >> bits; }
LANEWISE_VEC Vm v_lt_int(Vi a, Vi b) { return a < b; }
LANEWISE_VEC Vi v_select_int(Vm m, Vi yes, Vi no) { return m ? yes : no; }

LANEWISE_VEC Vf v_even_odd(Vf a, Vf) { return a; }
LANEWISE_VEC Vf v_zip_low(Vf a, Vf) { return a; }
LANEWISE_VEC Vf v_zip_high(Vf, Vf b) { return b; }

LANEWISE_VEC void v_transpose(Vf*) {}
