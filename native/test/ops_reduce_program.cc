// A program and the reduction of its results: the bits of ops pointwise, sum and extreme one after the other.
#include <optional>
#include <stdexcept>
#include <vector>

#include "../ops/ops.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

struct ProgramShape {
  std::size_t outer, size, inner;
};

const ProgramShape kProgramShapes[] = {{1, 1, 1},     {1, 100003, 1}, {1, 16384, 1}, {1, 16385, 1}, {1, 1023, 1},
                                       {7, 13, 1},    {128, 10, 1},   {900, 129, 1}, {3, 20000, 1}, {1, 128, 256},
                                       {1, 700, 97},  {5, 3, 4},      {300, 20, 17}, {1, 3, 40000}, {1, 70000, 33},
                                       {2, 70000, 2}, {0, 3, 2},      {3, 0, 2},     {3, 0, 1},     {3, 2, 0},
                                       {1, 0, 1},     {2, 64, 1},     {40, 100, 40}};

// (x - y)² for x [outer, size, inner] and y one row of `inner` elements, times a number.
TestProgram squares() {
  TestProgram program;
  program.inputs = 2;
  program.scalars = 1;
  const std::size_t difference = program.add(Node::sub, 0, 1);
  const std::size_t square = program.add(Node::mul, difference, difference);
  program.outputs = {program.add(Node::mul, square, program.scalar(0))};
  return program;
}

struct ReduceCall {
  const ProgramShape& shape;
  std::vector<double> code = squares().code(), scalars{0.5}, layout;
  mutable Floats x, y;

  explicit ReduceCall(const ProgramShape& s)
      : shape(s), x(Random(1).floats(s.outer * s.size * s.inner)), y(Random(2).floats(s.inner)) {
    const auto d = [](std::size_t n) { return static_cast<double>(n); };
    layout = {d(s.outer), d(s.size), d(s.inner), d(s.size * s.inner), d(s.inner), 1, 0, 0, 1};
  }

  void run(const ops::Context& context, Floats& out, std::optional<ops::IndexOut> index, std::int32_t kind,
           double divisor) const {
    const ops::PointwiseProgram program(code);
    const std::vector<ops::FloatIn> inputs{x.in(), y.in()};
    ops::reduce(context, program, inputs, {scalars}, layout, out.span(), index, shape.outer, shape.size, shape.inner,
                kind, divisor);
  }

  // The results of the program in memory.
  std::vector<float> results(const ops::Context& context) const {
    const ops::PointwiseProgram program(code);
    const std::vector<ops::FloatIn> inputs{x.in(), y.in()};
    Floats memory(shape.outer * shape.size * shape.inner);
    const std::vector<ops::FloatOut> outputs{memory.span()};
    ops::pointwise(context, program, inputs, {}, {scalars}, outputs, std::nullopt, layout, 1, 0);
    return memory.values();
  }
};

TEST_CASE("sums and means of a program's results") {
  on_each_isa([](const KernelTable& table) {
    for (const ProgramShape& s : kProgramShapes) {
      CAPTURE(s.outer);
      CAPTURE(s.size);
      CAPTURE(s.inner);
      const ReduceCall call(s);
      const ops::Context one = context_of(table, 1);
      Floats results(call.results(one));
      Floats sums(s.outer * s.inner);
      ops::sum(one, results.in(), sums.span(), s.outer, s.size, s.inner);
      for (const double divisor : {1.0, 7.0}) {
        std::vector<float> expected = sums.values();
        for (float& value : expected) value /= static_cast<float>(divisor);
        for (const std::size_t threads : kThreadCounts) {
          Floats out(s.outer * s.inner);
          call.run(context_of(table, threads), out, std::nullopt, 0, divisor);
          CHECK(out.guards_intact());
          CHECK(same_bits(expected, out.values()));
        }
      }
    }
  });
}

TEST_CASE("extremes of a program's results") {
  on_each_isa([](const KernelTable& table) {
    for (const ProgramShape& s : kProgramShapes) {
      if (s.size == 0) continue;
      const ReduceCall call(s);
      const ops::Context one = context_of(table, 1);
      Floats results(call.results(one));
      for (const bool largest : {true, false}) {
        Floats expected(s.outer * s.inner);
        Ints where(s.outer * s.inner);
        ops::extreme(one, results.in(), expected.span(), where.span(), s.outer, s.size, s.inner, largest);
        for (const std::size_t threads : kThreadCounts) {
          Floats out(s.outer * s.inner);
          Ints index(s.outer * s.inner);
          call.run(context_of(table, threads), out, index.span(), largest ? 1 : 2, 1.0);
          CHECK(out.guards_intact());
          CHECK(index.guards_intact());
          CHECK(same_bits(expected.values(), out.values()));
          CHECK(where.values() == index.values());
        }
      }
    }
  });
}

TEST_CASE("reduce refuses what does not fit, and writes nothing") {
  const ProgramShape shape{2, 3, 4};
  const ReduceCall call(shape);
  const ops::Context context = context_of(*kernels::find("scalar"), 1);
  Floats out(8), few(7);
  Ints index(8);
  const std::vector<float> before = out.values();
  CHECK_THROWS_WITH_AS(call.run(context, out, std::nullopt, 3, 1), "reduce: kind must be 0, 1 or 2, got 3",
                       std::invalid_argument);
  CHECK_THROWS_AS(call.run(context, out, std::nullopt, 1, 1), std::invalid_argument);
  CHECK_THROWS_WITH_AS(call.run(context, out, index.span(), 0, 1), "reduce: index must be null for a sum",
                       std::invalid_argument);
  CHECK_THROWS_AS(call.run(context, few, std::nullopt, 0, 1), std::invalid_argument);
  ReduceCall other(shape);
  other.layout[0] = 3;
  CHECK_THROWS_AS(other.run(context, out, std::nullopt, 0, 1), std::invalid_argument);
  CHECK(same_bits(before, out.values()));
}

}  // namespace
}  // namespace lanewise::test
