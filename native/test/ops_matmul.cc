// matmul and linear against double precision, for every orientation, blocking and number of threads.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct MatmulShape {
  std::size_t batch, m, n, k;
};

const MatmulShape kMatmulShapes[] = {
    {1, 1, 1, 1},      {1, 7, 5, 3},       {1, 6, 16, 8},   {1, 13, 33, 17}, {1, 32, 256, 784}, {1, 128, 10, 128},
    {1, 3, 100, 2050}, {1, 131, 257, 300}, {1, 1, 300, 70}, {5, 9, 11, 13},  {3, 64, 65, 40},   {1, 250, 64, 600},
    {2, 4, 5, 0},      {1, 0, 5, 3},       {1, 5, 0, 3},    {0, 3, 3, 3},    {1, 400, 17, 64}};

struct MatmulOperands {
  std::vector<float> a, b;
  std::size_t a_stride, b_stride;
};

MatmulOperands operands(const MatmulShape& s, bool shared_b) {
  Random random(static_cast<std::uint32_t>(s.m * 31 + s.n * 7 + s.k));
  MatmulOperands result{random.floats(s.batch * s.m * s.k), random.floats((shared_b ? 1 : s.batch) * s.k * s.n),
                        s.m * s.k, shared_b ? 0 : s.k * s.n};
  return result;
}

// Every matrix of `values`, each of `rows` by `columns`, the other way round.
std::vector<float> transposed(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
  std::vector<float> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = i % (rows * columns);
    result[i - at + at % columns * rows + at / columns] = values[i];
  }
  return result;
}

// The largest |error| / Σ|a·b| of the product.
double error_of(const MatmulShape& s, const MatmulOperands& o, const std::vector<float>& out) {
  double worst = 0.0;
  for (std::size_t g = 0; g < s.batch; ++g) {
    for (std::size_t i = 0; i < s.m; ++i) {
      for (std::size_t j = 0; j < s.n; ++j) {
        double exact = 0.0, size = 1e-30;
        for (std::size_t p = 0; p < s.k; ++p) {
          const double product = static_cast<double>(o.a[g * o.a_stride + i * s.k + p]) *
                                 static_cast<double>(o.b[g * o.b_stride + p * s.n + j]);
          exact += product;
          size += std::fabs(product);
        }
        const double error = std::fabs(out[(g * s.m + i) * s.n + j] - exact) / size;
        worst = error <= worst ? worst : std::isnan(error) ? static_cast<double>(kInf) : error;
      }
    }
  }
  return worst;
}

TEST_CASE("matmul in every orientation, the same to the bit for 1, 2, 3 and 5 threads") {
  on_each_isa([](const KernelTable& table) {
    for (const MatmulShape& s : kMatmulShapes) {
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      for (const bool shared_b : {false, true}) {
        if (shared_b && s.batch == 1) continue;
        const MatmulOperands o = operands(s, shared_b);
        Floats plain_a(o.a), plain_b(o.b), expected(s.batch * s.m * s.n);
        ops::matmul(context_of(table), plain_a.in(), plain_b.in(), expected.span(), s.batch, s.m, s.n, s.k, false,
                    false, o.a_stride, o.b_stride);
        CHECK(error_of(s, o, expected.values()) < 2e-6);
        for (const bool trans_a : {false, true}) {
          for (const bool trans_b : {false, true}) {
            CAPTURE(trans_a);
            CAPTURE(trans_b);
            Floats a(trans_a ? transposed(o.a, s.m, s.k) : o.a), b(trans_b ? transposed(o.b, s.k, s.n) : o.b);
            for (const std::size_t threads : {1, 2, 3, 5}) {
              Floats out(expected.size());
              ops::matmul(context_of(table, threads), a.in(), b.in(), out.span(), s.batch, s.m, s.n, s.k, trans_a,
                          trans_b, o.a_stride, o.b_stride);
              CHECK(out.guards_intact());
              CHECK(same_bits(expected.values(), out.values()));
            }
          }
        }
      }
    }
  });
}

TEST_CASE("linear is matmul with the bias as the start") {
  on_each_isa([](const KernelTable& table) {
    for (const MatmulShape& s : kMatmulShapes) {
      if (s.batch != 1) continue;
      const MatmulOperands o = operands(s, false);
      Floats x(o.a), weight(o.b), bias(Random(5).floats(s.n));
      std::vector<float> first;
      for (const std::size_t threads : kThreadCounts) {
        Floats plain(s.m * s.n), product(s.m * s.n), out(s.m * s.n);
        const ops::Context context = context_of(table, threads);
        ops::linear(context, x.in(), weight.in(), std::nullopt, plain.span(), s.m, s.k, s.n);
        ops::matmul(context, x.in(), weight.in(), product.span(), 1, s.m, s.n, s.k, false, true, 0, 0);
        CHECK(same_bits(plain.values(), product.values()));
        ops::linear(context, x.in(), weight.in(), bias.in(), out.span(), s.m, s.k, s.n);
        bool near = out.guards_intact();
        for (std::size_t i = 0; i < out.size(); ++i) {
          near = near && std::fabs(out[i] - (plain[i] + bias[i % s.n])) < 1e-4f;
        }
        CHECK(near);
        if (threads == 1) first = out.values();
        CHECK(same_bits(first, out.values()));
      }
    }
  });
}

TEST_CASE("operands without elements, which JavaScript hands over as null, add up to nothing") {
  on_each_isa([](const KernelTable& table) {
    for (const bool trans_a : {false, true}) {
      for (const bool trans_b : {false, true}) {
        Floats product(2 * 5 * 70), out(5 * 70);
        ops::matmul(context_of(table), {}, {}, product.span(), 2, 5, 70, 0, trans_a, trans_b, 3, 3);
        ops::linear(context_of(table), {}, {}, std::nullopt, out.span(), 5, 0, 70);
        CHECK(same_bits(product.values(), std::vector<float>(product.size(), 0.0f)));
        CHECK(same_bits(out.values(), std::vector<float>(out.size(), 0.0f)));
        CHECK((product.guards_intact() && out.guards_intact()));
      }
    }
  });
}

TEST_CASE("NaN and infinity reach exactly the outputs that they belong to") {
  on_each_isa([](const KernelTable& table) {
    Floats a(std::vector<float>(9 * 20, 1.0f)), b(std::vector<float>(20 * 19, 0.0f)), out(9 * 19);
    a[4 * 20 + 3] = kNan;
    b[7 * 19 + 18] = kInf;
    ops::matmul(context_of(table), a.in(), b.in(), out.span(), 1, 9, 19, 20, false, false, 0, 0);
    for (std::size_t i = 0; i < 9; ++i) {
      for (std::size_t j = 0; j < 19; ++j) {
        const float c = out[i * 19 + j];
        CHECK((i == 4 ? std::isnan(c) : j == 18 ? c == kInf : c == 0.0f));
      }
    }
  });
}

TEST_CASE("lengths that do not fit are refused and nothing is written") {
  const KernelTable& table = *kernels::available().back();
  Floats a(Random(1).floats(12)), b(Random(2).floats(20)), out(15);
  const ops::Context context = context_of(table);
  const auto matmul = [&](std::size_t batch, std::size_t m, std::size_t n, std::size_t k, std::size_t stride) {
    ops::matmul(context, a.in(), b.in(), out.span(), batch, m, n, k, false, false, stride, stride);
  };
  CHECK_THROWS_WITH_AS(matmul(1, 3, 5, 5, 0), "matmul: a needs 15 elements, got 12", std::invalid_argument);
  CHECK_THROWS_WITH_AS(matmul(1, 2, 6, 4, 0), "matmul: b needs 24 elements, got 20", std::invalid_argument);
  CHECK_THROWS_WITH_AS(matmul(1, 4, 5, 3, 0), "matmul: out needs 20 elements, got 15", std::invalid_argument);
  CHECK_THROWS_AS(matmul(2, 1, 5, 4, 17), std::invalid_argument);
  CHECK_THROWS_AS(matmul(1, SIZE_MAX / 2, 5, 3, 0), std::overflow_error);
  CHECK_THROWS_AS(matmul(4, 1, 1, 1, SIZE_MAX / 2), std::overflow_error);
  const auto linear = [&](std::size_t rows, std::size_t in, std::size_t of, std::optional<ops::FloatIn> bias) {
    ops::linear(context, a.in(), b.in(), bias, out.span(), rows, in, of);
  };
  CHECK_THROWS_WITH_AS(linear(5, 3, 3, std::nullopt), "linear: x needs 15 elements, got 12", std::invalid_argument);
  CHECK_THROWS_AS(linear(1, 3, 7, std::nullopt), std::invalid_argument);
  CHECK_THROWS_WITH_AS(linear(3, 4, 5, b.in().first(4)), "linear: bias needs 5 elements, got 4", std::invalid_argument);
  CHECK(out.untouched());
}

}  // namespace
}  // namespace lanewise::test
