// Layouts of two operands that broadcast: walked through right, and refused when they are none.
#include <stdexcept>

#include "../ops/layout.h"
#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

using LayoutNumbers = std::vector<double>;

const LayoutNumbers kLayouts[] = {
    // sizes, strides of a, strides of b
    {7, 1, 1},
    {70001, 1, 1},
    {70001, 1, 0},
    {70001, 0, 1},
    {5, 0, 0},
    {33, 3, 2},
    {600, 2, 1},
    {3, 5, 5, 1, 0, 1},
    {3, 5, 5, 1, 1, 0},
    {300, 401, 401, 1, 0, 1},
    {300, 401, 1, 300, 401, 1},
    {2, 3, 4, 12, 4, 1, 0, 1, 3},
    {2, 3, 4, 5, 0, 20, 5, 1, 60, 0, 1, 4},
    {2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 128, 0, 64, 0, 32, 0, 16,  0,
     8, 0, 4, 0, 2, 0, 1, 0, 1, 0, 2, 0, 4, 0, 8, 0, 16,  0, 32, 0, 64, 0, 128, 0},
    {0, 1, 1},
    {3, 0, 4, 1, 0, 1},
};

// Offsets of the i-th output in either operand, by counting.
std::pair<std::size_t, std::size_t> offsets(const LayoutNumbers& layout, std::size_t i) {
  const std::size_t rank = layout.size() / 3;
  std::size_t a = 0, b = 0;
  for (std::size_t d = rank; d-- > 0;) {
    const std::size_t size = static_cast<std::size_t>(layout[d]), index = i % size;
    i /= size;
    a += index * static_cast<std::size_t>(layout[rank + d]);
    b += index * static_cast<std::size_t>(layout[2 * rank + d]);
  }
  return {a, b};
}

constexpr std::int32_t kAdd = 0, kSub = 1;

TEST_CASE("broadcasting follows the layout") {
  for (const LayoutNumbers& layout : kLayouts) {
    const ops::Strided shape = ops::decode("test", layout);
    Ints a(Random(1).ints(ops::reach(shape, shape.first, 0), 1000)),
        b(Random(2).ints(ops::reach(shape, shape.second, 0), 1000));
    Ints out(shape.count);
    ops::integers(context_of(*kernels::available().front()), a.in(), b.in(), out.span(), kSub, layout);
    bool right = out.guards_intact();
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto [at_a, at_b] = offsets(layout, i);
      right = right && out[i] == a[at_a] - b[at_b];
    }
    CAPTURE(layout.size());
    CAPTURE(layout[0]);
    CHECK(right);
  }
}

TEST_CASE("layouts that are none are refused") {
  const ops::Context context = context_of(*kernels::available().back());
  Ints a(Random(1).ints(12, 9)), b(Random(2).ints(12, 9)), out(12);
  const auto add = [&](const LayoutNumbers& layout) {
    ops::integers(context, a.in(), b.in(), out.span(), kAdd, layout);
  };
  CHECK_THROWS_AS(add({}), std::invalid_argument);
  CHECK_THROWS_AS(add({1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add(LayoutNumbers(51, 1.0)), std::invalid_argument);
  CHECK_THROWS_AS(add({2.5, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({-1, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({static_cast<double>(kNan), 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({1e300, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({9e15, 9e15, 0, 0, 0, 0}), std::overflow_error);
  CHECK_THROWS_AS(add({3, 9e15, 9e15, 0, 0, 0, 0, 0, 0}), std::overflow_error);
  CHECK_THROWS_WITH_AS(add({4, 4, 1}), "integers: a needs 13 elements, got 12", std::invalid_argument);
  CHECK_THROWS_WITH_AS(add({4, 1, 4}), "integers: b needs 13 elements, got 12", std::invalid_argument);
  CHECK_THROWS_WITH_AS(add({13, 0, 0}), "integers: out needs 13 elements, got 12", std::invalid_argument);
  CHECK(out.untouched());
}

}  // namespace
}  // namespace lanewise::test
