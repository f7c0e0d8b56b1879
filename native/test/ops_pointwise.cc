// Pointwise programs: the interpreter has the bits of a plain run value by value, for every layout, number of threads
// and place of the outputs.
#include "pointwise_calls.h"

namespace lanewise::test {
namespace {

TEST_CASE("pointwise: random programs over every layout, for any number of threads") {
  on_each_isa([](const KernelTable& table) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      const TestProgram program = random_program(seed);
      for (const Shape& shape : kShapes) {
        if (count_of(shape) > 10000 && seed % 5 != 0) continue;
        CAPTURE(std::string(shape.name));
        const Memory memory = memory_of(shape, program);
        const auto exact = expected_outputs(table, program, shape, memory);
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
      const auto exact = expected_outputs(table, program, flat, memory);
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

TEST_CASE("pointwise: a node's value in double precision is its kernel's, within ulps") {
  const std::vector<float> a{0.3f, -1.5f, 2.0f, 0.0f, -0.7f, 7.25f}, b{1.25f, 2.0f, -3.0f, 0.5f, -0.7f, 7.0f};
  const std::vector<float> c{-4.0f, 0.1f, 5.5f, 1.0f, 3.0f, -2.0f}, d{8.0f, -9.0f, 0.6f, 2.0f, 1.0f, 4.0f};
  on_each_isa([&](const KernelTable& table) {
    for (std::size_t number = 0; number < static_cast<std::size_t>(Node::mask); ++number) {
      const Node node = static_cast<Node>(number);
      CAPTURE(std::string(ops::node_names()[number]));
      TestProgram program;
      program.inputs = 4;
      program.outputs = {program.add(node, 0, 1, 2, 3)};
      const std::vector<float> computed = PlainCall{table, {a, b, c, d}, {}, {}, a.size()}.run(program)[0];
      for (std::size_t i = 0; i < a.size(); ++i) {
        CAPTURE(i);
        CHECK(ulps(computed[i], ops::value_of(node, a[i], b[i], c[i], d[i])) <= 4.0);
      }
    }
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
        const auto exact = expected_outputs(table, program, shape, memory);
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
        std::vector<float> workspace(bound.workspace() + 16);
        float* const aligned = workspace.data() + (64 - reinterpret_cast<std::uintptr_t>(workspace.data()) % 64) / 4;
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
    core::AlignedBuffer<float> workspace(bound.workspace());
    ops::PointwiseRun one(bound, workspace.data());
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
