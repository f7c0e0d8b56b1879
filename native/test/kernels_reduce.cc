// Reductions, softmax and cross-entropy against double precision.
#include <algorithm>

#include "arithmetic.h"

namespace lanewise::test {
namespace {

TEST_CASE("sum of a row") {
  on_each_isa([](const KernelTable& table) {
    for (std::size_t n : odd_sizes()) {
      n *= 3;
      CAPTURE(n);
      Floats x(Random(5).floats(n));
      double exact = 0.0, size = 0.0, actual = kNan;
      for (std::size_t i = 0; i < n; ++i) exact += x[i], size += std::fabs(x[i]);
      table.sum(x.data(), n, &actual);
      CHECK(std::fabs(actual - exact) <= 1e-6 * size);
    }
    const float infinite[] = {1.0f, kInf, 2.0f}, mixed[] = {kInf, -kInf};
    double result = 0.0;
    table.sum(infinite, 3, &result);
    CHECK(result == static_cast<double>(kInf));
    table.sum(mixed, 2, &result);
    CHECK(std::isnan(result));
  });
}

TEST_CASE("sums of columns") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t columns : odd_sizes()) {
      for (const std::size_t rows : {0, 1, 31, 32, 33, 1024, 1100}) {
        const std::size_t stride = columns + 2;
        Floats x(Random(5).floats(rows * stride)), out(columns);
        table.sum_columns(x.data(), rows, stride, columns, out.data());
        bool right = out.guards_intact();
        for (std::size_t c = 0; c < columns; ++c) {
          double exact = 0.0, size = 0.0;
          for (std::size_t r = 0; r < rows; ++r) exact += x[r * stride + c], size += std::fabs(x[r * stride + c]);
          right = right && std::fabs(out[c] - exact) <= 1e-6 * size;
        }
        CAPTURE(columns);
        CAPTURE(rows);
        CHECK(right);
      }
    }
  });
}

TEST_CASE("extremes of columns: the first of equals, a NaN wins") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t columns : odd_sizes()) {
      for (const std::size_t rows : {1, 2, 7, 40}) {
        std::vector<float> values(rows * columns);
        Random random(11);
        for (float& v : values) {
          const std::uint32_t pick = random.bits() % 20;
          v = pick == 0 ? kNan : pick == 1 ? kInf : pick == 2 ? -kInf : static_cast<float>(pick % 5) - 2.0f;
        }
        Floats x(values);
        for (const bool largest : {true, false}) {
          Floats out(columns);
          Ints index(columns);
          (largest ? table.max_columns : table.min_columns)(x.data(), rows, columns, columns, out.data(), index.data());
          bool right = out.guards_intact() && index.guards_intact();
          for (std::size_t c = 0; c < columns; ++c) {
            std::size_t best = 0;
            for (std::size_t r = 1; r < rows; ++r) {
              const float a = x[r * columns + c], b = x[best * columns + c];
              if (!std::isnan(b) && (std::isnan(a) || (largest ? a > b : a < b))) best = r;
            }
            right = right && same_bits(out[c], x[best * columns + c]) && index[c] == static_cast<std::int32_t>(best);
          }
          CAPTURE(rows);
          CAPTURE(columns);
          CHECK(right);
        }
      }
    }
  });
}

// max and log Σ exp of a row in double precision.
struct RowStatistics {
  double max = -static_cast<double>(kInf), log_sum = 0.0;
  RowStatistics(const float* x, std::size_t n) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) max = std::max(max, static_cast<double>(x[i]));
    for (std::size_t i = 0; i < n; ++i) sum += std::exp(x[i] - max);
    log_sum = std::log(sum);
  }
  double log_probability(float x) const { return x - max - log_sum; }
};

TEST_CASE("softmax, its logarithm and their gradients") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t size : odd_sizes()) {
      const std::size_t rows = 3;
      Floats x(Random(21).floats(rows * size, -9.0f, 9.0f)), grad(Random(22).floats(rows * size));
      Floats p(rows * size), lp(rows * size), dp(rows * size), dlp(rows * size);
      table.softmax(x.data(), p.data(), rows, size);
      table.log_softmax(x.data(), lp.data(), rows, size);
      table.softmax_backward(grad.data(), p.data(), dp.data(), rows, size);
      table.log_softmax_backward(grad.data(), lp.data(), dlp.data(), rows, size);
      double worst = 0.0;
      for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t row = r * size;
        const RowStatistics statistics(x.data() + row, size);
        double dot = 0.0, total = 0.0;
        for (std::size_t i = row; i < row + size; ++i) dot += static_cast<double>(grad[i]) * p[i], total += grad[i];
        for (std::size_t i = row; i < row + size; ++i) {
          const double exact = statistics.log_probability(x[i]);
          worst = std::max(worst, std::fabs(p[i] / std::exp(exact) - 1.0));
          worst = std::max(worst, std::fabs(lp[i] - exact) / (1.0 + std::fabs(exact)));
          worst = std::max(worst, std::fabs(dp[i] - p[i] * (grad[i] - dot)));
          worst = std::max(worst, std::fabs(dlp[i] - (grad[i] - std::exp(static_cast<double>(lp[i])) * total)));
        }
      }
      CAPTURE(size);
      CHECK(worst < 2e-6);
      CHECK((p.guards_intact() && lp.guards_intact() && dp.guards_intact() && dlp.guards_intact()));
      table.softmax(x.data(), x.data(), rows, size);
      CHECK(same_bits(x.values(), p.values()));
    }
  });
}

TEST_CASE("softmax of rows with infinities and NaN") {
  on_each_isa([](const KernelTable& table) {
    const float x[] = {1.0f, kNan, 2.0f, kInf, 0.0f, 1.0f, -kInf, -kInf, -kInf, -kInf, 0.0f, 0.0f};
    float out[12];
    table.softmax(x, out, 4, 3);
    for (int i = 0; i < 9; ++i) CHECK(std::isnan(out[i]));
    CHECK(out[9] == 0.0f);
    CHECK(out[10] == 0.5f);
    table.log_softmax(x, out, 4, 3);
    for (int i = 0; i < 9; ++i) CHECK(std::isnan(out[i]));
    CHECK(out[9] == -kInf);
  });
}

TEST_CASE("cross-entropy of rows, with weights, smoothing and ignored rows") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t classes : odd_sizes()) {
      if (classes == 0) continue;
      const std::size_t rows = 4;
      Floats x(Random(31).floats(rows * classes, -5.0f, 5.0f)), weight(Random(32).floats(classes, 0.5f, 2.0f));
      Ints target(Random(33).ints(rows, static_cast<std::int32_t>(classes)));
      target[2] = -100;
      for (const bool weighted : {false, true}) {
        for (const float smoothing : {0.0f, 0.25f}) {
          const float* w = weighted ? weight.data() : nullptr;
          const float confidence = 1.0f - smoothing, spread = smoothing / static_cast<float>(classes);
          double weight_sum = 0.0;
          for (std::size_t c = 0; c < classes; ++c) weight_sum += weighted ? weight[c] : 1.0f;
          Floats loss(rows), stats(2 * rows), out(rows * classes), scale(std::vector<float>{0.5f});
          table.cross_entropy(x.data(), target.data(), w, loss.data(), stats.data(), rows, classes, -100, confidence,
                              spread);
          table.cross_entropy_backward(scale.data(), 0, x.data(), target.data(), w, stats.data(), out.data(), rows,
                                       classes, -100, confidence, spread, static_cast<float>(spread * weight_sum));
          double worst = 0.0;
          for (std::size_t r = 0; r < rows; ++r) {
            const RowStatistics statistics(x.data() + r * classes, classes);
            CHECK(stats[2 * r] == static_cast<float>(statistics.max));
            worst = std::max(worst, std::fabs(std::log(stats[2 * r + 1]) - statistics.log_sum));
            const bool ignored = target[r] == -100;
            const std::size_t t = ignored ? 0 : static_cast<std::size_t>(target[r]);
            const double direct = ignored ? 0.0 : confidence * (weighted ? weight[t] : 1.0f);
            const double even = ignored ? 0.0 : spread;
            double exact = -direct * statistics.log_probability(x[r * classes + t]);
            for (std::size_t c = 0; c < classes; ++c) {
              const double lp = statistics.log_probability(x[r * classes + c]), wc = weighted ? weight[c] : 1.0f;
              exact -= even * wc * lp;
              const double gradient =
                  0.5 * (std::exp(lp) * (direct + even * weight_sum) - even * wc - (c == t ? direct : 0.0));
              worst = std::max(worst, std::fabs(out[r * classes + c] - gradient));
            }
            worst = std::max(worst, std::fabs(loss[r] - exact) / (1.0 + exact));
            if (ignored) CHECK(loss[r] == 0.0f);
          }
          CAPTURE(classes);
          CHECK(worst < 4e-6);
          CHECK((loss.guards_intact() && stats.guards_intact() && out.guards_intact()));
        }
      }
    }
  });
}

}  // namespace
}  // namespace lanewise::test
