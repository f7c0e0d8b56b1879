// The step of an optimizer on the rows of a table that an index names: the bits of indexAdd and the program on those
// rows, the others as they were, for any number of threads.
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "../ops/ops.h"
#include "../ops/pointwise_program.h"
#include "arithmetic.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

struct Table {
  std::size_t rows, width, count;
};

// Nothing at all; one row again and again; more rows than one pass of the sort tells apart; work for several threads.
const Table kTables[] = {{4, 3, 0},     {3, 0, 5},        {1, 5, 9},     {23, 16, 400},
                         {1500, 7, 90}, {1200000, 1, 50}, {90, 301, 700}};

struct Rule {
  const char* name;
  TestProgram program;
  std::vector<double> scalars;
  bool counts;
};

std::vector<Rule> rules() {
  TestProgram own;  // p - g·s, and s + |g|
  own.inputs = 3;
  own.outputs = {own.add(Node::sub, 1, own.add(Node::mul, 0, 2)), own.add(Node::add, 2, own.add(Node::abs, 0))};
  return {{"sgd", sgd_program(false, false, false), {0.1, 0, 0, 0}, false},
          {"momentum", sgd_program(true, true, true), {0.1, 0.9, 0.3, 0.01}, true},
          {"adam", adam_program(false, true, false), {0.01, 0.9, 0.999, 1e-8, 0.02}, true},
          {"one's own", own, {}, false}};
}

}  // namespace

TEST_CASE("indexUpdate has the bits of indexAdd and the program on the rows that are named") {
  on_each_isa([&](const KernelTable& table) {
    for (const auto& [rows, width, count] : kTables) {
      const std::size_t n = rows * width;
      Random random(static_cast<std::uint32_t>(rows + width + count));
      Floats grad(random.floats(count * width));
      Ints index(random.ints(count, static_cast<std::int32_t>(rows)));
      std::vector<float> counted(count);
      for (std::size_t r = 0; r < count; ++r) counted[r] = index[r] % 3 == 0 ? 0.0f : static_cast<float>(r % 2);
      Floats counts(counted);
      std::vector<float> gradient(n);
      ops::indexAdd(context_of(table), grad.in(), index.in(), gradient, rows, width, count);
      for (const Rule& rule : rules()) {
        CAPTURE(std::string(rule.name));
        const ops::PointwiseProgram program(rule.program.code());
        std::vector<std::vector<float>> before(program.outputs());
        for (std::vector<float>& state : before) state = random.floats(n);
        std::vector<std::vector<float>> whole = before;
        std::vector<ops::FloatIn> ins{gradient};
        std::vector<ops::FloatOut> outs;
        for (std::vector<float>& state : whole) {
          ins.emplace_back(state);
          outs.emplace_back(state);
        }
        std::vector<double> layout{static_cast<double>(n)};
        layout.resize(1 + ins.size(), 1);
        Ints steps(std::vector<std::int32_t>{3});
        const auto counter = [&](Ints& of) { return rule.counts ? std::optional(of.span()) : std::nullopt; };
        ops::pointwise(context_of(table), program, ins, {}, {rule.scalars}, outs, counter(steps), layout, 1, 0);
        for (const bool some : {false, true}) {
          std::vector<bool> named(rows);
          for (std::size_t r = 0; r < count; ++r) {
            if (!some || counted[r] != 0.0f) named[static_cast<std::size_t>(index[r])] = true;
          }
          for (const std::size_t threads : kThreadCounts) {
            std::vector<std::unique_ptr<Floats>> states;
            for (const std::vector<float>& state : before) states.push_back(std::make_unique<Floats>(state));
            std::vector<ops::FloatOut> spans;
            for (const auto& state : states) spans.push_back(state->span());
            Ints step(std::vector<std::int32_t>{3});
            ops::indexUpdate(context_of(table, threads), grad.in(), index.in(),
                             some ? std::optional(counts.in()) : std::nullopt, program, spans, {rule.scalars},
                             counter(step), rows, width, count);
            for (std::size_t k = 0; k < states.size(); ++k) {
              std::vector<float> expected = before[k];
              for (std::size_t i = 0; i < n; ++i) {
                if (named[i / width]) expected[i] = whole[k][i];
              }
              CHECK(same_bits(states[k]->values(), expected));
              CHECK(states[k]->guards_intact());
            }
            CHECK(step[0] == (rule.counts ? 4 : 3));
          }
        }
      }
    }
  });
}

TEST_CASE("indexUpdate refuses what does not fit and changes nothing") {
  on_each_isa([](const KernelTable& table) {
    const ops::Context context = context_of(table);
    const ops::PointwiseProgram program(sgd_program(false, false, false).code());
    Floats grad(Random(1).floats(12)), state(Random(2).floats(12));
    const std::vector<float> before = state.values();
    const std::vector<double> scalars{0.1, 0, 0, 0};
    const auto run = [&](std::vector<std::int32_t> named, std::size_t rows, std::size_t width, std::size_t count,
                         std::optional<ops::FloatIn> counts = std::nullopt, std::size_t states = 1) {
      Ints index(std::move(named));
      const std::vector<ops::FloatOut> spans(states, state.span());
      ops::indexUpdate(context, grad.in(), index.in(), counts, program, spans, {scalars}, std::nullopt, rows, width,
                       count);
    };
    CHECK_THROWS_WITH_AS(run({0, 3}, 3, 4, 2), "indexUpdate: index must be in [0, 3), got 3", std::invalid_argument);
    CHECK_THROWS_AS(run({0, -1}, 3, 4, 2), std::invalid_argument);
    CHECK_THROWS_AS(run({0, 1}, 3, 4, 3), std::invalid_argument);
    CHECK_THROWS_AS(run({0, 1, 2, 0}, 3, 4, 4), std::invalid_argument);
    CHECK_THROWS_AS(run({0, 1}, 4, 4, 2), std::invalid_argument);
    CHECK_THROWS_AS(run({0, 1}, 3, 4, 2, grad.in().first(1)), std::invalid_argument);
    CHECK_THROWS_AS(run({0, 1}, 3, 4, 2, std::nullopt, 2), std::invalid_argument);
    CHECK_THROWS_AS(run({0, 1}, SIZE_MAX / 2, 4, 2), std::overflow_error);
    CHECK(same_bits(state.values(), before));
  });
}

}  // namespace lanewise::test
