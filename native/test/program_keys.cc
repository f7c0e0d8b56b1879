// The integers that programs draw: keys of dropout masks, orders of datasets.
#include <numeric>
#include <stdexcept>

#include "../program/mask_key.h"
#include "../program/randperm.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

using program::mask_key;
using program::MaskKey;

TEST_CASE("mask keys: the check vector of native/kernels/README.md") {
  CHECK(mask_key(42, 0, 7, 1) == MaskKey{2414563044u, 1870483892u});
}

TEST_CASE("mask keys: each draw counts one up, over 32 bits") {
  std::vector<std::uint32_t> source{42, 5, 0xfffffffe, 9};
  const program::KeySourceWords words(source.data(), 4);
  CHECK(program::next_key(words) == mask_key(42, 5, 0xfffffffe, 9));
  CHECK(program::next_key(words) == mask_key(42, 5, 0xffffffff, 9));
  CHECK(program::next_key(words) == mask_key(42, 5, 0, 10));
  CHECK(source == std::vector<std::uint32_t>{42, 5, 1, 10});
}

std::vector<std::int32_t> randperm(std::uint64_t seed, std::size_t n, std::size_t steps) {
  std::vector<std::int32_t> order(n, -1);
  program::RandPerm permutation(seed, order);
  while (permutation.advance(steps)) {
  }
  return order;
}

// What torch.randperm of PyTorch 2.13.0 gives.
TEST_CASE("randperm: PyTorch's orders, in whatever pieces") {
  for (const std::size_t steps : {1, 3, 1000000}) {
    CHECK(randperm(0, 10, steps) == std::vector<std::int32_t>{4, 1, 7, 5, 3, 9, 0, 8, 6, 2});
    CHECK(randperm(42, 17, steps) ==
          std::vector<std::int32_t>{13, 4, 3, 15, 8, 16, 9, 11, 12, 10, 6, 2, 1, 7, 14, 0, 5});
    CHECK(randperm((std::uint64_t{1} << 40) + 5, 8, steps) == std::vector<std::int32_t>{3, 6, 0, 2, 1, 4, 5, 7});
    CHECK(randperm(3, 0, steps).empty());
    CHECK(randperm(3, 1, steps) == std::vector<std::int32_t>{0});
    const std::vector<std::int32_t> large = randperm(7, 60000, steps);
    CHECK(std::vector(large.begin(), large.begin() + 5) == std::vector<std::int32_t>{21615, 50166, 37383, 3791, 38823});
    CHECK(std::vector(large.end() - 5, large.end()) == std::vector<std::int32_t>{51638, 5524, 44752, 26176, 40145});
    CHECK(large[30000] == 7135);
  }
}

}  // namespace
}  // namespace lanewise::test
