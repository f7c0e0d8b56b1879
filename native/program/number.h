// Numbers of a graph, which are all doubles, as what they stand for.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace lanewise::program {

inline constexpr double kMaxSafeInteger = 9007199254740991.0;

// nullopt unless it is a non-negative safe integer.
inline std::optional<std::size_t> to_size(double value) {
  if (!(value >= 0 && value <= kMaxSafeInteger && std::trunc(value) == value)) return std::nullopt;
  // Where sizes have 32 bits modulo 2^32, which the row offset of a mask is meant to be; memory is not as large.
  return static_cast<std::size_t>(static_cast<std::uint64_t>(value));
}

}  // namespace lanewise::program
