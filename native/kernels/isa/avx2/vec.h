// The vector vocabulary in AVX2 and FMA: 8 lanes.
#pragma once

inline constexpr int kLanes = 8;
inline constexpr int kGemmMr = 6;
inline constexpr int kGemmNr = 16;
#define LANEWISE_GEMM_TILES LANEWISE_TILES_6
inline constexpr int kConvRows = 6;
#define LANEWISE_CONV_TILES LANEWISE_TILES_6
#if defined(__GNUC__)
#define LANEWISE_TILE_ROWS 6
#define LANEWISE_TILE_ROUND "../isa/x86/tile_round-inl.h"
#define LANEWISE_CONV_PIXELS 6
#define LANEWISE_CONV_ROUND "../isa/x86/conv_round-inl.h"
#endif

using Vf = __m256;
using Vi = __m256i;
using Vm = __m256;  // all bits of a lane set, or none

// Loaded from the 8 - n th element on, n lanes are set.
alignas(64) static const int kLaneMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

LANEWISE_VEC Vi first_lanes(std::size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const Vi*>(kLaneMasks + 8 - n));
}

LANEWISE_VEC Vf v_splat(float x) { return _mm256_set1_ps(x); }
LANEWISE_VEC Vf v_load(const float* p) { return _mm256_loadu_ps(p); }
LANEWISE_VEC void v_store(float* p, Vf x) { _mm256_storeu_ps(p, x); }
LANEWISE_VEC Vf v_load_n(const float* p, std::size_t n, Vf rest) {
  const Vi mask = first_lanes(n);
  return _mm256_blendv_ps(rest, _mm256_maskload_ps(p, mask), _mm256_castsi256_ps(mask));
}
// In halves, quarters and single lanes: a masked store is microcode on AMD (README.md).
LANEWISE_VEC void v_store_n(float* p, Vf x, std::size_t n) {
  if (n == kLanes) return _mm256_storeu_ps(p, x);
  __m128 rest = _mm256_castps256_ps128(x);
  if ((n & 4) != 0) {
    _mm_storeu_ps(p, rest);
    p += 4;
    rest = _mm256_extractf128_ps(x, 1);
  }
  if ((n & 2) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
    p += 2;
    rest = _mm_movehl_ps(rest, rest);
  }
  if ((n & 1) != 0) _mm_store_ss(p, rest);
}

LANEWISE_VEC Vf v_add(Vf a, Vf b) { return _mm256_add_ps(a, b); }
LANEWISE_VEC Vf v_sub(Vf a, Vf b) { return _mm256_sub_ps(a, b); }
LANEWISE_VEC Vf v_mul(Vf a, Vf b) { return _mm256_mul_ps(a, b); }
LANEWISE_VEC Vf v_div(Vf a, Vf b) { return _mm256_div_ps(a, b); }
LANEWISE_VEC Vf v_sqrt(Vf x) { return _mm256_sqrt_ps(x); }
LANEWISE_VEC Vf v_round(Vf x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// a·b + c and c - a·b, rounded once.
LANEWISE_VEC Vf v_fma(Vf a, Vf b, Vf c) { return _mm256_fmadd_ps(a, b, c); }
LANEWISE_VEC Vf v_fnma(Vf a, Vf b, Vf c) { return _mm256_fnmadd_ps(a, b, c); }
// sum += a·b. One instruction that the compiler can neither fold a load into nor reorder: see ../../README.md.
LANEWISE_VEC void v_accumulate(Vf& sum, Vf a, Vf b) {
#if defined(__GNUC__)
  __asm__("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
#else
  sum = _mm256_fmadd_ps(a, b, sum);
#endif
}

// Keeps the loads for one row of a GEMM tile from moving before it, where an instruction set needs that.
LANEWISE_VEC void v_fence() {}

// Comparisons are false where a NaN takes part.
LANEWISE_VEC Vm v_lt(Vf a, Vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
LANEWISE_VEC Vm v_le(Vf a, Vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
LANEWISE_VEC Vm v_eq(Vf a, Vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
LANEWISE_VEC Vm v_and(Vm a, Vm b) { return _mm256_and_ps(a, b); }
LANEWISE_VEC Vm v_or(Vm a, Vm b) { return _mm256_or_ps(a, b); }
LANEWISE_VEC Vm v_not(Vm a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
// Whether all lanes are set.
LANEWISE_VEC bool v_all(Vm a) { return _mm256_movemask_ps(a) == 0xff; }
LANEWISE_VEC Vf v_select(Vm m, Vf yes, Vf no) { return _mm256_blendv_ps(no, yes, m); }
// 0 where m, else x.
LANEWISE_VEC Vf v_drop(Vm m, Vf x) { return _mm256_andnot_ps(m, x); }

LANEWISE_VEC Vi v_bits(Vf x) { return _mm256_castps_si256(x); }
LANEWISE_VEC Vf v_from_bits(Vi x) { return _mm256_castsi256_ps(x); }
LANEWISE_VEC Vf v_to_float(Vi x) { return _mm256_cvtepi32_ps(x); }
// Truncates; lanes that int32 cannot hold are unspecified.
LANEWISE_VEC Vi v_to_int(Vf x) { return _mm256_cvttps_epi32(x); }
LANEWISE_VEC Vi v_splat_int(std::int32_t x) { return _mm256_set1_epi32(x); }
LANEWISE_VEC Vi v_lane_index() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
LANEWISE_VEC Vi v_load_int(const std::int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const Vi*>(p)); }
LANEWISE_VEC void v_store_int(std::int32_t* p, Vi x) { _mm256_storeu_si256(reinterpret_cast<Vi*>(p), x); }
// n lanes; the others are 0.
LANEWISE_VEC Vi v_load_int_n(const std::int32_t* p, std::size_t n) { return _mm256_maskload_epi32(p, first_lanes(n)); }
LANEWISE_VEC void v_store_int_n(std::int32_t* p, Vi x, std::size_t n) {
  v_store_n(reinterpret_cast<float*>(p), _mm256_castsi256_ps(x), n);
}
LANEWISE_VEC Vm v_eq_int(Vi a, Vi b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
LANEWISE_VEC Vi v_add_int(Vi a, Vi b) { return _mm256_add_epi32(a, b); }
LANEWISE_VEC Vi v_mul_int(Vi a, Vi b) { return _mm256_mullo_epi32(a, b); }
LANEWISE_VEC Vi v_and_int(Vi a, Vi b) { return _mm256_and_si256(a, b); }
LANEWISE_VEC Vi v_or_int(Vi a, Vi b) { return _mm256_or_si256(a, b); }
LANEWISE_VEC Vi v_xor_int(Vi a, Vi b) { return _mm256_xor_si256(a, b); }
LANEWISE_VEC Vi v_shl(Vi x, int bits) { return _mm256_slli_epi32(x, bits); }
LANEWISE_VEC Vi v_shr(Vi x, int bits) { return _mm256_srli_epi32(x, bits); }
LANEWISE_VEC Vi v_sar(Vi x, int bits) { return _mm256_srai_epi32(x, bits); }
LANEWISE_VEC Vm v_lt_int(Vi a, Vi b) { return _mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a)); }
LANEWISE_VEC Vi v_select_int(Vm m, Vi yes, Vi no) {
  return _mm256_castps_si256(v_select(m, v_from_bits(yes), v_from_bits(no)));
}

// The even elements of a, then the odd ones of b.
LANEWISE_VEC Vf v_even_odd(Vf a, Vf b) {
  const __m256d pairs = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xd8));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(pairs, 0xd8));
}
// a[0], b[0], a[1], b[1], ...: the first lanes, and those that follow.
LANEWISE_VEC Vf v_zip_low(Vf a, Vf b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}
LANEWISE_VEC Vf v_zip_high(Vf a, Vf b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}

// Rows become columns.
LANEWISE_VEC void v_transpose(Vf* r) {
  const Vf a0 = _mm256_unpacklo_ps(r[0], r[1]), a1 = _mm256_unpackhi_ps(r[0], r[1]);
  const Vf a2 = _mm256_unpacklo_ps(r[2], r[3]), a3 = _mm256_unpackhi_ps(r[2], r[3]);
  const Vf a4 = _mm256_unpacklo_ps(r[4], r[5]), a5 = _mm256_unpackhi_ps(r[4], r[5]);
  const Vf a6 = _mm256_unpacklo_ps(r[6], r[7]), a7 = _mm256_unpackhi_ps(r[6], r[7]);
  const Vf b0 = _mm256_shuffle_ps(a0, a2, 0x44), b1 = _mm256_shuffle_ps(a0, a2, 0xee);
  const Vf b2 = _mm256_shuffle_ps(a1, a3, 0x44), b3 = _mm256_shuffle_ps(a1, a3, 0xee);
  const Vf b4 = _mm256_shuffle_ps(a4, a6, 0x44), b5 = _mm256_shuffle_ps(a4, a6, 0xee);
  const Vf b6 = _mm256_shuffle_ps(a5, a7, 0x44), b7 = _mm256_shuffle_ps(a5, a7, 0xee);
  r[0] = _mm256_permute2f128_ps(b0, b4, 0x20);
  r[1] = _mm256_permute2f128_ps(b1, b5, 0x20);
  r[2] = _mm256_permute2f128_ps(b2, b6, 0x20);
  r[3] = _mm256_permute2f128_ps(b3, b7, 0x20);
  r[4] = _mm256_permute2f128_ps(b0, b4, 0x31);
  r[5] = _mm256_permute2f128_ps(b1, b5, 0x31);
  r[6] = _mm256_permute2f128_ps(b2, b6, 0x31);
  r[7] = _mm256_permute2f128_ps(b3, b7, 0x31);
}
