// Batch norm and layer norm: against double precision in both layouts, the same bits in both and for any number of
// threads.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct Images {
  std::size_t batch, channels, pixels;
};
const Images kImages[] = {{3, 4, 1},   {2, 1, 7},    {5, 17, 1},   {4, 3, 16},  {3, 16, 9},
                          {2, 65, 33}, {1, 2, 1025}, {3, 3, 2100}, {13, 8, 40}, {1300, 9, 1}};

std::vector<float> channels_last(const std::vector<float>& x, const Images& s) {
  std::vector<float> result(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t p = i % s.pixels, c = i / s.pixels % s.channels, n = i / s.pixels / s.channels;
    result[(n * s.pixels + p) * s.channels + c] = x[i];
  }
  return result;
}

TEST_CASE("batch norm: the same bits in both layouts, near double precision") {
  on_each_isa([](const KernelTable& table) {
    for (const Images& s : kImages) {
      const std::size_t n = s.batch * s.channels * s.pixels;
      const std::vector<float> values = Random(1).floats(n, -1.0f, 3.0f), gradients = Random(2).floats(n);
      Floats weight(Random(3).floats(s.channels)), bias(Random(4).floats(s.channels));
      std::vector<std::vector<float>> first;
      for (const bool last : {false, true}) {
        Floats x(last ? channels_last(values, s) : values), grad(last ? channels_last(gradients, s) : gradients);
        for (const std::size_t threads : kThreadCounts) {
          const ops::Context context = context_of(table, threads);
          Floats out(n), mean(s.channels), variance(s.channels), back(n), of_weight(s.channels), of_bias(s.channels);
          ops::batchNorm(context, x.in(), weight.in(), bias.in(), out.span(), mean.span(), variance.span(), s.batch,
                         s.channels, s.pixels, 1e-5, last);
          ops::batchNormBackward(context, grad.in(), x.in(), weight.in(), mean.in(), variance.in(), back.span(),
                                 of_weight.span(), of_bias.span(), s.batch, s.channels, s.pixels, 1e-5, last);
          std::vector<std::vector<float>> results{mean.values(),    variance.values(), of_weight.values(),
                                                  of_bias.values(), out.values(),      back.values()};
          if (first.empty()) first = results;
          for (std::size_t i = 0; i < results.size(); ++i) {
            const std::vector<float> expected = i >= 4 && last ? channels_last(first[i], s) : first[i];
            CHECK(same_bits(expected, results[i]));
          }
          CHECK((out.guards_intact() && back.guards_intact() && mean.guards_intact() && of_weight.guards_intact()));
        }
      }
      bool right = true;
      const double each = static_cast<double>(s.batch * s.pixels);
      for (std::size_t c = 0; c < s.channels; ++c) {
        double sum = 0.0, squares = 0.0;
        const auto all = [&](const auto& body) {
          for (std::size_t k = 0; k < s.batch; ++k) {
            for (std::size_t p = 0; p < s.pixels; ++p) body((k * s.channels + c) * s.pixels + p);
          }
        };
        all([&](std::size_t i) { sum += values[i]; });
        const double mean = sum / each;
        all([&](std::size_t i) { squares += (values[i] - mean) * (values[i] - mean); });
        const double rstd = 1.0 / std::sqrt(squares / each + 1e-5);
        right = right && std::fabs(first[0][c] - mean) < 1e-6 && std::fabs(first[1][c] - squares / each) < 1e-6 * each;
        all([&](std::size_t i) {
          right = right && std::fabs(first[4][i] - ((values[i] - mean) * rstd * weight[c] + bias[c])) < 1e-4;
        });
      }
      CAPTURE(s.channels);
      CAPTURE(s.pixels);
      CHECK(right);
    }
  });
}

TEST_CASE("layer norm and its gradient: the same bits for any number of threads, near double precision") {
  on_each_isa([](const KernelTable& table) {
    for (const auto& [outer, groups, channels, inner] : {std::array<std::size_t, 4>{7, 1, 16, 1},
                                                         {9, 1, 33, 1},
                                                         {130, 1, 257, 1},
                                                         {3, 2, 3, 7},
                                                         {5, 3, 1, 17},
                                                         {2, 2, 4, 1031}}) {
      const std::size_t rows = outer * groups, size = channels * inner, n = rows * size, weights = groups * channels;
      Floats x(Random(1).floats(n, -1.0f, 3.0f)), grad(Random(2).floats(n));
      Floats weight(Random(3).floats(weights)), bias(Random(4).floats(weights));
      std::vector<float> first;
      for (const std::size_t threads : kThreadCounts) {
        const ops::Context context = context_of(table, threads);
        Floats out(n), mean(rows), variance(rows), back(n), of_weight(weights), of_bias(weights);
        ops::layerNorm(context, x.in(), weight.in(), bias.in(), out.span(), mean.span(), variance.span(), outer, groups,
                       channels, inner, 1e-5, true);
        ops::layerNormBackward(context, grad.in(), x.in(), weight.in(), mean.in(), variance.in(), back.span(),
                               of_weight.span(), of_bias.span(), outer, groups, channels, inner, 1e-5, true);
        std::vector<float> results = out.values();
        for (Floats* each : {&mean, &variance, &back, &of_weight, &of_bias}) {
          const std::vector<float> more = each->values();
          results.insert(results.end(), more.begin(), more.end());
          CHECK(each->guards_intact());
        }
        if (first.empty()) first = results;
        CHECK(same_bits(first, results));
      }
      bool right = true;
      for (std::size_t r = 0; r < rows; ++r) {
        double sum = 0.0, squares = 0.0;
        for (std::size_t i = 0; i < size; ++i) sum += x[r * size + i];
        const double mean = sum / static_cast<double>(size);
        for (std::size_t i = 0; i < size; ++i) squares += (x[r * size + i] - mean) * (x[r * size + i] - mean);
        const double rstd = 1.0 / std::sqrt(squares / static_cast<double>(size) + 1e-5);
        for (std::size_t i = 0; i < size; ++i) {
          const std::size_t w = r % groups * channels + i / inner;
          right =
              right && std::fabs(first[r * size + i] - ((x[r * size + i] - mean) * rstd * weight[w] + bias[w])) < 1e-5;
        }
      }
      CAPTURE(size);
      CHECK(right);
    }
  });
}

TEST_CASE("norms refuse memory that is too short before they write") {
  const ops::Context context = context_of(*kernels::available().front());
  Floats x(24), out(24), mean(3), variance(3), weight(2);
  CHECK_THROWS_AS(ops::batchNorm(context, x.in(), weight.in(), std::nullopt, out.span(), mean.span(), variance.span(),
                                 2, 3, 4, 1e-5, false),
                  std::invalid_argument);
  CHECK_THROWS_AS(ops::batchNorm(context, x.in(), std::nullopt, std::nullopt, out.span(), mean.span(), variance.span(),
                                 2, 4, 3, 1e-5, false),
                  std::invalid_argument);
  CHECK_THROWS_AS(ops::layerNorm(context, x.in(), std::nullopt, std::nullopt, out.span(), mean.span(), variance.span(),
                                 4, 1, 6, 1, 1e-5, true),
                  std::invalid_argument);
  CHECK_THROWS_AS(ops::layerNorm(context, x.in(), std::nullopt, std::nullopt, out.span(), mean.span(), variance.span(),
                                 SIZE_MAX, 2, 6, 1, 1e-5, true),
                  std::overflow_error);
  CHECK((out.untouched() && mean.untouched() && variance.untouched()));
}

}  // namespace
}  // namespace lanewise::test
