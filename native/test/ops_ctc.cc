// Connectionist temporal classification against a sum over all paths, one by one.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

using Labels = std::vector<std::int32_t>;

struct Batch {
  std::size_t steps, classes, blank;
  Labels inputs, lengths;
};

const Batch kBatches[] = {{4, 3, 0, {4, 3, 0, 0, 1}, {2, 1, 0, 1, 2}}, {1, 2, 1, {1}, {1}}, {5, 3, 2, {5, 5}, {3, 2}}};

// What a path gives: its classes without repetitions, then without blanks.
Labels collapsed(const Labels& path, std::int32_t blank) {
  Labels labels;
  for (std::size_t t = 0; t < path.size(); ++t) {
    if ((t == 0 || path[t] != path[t - 1]) && path[t] != blank) labels.push_back(path[t]);
  }
  return labels;
}

struct Expected {
  double likelihood = 0.0;
  std::vector<double> share;  // [steps, classes]: of the paths that have the class at the step
};

Expected over_all_paths(const Batch& b, const std::vector<float>& log_probs, std::size_t n, const Labels& labels) {
  const std::size_t rows = b.inputs.size();
  const auto steps = static_cast<std::size_t>(b.inputs[n]);
  Expected result;
  result.share.assign(b.steps * b.classes, 0.0);
  std::size_t count = 1;
  for (std::size_t t = 0; t < steps; ++t) count *= b.classes;
  for (std::size_t number = 0; number < count; ++number) {
    Labels path(steps);
    double sum = 0.0;
    for (std::size_t t = 0, rest = number; t < steps; ++t, rest /= b.classes) {
      path[t] = static_cast<std::int32_t>(rest % b.classes);
      sum += static_cast<double>(log_probs[(t * rows + n) * b.classes + rest % b.classes]);
    }
    if (collapsed(path, static_cast<std::int32_t>(b.blank)) != labels) continue;
    result.likelihood += std::exp(sum);
    for (std::size_t t = 0; t < steps; ++t) {
      result.share[t * b.classes + static_cast<std::size_t>(path[t])] += std::exp(sum);
    }
  }
  return result;
}

TEST_CASE("connectionist temporal classification by paths and threads") {
  on_each_isa([](const KernelTable& table) {
    for (const Batch& b : kBatches) {
      const std::size_t rows = b.inputs.size(), all = b.steps * rows * b.classes;
      std::size_t total = 0;
      for (const std::int32_t length : b.lengths) total += static_cast<std::size_t>(length);
      Labels targets = Random(3).ints(total, static_cast<std::int32_t>(b.classes) - 1);
      for (std::int32_t& label : targets) label += b.blank == 0 ? 1 : 0;
      Floats log_probs(Random(4).floats(all, -3.0f, 0.0f));
      for (const std::size_t threads : kThreadCounts) {
        Floats out(rows), gradient(all);
        ops::ctcLoss(context_of(table, threads), log_probs.in(), out.span(), ops::FloatOut(gradient.span()), targets,
                     b.inputs, b.lengths, b.steps, rows, b.classes, total, false, b.blank, false);
        CHECK(out.guards_intact());
        CHECK(gradient.guards_intact());
        std::size_t first = 0;
        for (std::size_t n = 0; n < rows; ++n) {
          const auto length = static_cast<std::size_t>(b.lengths[n]);
          const Labels own(targets.begin() + static_cast<std::ptrdiff_t>(first),
                           targets.begin() + static_cast<std::ptrdiff_t>(first + length));
          first += length;
          const Expected expected = over_all_paths(b, log_probs.values(), n, own);
          if (expected.likelihood == 0.0) {
            CHECK(out[n] == kInf);
          } else {
            CHECK(out[n] == doctest::Approx(-std::log(expected.likelihood)).epsilon(1e-6));
          }
          for (std::size_t t = 0; t < b.steps; ++t) {
            for (std::size_t c = 0; c < b.classes; ++c) {
              const float actual = gradient[(t * rows + n) * b.classes + c];
              if (t >= static_cast<std::size_t>(b.inputs[n])) {
                CHECK(actual == 0.0f);
              } else if (expected.likelihood == 0.0) {
                CHECK(std::isnan(actual));
              } else {
                const double p = std::exp(static_cast<double>(log_probs[(t * rows + n) * b.classes + c]));
                const double share = expected.share[t * b.classes + c] / expected.likelihood;
                CHECK(std::abs(static_cast<double>(actual) - (p - share)) < 1e-6);
              }
            }
          }
        }
      }
    }
  });
}

TEST_CASE("connectionist temporal classification refuses what does not fit, and writes nothing") {
  const KernelTable& table = *kernels::available().back();
  Floats log_probs(Random(1).floats(3 * 2 * 4)), out(2);
  const auto run = [&](const Labels& targets, const Labels& inputs, const Labels& lengths, std::size_t labels,
                       bool padded, std::size_t blank) {
    ops::ctcLoss(context_of(table, 1), log_probs.in(), out.span(), std::nullopt, targets, inputs, lengths, 3, 2, 4,
                 labels, padded, blank, false);
  };
  const std::vector<float> before = out.values();
  CHECK_THROWS_AS(run({1, 2}, {3, 4}, {1, 1}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 2}, {3, -1}, {1, 1}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 2}, {3, 3}, {1, 2}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 2}, {3, 3}, {1, -1}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 2}, {3, 3}, {1, 0}, 2, false, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 4}, {3, 3}, {1, 1}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({-1, 2}, {3, 3}, {1, 1}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 2}, {3, 3}, {1, 1}, 2, true, 4), std::invalid_argument);
  CHECK_THROWS_AS(run({1}, {3, 3}, {1, 1}, 2, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 2}, {3}, {1, 1}, 2, true, 0), std::invalid_argument);
  CHECK(std::memcmp(out.values().data(), before.data(), 2 * sizeof(float)) == 0);
  CHECK_NOTHROW(run({1, 2}, {3, 3}, {1, 1}, 2, true, 0));
}

}  // namespace
}  // namespace lanewise::test
