// Recurrent layers: the same bits for any number of threads and rows at once, nothing beyond the outputs, misuse.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct RecurrentShape {
  std::size_t steps, rows, inputs, units;
};

const RecurrentShape kRecurrentShapes[] = {{1, 1, 1, 1},    {3, 1, 5, 33}, {4, 7, 3, 16},
                                           {5, 70, 17, 31}, {2, 8, 9, 64}, {3, 33, 4, 1}};

std::size_t saved_lines(std::size_t gates) { return gates == 4 ? 6 : gates == 3 ? 4 : 0; }

struct Results {
  Floats out, hidden, cell, previous, saved, gates, hidden_gates, grad_hidden, grad_cell;

  Results(const RecurrentShape& s, std::size_t g)
      : out(s.steps * s.rows * s.units),
        hidden(s.rows * s.units),
        cell(s.rows * s.units),
        previous(s.steps * s.rows * s.units),
        saved(s.steps * s.rows * s.units * saved_lines(g)),
        gates(s.steps * s.rows * s.units * g),
        hidden_gates(s.steps * s.rows * s.units * g),
        grad_hidden(s.rows * s.units),
        grad_cell(s.rows * s.units) {}

  std::vector<Floats*> all(std::size_t g) {
    std::vector<Floats*> written{&out, &hidden, &previous, &gates, &grad_hidden};
    if (g != 1) written.push_back(&saved);
    if (g == 3) written.push_back(&hidden_gates);
    if (g == 4) written.insert(written.end(), {&cell, &grad_cell});
    return written;
  }
};

void run(const ops::Context& context, const RecurrentShape& s, std::size_t g, bool reverse,
         std::optional<ops::IndexIn> lengths, Results& r) {
  Floats x(Random(1).floats(s.steps * s.rows * s.inputs)), first(Random(2).floats(s.rows * s.units));
  Floats cell(Random(3).floats(s.rows * s.units)), grad(Random(4).floats(s.steps * s.rows * s.units));
  Floats ih(Random(5).floats(g * s.units * s.inputs, -0.3f, 0.3f));
  Floats hh(Random(6).floats(g * s.units * s.units, -0.3f, 0.3f)), bias(Random(7).floats(g * s.units));
  const bool lstm = g == 4, gru = g == 3;
  const auto in = [](bool is, Floats& of) { return is ? std::optional<ops::FloatIn>(of.in()) : std::nullopt; };
  const auto out = [](bool is, Floats& of) { return is ? std::optional<ops::FloatOut>(of.span()) : std::nullopt; };
  ops::recurrent(context, x.in(), first.in(), in(lstm, cell), ih.in(), hh.in(), bias.in(), std::nullopt, lengths,
                 r.out.span(), r.hidden.span(), out(lstm, r.cell), r.previous.span(), out(g != 1, r.saved), s.steps,
                 s.rows, s.inputs, s.units, g, false, reverse);
  ops::recurrentBackward(context, grad.in(), first.in(), in(lstm, cell), hh.in(), lengths, r.out.in(), r.previous.in(),
                         in(g != 1, r.saved), r.gates.span(), out(gru, r.hidden_gates), r.grad_hidden.span(),
                         out(lstm, r.grad_cell), s.steps, s.rows, s.units, g, false, reverse);
}

TEST_CASE("a recurrent layer and its gradient by rows and threads") {
  on_each_isa([](const KernelTable& table) {
    for (const RecurrentShape& s : kRecurrentShapes) {
      for (const std::size_t g : {1, 3, 4}) {
        std::vector<std::int32_t> lengths(s.rows);
        for (std::size_t row = 0; row < s.rows; ++row) lengths[row] = static_cast<std::int32_t>(1 + row % s.steps);
        for (const bool with_lengths : {false, true}) {
          const auto given = with_lengths ? std::optional<ops::IndexIn>(lengths) : std::nullopt;
          Results one(s, g);
          run(context_of(table, 1), s, g, with_lengths, given, one);
          for (const std::size_t threads : kThreadCounts) {
            Results many(s, g);
            run(context_of(table, threads), s, g, with_lengths, given, many);
            const auto expected = one.all(g), got = many.all(g);
            for (std::size_t i = 0; i < got.size(); ++i) {
              CHECK(got[i]->guards_intact());
              CHECK(same_bits(expected[i]->values(), got[i]->values()));
            }
          }
        }
      }
    }
  });
}

// A row by itself goes another way than a row among others: its products with x are made ahead.
TEST_CASE("a recurrent layer gives a row what it gives the same row among others") {
  on_each_isa([](const KernelTable& table) {
    constexpr std::size_t kSteps = 4, kRows = 9, kInputs = 5, kUnits = 35;
    for (const std::size_t g : {1, 3, 4}) {
      Floats x(Random(1).floats(kSteps * kRows * kInputs)), zero(std::vector<float>(kRows * kUnits, 0.0f));
      Floats ih(Random(2).floats(g * kUnits * kInputs)), hh(Random(3).floats(g * kUnits * kUnits, -0.2f, 0.2f));
      Floats bias(Random(4).floats(g * kUnits));
      const auto layer = [&](Floats& input, std::size_t rows) {
        Floats out(kSteps * rows * kUnits), hidden(rows * kUnits), cell(rows * kUnits);
        const bool lstm = g == 4;
        ops::recurrent(context_of(table), input.in(), zero.in(),
                       lstm ? std::optional<ops::FloatIn>(zero.in()) : std::nullopt, ih.in(), hh.in(), bias.in(),
                       bias.in(), std::nullopt, out.span(), hidden.span(),
                       lstm ? std::optional<ops::FloatOut>(cell.span()) : std::nullopt, std::nullopt, std::nullopt,
                       kSteps, rows, kInputs, kUnits, g, false, false);
        return out.values();
      };
      const std::vector<float> all = layer(x, kRows);
      for (std::size_t row = 0; row < kRows; row += 4) {
        std::vector<float> alone(kSteps * kInputs), expected(kSteps * kUnits);
        for (std::size_t t = 0; t < kSteps; ++t) {
          for (std::size_t i = 0; i < kInputs; ++i) alone[t * kInputs + i] = x[(t * kRows + row) * kInputs + i];
          for (std::size_t u = 0; u < kUnits; ++u) expected[t * kUnits + u] = all[(t * kRows + row) * kUnits + u];
        }
        Floats single(alone);
        CHECK(same_bits(expected, layer(single, 1)));
      }
    }
  });
}

TEST_CASE("a recurrent layer refuses what does not fit, and writes nothing") {
  const KernelTable& table = *kernels::available().back();
  Floats x(std::vector<float>(6, 1.0f)), state(std::vector<float>(4, 0.0f)), weight(std::vector<float>(64, 0.1f));
  Floats out(12), hidden(4), cell(4);
  const auto call = [&](std::size_t gates, std::optional<ops::IndexIn> lengths, ops::FloatIn input, bool with_cell) {
    ops::recurrent(context_of(table), input, state.in(),
                   with_cell ? std::optional<ops::FloatIn>(state.in()) : std::nullopt, weight.in(), weight.in(),
                   std::nullopt, std::nullopt, lengths, out.span(), hidden.span(),
                   with_cell ? std::optional<ops::FloatOut>(cell.span()) : std::nullopt, std::nullopt, std::nullopt, 3,
                   2, 1, 2, gates, false, false);
  };
  const std::vector<float> before = out.values();
  const std::vector<std::int32_t> zero{0, 1}, long_one{4, 1}, few{1};
  CHECK_THROWS_AS(call(2, std::nullopt, x.in(), false), std::invalid_argument);
  CHECK_THROWS_AS(call(4, std::nullopt, x.in(), false), std::invalid_argument);
  CHECK_THROWS_AS(call(1, std::nullopt, x.in().first(5), false), std::invalid_argument);
  for (const auto& lengths : {zero, long_one, few}) {
    CHECK_THROWS_AS(call(1, lengths, x.in(), false), std::invalid_argument);
  }
  CHECK(same_bits(before, out.values()));
  call(4, std::nullopt, x.in(), true);
  CHECK(!same_bits(before, out.values()));
}

}  // namespace
}  // namespace lanewise::test
