// Arithmetic on sizes that throws instead of wrapping around.
#pragma once

#include <cstddef>
#include <limits>
#include <stdexcept>

namespace lanewise::core {

// a * b; throws std::overflow_error when it does not fit.
constexpr std::size_t checked_mul(std::size_t a, std::size_t b) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b) {
    throw std::overflow_error("sizes are too large to multiply");
  }
  return a * b;
}

template <typename... Rest>
constexpr std::size_t checked_mul(std::size_t a, std::size_t b, Rest... rest) {
  return checked_mul(checked_mul(a, b), rest...);
}

// a * b, or the largest number: for amounts of work, where no more is to be known than that it is a lot.
constexpr std::size_t capped_mul(std::size_t a, std::size_t b) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  return b != 0 && a > kMost / b ? kMost : a * b;
}

template <typename... Rest>
constexpr std::size_t capped_mul(std::size_t a, std::size_t b, Rest... rest) {
  return capped_mul(capped_mul(a, b), rest...);
}

// a + b; throws std::overflow_error when it does not fit.
constexpr std::size_t checked_add(std::size_t a, std::size_t b) {
  if (a > std::numeric_limits<std::size_t>::max() - b) throw std::overflow_error("sizes are too large to add");
  return a + b;
}

// The smallest multiple of `multiple` (not 0) that is at least n.
constexpr std::size_t checked_round_up(std::size_t n, std::size_t multiple) {
  return checked_add(n, multiple - 1) / multiple * multiple;
}

}  // namespace lanewise::core
