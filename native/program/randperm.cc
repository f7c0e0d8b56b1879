#include "randperm.h"

#include <cstddef>
#include <random>
#include <utility>

namespace lanewise::program {

// Fisher-Yates from the front, one draw a place but the last. PyTorch's engine is the standard's mt19937.
void randperm(std::uint64_t seed, std::span<std::int32_t> order) {
  std::mt19937 bits(static_cast<std::uint32_t>(seed));
  const std::size_t n = order.size();
  for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::int32_t>(i);
  for (std::size_t i = 0; i + 1 < n; ++i) std::swap(order[i], order[i + bits() % (n - i)]);
}

}  // namespace lanewise::program
