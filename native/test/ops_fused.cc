// The ops of programs against the sequences of ops that they stand for: the same bits, with weights row by row and in
// panels, for any number of threads.
#include <stdexcept>

#include "../ops/finite.h"
#include "../ops/ops.h"
#include "../ops/panels.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct Shape {
  std::size_t rows, in, out;
};

// Around tiles and panels; beyond one block of k (1024 lines forward, 256 in the weight's gradient), of rows, and of
// panels; a single output; nothing at all. Small otherwise, since they also run emulated.
const Shape kShapes[] = {{1, 1, 1},       {7, 5, 17},      {6, 16, 16}, {13, 33, 31}, {32, 300, 96},  {128, 128, 10},
                         {33, 100, 50},   {3, 1100, 70},   {70, 9, 1},  {70, 1, 9},   {700, 16, 400}, {700, 400, 8},
                         {130, 1000, 20}, {130, 20, 1000}, {0, 5, 7},   {5, 0, 7},    {5, 7, 0}};

std::vector<float> packed(const ops::Context& context, const std::vector<float>& rows, const Shape& s) {
  std::vector<float> panels(ops::panels_length(context, s.out, s.in), kNan);
  ops::pack_panels(context, rows, panels, s.out, s.in);
  return panels;
}

std::vector<float> unpacked(const ops::Context& context, const std::vector<float>& panels, const Shape& s) {
  std::vector<float> rows(s.out * s.in, kNan);
  ops::unpack_panels(context, panels, rows, s.out, s.in);
  return rows;
}

// A weight in the layout that an op is asked to use.
std::vector<float> laid_out(const ops::Context& context, const std::vector<float>& rows, const Shape& s, bool panels) {
  return panels ? packed(context, rows, s) : rows;
}
std::vector<float> row_major(const ops::Context& context, const std::vector<float>& values, const Shape& s,
                             bool panels) {
  return panels ? unpacked(context, values, s) : values;
}

template <typename Body>
void on_each_layout_and_thread_count(const KernelTable& table, const Body& body) {
  for (const bool panels : {false, true}) {
    for (const std::size_t threads : kThreadCounts) {
      CAPTURE(panels);
      CAPTURE(threads);
      body(context_of(table, threads), panels);
    }
  }
}

TEST_CASE("panels hold the weight's columns side by side, zeros behind them, and give it back") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr;
    for (const Shape& s : kShapes) {
      const std::vector<float> rows = Random(1).floats(s.out * s.in);
      for (const std::size_t threads : {1, 3}) {
        const ops::Context context = context_of(table, threads);
        const std::vector<float> panels = packed(context, rows, s);
        bool right = panels.size() == (s.out + nr - 1) / nr * nr * s.in;
        for (std::size_t at = 0; at < panels.size(); ++at) {
          const std::size_t o = at / (nr * s.in) * nr + at % nr, i = at / nr % s.in;
          right = right && panels[at] == (o < s.out ? rows[o * s.in + i] : 0.0f);
        }
        CHECK(right);
        CHECK(same_bits(unpacked(context, panels, s), rows));
      }
    }
  });
}

struct Activation {
  bool bias, relu, mask;
  double p;
};

TEST_CASE("linearActivation has the bits of linear, relu and dropout in sequence") {
  on_each_isa([](const KernelTable& table) {
    Ints key(std::vector<std::int32_t>{static_cast<std::int32_t>(2414563044u), 1870483892});
    for (const Shape& s : kShapes) {
      Random random(static_cast<std::uint32_t>(s.rows + s.in * 3 + s.out * 7));
      Floats x(random.floats(s.rows * s.in)), bias(random.floats(s.out));
      if (x.size() > 2) x[2] = kNan;
      const std::vector<float> rows = random.floats(s.out * s.in);
      for (const Activation& test : {Activation{true, false, false, 0}, Activation{false, true, false, 0},
                                     Activation{true, true, true, 0.5}, Activation{true, false, true, 0.1},
                                     Activation{true, true, true, 1.0}, Activation{false, true, true, 0.0}}) {
        const auto bias_in = test.bias ? std::optional(bias.in()) : std::nullopt;
        const std::size_t n = s.rows * s.out, offset = 11;
        Floats expected(n);
        const ops::Context plain = context_of(table);
        ops::linear(plain, x.in(), rows, bias_in, expected.span(), s.rows, s.in, s.out);
        if (test.relu) ops::relu(plain, expected.in(), expected.span(), n);
        if (test.mask) {
          ops::dropout(plain, expected.in(), key.in(), expected.span(), s.rows, s.out, test.p, offset);
        }
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          Floats weight(laid_out(context, rows, s, panels)), out(n);
          ops::linearActivation(context, x.in(), weight.in(), bias_in,
                                test.mask ? std::optional(key.in()) : std::nullopt, out.span(), s.rows, s.in, s.out,
                                test.relu, test.p, offset, panels);
          CHECK(same_bits(out.values(), expected.values()));
          CHECK(out.guards_intact());
        });
      }
    }
  });
}

TEST_CASE("linearInputGradient has the bits of matmul, the mask and sum in sequence") {
  on_each_isa([](const KernelTable& table) {
    for (const Shape& s : kShapes) {
      Random random(static_cast<std::uint32_t>(s.rows * 5 + s.in + s.out));
      const std::size_t n = s.rows * s.in;
      Floats grad(random.floats(s.rows * s.out)), y(random.floats(n));
      for (std::size_t i = 0; i < n; i += 7) y[i] = i % 2 == 0 ? 0.0f : i % 3 == 0 ? -0.0f : kNan;
      const std::vector<float> rows = random.floats(s.out * s.in);
      for (const bool masked : {false, true}) {
        const float scale = masked ? 65536.0f / 58982.0f : 1.0f;
        const ops::Context plain = context_of(table);
        Floats expected(n), bias(s.in);
        ops::matmul(plain, grad.in(), rows, expected.span(), 1, s.rows, s.in, s.out, false, false, 0, 0);
        if (masked) {
          for (std::size_t i = 0; i < n; ++i) expected[i] = y[i] <= 0.0f ? 0.0f : expected[i] * scale;
        }
        ops::sum(plain, expected.in(), bias.span(), 1, s.rows, s.in);
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          Floats weight(laid_out(context, rows, s, panels)), out(n), bias_grad(s.in);
          ops::linearInputGradient(context, grad.in(), weight.in(), masked ? std::optional(y.in()) : std::nullopt,
                                   out.span(), bias_grad.span(), s.rows, s.in, s.out, scale, panels);
          CHECK(same_bits(out.values(), expected.values()));
          CHECK(same_bits(bias_grad.values(), bias.values()));
          CHECK((out.guards_intact() && bias_grad.guards_intact()));
        });
      }
    }
  });
}

// gradᵀ·x as the op matmul gives it.
std::vector<float> weight_gradient(const KernelTable& table, Floats& grad, Floats& x, const Shape& s) {
  std::vector<float> result(s.out * s.in);
  ops::matmul(context_of(table), grad.in(), x.in(), result, 1, s.out, s.in, s.rows, true, false, 0, 0);
  return result;
}

TEST_CASE("linearWeightSgd has the bits of matmul and sgd in sequence, step by step") {
  on_each_isa([](const KernelTable& table) {
    for (const Shape& s : kShapes) {
      Random random(static_cast<std::uint32_t>(s.rows + s.in * 11 + s.out));
      const std::size_t n = s.out * s.in;
      Floats grad(random.floats(s.rows * s.out)), x(random.floats(s.rows * s.in));
      const std::vector<float> start = random.floats(n), gradient = weight_gradient(table, grad, x, s);
      for (const bool momentum : {false, true}) {
        const double mu = momentum ? 0.9 : 0.0, decay = momentum ? 0.01 : 0.0;
        Floats param(start), buffer(n);
        Ints step(std::vector<std::int32_t>{0});
        for (int t = 0; t < 2; ++t) {
          ops::sgd(context_of(table), param.span(), gradient, momentum ? std::optional(buffer.span()) : std::nullopt,
                   momentum ? std::optional(step.span()) : std::nullopt, n, 0.1, mu, 0.3, decay, momentum);
        }
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          Floats weight(laid_out(context, start, s, panels)), velocity(weight.size());
          Ints count(std::vector<std::int32_t>{0});
          for (int t = 0; t < 2; ++t) {
            ops::linearWeightSgd(context, grad.in(), x.in(), weight.span(),
                                 momentum ? std::optional(velocity.span()) : std::nullopt,
                                 momentum ? std::optional(count.span()) : std::nullopt, s.rows, s.in, s.out, 0.1, mu,
                                 0.3, decay, momentum, panels);
          }
          CHECK(same_bits(row_major(context, weight.values(), s, panels), param.values()));
          CHECK(count[0] == (momentum ? 2 : 0));
          if (momentum) {
            CHECK(same_bits(row_major(context, velocity.values(), s, panels), buffer.values()));
          } else {
            CHECK(velocity.untouched());
          }
          CHECK((weight.guards_intact() && velocity.guards_intact()));
        });
      }
    }
  });
}

TEST_CASE("linearWeightAdam has the bits of matmul and adam in sequence, step by step") {
  on_each_isa([](const KernelTable& table) {
    for (const Shape& s : kShapes) {
      Random random(static_cast<std::uint32_t>(s.rows + s.in + s.out * 13));
      const std::size_t n = s.out * s.in;
      Floats grad(random.floats(s.rows * s.out)), x(random.floats(s.rows * s.in));
      const std::vector<float> start = random.floats(n), gradient = weight_gradient(table, grad, x, s);
      for (const bool amsgrad : {false, true}) {
        const bool decoupled = amsgrad;
        Floats param(start), m(std::vector<float>(n, 0.0f)), v(std::vector<float>(n, 0.0f)),
            max_v(std::vector<float>(n, 0.0f));
        Ints step(std::vector<std::int32_t>{0});
        for (int t = 0; t < 2; ++t) {
          ops::adam(context_of(table), param.span(), gradient, m.span(), v.span(),
                    amsgrad ? std::optional(max_v.span()) : std::nullopt, step.span(), n, 0.01, 0.9, 0.999, 1e-8, 0.02,
                    decoupled);
        }
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          Floats weight(laid_out(context, start, s, panels));
          const std::vector<float> zeros(weight.size(), 0.0f);
          Floats first(zeros), second(zeros), largest(zeros);
          Ints count(std::vector<std::int32_t>{0});
          for (int t = 0; t < 2; ++t) {
            ops::linearWeightAdam(context, grad.in(), x.in(), weight.span(), first.span(), second.span(),
                                  amsgrad ? std::optional(largest.span()) : std::nullopt, count.span(), s.rows, s.in,
                                  s.out, 0.01, 0.9, 0.999, 1e-8, 0.02, decoupled, panels);
          }
          CHECK(same_bits(row_major(context, weight.values(), s, panels), param.values()));
          CHECK(same_bits(row_major(context, first.values(), s, panels), m.values()));
          CHECK(same_bits(row_major(context, second.values(), s, panels), v.values()));
          CHECK(same_bits(row_major(context, largest.values(), s, panels), max_v.values()));
          CHECK(count[0] == 2);
          CHECK((weight.guards_intact() && first.guards_intact() && second.guards_intact()));
        });
      }
    }
  });
}

TEST_CASE("crossEntropyTrain has the bits of crossEntropy, crossEntropyBackward and sum") {
  on_each_isa([](const KernelTable& table) {
    for (const Shape& s : {Shape{1, 0, 1}, Shape{7, 0, 3}, Shape{32, 0, 10}, Shape{64, 0, 33}, Shape{5000, 0, 17}}) {
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

TEST_CASE("all_finite finds a single NaN or infinity anywhere") {
  on_each_isa([](const KernelTable& table) {
    const ops::Context context = context_of(table);
    for (const std::size_t n : odd_sizes()) {
      Floats x(Random(7).floats(n, -1e38f, 1e38f));
      CHECK(ops::all_finite(context, x.in()));
      for (const float bad : {kNan, kInf, -kInf}) {
        for (std::size_t i = 0; i < n; i += 1 + n / 40) {
          const float before = x[i];
          x[i] = bad;
          CHECK(!ops::all_finite(context, x.in()));
          x[i] = before;
        }
      }
    }
  });
}

TEST_CASE("ops of programs refuse what does not fit and change nothing") {
  on_each_isa([](const KernelTable& table) {
    const ops::Context context = context_of(table);
    const std::size_t nr = table.gemm_nr;
    Floats a(Random(1).floats(20)), weight(Random(2).floats(nr * 4 - 1)), out(20), bias(4), memory(nr * 4 - 1);
    Ints key(std::vector<std::int32_t>{1, 2}), step(std::vector<std::int32_t>{0});
    const auto forward = [&](std::size_t rows, std::size_t in, std::size_t of, bool panels, double p = 0.5) {
      ops::linearActivation(context, a.in(), weight.in(), std::nullopt, key.in(), out.span(), rows, in, of, true, p, 0,
                            panels);
    };
    CHECK_THROWS_WITH_AS(forward(6, 4, 3, false), "linearActivation: x needs 24 elements, got 20",
                         std::invalid_argument);
    CHECK_THROWS_AS(forward(2, 4, 1, true), std::invalid_argument);  // panels are padded: one element is missing
    CHECK_THROWS_AS(forward(5, 1, 5, false), std::invalid_argument);
    CHECK_THROWS_AS(forward(2, 2, 2, false, 1.5), std::invalid_argument);
    CHECK_THROWS_AS(forward(3, SIZE_MAX / 2, 5, true), std::overflow_error);
    CHECK_THROWS_AS(ops::linearActivation(context, a.in(), weight.in(), bias.in(), std::nullopt, out.span(), 1, 1, 5,
                                          true, 0.0, 0, false),
                    std::invalid_argument);
    const auto back = [&](ops::FloatIn y, ops::FloatOut sums) {
      ops::linearInputGradient(context, a.in(), weight.in(), y, out.span(), sums, 2, 4, 3, 1.0, false);
    };
    CHECK_THROWS_WITH_AS(back(a.in().first(7), bias.span()), "linearInputGradient: y needs 8 elements, got 7",
                         std::invalid_argument);
    CHECK_THROWS_AS(back(a.in(), bias.span().first(3)), std::invalid_argument);
    const auto sgd = [&](bool panels, std::optional<ops::FloatOut> buffer, std::optional<ops::IndexOut> count) {
      ops::linearWeightSgd(context, a.in(), a.in(), memory.span(), buffer, count, 2, 4, 1, 0.1, 0.9, 0.0, 0.0, false,
                           panels);
    };
    CHECK_THROWS_AS(sgd(true, std::nullopt, std::nullopt), std::invalid_argument);
    CHECK_THROWS_AS(sgd(false, bias.span(), std::nullopt), std::invalid_argument);
    CHECK_THROWS_AS(sgd(false, bias.span().first(3), step.span()), std::invalid_argument);
    CHECK_THROWS_AS(ops::linearWeightAdam(context, a.in(), a.in(), memory.span(), bias.span(), bias.span().first(3),
                                          std::nullopt, step.span(), 2, 4, 1, 0.1, 0.9, 0.9, 0.1, 0.0, false, false),
                    std::invalid_argument);
    Ints target(std::vector<std::int32_t>{0, 3});
    CHECK_THROWS_AS(ops::crossEntropyTrain(context, a.in(), a.in(), target.in(), std::nullopt, bias.span(), out.span(),
                                           std::nullopt, std::nullopt, std::nullopt, 2, 3, -100, 0.0, 1),
                    std::invalid_argument);
    target[1] = 2;
    CHECK_THROWS_AS(ops::crossEntropyTrain(context, a.in(), a.in(), target.in(), std::nullopt, bias.span(), out.span(),
                                           std::nullopt, std::nullopt, std::nullopt, 2, 3, -100, 0.0, 0),
                    std::invalid_argument);
    CHECK((out.untouched() && bias.untouched() && memory.untouched()));
    CHECK(step[0] == 0);
  });
}

}  // namespace
}  // namespace lanewise::test
