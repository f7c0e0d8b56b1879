// The vector vocabulary in WebAssembly's SIMD: 4 lanes, and as on scalar no fused multiply-add, so that its results
// have the bits of scalar. What each function means stands in isa/avx2/vec.h.
#pragma once

inline constexpr int kLanes = 4;
inline constexpr int kGemmMr = 4;
inline constexpr int kGemmNr = 8;
#define LANEWISE_GEMM_TILES LANEWISE_TILES_4
inline constexpr int kConvRows = 4;
#define LANEWISE_CONV_TILES LANEWISE_TILES_4

using Vf = v128_t;
using Vi = v128_t;
using Vm = v128_t;

LANEWISE_VEC Vf v_splat(float x) { return wasm_f32x4_splat(x); }
LANEWISE_VEC Vf v_load(const float* p) { return wasm_v128_load(p); }
LANEWISE_VEC void v_store(float* p, Vf x) { wasm_v128_store(p, x); }
LANEWISE_VEC Vf v_load_n(const float* p, std::size_t n, Vf rest) {
  if (n >= 4) return wasm_v128_load(p);
  if (n >= 2) rest = wasm_v128_load64_lane(p, rest, 0);
  if (n == 3) return wasm_v128_load32_lane(p + 2, rest, 2);
  return n == 1 ? wasm_v128_load32_lane(p, rest, 0) : rest;
}
LANEWISE_VEC void v_store_n(float* p, Vf x, std::size_t n) {
  if (n >= 4) {
    wasm_v128_store(p, x);
    return;
  }
  if (n >= 2) wasm_v128_store64_lane(p, x, 0);
  if (n == 3) wasm_v128_store32_lane(p + 2, x, 2);
  if (n == 1) wasm_v128_store32_lane(p, x, 0);
}

LANEWISE_VEC Vf v_add(Vf a, Vf b) { return wasm_f32x4_add(a, b); }
LANEWISE_VEC Vf v_sub(Vf a, Vf b) { return wasm_f32x4_sub(a, b); }
LANEWISE_VEC Vf v_mul(Vf a, Vf b) { return wasm_f32x4_mul(a, b); }
LANEWISE_VEC Vf v_div(Vf a, Vf b) { return wasm_f32x4_div(a, b); }
LANEWISE_VEC Vf v_sqrt(Vf x) { return wasm_f32x4_sqrt(x); }
LANEWISE_VEC Vf v_round(Vf x) { return wasm_f32x4_nearest(x); }
LANEWISE_VEC Vf v_fma(Vf a, Vf b, Vf c) { return wasm_f32x4_add(wasm_f32x4_mul(a, b), c); }
LANEWISE_VEC Vf v_fnma(Vf a, Vf b, Vf c) { return wasm_f32x4_sub(c, wasm_f32x4_mul(a, b)); }
LANEWISE_VEC void v_accumulate(Vf& sum, Vf a, Vf b) { sum = wasm_f32x4_add(sum, wasm_f32x4_mul(a, b)); }

LANEWISE_VEC void v_fence() {}

LANEWISE_VEC Vm v_lt(Vf a, Vf b) { return wasm_f32x4_lt(a, b); }
LANEWISE_VEC Vm v_le(Vf a, Vf b) { return wasm_f32x4_le(a, b); }
LANEWISE_VEC Vm v_eq(Vf a, Vf b) { return wasm_f32x4_eq(a, b); }
LANEWISE_VEC Vm v_and(Vm a, Vm b) { return wasm_v128_and(a, b); }
LANEWISE_VEC Vm v_or(Vm a, Vm b) { return wasm_v128_or(a, b); }
LANEWISE_VEC Vm v_not(Vm a) { return wasm_v128_not(a); }
LANEWISE_VEC bool v_all(Vm a) { return wasm_i32x4_all_true(a); }
LANEWISE_VEC Vf v_select(Vm m, Vf yes, Vf no) { return wasm_v128_bitselect(yes, no, m); }
LANEWISE_VEC Vf v_drop(Vm m, Vf x) { return wasm_v128_andnot(x, m); }

LANEWISE_VEC Vi v_bits(Vf x) { return x; }
LANEWISE_VEC Vf v_from_bits(Vi x) { return x; }
LANEWISE_VEC Vf v_to_float(Vi x) { return wasm_f32x4_convert_i32x4(x); }
LANEWISE_VEC Vi v_to_int(Vf x) { return wasm_i32x4_trunc_sat_f32x4(x); }
LANEWISE_VEC Vi v_splat_int(std::int32_t x) { return wasm_i32x4_splat(x); }
LANEWISE_VEC Vi v_lane_index() { return wasm_i32x4_const(0, 1, 2, 3); }
LANEWISE_VEC Vi v_load_int(const std::int32_t* p) { return wasm_v128_load(p); }
LANEWISE_VEC void v_store_int(std::int32_t* p, Vi x) { wasm_v128_store(p, x); }
LANEWISE_VEC Vi v_load_int_n(const std::int32_t* p, std::size_t n) {
  return v_load_n(reinterpret_cast<const float*>(p), n, wasm_i32x4_const(0, 0, 0, 0));
}
LANEWISE_VEC void v_store_int_n(std::int32_t* p, Vi x, std::size_t n) { v_store_n(reinterpret_cast<float*>(p), x, n); }
LANEWISE_VEC Vm v_eq_int(Vi a, Vi b) { return wasm_i32x4_eq(a, b); }
LANEWISE_VEC Vi v_add_int(Vi a, Vi b) { return wasm_i32x4_add(a, b); }
LANEWISE_VEC Vi v_mul_int(Vi a, Vi b) { return wasm_i32x4_mul(a, b); }
LANEWISE_VEC Vi v_and_int(Vi a, Vi b) { return wasm_v128_and(a, b); }
LANEWISE_VEC Vi v_or_int(Vi a, Vi b) { return wasm_v128_or(a, b); }
LANEWISE_VEC Vi v_xor_int(Vi a, Vi b) { return wasm_v128_xor(a, b); }
LANEWISE_VEC Vi v_shl(Vi x, int bits) { return wasm_i32x4_shl(x, static_cast<std::uint32_t>(bits)); }
LANEWISE_VEC Vi v_shr(Vi x, int bits) { return wasm_u32x4_shr(x, static_cast<std::uint32_t>(bits)); }
LANEWISE_VEC Vi v_sar(Vi x, int bits) { return wasm_i32x4_shr(x, static_cast<std::uint32_t>(bits)); }
LANEWISE_VEC Vm v_lt_int(Vi a, Vi b) { return wasm_i32x4_lt(a, b); }
LANEWISE_VEC Vi v_select_int(Vm m, Vi yes, Vi no) { return wasm_v128_bitselect(yes, no, m); }

LANEWISE_VEC Vf v_even_odd(Vf a, Vf b) { return wasm_i32x4_shuffle(a, b, 0, 2, 5, 7); }
LANEWISE_VEC Vf v_zip_low(Vf a, Vf b) { return wasm_i32x4_shuffle(a, b, 0, 4, 1, 5); }
LANEWISE_VEC Vf v_zip_high(Vf a, Vf b) { return wasm_i32x4_shuffle(a, b, 2, 6, 3, 7); }

LANEWISE_VEC void v_transpose(Vf* r) {
  const Vf a = v_zip_low(r[0], r[1]), b = v_zip_high(r[0], r[1]);
  const Vf c = v_zip_low(r[2], r[3]), d = v_zip_high(r[2], r[3]);
  r[0] = wasm_i64x2_shuffle(a, c, 0, 2);
  r[1] = wasm_i64x2_shuffle(a, c, 1, 3);
  r[2] = wasm_i64x2_shuffle(b, d, 0, 2);
  r[3] = wasm_i64x2_shuffle(b, d, 1, 3);
}
