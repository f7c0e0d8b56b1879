// A sparse matrix along the middle of [outer, size, inner].
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct SparseShape {
  std::size_t outer, size, rows, inner;
};

const SparseShape kSparseShapes[] = {{1, 1, 1, 1},      {2, 5, 7, 1}, {3, 7, 4, 17}, {1, 16, 33, 15}, {311, 23, 17, 9},
                                     {5003, 11, 13, 1}, {0, 3, 2, 2}, {3, 3, 0, 2},  {3, 3, 4, 0}};

// Row r has r mod 3 entries.
struct SparseMatrix {
  std::vector<double> numbers;
  std::size_t entries = 0;
};

SparseMatrix matrix_of(const SparseShape& s) {
  SparseMatrix matrix;
  std::vector<double> columns, weights;
  matrix.numbers.push_back(0.0);
  for (std::size_t r = 0; r < s.rows; ++r) {
    for (std::size_t e = 0; e < r % 3; ++e) {
      columns.push_back(static_cast<double>((r * 5 + e * 2) % s.size));
      weights.push_back(0.25 * static_cast<double>(r + 1) - static_cast<double>(e));
    }
    matrix.numbers.push_back(static_cast<double>(columns.size()));
  }
  matrix.entries = columns.size();
  matrix.numbers.insert(matrix.numbers.end(), columns.begin(), columns.end());
  matrix.numbers.insert(matrix.numbers.end(), weights.begin(), weights.end());
  return matrix;
}

TEST_CASE("sparse matrix along a dimension") {
  on_each_isa([](const KernelTable& table) {
    for (const SparseShape& s : kSparseShapes) {
      const SparseMatrix matrix = matrix_of(s);
      Floats x(Random(1).floats(s.outer * s.size * s.inner));
      for (const std::size_t threads : kThreadCounts) {
        Floats out(s.outer * s.rows * s.inner);
        ops::sparseMatmul(context_of(table, threads), x.in(), out.span(), matrix.numbers, s.outer, s.size, s.rows,
                          matrix.entries, s.inner);
        CHECK(out.guards_intact());
        bool right = true;
        const std::vector<float> values = out.values();
        for (std::size_t at = 0; at < values.size(); ++at) {
          const std::size_t i = at % s.inner, r = at / s.inner % s.rows, o = at / s.inner / s.rows;
          float sum = 0.0f;
          for (auto e = static_cast<std::size_t>(matrix.numbers[r]);
               e < static_cast<std::size_t>(matrix.numbers[r + 1]); ++e) {
            const auto column = static_cast<std::size_t>(matrix.numbers[s.rows + 1 + e]);
            const auto weight = static_cast<float>(matrix.numbers[s.rows + 1 + matrix.entries + e]);
            const float product = weight * x[(o * s.size + column) * s.inner + i];
            sum = e == static_cast<std::size_t>(matrix.numbers[r]) ? product : sum + product;
          }
          right = right && values[at] == sum;
        }
        CAPTURE(s.outer);
        CAPTURE(threads);
        CHECK(right);
      }
    }
  });
}

TEST_CASE("sparse matrix: misuse") {
  const KernelTable& table = *kernels::available().back();
  Floats x(Random(1).floats(6)), out(4);
  const auto run = [&](const std::vector<double>& matrix, std::size_t size, std::size_t rows, std::size_t entries,
                       std::size_t inner) {
    ops::sparseMatmul(context_of(table, 1), x.in(), out.span(), matrix, 1, size, rows, entries, inner);
  };
  CHECK_NOTHROW(run({0, 1, 2, 0, 2, 1, 1}, 3, 2, 2, 2));
  CHECK_THROWS_AS(run({0, 1, 2, 0, 3, 1, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 2, 0, -1, 1, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 2, 0, 0.5, 1, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 2, 1, 0, 2, 1, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 1, 2, 0, 2, 1, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 1, 0, 2, 1, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 2, 0, 2, 1}, 3, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 2, 0, 2, 1, 1}, 4, 2, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 2, 0, 2, 1, 1}, 3, 2, 2, 3), std::invalid_argument);
  CHECK(out.guards_intact());
}

}  // namespace
}  // namespace lanewise::test
