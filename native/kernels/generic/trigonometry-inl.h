// Sine and cosine in double precision without fused operations, one element at a time: the same bits on every
// instruction set. x = n·π/2 + r with |r| <= π/4; the series on r are good to 1e-11, so that the float is within 1 ulp.
#pragma once

// The sine of r + quadrant·π/2.
LANEWISE_VEC float sine_of(double r, std::int32_t quadrant) {
  const double z = r * r;
  double s = -1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  s = s * z - 1.0 / 6.0;
  s = r * (s * z + 1.0);
  double c = 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  c = c * z - 0.5;
  c = c * z + 1.0;
  const double value = (quadrant & 1) != 0 ? c : s;
  return static_cast<float>((quadrant & 2) != 0 ? -value : value);
}

// Up to here n has 20 bits, and its product with the first 33 bits of π/2 is exact.
inline constexpr float kNearSine = 1e6f;

LANEWISE_VEC float near_sine(float x, std::int32_t quadrant) {
  const double wide = __builtin_fabsf(x) <= kNearSine ? static_cast<double>(x) : 0.0;
  const double n = (wide * 0.63661977236758134 + 6755399441055744.0) - 6755399441055744.0;  // 2 / π; 1.5·2^52
  const double r = (wide - n * 1.57079632673412561417) - n * 6.07710050650619224932e-11;
  return sine_of(r, static_cast<std::int32_t>(n) + quadrant);
}

// The bits of 2 / π, after 32 zeros.
static const std::uint32_t kTwoOverPi[] = {0,           0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                           0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

// 32 of them.
LANEWISE_VEC std::uint64_t two_over_pi(std::int32_t from) {
  const std::uint64_t pair = static_cast<std::uint64_t>(kTwoOverPi[from / 32]) << 32 | kTwoOverPi[from / 32 + 1];
  return (pair << (from % 32)) >> 32;
}

// Larger ones, after Payne and Hanek: x = m·2^e, and of the bits of 2 / π only those count whose products are below 4
// and above 2^-62.
LANEWISE_NOINLINE static float far_sine(float x, std::int32_t quadrant) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x);
  const std::int32_t e = static_cast<std::int32_t>(bits >> 23 & 0xff) - 150;
  if (e == 105) return kNaN;  // infinity or a NaN
  const std::uint64_t m = (bits & 0x007fffff) | 0x00800000;
  const std::uint64_t y = (m * two_over_pi(e + 30) << 32) + m * two_over_pi(e + 62) + (m * two_over_pi(e + 94) >> 32);
  const std::uint64_t n = (y + (std::uint64_t{1} << 61)) >> 62;
  const double r = static_cast<double>(static_cast<std::int64_t>(y - (n << 62))) * (1.57079632679489662 * 0x1p-62);
  const std::int32_t turn = static_cast<std::int32_t>(n);
  return __builtin_signbit(x) ? sine_of(-r, quadrant - turn) : sine_of(r, quadrant + turn);
}

// A block at a time, so that the loop over small numbers has no branch.
static void sines(const float* in, float* out, std::size_t n, std::int32_t quadrant) {
  constexpr std::size_t kBlock = 64;
  float results[kBlock];
  for (std::size_t i = 0; i < n; i += kBlock) {
    const std::size_t count = n - i < kBlock ? n - i : kBlock;
    for (std::size_t j = 0; j < count; ++j) results[j] = near_sine(in[i + j], quadrant);
    for (std::size_t j = 0; j < count; ++j) {
      if (!(__builtin_fabsf(in[i + j]) <= kNearSine)) results[j] = far_sine(in[i + j], quadrant);
    }
    for (std::size_t j = 0; j < count; ++j) out[i + j] = results[j];
  }
}

static void sin(const float* in, float* out, std::size_t n) { sines(in, out, n, 0); }
static void cos(const float* in, float* out, std::size_t n) { sines(in, out, n, 1); }
