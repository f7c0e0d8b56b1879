// Dropout and cross-entropy as ops.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

constexpr std::int32_t kMean = 1, kSum = 2;

void dropout(const ops::Context& context, ops::FloatIn x, ops::IndexIn key, ops::FloatOut out, std::size_t rows,
             std::size_t columns, double p, std::size_t row_offset) {
  const ops::PointwiseProgram program(activation_program(false, true).code());
  const double layout[]{static_cast<double>(rows * columns), 1}, scalars[]{p};
  const ops::FloatIn ins[]{x};
  const ops::IndexIn keys[]{key};
  const ops::FloatOut outs[]{out};
  ops::pointwise(context, program, ins, keys, {scalars}, outs, std::nullopt, layout, columns, row_offset);
}

TEST_CASE("dropout: threshold and scale, threads, and parts of a batch") {
  on_each_isa([](const KernelTable& table) {
    Ints key(std::vector<std::int32_t>{static_cast<std::int32_t>(2414563044u), 1870483892});
    for (const std::size_t columns : {std::size_t{1}, std::size_t{100}, std::size_t{257}}) {
      const std::size_t rows = columns == 1 ? 70001 : 700, n = rows * columns, half = rows / 2;
      Floats x(std::vector<float>(n, 1.0f));
      for (const double p : {0.0, 0.1, 0.5, 0.9, 0.99999999, 1.0}) {
        const double threshold = std::floor((1.0 - p) * 65536.0 + 0.5);
        Floats one(n), three(n), parts(n);
        dropout(context_of(table, 1), x.in(), key.in(), one.span(), rows, columns, p, 0);
        dropout(context_of(table, 3), x.in(), key.in(), three.span(), rows, columns, p, 0);
        dropout(context_of(table, 1), x.in(), key.in(), parts.span(), half, columns, p, 0);
        dropout(context_of(table, 1), x.in(), key.in(), parts.span().subspan(half * columns), rows - half, columns, p,
                half);
        CHECK(same_bits(one.values(), three.values()));
        CHECK(same_bits(one.values(), parts.values()));
        double kept = 0.0;
        bool right = one.guards_intact() && three.guards_intact();
        for (std::size_t i = 0; i < n; ++i) {
          const bool keep = one[i] != 0.0f;
          kept += keep;
          right = right && (!keep || one[i] == static_cast<float>(65536.0 / threshold));
        }
        CHECK(right);
        const double q = threshold / 65536.0, size = static_cast<double>(n);
        CHECK(std::fabs(kept - q * size) <= 4.0 * std::sqrt(q * (1.0 - q) * size));
      }
    }
    Floats nan(std::vector<float>{kNan, kInf, 1.0f}), out(3);
    dropout(context_of(table), nan.in(), key.in(), out.span(), 1, 3, 1.0, 0);
    CHECK((std::isnan(out[0]) && std::isnan(out[1]) && out[2] == 0.0f));
    Floats fresh(3);
    for (const double p : {-0.1, 1.1, static_cast<double>(kNan)}) {
      CHECK_THROWS_AS(dropout(context_of(table), nan.in(), key.in(), fresh.span(), 1, 3, p, 0), std::invalid_argument);
    }
    CHECK_THROWS_AS(dropout(context_of(table), nan.in(), key.in().first(1), fresh.span(), 1, 3, 0.5, 0),
                    std::invalid_argument);
    CHECK(fresh.untouched());
  });
}

TEST_CASE("cross-entropy: the reductions") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t rows = 5000, classes = 10;
    Floats logits(Random(1).floats(rows * classes, -4.0f, 4.0f)), weight(Random(2).floats(classes, 0.5f, 2.0f));
    Ints target(Random(3).ints(rows, 10));
    for (std::size_t r = 0; r < rows; r += 7) target[r] = 3 - 103;
    double weight_total = 0.0, loss_total = 0.0;
    Floats each(rows), stats(2 * rows), total(1), ones(std::vector<float>(rows, 1.0f)), each_gradient(rows * classes);
    ops::crossEntropy(context_of(table), logits.in(), target.in(), weight.in(), each.span(), stats.span(), total.span(),
                      std::nullopt, rows, classes, -100, 0.1, 0);
    CHECK(total[0] == 1.0f);
    ops::crossEntropyBackward(context_of(table), ones.in(), logits.in(), target.in(), weight.in(), stats.in(),
                              total.in(), each_gradient.span(), rows, classes, -100, 0.1, 0);
    for (std::size_t r = 0; r < rows; ++r) {
      loss_total += each[r];
      if (target[r] != -100) weight_total += weight[static_cast<std::size_t>(target[r])];
    }
    for (const std::int32_t reduction : {kMean, kSum}) {
      std::vector<float> first;
      for (const std::size_t threads : kThreadCounts) {
        const ops::Context context = context_of(table, threads);
        Floats out(1), softmax(2 * rows), divisor(1), grad(std::vector<float>{2.0f}), gradient(rows * classes);
        Floats sum(1);
        ops::crossEntropy(context, logits.in(), target.in(), weight.in(), out.span(), softmax.span(), divisor.span(),
                          sum.span(), rows, classes, -100, 0.1, reduction);
        ops::crossEntropyBackward(context, grad.in(), logits.in(), target.in(), weight.in(), softmax.in(), divisor.in(),
                                  gradient.span(), rows, classes, -100, 0.1, reduction);
        const double divided = reduction == kMean ? weight_total : 1.0;
        CHECK(ulps(out[0], loss_total / divided) < 4.0);
        CHECK(ulps(sum[0], loss_total) < 4.0);
        CHECK(ulps(divisor[0], divided) < 2.0);
        double worst = 0.0;
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          worst = std::max(worst, std::fabs(gradient[i] * divided - 2.0 * each_gradient[i]));
        }
        CHECK(worst < 4e-6);
        std::vector<float> now = gradient.values();
        now.push_back(out[0]);
        if (threads == 1) first = now;
        CHECK(same_bits(first, now));
        CHECK((out.guards_intact() && softmax.guards_intact() && divisor.guards_intact() && gradient.guards_intact()));
      }
    }
  });
}

TEST_CASE("cross-entropy: nothing to average, labels out of range") {
  const ops::Context context = context_of(*kernels::available().back());
  Floats logits(Random(1).floats(6)), out(1), stats(4), total(1), sum(1), grad(std::vector<float>{1.0f}), gradient(6);
  Ints ignored(std::vector<std::int32_t>{-100, -100});
  const auto run = [&](ops::IndexIn target, std::int32_t reduction, double smoothing = 0.0, std::size_t rows = 2) {
    ops::crossEntropy(context, logits.in(), target, std::nullopt, out.span(), stats.span(), total.span(), sum.span(),
                      rows, 3, -100, smoothing, reduction);
  };
  for (const std::int32_t bad : {-1, 3, INT32_MIN, INT32_MAX}) {
    Ints target(std::vector<std::int32_t>{0, bad});
    CHECK_THROWS_AS(run(target.in(), kMean), std::invalid_argument);
    CHECK_THROWS_AS(ops::crossEntropyBackward(context, grad.in(), logits.in(), target.in(), std::nullopt, stats.in(),
                                              total.in(), gradient.span(), 2, 3, -100, 0.0, kMean),
                    std::invalid_argument);
  }
  CHECK_THROWS_AS(run(ignored.in(), 3), std::invalid_argument);
  CHECK_THROWS_AS(run(ignored.in(), -1), std::invalid_argument);
  CHECK_THROWS_AS(run(ignored.in(), 0), std::invalid_argument);  // out holds one element, not two
  CHECK_THROWS_AS(run(ignored.in(), kMean, 1.5), std::invalid_argument);
  CHECK_THROWS_AS(run(ignored.in(), kMean, 0.0, 3), std::invalid_argument);
  CHECK((out.untouched() && stats.untouched() && total.untouched() && sum.untouched() && gradient.untouched()));
  run(ignored.in(), kSum);
  CHECK(out[0] == 0.0f);
  run(ignored.in(), kMean);
  CHECK(std::isnan(out[0]));
  CHECK(sum[0] == 0.0f);
  CHECK(total[0] == 0.0f);
  ops::crossEntropyBackward(context, grad.in(), logits.in(), ignored.in(), std::nullopt, stats.in(), total.in(),
                            gradient.span(), 2, 3, -100, 0.0, kMean);
  CHECK(gradient.values() == std::vector<float>(6, 0.0f));
}

}  // namespace
}  // namespace lanewise::test
