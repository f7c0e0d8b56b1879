// The keys of dropout masks: src/ops/mask.ts and src/random/generator.ts say the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lanewise::program {

// seedLow, seedHigh, counterLow, counterHigh.
inline constexpr std::size_t kKeySourceWords = 4;
using KeySourceWords = std::span<std::uint32_t, kKeySourceWords>;

using MaskKey = std::array<std::uint32_t, 2>;

constexpr std::uint32_t mix32(std::uint32_t x) {
  x ^= x >> 17;
  x *= 0xed5ad4bbu;
  x ^= x >> 11;
  x *= 0xac4c1b51u;
  x ^= x >> 15;
  x *= 0x31848babu;
  return x ^ (x >> 14);
}

constexpr std::uint32_t fold(std::uint32_t hash, std::uint32_t word) { return mix32((hash ^ word) + 0x9e3779b9u); }

// The key of mask number (counterHigh, counterLow) of the generator with that seed.
constexpr MaskKey mask_key(std::uint32_t seed_low, std::uint32_t seed_high, std::uint32_t counter_low,
                           std::uint32_t counter_high) {
  return {fold(fold(fold(fold(0x243f6a88u, seed_low), seed_high), counter_high), counter_low),
          fold(fold(fold(fold(0x85a308d3u, counter_low), counter_high), seed_high), seed_low)};
}

// The key of the next mask; counts one up.
constexpr MaskKey next_key(KeySourceWords source) {
  const MaskKey key = mask_key(source[0], source[1], source[2], source[3]);
  if (++source[2] == 0) ++source[3];
  return key;
}

}  // namespace lanewise::program
