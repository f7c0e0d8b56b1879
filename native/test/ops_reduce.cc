// Ops along one dimension: sums, extremes, softmax; any number of threads gives the same bits.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct ReduceShape {
  std::size_t outer, size, inner;
};

const ReduceShape kReduceShapes[] = {{1, 1, 1},     {1, 100003, 1}, {1, 16384, 1}, {1, 16385, 1}, {7, 13, 1},
                                     {128, 10, 1},  {900, 129, 1},  {1, 128, 256}, {1, 700, 97},  {5, 3, 4},
                                     {300, 20, 17}, {1, 3, 40000},  {0, 3, 2},     {3, 0, 2},     {3, 0, 1},
                                     {3, 2, 0},     {1, 0, 1},      {2, 64, 1}};

TEST_CASE("sum along a dimension") {
  on_each_isa([](const KernelTable& table) {
    for (const ReduceShape& s : kReduceShapes) {
      const std::size_t results = s.outer * s.inner;
      Floats x(Random(1).floats(results * s.size));
      std::vector<float> first;
      for (const std::size_t threads : kThreadCounts) {
        Floats out(results);
        ops::sum(context_of(table, threads), x.in(), out.span(), s.outer, s.size, s.inner);
        CHECK(out.guards_intact());
        if (threads == 1) first = out.values();
        CHECK(same_bits(first, out.values()));
      }
      bool right = true;
      for (std::size_t r = 0; r < results; ++r) {
        double exact = 0.0, size = 0.0;
        for (std::size_t i = 0; i < s.size; ++i) {
          const double value = x[(r / s.inner * s.size + i) * s.inner + r % s.inner];
          exact += value;
          size += std::fabs(value);
        }
        right = right && std::fabs(first[r] - exact) <= 1e-6 * size;
      }
      CAPTURE(s.outer);
      CAPTURE(s.size);
      CAPTURE(s.inner);
      CHECK(right);
    }
  });
}

TEST_CASE("max and min along a dimension, and their gradient") {
  on_each_isa([](const KernelTable& table) {
    for (const ReduceShape& s : kReduceShapes) {
      const std::size_t results = s.outer * s.inner;
      if (s.size == 0) continue;
      std::vector<float> values(results * s.size);
      Random random(5);
      for (float& v : values)
        v = random.bits() % 50 == 0 && s.size < 2000 ? kNan : static_cast<float>(random.bits() % 300);
      Floats x(values), grad(Random(6).floats(results));
      for (const bool largest : {true, false}) {
        for (const std::size_t threads : {1, 3}) {
          const ops::Context context = context_of(table, threads);
          Floats out(results), scattered(std::vector<float>(results * s.size, 0.0f));
          Ints index(results);
          ops::extreme(context, x.in(), out.span(), index.span(), s.outer, s.size, s.inner, largest);
          ops::scatter(context, {grad.data(), grad.size(), ops::DType::kFloat32}, index.in(),
                       {scattered.data(), scattered.size(), ops::DType::kFloat32}, s.outer, s.size, 1, s.inner);
          bool right = out.guards_intact() && index.guards_intact() && scattered.guards_intact();
          for (std::size_t r = 0; r < results; ++r) {
            const auto at = [&](std::size_t i) { return (r / s.inner * s.size + i) * s.inner + r % s.inner; };
            std::size_t best = 0;
            for (std::size_t i = 1; i < s.size; ++i) {
              const float a = x[at(i)], b = x[at(best)];
              if (!std::isnan(b) && (std::isnan(a) || (largest ? a > b : a < b))) best = i;
            }
            right = right && same_bits(out[r], x[at(best)]) && index[r] == static_cast<std::int32_t>(best);
            for (std::size_t i = 0; i < s.size; ++i) {
              right = right && scattered[at(i)] == (i == best ? grad[r] : 0.0f);
            }
          }
          CAPTURE(s.outer);
          CAPTURE(s.size);
          CAPTURE(s.inner);
          CHECK(right);
        }
      }
    }
  });
}

TEST_CASE("orders and running sums, for any number of threads") {
  for (const ReduceShape& s : kReduceShapes) {
    const std::size_t n = s.outer * s.size * s.inner;
    std::vector<float> values(n);
    Random random(7);
    for (float& v : values) {
      const std::uint32_t kind = random.bits() % 40;
      v = kind == 0 ? kNan : kind == 1 ? -kInf : kind == 2 ? -0.0f : random.uniform(-9.0f, 9.0f);
      if (kind > 20) v = std::round(v);  // ties
    }
    Floats x(values);
    for (const std::size_t threads : kThreadCounts) {
      const ops::Context context = context_of(*kernels::available().back(), threads);
      const ops::AnyConst in{x.data(), n, ops::DType::kFloat32};
      Ints up(n), down(n);
      Floats sums(n), back(n);
      ops::argsort(context, in, up.span(), s.outer, s.size, s.inner, false);
      ops::argsort(context, in, down.span(), s.outer, s.size, s.inner, true);
      ops::cumsum(context, in, {sums.data(), n, ops::DType::kFloat32}, s.outer, s.size, s.inner, false);
      ops::cumsum(context, in, {back.data(), n, ops::DType::kFloat32}, s.outer, s.size, s.inner, true);
      bool right = up.guards_intact() && down.guards_intact() && sums.guards_intact() && back.guards_intact();
      const auto less = [](float a, float b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
      for (std::size_t r = 0; s.size != 0 && r < s.outer * s.inner; ++r) {
        const auto at = [&](std::size_t i) { return (r / s.inner * s.size + i) * s.inner + r % s.inner; };
        double sum = 0.0, rest = 0.0;
        for (std::size_t i = 0; i < s.size; ++i) {
          right = right && same_bits(sums[at(i)], static_cast<float>(sum += x[at(i)]));
          right = right && same_bits(back[at(s.size - 1 - i)], static_cast<float>(rest += x[at(s.size - 1 - i)]));
          if (i == 0) continue;
          const std::int32_t a = up[at(i - 1)], b = up[at(i)], c = down[at(i - 1)], d = down[at(i)];
          const auto value = [&](std::int32_t position) { return x[at(static_cast<std::size_t>(position))]; };
          right = right && !less(value(b), value(a)) && (less(value(a), value(b)) || a < b);
          right = right && !less(value(c), value(d)) && (less(value(d), value(c)) || c < d);
        }
      }
      CAPTURE(s.outer);
      CAPTURE(s.size);
      CAPTURE(s.inner);
      CHECK(right);
    }
  }
}

TEST_CASE("softmax along any dimension is softmax of its rows") {
  on_each_isa([](const KernelTable& table) {
    for (const ReduceShape& s : kReduceShapes) {
      const std::size_t n = s.outer * s.size * s.inner;
      Floats x(Random(1).floats(n, -6.0f, 6.0f)), grad(Random(2).floats(n));
      std::vector<float> first[4];
      for (const std::size_t threads : kThreadCounts) {
        const ops::Context context = context_of(table, threads);
        Floats p(n), lp(n), dp(n), dlp(n);
        ops::softmax(context, x.in(), p.span(), s.outer, s.size, s.inner, false);
        ops::softmax(context, x.in(), lp.span(), s.outer, s.size, s.inner, true);
        ops::softmaxBackward(context, grad.in(), p.in(), dp.span(), s.outer, s.size, s.inner, false);
        ops::softmaxBackward(context, grad.in(), lp.in(), dlp.span(), s.outer, s.size, s.inner, true);
        CHECK((p.guards_intact() && lp.guards_intact() && dp.guards_intact() && dlp.guards_intact()));
        const std::vector<float> now[4] = {p.values(), lp.values(), dp.values(), dlp.values()};
        for (int i = 0; i < 4; ++i) {
          if (threads == 1) first[i] = now[i];
          CHECK(same_bits(first[i], now[i]));
        }
      }
      bool right = true;
      for (std::size_t o = 0; o < s.outer; ++o) {
        for (std::size_t c = 0; c < s.inner; ++c) {
          std::vector<float> row(s.size), g(s.size), expected[4];
          const auto at = [&](std::size_t i) { return (o * s.size + i) * s.inner + c; };
          for (std::size_t i = 0; i < s.size; ++i) row[i] = x[at(i)], g[i] = grad[at(i)];
          for (std::vector<float>& e : expected) e.resize(s.size);
          table.softmax(row.data(), expected[0].data(), 1, s.size);
          table.log_softmax(row.data(), expected[1].data(), 1, s.size);
          table.softmax_backward(g.data(), expected[0].data(), expected[2].data(), 1, s.size);
          table.log_softmax_backward(g.data(), expected[1].data(), expected[3].data(), 1, s.size);
          for (int f = 0; f < 4; ++f) {
            for (std::size_t i = 0; i < s.size; ++i) right = right && same_bits(first[f][at(i)], expected[f][i]);
          }
        }
      }
      CHECK(right);
    }
  });
}

TEST_CASE("sizes around an empty dimension cost nothing") {
  const ops::Context context = context_of(*kernels::available().back(), 2);
  constexpr std::size_t kHuge = std::size_t{1} << 50;  // months, were each looked at
  ops::sum(context, {}, {}, kHuge, 0, 0);
  ops::sum(context, {}, {}, 0, kHuge, kHuge);
  const ops::AnyConst nothing{nullptr, 0, ops::DType::kFloat32};
  const ops::AnyMutable nowhere{nullptr, 0, ops::DType::kFloat32};
  ops::gather(context, nothing, {}, nowhere, kHuge, 3, 1, 0);
  ops::scatter(context, nothing, {}, nowhere, kHuge, 0, 1, 0);
  ops::scatterAdd(context, {}, {}, {}, kHuge, 3, 0, 0);
  ops::argsort(context, nothing, {}, kHuge, 3, 0, false);
  ops::cumsum(context, nothing, nowhere, kHuge, 0, 1, false);
  Floats out(200);
  ops::sum(context, {}, out.span(), 2, 0, 100);
  CHECK(same_bits(out.values(), std::vector<float>(200, 0.0f)));
  CHECK(out.guards_intact());
}

TEST_CASE("reductions refuse what does not fit") {
  const ops::Context context = context_of(*kernels::available().back());
  Floats x(Random(1).floats(24)), out(6);
  Ints index(6);
  CHECK_THROWS_AS(ops::sum(context, x.in(), out.span(), 2, 5, 3), std::invalid_argument);
  CHECK_THROWS_AS(ops::sum(context, x.in(), out.span(), 8, 3, 1), std::invalid_argument);
  CHECK_THROWS_AS(ops::sum(context, x.in(), out.span(), SIZE_MAX, 2, 1), std::overflow_error);
  CHECK_THROWS_WITH_AS(ops::extreme(context, x.in(), out.span(), index.span(), 2, 0, 3, true),
                       "extreme: size must be in [1, 2147483647], got 0", std::invalid_argument);
  CHECK_THROWS_AS(ops::extreme(context, x.in(), out.span(), index.span().first(5), 2, 4, 3, false),
                  std::invalid_argument);
  CHECK_THROWS_AS(ops::softmax(context, x.in(), out.span(), 2, 4, 3, false), std::invalid_argument);
  CHECK_THROWS_AS(ops::softmaxBackward(context, x.in(), x.in().first(5), out.span(), 2, 3, 1, false),
                  std::invalid_argument);
  const ops::AnyConst floats{x.data(), 24, ops::DType::kFloat32};
  CHECK_THROWS_AS(ops::argsort(context, floats, index.span(), 2, 4, 3, false), std::invalid_argument);
  CHECK_THROWS_AS(ops::cumsum(context, floats, {out.data(), 6, ops::DType::kFloat32}, 2, 4, 3, false),
                  std::invalid_argument);
  CHECK_THROWS_AS(ops::cumsum(context, floats, {index.data(), 6, ops::DType::kInt32}, 1, 2, 3, false),
                  std::invalid_argument);
  CHECK(out.untouched());
  CHECK(index.untouched());
}

}  // namespace
}  // namespace lanewise::test
