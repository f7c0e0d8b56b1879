// The vector vocabulary in AArch64's Advanced SIMD: 4 lanes. What each function means stands in isa/avx2/vec.h.
#pragma once

inline constexpr int kLanes = 4;
inline constexpr int kGemmMr = 6;
inline constexpr int kGemmNr = 16;
#define LANEWISE_GEMM_TILES LANEWISE_TILES_6
// With 6, g++ 12 spills sums: each pixel has a pointer.
inline constexpr int kConvRows = 5;
#define LANEWISE_CONV_TILES LANEWISE_TILES_5

using Vf = float32x4_t;
using Vi = int32x4_t;
using Vm = uint32x4_t;

LANEWISE_VEC Vf v_splat(float x) { return vdupq_n_f32(x); }
LANEWISE_VEC Vf v_load(const float* p) { return vld1q_f32(p); }
LANEWISE_VEC void v_store(float* p, Vf x) { vst1q_f32(p, x); }
LANEWISE_VEC Vf v_load_n(const float* p, std::size_t n, Vf rest) {
  float lanes[4];
  vst1q_f32(lanes, rest);
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return vld1q_f32(lanes);
}
LANEWISE_VEC void v_store_n(float* p, Vf x, std::size_t n) {
  float lanes[4];
  vst1q_f32(lanes, x);
  for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
}

LANEWISE_VEC Vf v_add(Vf a, Vf b) { return vaddq_f32(a, b); }
LANEWISE_VEC Vf v_sub(Vf a, Vf b) { return vsubq_f32(a, b); }
LANEWISE_VEC Vf v_mul(Vf a, Vf b) { return vmulq_f32(a, b); }
LANEWISE_VEC Vf v_div(Vf a, Vf b) { return vdivq_f32(a, b); }
LANEWISE_VEC Vf v_sqrt(Vf x) { return vsqrtq_f32(x); }
LANEWISE_VEC Vf v_round(Vf x) { return vrndnq_f32(x); }
LANEWISE_VEC Vf v_fma(Vf a, Vf b, Vf c) { return vfmaq_f32(c, a, b); }
LANEWISE_VEC Vf v_fnma(Vf a, Vf b, Vf c) { return vfmsq_f32(c, a, b); }
LANEWISE_VEC void v_accumulate(Vf& sum, Vf a, Vf b) { sum = vfmaq_f32(sum, a, b); }

// Without it g++ loads ahead so far that 32 registers are too few for a tile of 24 sums.
LANEWISE_VEC void v_fence() {
#if defined(__GNUC__)
  __asm__ volatile("" : : : "memory");
#endif
}

LANEWISE_VEC Vm v_lt(Vf a, Vf b) { return vcltq_f32(a, b); }
LANEWISE_VEC Vm v_le(Vf a, Vf b) { return vcleq_f32(a, b); }
LANEWISE_VEC Vm v_eq(Vf a, Vf b) { return vceqq_f32(a, b); }
LANEWISE_VEC Vm v_and(Vm a, Vm b) { return vandq_u32(a, b); }
LANEWISE_VEC Vm v_or(Vm a, Vm b) { return vorrq_u32(a, b); }
LANEWISE_VEC Vm v_not(Vm a) { return vmvnq_u32(a); }
LANEWISE_VEC bool v_all(Vm a) { return vminvq_u32(a) != 0; }
LANEWISE_VEC Vf v_select(Vm m, Vf yes, Vf no) { return vbslq_f32(m, yes, no); }

LANEWISE_VEC Vi v_bits(Vf x) { return vreinterpretq_s32_f32(x); }
LANEWISE_VEC Vf v_from_bits(Vi x) { return vreinterpretq_f32_s32(x); }
LANEWISE_VEC Vf v_drop(Vm m, Vf x) { return v_from_bits(vbicq_s32(v_bits(x), vreinterpretq_s32_u32(m))); }
LANEWISE_VEC Vf v_to_float(Vi x) { return vcvtq_f32_s32(x); }
LANEWISE_VEC Vi v_to_int(Vf x) { return vcvtq_s32_f32(x); }
LANEWISE_VEC Vi v_splat_int(std::int32_t x) { return vdupq_n_s32(x); }
LANEWISE_VEC Vi v_lane_index() {
  const std::int32_t lanes[4] = {0, 1, 2, 3};
  return vld1q_s32(lanes);
}
LANEWISE_VEC Vi v_load_int(const std::int32_t* p) { return vld1q_s32(p); }
LANEWISE_VEC void v_store_int(std::int32_t* p, Vi x) { vst1q_s32(p, x); }
LANEWISE_VEC Vi v_load_int_n(const std::int32_t* p, std::size_t n) {
  std::int32_t lanes[4] = {0, 0, 0, 0};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return vld1q_s32(lanes);
}
LANEWISE_VEC void v_store_int_n(std::int32_t* p, Vi x, std::size_t n) {
  std::int32_t lanes[4];
  vst1q_s32(lanes, x);
  for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
}
LANEWISE_VEC Vm v_eq_int(Vi a, Vi b) { return vceqq_s32(a, b); }
LANEWISE_VEC Vi v_add_int(Vi a, Vi b) { return vaddq_s32(a, b); }
LANEWISE_VEC Vi v_mul_int(Vi a, Vi b) { return vmulq_s32(a, b); }
LANEWISE_VEC Vi v_and_int(Vi a, Vi b) { return vandq_s32(a, b); }
LANEWISE_VEC Vi v_or_int(Vi a, Vi b) { return vorrq_s32(a, b); }
LANEWISE_VEC Vi v_xor_int(Vi a, Vi b) { return veorq_s32(a, b); }
LANEWISE_VEC Vi v_shl(Vi x, int bits) { return vshlq_s32(x, vdupq_n_s32(bits)); }
LANEWISE_VEC Vi v_shr(Vi x, int bits) {
  return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(x), vdupq_n_s32(-bits)));
}
LANEWISE_VEC Vi v_sar(Vi x, int bits) { return vshlq_s32(x, vdupq_n_s32(-bits)); }
LANEWISE_VEC Vm v_lt_int(Vi a, Vi b) { return vcltq_s32(a, b); }
LANEWISE_VEC Vi v_select_int(Vm m, Vi yes, Vi no) { return vbslq_s32(m, yes, no); }

LANEWISE_VEC Vf v_even_odd(Vf a, Vf b) { return vuzp1q_f32(a, vextq_f32(b, b, 1)); }
LANEWISE_VEC Vf v_zip_low(Vf a, Vf b) { return vzip1q_f32(a, b); }
LANEWISE_VEC Vf v_zip_high(Vf a, Vf b) { return vzip2q_f32(a, b); }

LANEWISE_VEC void v_transpose(Vf* r) {
  const float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);
  r[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
  r[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
  r[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
  r[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}
