// GEMM's kernels: every number of rows and columns of a tile, both orders of A, packed and unpacked B.
#include "arithmetic.h"

namespace lanewise::test {
namespace {

TEST_CASE("panels hold the columns, with zeros behind them") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr;
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, nr - 1, nr, nr + 1, std::size_t{37}}) {
      for (std::size_t columns = 1; columns <= nr; ++columns) {
        CAPTURE(k);
        CAPTURE(columns);
        Floats by_rows(Random(1).floats(k * (columns + 3))), by_columns(Random(2).floats(columns * (k + 5)));
        Floats from_rows(k * nr), from_columns(k * nr);
        table.pack_rows(by_rows.data(), columns + 3, k, columns, from_rows.data());
        table.pack_columns(by_columns.data(), k + 5, k, columns, from_columns.data());
        bool right = from_rows.guards_intact() && from_columns.guards_intact();
        for (std::size_t p = 0; p < k; ++p) {
          for (std::size_t j = 0; j < nr; ++j) {
            right = right && from_rows[p * nr + j] == (j < columns ? by_rows[p * (columns + 3) + j] : 0.0f);
            right = right && from_columns[p * nr + j] == (j < columns ? by_columns[j * (k + 5) + p] : 0.0f);
          }
        }
        CHECK(right);
      }
    }
  });
}

struct PanelCase {
  std::size_t rows, columns, k;
  bool dense_rows;       // of A
  std::size_t b_stride;  // 0: a packed panel
  int start;             // 0 none, 1 a bias, 2 what C holds
};

// One accumulator, k ascending, fused where the instruction set is.
float expected(const KernelTable& table, const PanelCase& test, const float* a, std::size_t a_k, const float* b,
               std::size_t b_stride, float start) {
  float sum = start;
  for (std::size_t p = 0; p < test.k; ++p) {
    const float x = a[p * a_k], y = b[p * b_stride];
    if (has_fma(table)) {
      sum = std::fma(x, y, sum);
    } else {
      const float product = x * y;
      sum += product;
    }
  }
  return sum;
}

void check_panel(const KernelTable& table, const PanelCase& test) {
  const std::size_t nr = table.gemm_nr, b_stride = test.b_stride == 0 ? nr : test.b_stride;
  const std::size_t a_row = test.dense_rows ? test.k + 3 : 1, a_k = test.dense_rows ? 1 : test.rows + 2;
  Floats a(Random(1).floats(test.rows * a_row + test.k * a_k + 1)), b(Random(2).floats((test.k + 1) * b_stride));
  Floats bias(Random(3).floats(test.columns));
  const std::size_t c_stride = test.columns + 7;
  const std::vector<float> before = Random(4).floats(test.rows * c_stride);
  Floats c(test.rows * c_stride);
  if (test.start == 2) std::copy(before.begin(), before.end(), c.data());
  const float* start = test.start == 0 ? nullptr : test.start == 1 ? bias.data() : c.data();
  table.gemm_panel(a.data(), a_row, a_k, test.rows, b.data(), b_stride, test.k, start, test.start == 2 ? c_stride : 0,
                   c.data(), c_stride, test.columns);
  bool right = c.guards_intact(), others_kept = true;
  for (std::size_t i = 0; i < test.rows; ++i) {
    for (std::size_t j = 0; j < c_stride; ++j) {
      const float actual = c[i * c_stride + j];
      if (j >= test.columns) {
        others_kept = others_kept && (test.start == 2 ? actual == before[i * c_stride + j] : std::isnan(actual));
        continue;
      }
      const float from = test.start == 0 ? 0.0f : test.start == 1 ? bias[j] : before[i * c_stride + j];
      right =
          right && same_bits(actual, expected(table, test, a.data() + i * a_row, a_k, b.data() + j, b_stride, from));
    }
  }
  CAPTURE(test.rows);
  CAPTURE(test.columns);
  CAPTURE(test.k);
  CAPTURE(test.dense_rows);
  CAPTURE(test.start);
  CHECK(right);
  CHECK(others_kept);
}

TEST_CASE("gemm_panel is to the bit one accumulator with k ascending") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr, mr = table.gemm_mr;
    for (std::size_t rows = 0; rows <= 2 * mr + 1; ++rows) {
      for (const bool dense_rows : {true, false}) {
        for (const int start : {0, 1, 2}) {
          for (const std::size_t k : {0, 1, 4, 7, 8, 9, 37}) {
            for (const std::size_t columns : {std::size_t{1}, nr - 1, nr}) {
              check_panel(table, {rows, columns, k, dense_rows, 0, start});
            }
            check_panel(table, {rows, nr, k, dense_rows, nr + 9, start});
          }
        }
      }
    }
    check_panel(table, {5 * mr + 2, nr, 300, true, 0, 1});
  });
}

TEST_CASE("gemm_row is gemm_panel for one row, to the bit") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr;
    for (const std::size_t k : {0, 1, 37}) {
      for (std::size_t count = 0; count <= 9; ++count) {
        Floats a(Random(1).floats(k)), panels(Random(2).floats(count * k * nr)), bias(Random(3).floats(count * nr));
        for (const float* start : {static_cast<const float*>(nullptr), static_cast<const float*>(bias.data())}) {
          Floats row(count * nr), expected(count * nr);
          table.gemm_row(a.data(), panels.data(), count, k, start, row.data());
          for (std::size_t j = 0; j < count; ++j) {
            table.gemm_panel(a.data(), 1, 1, 1, panels.data() + j * k * nr, nr, k,
                             start == nullptr ? nullptr : start + j * nr, 0, expected.data() + j * nr, nr, nr);
          }
          CAPTURE(k);
          CAPTURE(count);
          CHECK(same_bits(row.values(), expected.values()));
          CHECK(row.guards_intact());
        }
      }
    }
  });
}

TEST_CASE("pack_tiles puts each tile's lines one behind the other") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t mr = table.gemm_mr;
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{9}}) {
      for (std::size_t rows = 0; rows <= 3 * mr + 1; ++rows) {
        const std::size_t tiles = (rows + mr - 1) / mr, apart = k * mr + 16, stride = rows + 3;
        Floats a(Random(1).floats(k * stride)), packed(tiles * apart);
        table.pack_tiles(a.data(), stride, k, rows, packed.data());
        bool right = packed.guards_intact();
        std::size_t row = 0;
        for (std::size_t t = 0; t < tiles; ++t) {
          const std::size_t share = rows / tiles + (t < rows % tiles ? 1 : 0);
          for (std::size_t p = 0; p < k; ++p) {
            for (std::size_t i = 0; i < share; ++i) {
              right = right && packed[t * apart + p * mr + i] == a[p * stride + row + i];
            }
          }
          row += share;
        }
        CAPTURE(k);
        CAPTURE(rows);
        CHECK(right);
        CHECK(row == rows);
      }
    }
  });
}

// gemm_outer must be gemm_panel, and then the step of the kernel sgd.
void check_outer(const KernelTable& table, std::size_t rows, std::size_t k, bool tiled, bool starts, bool descends) {
  const std::size_t nr = table.gemm_nr, mr = table.gemm_mr, stride = rows + 3, c_stride = nr + 5;
  Floats a(Random(1).floats(k * stride + 1)), b(Random(2).floats(k * nr));
  Floats start(Random(3).floats(rows * c_stride)), sums(rows * c_stride);
  const std::vector<float> before = Random(4).floats(rows * c_stride);
  Floats c(rows * c_stride), param(rows * c_stride);
  std::copy(before.begin(), before.end(), c.data());
  std::copy(before.begin(), before.end(), param.data());
  Floats packed((rows + mr - 1) / mr * (k * mr + 16));
  if (tiled) table.pack_tiles(a.data(), stride, k, rows, packed.data());
  const float lr = 0.3f, *from = starts ? start.data() : nullptr;
  table.gemm_outer(tiled ? packed.data() : a.data(), stride, tiled, rows, b.data(), k, from, c.data(), c_stride,
                   descends ? &lr : nullptr);
  table.gemm_panel(a.data(), 1, stride, rows, b.data(), nr, k, from, c_stride, sums.data(), c_stride, nr);
  bool right = c.guards_intact(), others_kept = true;
  for (std::size_t i = 0; i < rows; ++i) {
    float *const row = param.data() + i * c_stride, *const sum = sums.data() + i * c_stride;
    if (descends) {
      table.sgd(row, sum, nullptr, nr, lr, 0.0f, 1.0f, 0.0f, false, false);
    } else {
      std::copy_n(sum, nr, row);
    }
    for (std::size_t j = 0; j < c_stride; ++j) {
      const float actual = c[i * c_stride + j];
      if (j < nr) {
        right = right && same_bits(actual, row[j]);
      } else {
        others_kept = others_kept && actual == before[i * c_stride + j];
      }
    }
  }
  CAPTURE(rows);
  CAPTURE(k);
  CAPTURE(tiled);
  CAPTURE(starts);
  CAPTURE(descends);
  CHECK(right);
  CHECK(others_kept);
}

TEST_CASE("gemm_outer is gemm_panel, and a step of sgd where it descends, to the bit") {
  on_each_isa([](const KernelTable& table) {
    for (std::size_t rows = 0; rows <= 2 * table.gemm_mr + 1; ++rows) {
      for (const std::size_t k : {0, 1, 7, 8, 9, 37}) {
        for (const bool tiled : {false, true}) {
          for (const bool starts : {false, true}) {
            for (const bool descends : {false, true}) check_outer(table, rows, k, tiled, starts, descends);
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace lanewise::test
