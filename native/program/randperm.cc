#include "randperm.h"

#include <algorithm>
#include <utility>

namespace lanewise::program {

RandPerm::RandPerm(std::uint64_t seed, std::span<std::int32_t> order)
    : bits_(static_cast<std::uint32_t>(seed)), order_(order) {}

// Fisher-Yates from the front, one draw a place but the last.
bool RandPerm::advance(std::size_t steps) {
  const std::size_t n = order_.size();
  const std::size_t filled = std::min(n, filled_ + std::min(steps, n));
  steps -= filled - filled_;
  for (; filled_ < filled; ++filled_) order_[filled_] = static_cast<std::int32_t>(filled_);
  if (filled_ < n) return true;
  const std::size_t shuffled = std::min(n, shuffled_ + std::min(steps, n));
  for (; shuffled_ < shuffled; ++shuffled_) {
    const std::size_t i = shuffled_;
    if (i + 1 < n) std::swap(order_[i], order_[i + bits_() % (n - i)]);
  }
  return shuffled_ < n;
}

}  // namespace lanewise::program
