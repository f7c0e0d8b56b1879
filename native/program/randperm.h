// PyTorch's order of a shuffled dataset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace lanewise::program {

// Fills `order` with torch.randperm(order.size()) of a generator seeded with `seed`, whose low 32 bits count: equal to
// `new Generator(seed).randperm(n)` of src/random. Allocates nothing, and can be done in pieces.
class RandPerm {
 public:
  RandPerm(std::uint64_t seed, std::span<std::int32_t> order);

  // Fills or swaps up to `steps` elements; there are two for each. Whether any are left.
  bool advance(std::size_t steps);

 private:
  std::mt19937 bits_;  // PyTorch's engine is the standard's
  std::span<std::int32_t> order_;
  std::size_t filled_ = 0, shuffled_ = 0;
};

}  // namespace lanewise::program
