// The AVX-512 intrinsics that kernels/isa/avx512 uses, as plain arithmetic on vectors of sixteen lanes: its logic then
// runs, and is held to the same bits, where no processor has it. Included ahead of that table's source; the
// instructions themselves are not tested by it.
#pragma once

#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "../core/target.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // no vector crosses to code that has such registers
// The table's region: what this machine has.
#undef LANEWISE_TARGET_BEGIN
#define LANEWISE_TARGET_BEGIN(features) LANEWISE_EMULATED_REGION
#define LANEWISE_EMULATED_REGION _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma\")")

LANEWISE_EMULATED_REGION
namespace lanewise::emulated {

using F = float __attribute__((vector_size(64), may_alias));
using I = std::int32_t __attribute__((vector_size(64), may_alias));
using U = std::uint32_t __attribute__((vector_size(64), may_alias));
using Mask = std::uint16_t;

#define EMULATED [[maybe_unused]] static inline __attribute__((always_inline))
// result[i] for every lane i.
#define LANES(Type, value)                        \
  Type result{};                                  \
  for (int i = 0; i < 16; ++i) result[i] = value; \
  return result

template <typename To, typename From>
EMULATED To bits(From x) {
  To result;
  std::memcpy(&result, &x, sizeof(result));
  return result;
}
EMULATED bool in(Mask m, int i) { return ((m >> i) & 1) != 0; }
template <typename Test>
EMULATED Mask mask_of(const Test& test) {
  unsigned result = 0;
  for (int i = 0; i < 16; ++i) result |= (test(i) ? 1u : 0u) << i;
  return static_cast<Mask>(result);
}

EMULATED F set1(float x) { return x - F{}; }  // of -0 too
EMULATED I set1_int(std::int32_t x) { return x - I{}; }
template <typename V>
EMULATED V load(const void* p) {
  V result;
  std::memcpy(&result, p, sizeof(result));
  return result;
}
template <typename V>
EMULATED void store(void* p, V x) {
  std::memcpy(p, &x, sizeof(x));
}
EMULATED F mask_load(F rest, Mask m, const float* p) { LANES(F, in(m, i) ? p[i] : rest[i]); }
EMULATED void mask_store(float* p, Mask m, F x) {
  for (int i = 0; i < 16; ++i) {
    if (in(m, i)) p[i] = x[i];
  }
}
EMULATED F square_root(F x) { LANES(F, __builtin_sqrtf(x[i])); }
EMULATED F round(F x) { LANES(F, __builtin_roundevenf(x[i])); }
EMULATED F fma(F a, F b, F c) {  // by halves: sixteen lanes one by one would take the compiler half a minute
  __m256 x[2], y[2], z[2];
  std::memcpy(x, &a, sizeof(x));
  std::memcpy(y, &b, sizeof(y));
  std::memcpy(z, &c, sizeof(z));
  const __m256 sums[2] = {_mm256_fmadd_ps(x[0], y[0], z[0]), _mm256_fmadd_ps(x[1], y[1], z[1])};
  return load<F>(sums);
}
EMULATED F select(Mask m, F no, F yes) { LANES(F, in(m, i) ? yes[i] : no[i]); }
EMULATED I select_int(Mask m, I no, I yes) { LANES(I, in(m, i) ? yes[i] : no[i]); }
EMULATED Mask compare(F a, F b, int how) {
  return mask_of([&](int i) {
    return how == _CMP_LT_OQ ? a[i] < b[i] : how == _CMP_LE_OQ ? a[i] <= b[i] : a[i] == b[i];
  });
}
EMULATED Mask less_int(I a, I b) {
  return mask_of([&](int i) { return a[i] < b[i]; });
}
EMULATED F to_float(I x) { LANES(F, static_cast<float>(x[i])); }
// What int32 cannot hold is its least value, as the instruction has it.
EMULATED I to_int(F x) {
  LANES(I, x[i] > -2147483904.0f && x[i] < 2147483648.0f ? static_cast<std::int32_t>(x[i]) : INT32_MIN);
}
EMULATED I multiply(I a, I b) { return bits<I>(bits<U>(a) * bits<U>(b)); }
EMULATED I add(I a, I b) { return bits<I>(bits<U>(a) + bits<U>(b)); }
// Shifts by 32 and more give zeros, or signs.
EMULATED I shift_left(I x, unsigned n) { LANES(I, n > 31 ? 0 : static_cast<std::int32_t>(bits<U>(x)[i] << n)); }
EMULATED I shift_right(I x, unsigned n) { LANES(I, n > 31 ? 0 : static_cast<std::int32_t>(bits<U>(x)[i] >> n)); }
EMULATED I shift_signed(I x, unsigned n) { LANES(I, x[i] >> (n > 31 ? 31 : n)); }

// Within each four lanes: two of a, then two of b, by two bits each.
template <typename V>
EMULATED V shuffle(V a, V b, int how) {
  LANES(V, ((i % 4 < 2 ? a : b)[i / 4 * 4 + ((how >> (i % 4 * 2)) & 3)]));
}
// The same of blocks of four lanes.
template <typename V>
EMULATED V shuffle_blocks(V a, V b, int how) {
  LANES(V, ((i < 8 ? a : b)[((how >> (i / 4 * 2)) & 3) * 4 + i % 4]));
}
// Within each four lanes: two of a and two of b in turn, from `first` on.
EMULATED I mask_load_int(Mask m, const std::int32_t* p) { LANES(I, in(m, i) ? p[i] : 0); }
EMULATED void mask_store_int(std::int32_t* p, Mask m, I x) {
  for (int i = 0; i < 16; ++i) {
    if (in(m, i)) p[i] = x[i];
  }
}
EMULATED Mask equal_int(I a, I b) {
  return mask_of([&](int i) { return a[i] == b[i]; });
}
EMULATED F permute_two(F a, I from, F b) { LANES(F, from[i] < 16 ? a[from[i]] : b[from[i] - 16]); }
EMULATED F unpack(F a, F b, int first) { LANES(F, ((i % 2 == 0 ? a : b)[i / 4 * 4 + first + i % 4 / 2])); }

#undef LANES
#undef EMULATED

}  // namespace lanewise::emulated
LANEWISE_TARGET_END

#define __m512 ::lanewise::emulated::F
#define __m512i ::lanewise::emulated::I
#define _mm512_set1_ps(x) ::lanewise::emulated::set1(x)
#define _mm512_set1_epi32(x) ::lanewise::emulated::set1_int(x)
#undef _mm512_setr_epi32  // a macro of g++'s own
#define _mm512_setr_epi32(...) (::lanewise::emulated::I{__VA_ARGS__})
#define _mm512_loadu_ps(p) ::lanewise::emulated::load<__m512>(p)
#define _mm512_loadu_si512(p) ::lanewise::emulated::load<__m512i>(p)
#define _mm512_storeu_ps(p, x) ::lanewise::emulated::store<__m512>(p, x)
#define _mm512_storeu_si512(p, x) ::lanewise::emulated::store<__m512i>(p, x)
#define _mm512_mask_loadu_ps(rest, m, p) ::lanewise::emulated::mask_load(rest, m, p)
#define _mm512_mask_storeu_ps(p, m, x) ::lanewise::emulated::mask_store(p, m, x)
#define _mm512_add_ps(a, b) ((a) + (b))
#define _mm512_sub_ps(a, b) ((a) - (b))
#define _mm512_mul_ps(a, b) ((a) * (b))
#define _mm512_div_ps(a, b) ((a) / (b))
#define _mm512_sqrt_ps(x) ::lanewise::emulated::square_root(x)
#define _mm512_roundscale_ps(x, how) ::lanewise::emulated::round(x)
#define _mm512_fmadd_ps(a, b, c) ::lanewise::emulated::fma(a, b, c)
#define _mm512_fnmadd_ps(a, b, c) ::lanewise::emulated::fma(-(a), b, c)
#define _mm512_cmp_ps_mask(a, b, how) ::lanewise::emulated::compare(a, b, how)
#define _mm512_maskz_loadu_epi32(m, p) ::lanewise::emulated::mask_load_int(m, p)
#define _mm512_mask_storeu_epi32(p, m, x) ::lanewise::emulated::mask_store_int(p, m, x)
#define _mm512_cmpeq_epi32_mask(a, b) ::lanewise::emulated::equal_int(a, b)
#define _mm512_permutex2var_ps(a, from, b) ::lanewise::emulated::permute_two(a, from, b)
#define _mm512_cmplt_epi32_mask(a, b) ::lanewise::emulated::less_int(a, b)
#define _mm512_mask_blend_ps(m, no, yes) ::lanewise::emulated::select(m, no, yes)
#define _mm512_mask_blend_epi32(m, no, yes) ::lanewise::emulated::select_int(m, no, yes)
#define _mm512_maskz_mov_ps(m, x) ::lanewise::emulated::select(m, __m512{}, x)
#define _mm512_castps_si512(x) ::lanewise::emulated::bits<__m512i>(x)
#define _mm512_castsi512_ps(x) ::lanewise::emulated::bits<__m512>(x)
#define _mm512_cvtepi32_ps(x) ::lanewise::emulated::to_float(x)
#define _mm512_cvttps_epi32(x) ::lanewise::emulated::to_int(x)
#define _mm512_add_epi32(a, b) ::lanewise::emulated::add(a, b)
#define _mm512_mullo_epi32(a, b) ::lanewise::emulated::multiply(a, b)
#define _mm512_and_si512(a, b) ((a) & (b))
#define _mm512_or_si512(a, b) ((a) | (b))
#define _mm512_xor_si512(a, b) ((a) ^ (b))
#define _mm512_slli_epi32(x, n) ::lanewise::emulated::shift_left(x, n)
#define _mm512_srli_epi32(x, n) ::lanewise::emulated::shift_right(x, n)
#define _mm512_srai_epi32(x, n) ::lanewise::emulated::shift_signed(x, n)
#define _mm512_shuffle_ps(a, b, how) ::lanewise::emulated::shuffle(a, b, how)
#define _mm512_shuffle_f32x4(a, b, how) ::lanewise::emulated::shuffle_blocks(a, b, how)
#define _mm512_shuffle_i64x2(a, b, how) ::lanewise::emulated::shuffle_blocks(a, b, how)
#define _mm512_unpacklo_ps(a, b) ::lanewise::emulated::unpack(a, b, 0)
#define _mm512_unpackhi_ps(a, b) ::lanewise::emulated::unpack(a, b, 2)
