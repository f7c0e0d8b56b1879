// The vector vocabulary in AVX-512 (F, BW, VL, DQ): 16 lanes. What each function means stands in isa/avx2/vec.h.
#pragma once

inline constexpr int kLanes = 16;
inline constexpr int kGemmMr = 12;
inline constexpr int kGemmNr = 32;
#define LANEWISE_GEMM_TILES LANEWISE_TILES_12
inline constexpr int kConvRows = 8;
#define LANEWISE_CONV_TILES LANEWISE_TILES_8
#if defined(__GNUC__) && !defined(LANEWISE_EMULATE_AVX512)
#define LANEWISE_TILE_ROWS 12
#define LANEWISE_TILE_ROUND "../isa/x86/tile_round-inl.h"
#define LANEWISE_CONV_PIXELS 8
#define LANEWISE_CONV_ROUND "../isa/x86/conv_round-inl.h"
#endif
// Its own dropout: a vector spans two groups of columns.
#define LANEWISE_DROPOUT_ROW "../isa/avx512/dropout_row-inl.h"

using Vf = __m512;
using Vi = __m512i;
using Vm = __mmask16;

LANEWISE_VEC Vm first_lanes(std::size_t n) { return static_cast<Vm>((1u << n) - 1); }

LANEWISE_VEC Vf v_splat(float x) { return _mm512_set1_ps(x); }
LANEWISE_VEC Vf v_load(const float* p) { return _mm512_loadu_ps(p); }
LANEWISE_VEC void v_store(float* p, Vf x) { _mm512_storeu_ps(p, x); }
LANEWISE_VEC Vf v_load_n(const float* p, std::size_t n, Vf rest) {
  return _mm512_mask_loadu_ps(rest, first_lanes(n), p);
}
LANEWISE_VEC void v_store_n(float* p, Vf x, std::size_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), x); }

LANEWISE_VEC Vf v_add(Vf a, Vf b) { return _mm512_add_ps(a, b); }
LANEWISE_VEC Vf v_sub(Vf a, Vf b) { return _mm512_sub_ps(a, b); }
LANEWISE_VEC Vf v_mul(Vf a, Vf b) { return _mm512_mul_ps(a, b); }
LANEWISE_VEC Vf v_div(Vf a, Vf b) { return _mm512_div_ps(a, b); }
LANEWISE_VEC Vf v_sqrt(Vf x) { return _mm512_sqrt_ps(x); }
LANEWISE_VEC Vf v_round(Vf x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
LANEWISE_VEC Vf v_fma(Vf a, Vf b, Vf c) { return _mm512_fmadd_ps(a, b, c); }
LANEWISE_VEC Vf v_fnma(Vf a, Vf b, Vf c) { return _mm512_fnmadd_ps(a, b, c); }
LANEWISE_VEC void v_accumulate(Vf& sum, Vf a, Vf b) {
#if defined(__GNUC__) && !defined(LANEWISE_EMULATE_AVX512)
  __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
#else
  sum = _mm512_fmadd_ps(a, b, sum);
#endif
}

LANEWISE_VEC void v_fence() {}

LANEWISE_VEC Vm v_lt(Vf a, Vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
LANEWISE_VEC Vm v_le(Vf a, Vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
LANEWISE_VEC Vm v_eq(Vf a, Vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
LANEWISE_VEC Vm v_and(Vm a, Vm b) { return static_cast<Vm>(a & b); }
LANEWISE_VEC Vm v_or(Vm a, Vm b) { return static_cast<Vm>(a | b); }
LANEWISE_VEC Vm v_not(Vm a) { return static_cast<Vm>(~a); }
LANEWISE_VEC bool v_all(Vm a) { return a == 0xffff; }
LANEWISE_VEC Vf v_select(Vm m, Vf yes, Vf no) { return _mm512_mask_blend_ps(m, no, yes); }
LANEWISE_VEC Vf v_drop(Vm m, Vf x) { return _mm512_maskz_mov_ps(v_not(m), x); }

LANEWISE_VEC Vi v_bits(Vf x) { return _mm512_castps_si512(x); }
LANEWISE_VEC Vf v_from_bits(Vi x) { return _mm512_castsi512_ps(x); }
LANEWISE_VEC Vf v_to_float(Vi x) { return _mm512_cvtepi32_ps(x); }
LANEWISE_VEC Vi v_to_int(Vf x) { return _mm512_cvttps_epi32(x); }
LANEWISE_VEC Vi v_splat_int(std::int32_t x) { return _mm512_set1_epi32(x); }
LANEWISE_VEC Vi v_lane_index() { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
LANEWISE_VEC Vi v_load_int(const std::int32_t* p) { return _mm512_loadu_si512(p); }
LANEWISE_VEC void v_store_int(std::int32_t* p, Vi x) { _mm512_storeu_si512(p, x); }
LANEWISE_VEC Vi v_load_int_n(const std::int32_t* p, std::size_t n) {
  return _mm512_maskz_loadu_epi32(first_lanes(n), p);
}
LANEWISE_VEC void v_store_int_n(std::int32_t* p, Vi x, std::size_t n) {
  _mm512_mask_storeu_epi32(p, first_lanes(n), x);
}
LANEWISE_VEC Vm v_eq_int(Vi a, Vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
LANEWISE_VEC Vi v_add_int(Vi a, Vi b) { return _mm512_add_epi32(a, b); }
LANEWISE_VEC Vi v_mul_int(Vi a, Vi b) { return _mm512_mullo_epi32(a, b); }
LANEWISE_VEC Vi v_and_int(Vi a, Vi b) { return _mm512_and_si512(a, b); }
LANEWISE_VEC Vi v_or_int(Vi a, Vi b) { return _mm512_or_si512(a, b); }
LANEWISE_VEC Vi v_xor_int(Vi a, Vi b) { return _mm512_xor_si512(a, b); }
LANEWISE_VEC Vi v_shl(Vi x, int bits) { return _mm512_slli_epi32(x, static_cast<unsigned>(bits)); }
LANEWISE_VEC Vi v_shr(Vi x, int bits) { return _mm512_srli_epi32(x, static_cast<unsigned>(bits)); }
LANEWISE_VEC Vi v_sar(Vi x, int bits) { return _mm512_srai_epi32(x, static_cast<unsigned>(bits)); }
LANEWISE_VEC Vm v_lt_int(Vi a, Vi b) { return _mm512_cmplt_epi32_mask(a, b); }
LANEWISE_VEC Vi v_select_int(Vm m, Vi yes, Vi no) { return _mm512_mask_blend_epi32(m, no, yes); }

LANEWISE_VEC Vf v_even_odd(Vf a, Vf b) {
  return _mm512_permutex2var_ps(a, _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31), b);
}
LANEWISE_VEC Vf v_zip_low(Vf a, Vf b) {
  return _mm512_permutex2var_ps(a, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b);
}
LANEWISE_VEC Vf v_zip_high(Vf a, Vf b) {
  return _mm512_permutex2var_ps(a, _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b);
}

// Pairs of rows, then pairs of pairs within 128 bits; then the 4×4 blocks of 128 bits change places.
LANEWISE_VEC void v_transpose(Vf* r) {
  Vf a[16], b[16];
  for (int i = 0; i < 16; i += 4) {
    const Vf t0 = _mm512_unpacklo_ps(r[i], r[i + 1]), t1 = _mm512_unpackhi_ps(r[i], r[i + 1]);
    const Vf t2 = _mm512_unpacklo_ps(r[i + 2], r[i + 3]), t3 = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
    a[i] = _mm512_shuffle_ps(t0, t2, 0x44);
    a[i + 1] = _mm512_shuffle_ps(t0, t2, 0xee);
    a[i + 2] = _mm512_shuffle_ps(t1, t3, 0x44);
    a[i + 3] = _mm512_shuffle_ps(t1, t3, 0xee);
  }
  // a[4g + j] holds in its block q the elements of column 4q + j, rows 4g to 4g + 3.
  for (int j = 0; j < 4; ++j) {
    b[j] = _mm512_shuffle_f32x4(a[j], a[4 + j], 0x88);      // blocks 0, 2 of g = 0, then of g = 1
    b[4 + j] = _mm512_shuffle_f32x4(a[j], a[4 + j], 0xdd);  // blocks 1, 3
    b[8 + j] = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0x88);
    b[12 + j] = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0xdd);
  }
  for (int j = 0; j < 4; ++j) {
    r[j] = _mm512_shuffle_f32x4(b[j], b[8 + j], 0x88);
    r[4 + j] = _mm512_shuffle_f32x4(b[4 + j], b[12 + j], 0x88);
    r[8 + j] = _mm512_shuffle_f32x4(b[j], b[8 + j], 0xdd);
    r[12 + j] = _mm512_shuffle_f32x4(b[4 + j], b[12 + j], 0xdd);
  }
}
