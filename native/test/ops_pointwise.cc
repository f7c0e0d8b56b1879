// Pointwise programs: the interpreter has the bits of a plain run value by value, for every layout, number of threads
// and place of the outputs.
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "../core/aligned.h"
#include "../ops/ops.h"
#include "../ops/pointwise.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

using Numbers = std::vector<double>;

const std::vector<std::vector<std::int32_t>> kKeys{{123456789, 987654321}, {-5, 77}};

// What an op is called with, in memory with guards.
struct Memory {
  std::vector<std::unique_ptr<Floats>> inputs, outputs;
  std::vector<ops::FloatIn> ins() const {
    std::vector<ops::FloatIn> result;
    for (const auto& input : inputs) result.push_back(input->in());
    return result;
  }
  std::vector<ops::FloatOut> outs() const {
    std::vector<ops::FloatOut> result;
    for (const auto& output : outputs) result.push_back(output->span());
    return result;
  }
};

std::vector<ops::IndexIn> keys(std::size_t count) {
  std::vector<ops::IndexIn> result;
  for (std::size_t i = 0; i < count; ++i) result.emplace_back(kKeys[i]);
  return result;
}

// Numbers that reach every branch of most nodes.
std::vector<float> input(std::size_t n, std::uint32_t seed) {
  std::vector<float> x = Random(seed).floats(n, -3.0f, 3.0f);
  const float special[] = {0.0f, -0.0f, 1.0f, 2.0f, kInf, -kInf, kNan, 1e30f};
  for (std::size_t i = seed % 7; i < n; i += 11) x[i] = special[i % std::size(special)];
  return x;
}

const Numbers kScalars{0.75, 2.0, -1.25};

// Sizes, and for each input which dimensions it runs through (others are repeated), or its strides.
struct Shape {
  const char* name;
  std::vector<std::size_t> sizes;
  std::vector<std::vector<std::size_t>> strides;
  std::size_t columns;  // of masks
};

const Shape kShapes[] = {
    {"nothing", {0}, {{1}, {1}, {1}}, 1},
    {"one element", {1}, {{1}, {0}, {5}}, 1},
    {"flat", {1031}, {{1}, {1}, {1}}, 1},
    {"flat, long", {70001}, {{1}, {0}, {1}}, 1},
    {"flat, in steps", {600}, {{2}, {1}, {3}}, 100},
    {"narrow rows and a repeated one", {77, 10}, {{10, 1}, {0, 1}, {1, 0}}, 10},
    {"many narrow rows", {7001, 10}, {{10, 1}, {0, 1}, {1, 0}}, 10},
    {"rows of one", {300, 1}, {{1, 1}, {1, 0}, {0, 0}}, 1},
    {"rows of three", {301, 3}, {{3, 1}, {0, 2}, {1, 301}}, 3},
    {"wide rows", {33, 300}, {{300, 1}, {0, 1}, {1, 0}}, 300},
    {"wide rows, transposed", {130, 257}, {{1, 130}, {257, 1}, {0, 0}}, 257},
    {"wide rows of another", {9, 256}, {{400, 1}, {0, 0}, {512, 2}}, 256},
    {"three dimensions", {5, 7, 9}, {{63, 9, 1}, {0, 9, 1}, {9, 0, 1}}, 9},
    {"three dimensions, the middle repeated", {4, 6, 130}, {{780, 130, 1}, {130, 0, 1}, {1, 4, 0}}, 130},
    {"sizes of one among them", {1, 6, 1, 40}, {{7, 40, 9, 1}, {0, 0, 0, 1}, {0, 1, 3, 0}}, 40},
};

Numbers layout_of(const Shape& shape, std::size_t inputs) {
  Numbers result(shape.sizes.begin(), shape.sizes.end());
  for (std::size_t i = 0; i < inputs; ++i)
    result.insert(result.end(), shape.strides[i].begin(), shape.strides[i].end());
  return result;
}

std::size_t count_of(const Shape& shape) {
  std::size_t count = 1;
  for (const std::size_t size : shape.sizes) count *= size;
  return count;
}

std::size_t offset_of(const Shape& shape, std::size_t input, std::size_t element) {
  std::size_t offset = 0;
  for (std::size_t d = shape.sizes.size(); d-- > 0; element /= shape.sizes[d]) {
    offset += element % shape.sizes[d] * shape.strides[input][d];
  }
  return offset;
}

std::vector<float> gathered(const Shape& shape, std::size_t input, const Floats& from) {
  std::vector<float> result(count_of(shape));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = const_cast<Floats&>(from)[offset_of(shape, input, i)];
  return result;
}

Memory memory_of(const Shape& shape, const TestProgram& program) {
  Memory memory;
  const std::size_t count = count_of(shape);
  for (std::size_t i = 0; i < program.inputs; ++i) {
    std::size_t reach = 0;
    for (std::size_t e = 0; e < count; ++e) reach = std::max(reach, offset_of(shape, i, e) + 1);
    memory.inputs.push_back(std::make_unique<Floats>(input(reach, static_cast<std::uint32_t>(i + 1))));
  }
  for (std::size_t k = 0; k < program.outputs.size(); ++k) memory.outputs.push_back(std::make_unique<Floats>(count));
  return memory;
}

std::vector<std::vector<float>> expected(const KernelTable& table, const TestProgram& program, const Shape& shape,
                                         const Memory& memory) {
  PlainCall plain{table,
                  {},
                  kKeys,
                  Numbers(kScalars.begin(), kScalars.begin() + static_cast<long>(program.scalars)),
                  count_of(shape),
                  shape.columns,
                  3};
  for (std::size_t i = 0; i < program.inputs; ++i) plain.inputs.push_back(gathered(shape, i, *memory.inputs[i]));
  return plain.run(program);
}

void run(const KernelTable& table, std::size_t threads, const TestProgram& program, const Shape& shape,
         ops::FloatIns ins, ops::FloatOuts outs) {
  const ops::PointwiseProgram decoded(program.code());
  const Numbers layout = layout_of(shape, program.inputs);
  ops::pointwise(context_of(table, threads), decoded, ins, keys(program.keys),
                 {std::span(kScalars).first(program.scalars)}, outs, std::nullopt, layout, shape.columns, 3);
}

bool right(Floats& actual, const std::vector<float>& exact) {
  return same_numbers(actual.in(), exact) && actual.guards_intact();
}

TEST_CASE("pointwise: random programs over every layout, for any number of threads") {
  on_each_isa([](const KernelTable& table) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      const TestProgram program = random_program(seed);
      for (const Shape& shape : kShapes) {
        if (count_of(shape) > 10000 && seed % 5 != 0) continue;
        CAPTURE(std::string(shape.name));
        const Memory memory = memory_of(shape, program);
        const auto exact = expected(table, program, shape, memory);
        for (const std::size_t threads : kThreadCounts) {
          const Memory outputs = memory_of(shape, program);
          run(table, threads, program, shape, memory.ins(), outputs.outs());
          for (std::size_t k = 0; k < exact.size(); ++k) {
            CAPTURE(k);
            CHECK(right(*outputs.outputs[k], exact[k]));
          }
        }
      }
    }
  });
}

TEST_CASE("pointwise: outputs in the place of dense inputs, in any order") {
  const Shape flat{"flat", {1031}, {{1}, {1}, {1}}, 1};
  on_each_isa([&](const KernelTable& table) {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
      CAPTURE(seed);
      const TestProgram program = random_program(seed);
      const Memory memory = memory_of(flat, program);
      const auto exact = expected(table, program, flat, memory);
      // Output k is written over input (k + seed) % 3, where there is one.
      std::vector<ops::FloatOut> outs = memory.outs();
      std::vector<Floats*> places;
      for (std::size_t k = 0; k < outs.size(); ++k) {
        const std::size_t i = (k + seed) % 3;
        places.push_back(i < memory.inputs.size() ? memory.inputs[i].get() : memory.outputs[k].get());
        outs[k] = places[k]->span();
      }
      run(table, 2, program, flat, memory.ins(), outs);
      for (std::size_t k = 0; k < exact.size(); ++k) CHECK(right(*places[k], exact[k]));
    }
  });
}

TEST_CASE("pointwise: two inputs change places") {
  TestProgram swap;
  swap.inputs = 2;
  swap.outputs = {1, 0};
  on_each_isa([&](const KernelTable& table) {
    Floats a(Random(1).floats(700)), b(Random(2).floats(700));
    const std::vector<float> before_a = a.values(), before_b = b.values();
    const Shape flat{"flat", {700}, {{1}, {1}}, 1};
    const ops::FloatIn ins[]{a.in(), b.in()};
    const ops::FloatOut outs[]{a.span(), b.span()};
    run(table, 1, swap, flat, ins, outs);
    CHECK(same_bits(a.values(), before_b));
    CHECK(same_bits(b.values(), before_a));
  });
}

// p -= t·g with t the counter's value + 1.
TestProgram counting() {
  TestProgram program;
  program.inputs = 2;
  program.scalars = 2;
  program.add(Node::mul, program.scalar(0), program.scalar(1));
  program.add(Node::neg, 4);
  program.outputs = {program.add(Node::fma, 5, 1, 0)};
  return program;
}

TEST_CASE("pointwise: the counter is the last scalar, and counts") {
  const ops::PointwiseProgram program(counting().code());
  on_each_isa([&](const KernelTable& table) {
    Floats p(std::vector<float>{1.0f, 2.0f}), g(std::vector<float>{10.0f, 20.0f});
    Ints step(std::vector<std::int32_t>{4});
    const ops::FloatIn ins[]{p.in(), g.in()};
    const ops::FloatOut outs[]{p.span()};
    const Numbers layout{2, 1, 1}, scalars{0.5};
    ops::pointwise(context_of(table), program, ins, {}, {scalars}, outs, step.span(), layout, 1, 0);
    CHECK(p.values() == std::vector<float>{-24.0f, -48.0f});
    CHECK(step[0] == 5);
  });
}

TEST_CASE("pointwise: uniform values are computed in double precision and rounded once") {
  TestProgram program;
  program.inputs = 1;
  program.scalars = 2;
  program.constants = {1.0};
  const std::size_t power = program.add(Node::pow, 1, 2), rest = program.add(Node::sub, 3, power);
  const std::size_t rate = program.add(Node::div, 3, rest);
  program.outputs = {program.add(Node::mul, 0, rate), rate};
  on_each_isa([&](const KernelTable& table) {
    Floats x(std::vector<float>{3.0f}), out(1), uniform(1);
    const ops::FloatIn ins[]{x.in()};
    const ops::FloatOut outs[]{out.span(), uniform.span()};
    const Numbers layout{1, 1}, scalars{0.999, 7.0};
    const ops::PointwiseProgram decoded(program.code());
    ops::pointwise(context_of(table), decoded, ins, {}, {scalars}, outs, std::nullopt, layout, 1, 0);
    const float exact = static_cast<float>(1.0 / (1.0 - std::pow(0.999, 7.0)));
    CHECK(same_bits(uniform[0], exact));
    CHECK(same_bits(out[0], 3.0f * exact));
  });
}

TEST_CASE("pointwise: blocks of rows, as a product makes them") {
  on_each_isa([](const KernelTable& table) {
    for (std::uint32_t seed = 1; seed <= 120; ++seed) {
      CAPTURE(seed);
      TestProgram program = random_program(seed);
      if (program.inputs == 0) continue;
      for (const auto& [rows, width] :
           {std::pair<std::size_t, std::size_t>{1, 1}, {1, 300}, {50, 1}, {37, 10}, {29, 83}, {50, 300}}) {
        CAPTURE(rows);
        CAPTURE(width);
        // The first input is dense, the second a row, the third one element.
        const Shape shape{"rows", {rows, width}, {{width, 1}, {0, 1}, {0, 0}}, width};
        const Memory memory = memory_of(shape, program);
        const auto exact = expected(table, program, shape, memory);
        // The first output takes the first input's place.
        std::vector<ops::FloatOut> outs = memory.outs();
        outs[0] = memory.inputs[0]->span();
        const ops::PointwiseProgram decoded(program.code());
        ops::BoundPointwise bound;
        bound.bind("test", table, decoded,
                   {memory.ins(),
                    keys(program.keys),
                    {std::span(kScalars).first(program.scalars)},
                    outs,
                    std::nullopt,
                    width,
                    3},
                   rows, width);
        std::vector<float> room(bound.room() + 16);
        float* const aligned = room.data() + (64 - reinterpret_cast<std::uintptr_t>(room.data()) % 64) / 4;
        ops::PointwiseRun one(bound, aligned);
        for (std::size_t column = 0; column < width; column += 16 + seed * 9) {
          const std::size_t columns = std::min<std::size_t>(16 + seed * 9, width - column);
          for (std::size_t row = 0; row < rows; row += 24)
            one.block(row, std::min<std::size_t>(24, rows - row), column, columns);
        }
        CHECK(right(*memory.inputs[0], exact[0]));
        for (std::size_t k = 1; k < exact.size(); ++k) CHECK(right(*memory.outputs[k], exact[k]));
      }
    }
  });
}

TEST_CASE("pointwise: the first input from elsewhere, piece by piece") {
  const ops::PointwiseProgram program(counting().code());
  on_each_isa([&](const KernelTable& table) {
    const std::size_t n = 1000;
    Floats p(Random(1).floats(n));
    const std::vector<float> before = p.values(), g = Random(2).floats(n);
    const ops::FloatIn ins[]{{static_cast<const float*>(nullptr), n}, p.in()};
    const ops::FloatOut outs[]{p.span()};
    const Numbers scalars{0.5, 2.0};
    ops::BoundPointwise bound;
    TestProgram update;  // input 1 - input 0
    update.inputs = 2;
    update.scalars = 2;
    update.outputs = {update.add(Node::sub, 1, 0)};
    const ops::PointwiseProgram decoded(update.code());
    bound.bind("test", table, decoded, {ins, {}, {scalars}, outs, std::nullopt, 1, 0}, 1, n);
    core::AlignedBuffer<float> room(bound.room());
    ops::PointwiseRun one(bound, room.data());
    for (std::size_t at = 0; at < n; at += 384) {
      const std::vector<float> piece(g.begin() + static_cast<long>(at),
                                     g.begin() + static_cast<long>(std::min(at + 384, n)));
      one.elements(at, at + piece.size(), {.input = piece.data()});
    }
    bool same = p.guards_intact();
    for (std::size_t i = 0; i < n; ++i) same = same && same_bits(p[i], before[i] - g[i]);
    CHECK(same);
  });
}

TEST_CASE("pointwise: programs that are none are refused") {
  const auto refusal = [](Numbers code) {
    try {
      const ops::PointwiseProgram program(code);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("made");
  };
  struct Row {
    const char* reason;
    Numbers code;
  };
  const double nan = kNan;
  const Row rows[] = {
      {"made", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1}},
      {"needs 6 numbers", {}},
      {"needs 6 numbers", {1, 0, 0, 0, 1}},
      {"a count must be", {-1, 0, 0, 0, 0, 1, 0}},
      {"a count must be", {1.5, 0, 0, 0, 0, 1, 0}},
      {"a count must be", {nan, 0, 0, 0, 0, 1, 0}},
      {"a count must be", {1e9, 0, 0, 0, 0, 1, 0}},
      {"needs 12 numbers, got 11", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}},
      {"needs 12 numbers, got 13", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0}},
      {"has no output", {1, 0, 0, 0, 0, 0}},
      {"a node must be", {1, 0, 0, 0, 1, 1, 29, 0, 0, 0, 0, 1}},
      {"a node must be", {1, 0, 0, 0, 1, 1, -1, 0, 0, 0, 0, 1}},
      {"an operand must be a whole number in [0, 1), got 1", {1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1}},
      {"an operand must be", {1, 0, 0, 0, 1, 1, 17, 0, nan, 0, 0, 1}},
      {"that its node does not have", {1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1}},
      {"an output must be", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 2}},
      {"a key must be", {1, 1, 1, 0, 1, 1, 28, 1, 1, 0, 0, 2}},
      {"must be uniform", {1, 1, 1, 0, 1, 1, 28, 0, 0, 0, 0, 2}},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.reason));
    CHECK(refusal(row.code).find(row.reason) != std::string::npos);
  }
}

TEST_CASE("pointwise: arguments that do not fit are refused, and nothing changes") {
  const KernelTable& table = *kernels::available().back();
  TestProgram masked;
  masked.inputs = 2;
  masked.keys = 1;
  masked.scalars = 1;
  masked.add(Node::mask, 0, 2);
  masked.add(Node::mul, 0, 3);
  masked.outputs = {masked.add(Node::add, 4, 1)};
  const ops::PointwiseProgram program(masked.code()), counter(counting().code());
  Floats a(Random(1).floats(12)), b(Random(2).floats(12)), out(12);
  const std::vector<float> before = a.values();
  Ints step(std::vector<std::int32_t>{0}), last(std::vector<std::int32_t>{INT32_MAX}),
      below(std::vector<std::int32_t>{-1});
  struct Call {
    std::vector<ops::FloatIn> ins;
    std::vector<ops::IndexIn> keys;
    Numbers scalars;
    std::vector<ops::FloatOut> outs;
    std::optional<ops::IndexOut> step;
    Numbers layout;
    std::size_t columns;
  };
  const Call good{{a.in(), b.in()}, keys(1), {0.5}, {out.span()}, std::nullopt, {3, 4, 4, 1, 0, 1}, 4};
  const auto refusal = [&](const auto& spoil) {
    Call call = good;
    spoil(call);
    try {
      ops::pointwise(context_of(table), call.step ? counter : program, call.ins, call.keys, {call.scalars}, call.outs,
                     call.step, call.layout, call.columns, 0);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("done");
  };
  struct Row {
    std::string reason;
    std::function<void(Call&)> spoil;
  };
  const Row rows[] = {
      {"pointwise: inputs must be 2 for this program, got 1", [&](Call& c) { c.ins.pop_back(); }},
      {"keys must be 1", [&](Call& c) { c.keys.clear(); }},
      {"scalars must be 1", [&](Call& c) { c.scalars.clear(); }},
      {"outputs must be 1", [&](Call& c) { c.outs.push_back(a.span()); }},
      {"key needs 2", [&](Call& c) { c.keys[0] = c.keys[0].first(1); }},
      {"inputs[0] needs 12 elements, got 11", [&](Call& c) { c.ins[0] = a.in().first(11); }},
      {"inputs[1] needs 4 elements, got 3", [&](Call& c) { c.ins[1] = b.in().first(3); }},
      {"outputs[0] needs 12 elements, got 11", [&](Call& c) { c.outs[0] = out.span().first(11); }},
      {"layout must be 3 numbers for each", [&](Call& c) { c.layout.pop_back(); }},
      {"layout must hold", [&](Call& c) { c.layout[0] = -1; }},
      {"p must be in [0, 1]", [&](Call& c) { c.scalars[0] = 1.5; }},
      {"p must be in [0, 1]", [&](Call& c) { c.scalars[0] = static_cast<double>(kNan); }},
      {"columns must divide 12", [&](Call& c) { c.columns = 5; }},
      {"columns must divide 12", [&](Call& c) { c.columns = 0; }},
      {"overlaps an input", [&](Call& c) { c.outs[0] = b.span(); }},
      {"overlaps an input", [&](Call& c) { c.layout = {6, 1, 1}, c.outs[0] = a.span().subspan(3); }},
      {"scalars must be 2", [&](Call& c) { c.step = step.span(), c.keys.clear(), c.scalars.clear(); }},
      {"step must be in", [&](Call& c) { c.step = last.span(), c.keys.clear(); }},
      {"step must be in", [&](Call& c) { c.step = below.span(), c.keys.clear(); }},
      {"step needs 1", [&](Call& c) { c.step = step.span().first(0), c.keys.clear(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    CAPTURE(refusal(row.spoil));
    CHECK(refusal(row.spoil).find(row.reason) != std::string::npos);
  }
  CHECK(out.untouched());
  CHECK(same_bits(a.values(), before));
  CHECK(step[0] == 0);
  CHECK(refusal([](Call&) {}) == "done");
  CHECK(!out.untouched());

  TestProgram both;
  both.inputs = 1;
  both.outputs = {0, 0};
  const ops::PointwiseProgram copies(both.code());
  const ops::FloatIn ins[]{a.in()};
  const ops::FloatOut outs[]{out.span(), out.span().subspan(2)};
  const Numbers layout{6, 1};
  CHECK_THROWS_WITH_AS(ops::pointwise(context_of(table), copies, ins, {}, {}, outs, std::nullopt, layout, 1, 0),
                       "pointwise: outputs[1] overlaps another output", std::invalid_argument);
  const Numbers large{9e15, 9e15, 0, 0};
  CHECK_THROWS_AS(ops::pointwise(context_of(table), copies, ins, {}, {}, outs, std::nullopt, large, 1, 0),
                  std::overflow_error);
}

TEST_CASE("pointwise: programs are found again by their content, not by their address") {
  TestProgram program;
  program.inputs = 1;
  program.outputs = {program.add(Node::neg, 0)};
  Numbers code = program.code();
  const ops::PointwiseProgram* const first = &ops::decoded_program(code);
  CHECK(first == &ops::decoded_program(code));
  code[6] = static_cast<double>(Node::exp);
  CHECK(ops::decoded_program(code).direct().steps[0].node == Node::exp);
  code[0] = -1;
  CHECK_THROWS_AS(ops::decoded_program(code), std::invalid_argument);
}

TEST_CASE("pointwise: what no output needs is not computed, and registers are shared") {
  TestProgram program;
  program.inputs = 1;
  std::size_t value = 0;
  for (int i = 0; i < 6; ++i) {
    program.add(Node::exp, value);
    value = program.add(Node::neg, value);
  }
  program.outputs = {value};
  const ops::PointwiseProgram decoded(program.code());
  CHECK(decoded.direct().steps.size() == 6);
  CHECK(decoded.direct().registers == 1);
}

}  // namespace
}  // namespace lanewise::test
