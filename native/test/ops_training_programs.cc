// Ops that only programs of training steps have: the loss with its gradient, and the rows of a step.
#include <memory>
#include <optional>
#include <stdexcept>
#include <variant>
#include "../ops/ops.h"
#include "../ops/panels.h"
#include "arithmetic.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

struct LayerShape {
  std::size_t rows, in, out;
};

TEST_CASE("crossEntropyTrain has the bits of crossEntropy, crossEntropyBackward and sum") {
  on_each_isa([](const KernelTable& table) {
    for (const LayerShape& s : {LayerShape{1, 0, 1}, LayerShape{7, 0, 3}, LayerShape{32, 0, 10}, LayerShape{64, 0, 33},
                                LayerShape{5000, 0, 17}}) {
      Floats logits(Random(1).floats(s.rows * s.out, -4.0f, 4.0f)), weight(Random(2).floats(s.out, 0.5f, 2.0f));
      Ints target(Random(3).ints(s.rows, static_cast<std::int32_t>(s.out)));
      for (std::size_t r = 3; r < s.rows; r += 5) target[r] = -100;
      Floats grad(std::vector<float>{2.0f});
      for (const auto& [reduction, smoothing, weighted] : {std::tuple{1, 0.0, true},
                                                           {1, 0.1, true},
                                                           {2, 0.1, true},
                                                           {1, 0.0, false},
                                                           {2, 0.0, false},
                                                           {1, 0.1, false}}) {
        {
          const auto weights = weighted ? std::optional(weight.in()) : std::nullopt;
          Floats loss(1), stats(2 * s.rows), total(1), whole(1), gradient(s.rows * s.out);
          const ops::Context plain = context_of(table);
          ops::crossEntropy(plain, logits.in(), target.in(), weights, loss.span(), stats.span(), total.span(),
                            whole.span(), s.rows, s.out, -100, smoothing, reduction);
          ops::crossEntropyBackward(plain, grad.in(), logits.in(), target.in(), weights, stats.in(), total.in(),
                                    gradient.span(), s.rows, s.out, -100, smoothing, reduction);
          for (const std::size_t threads : kThreadCounts) {
            Floats out(1), train(s.rows * s.out), bias(s.out), sums(s.out), sum(1), divisor(1);
            ops::crossEntropyTrain(context_of(table, threads), grad.in(), logits.in(), target.in(), weights, out.span(),
                                   train.span(), bias.span(), sum.span(), divisor.span(), s.rows, s.out, -100,
                                   smoothing, reduction);
            CHECK(same_bits(out.values(), loss.values()));
            CHECK(same_bits(sum.values(), whole.values()));
            CHECK(same_bits(divisor.values(), total.values()));
            ops::sum(plain, train.in(), sums.span(), 1, s.rows, s.out);
            CHECK(same_bits(bias.values(), sums.values()));
            CHECK(same_bits(train.values(), gradient.values()));
            CHECK((out.guards_intact() && train.guards_intact() && bias.guards_intact()));
          }
        }
      }
    }
  });
}

TEST_CASE("gatherRows takes the rows of one step") {
  const ops::Context context = context_of(*kernels::available().back(), 2);
  const std::size_t rows = 900, width = 101, count = 600;
  const std::vector<std::int32_t> order = Random(5).ints(3 * count, static_cast<std::int32_t>(rows));
  std::vector<float> x = Random(6).floats(rows * width);
  for (std::size_t step = 0; step < 3; ++step) {
    Floats out(count * width);
    ops::gatherRows(context, {x.data(), x.size(), ops::DType::kFloat32}, order,
                    {out.data(), out.size(), ops::DType::kFloat32}, rows, width, count, static_cast<double>(step));
    bool right = out.guards_intact();
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto row = static_cast<std::size_t>(order[step * count + i / width]);
      right = right && out[i] == x[row * width + i % width];
    }
    CHECK(right);
  }
  Floats out(count * width);
  for (const double step : {3.0, -1.0, 0.5, 1e300, static_cast<double>(kNan), 9007199254740992.0}) {
    CHECK_THROWS(ops::gatherRows(context, {x.data(), x.size(), ops::DType::kFloat32}, order,
                                 {out.data(), out.size(), ops::DType::kFloat32}, rows, width, count, step));
  }
  CHECK(out.untouched());
}

}  // namespace
}  // namespace lanewise::test
