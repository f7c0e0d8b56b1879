// Elementwise and broadcasting ops: layouts, threads, misuse.
#include <stdexcept>

#include "../ops/layout.h"
#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

using Numbers = std::vector<double>;

const Numbers kLayouts[] = {
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
std::pair<std::size_t, std::size_t> offsets(const Numbers& layout, std::size_t i) {
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

TEST_CASE("broadcasting follows the layout, for any number of threads") {
  on_each_isa([](const KernelTable& table) {
    for (const Numbers& layout : kLayouts) {
      const ops::Strided shape = ops::decode("test", layout);
      Floats a(Random(1).floats(ops::reach(shape, shape.first, 0))),
          b(Random(2).floats(ops::reach(shape, shape.second, 0)));
      for (const std::size_t threads : kThreadCounts) {
        Floats out(shape.count);
        ops::sub(context_of(table, threads), a.in(), b.in(), out.span(), layout);
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
  });
}

TEST_CASE("every broadcasting op is its own kernel") {
  on_each_isa([](const KernelTable& table) {
    Floats a(std::vector<float>{6.0f}), b(std::vector<float>{2.0f}), out(5);
    const Numbers layout{1, 1, 1};
    const ops::Context context = context_of(table);
    ops::add(context, a.in(), b.in(), out.span().subspan(0, 1), layout);
    ops::sub(context, a.in(), b.in(), out.span().subspan(1, 1), layout);
    ops::mul(context, a.in(), b.in(), out.span().subspan(2, 1), layout);
    ops::div(context, a.in(), b.in(), out.span().subspan(3, 1), layout);
    ops::pow(context, a.in(), b.in(), out.span().subspan(4, 1), layout);
    CHECK(out.values() == std::vector<float>{8.0f, 4.0f, 12.0f, 3.0f, 36.0f});
  });
}

TEST_CASE("elementwise ops are the same for any number of threads") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t n = 100003;
    Floats x(Random(1).floats(n, 0.1f, 3.0f)), grad(Random(2).floats(n));
    using Run = void (*)(const ops::Context&, ops::FloatIn, ops::FloatIn, ops::FloatOut, std::size_t);
    const Run runs[] = {
        [](auto& c, auto a, auto, auto o, auto m) { ops::neg(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::exp(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::log(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::sqrt(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::abs(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::sign(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::relu(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::sigmoid(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::tanh(c, a, o, m); },
        [](auto& c, auto a, auto, auto o, auto m) { ops::clamp(c, a, o, m, 0.5, 2.0); },
        [](auto& c, auto a, auto g, auto o, auto m) { ops::reluBackward(c, g, a, o, m); },
        [](auto& c, auto a, auto g, auto o, auto m) { ops::sigmoidBackward(c, g, a, o, m); },
        [](auto& c, auto a, auto g, auto o, auto m) { ops::tanhBackward(c, g, a, o, m); },
        [](auto& c, auto a, auto g, auto o, auto m) { ops::clampBackward(c, g, a, o, m, 0.5, 2.0); },
    };
    for (const Run run : runs) {
      Floats one(n), three(n), short_by_one(n - 1);
      run(context_of(table, 1), x.in(), grad.in(), one.span(), n);
      run(context_of(table, 3), x.in(), grad.in(), three.span(), n);
      CHECK(same_bits(one.values(), three.values()));
      CHECK((one.guards_intact() && three.guards_intact()));
      CHECK_THROWS_AS(run(context_of(table, 1), x.in(), grad.in(), short_by_one.span(), n), std::invalid_argument);
      CHECK_THROWS_AS(run(context_of(table, 1), x.in().first(3), grad.in().first(3), one.span(), n),
                      std::invalid_argument);
      CHECK(short_by_one.untouched());
      CHECK(same_bits(one.values(), three.values()));
    }
  });
}

TEST_CASE("layouts that are none are refused") {
  const ops::Context context = context_of(*kernels::available().back());
  Floats a(Random(1).floats(12)), b(Random(2).floats(12)), out(12);
  const auto add = [&](const Numbers& layout) { ops::add(context, a.in(), b.in(), out.span(), layout); };
  CHECK_THROWS_AS(add({}), std::invalid_argument);
  CHECK_THROWS_AS(add({1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add(Numbers(51, 1.0)), std::invalid_argument);
  CHECK_THROWS_AS(add({2.5, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({-1, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({static_cast<double>(kNan), 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({1e300, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(add({9e15, 9e15, 0, 0, 0, 0}), std::overflow_error);
  CHECK_THROWS_AS(add({3, 9e15, 9e15, 0, 0, 0, 0, 0, 0}), std::overflow_error);
  CHECK_THROWS_WITH_AS(add({4, 4, 1}), "add: a needs 13 elements, got 12", std::invalid_argument);
  CHECK_THROWS_WITH_AS(add({4, 1, 4}), "add: b needs 13 elements, got 12", std::invalid_argument);
  CHECK_THROWS_WITH_AS(add({13, 0, 0}), "add: out needs 13 elements, got 12", std::invalid_argument);
  CHECK(out.untouched());
}

}  // namespace
}  // namespace lanewise::test
