// The ops of programs against the sequences of ops that they stand for: the same bits, with weights row by row and in
// panels, for any number of threads.
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <variant>

#include "../ops/ops.h"
#include "../ops/panels.h"
#include "arithmetic.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

struct FusedShape {
  std::size_t rows, in, out;
};

// Around tiles and panels; beyond one block of k (1024 lines forward, 256 in the weight's gradient), of rows, and of
// panels; a single output; nothing at all.
const FusedShape kFusedShapes[] = {{1, 1, 1},      {7, 5, 17},    {6, 16, 16},     {13, 33, 31},   {128, 128, 10},
                                   {33, 100, 50},  {3, 1100, 70}, {70, 9, 1},      {70, 1, 9},     {700, 16, 40},
                                   {130, 20, 300}, {0, 5, 7},     {5, 0, 7},       {5, 7, 0},      {32, 300, 96},
                                   {700, 16, 400}, {700, 400, 8}, {130, 1000, 20}, {130, 20, 1000}};
constexpr std::size_t kLarge = 5;  // at the end; an emulator leaves them out
const std::span<const FusedShape> kTried =
    std::span(kFusedShapes).first(std::size(kFusedShapes) - (kIsEmulated ? kLarge : 0));

std::vector<float> packed(const ops::Context& context, const std::vector<float>& rows, const FusedShape& s) {
  const ops::Panels layout{s.out, s.in, context.kernels.gemm_nr};
  std::vector<float> panels(layout.capacity());
  ops::pack(layout, rows.data(), 0, rows.size(), panels.data());
  return panels;
}

std::vector<float> unpacked(const ops::Context& context, const std::vector<float>& panels, const FusedShape& s) {
  std::vector<float> rows(s.out * s.in, kNan);
  ops::unpack({s.out, s.in, context.kernels.gemm_nr}, panels.data(), 0, rows.size(), rows.data());
  return rows;
}

// A weight in the layout that an op is asked to use.
std::vector<float> in_panels(const ops::Context& context, const std::vector<float>& rows, const FusedShape& s,
                             bool panels) {
  return panels ? packed(context, rows, s) : rows;
}
std::vector<float> row_major(const ops::Context& context, const std::vector<float>& values, const FusedShape& s,
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
    for (const FusedShape& s : kTried) {
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

// What an op with a program is given; no two operands share memory.
struct FusedOperands {
  std::vector<std::unique_ptr<Floats>> memory;
  std::vector<ops::FloatIn> ins() const {
    std::vector<ops::FloatIn> result;
    for (const auto& each : memory) result.push_back(each->in());
    return result;
  }
  std::vector<ops::FloatOut> outs() const {
    std::vector<ops::FloatOut> result;
    for (const auto& each : memory) result.push_back(each->span());
    return result;
  }
  void add(const std::vector<float>& values) { memory.push_back(std::make_unique<Floats>(values)); }
  void add(std::size_t n) { memory.push_back(std::make_unique<Floats>(n)); }
};

const std::vector<double> kScalars{0.5, 2.0, -1.25};
const std::vector<std::int32_t> kKeys[] = {{static_cast<std::int32_t>(2414563044u), 1870483892}, {3, 4}};
constexpr std::size_t kRowOffset = 11;

std::vector<ops::IndexIn> keys_of(const ops::PointwiseProgram& program) { return {kKeys, kKeys + program.keys()}; }
ops::Scalars scalars_of(const ops::PointwiseProgram& program) { return {std::span(kScalars).first(program.scalars())}; }

// Programs for a product of that size: those with a kernel, and any others, whose inputs after the product are dense, a
// row, one element.
std::vector<TestProgram> post_ops() {
  std::vector<TestProgram> result{activation_program(false, false), activation_program(true, false),
                                  activation_program(true, true), activation_program(false, true),
                                  masked_gradient_program()};
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    TestProgram program = random_program(seed);
    if (program.inputs > 0) result.push_back(program);
  }
  return result;
}

// The program by itself on a product, which is there already: what an op with it must give.
FusedOperands after_product(const ops::Context& context, const ops::PointwiseProgram& program,
                            const std::vector<float>& product, const FusedOperands& others, std::size_t rows,
                            std::size_t columns) {
  FusedOperands inputs, outputs;
  inputs.add(product);
  std::vector<ops::FloatIn> ins = others.ins();
  ins.insert(ins.begin(), inputs.memory[0]->in());
  for (std::size_t k = 0; k < program.outputs(); ++k) outputs.add(product.size());
  std::vector<double> layout{static_cast<double>(rows), static_cast<double>(columns)};
  for (const ops::FloatIn& in : ins) {
    const bool dense = in.size() == product.size(), row = in.size() == columns;
    layout.push_back(dense ? static_cast<double>(columns) : 0);
    layout.push_back(dense || row ? 1 : 0);
  }
  ops::pointwise(context, program, ins, keys_of(program), scalars_of(program), outputs.outs(), std::nullopt, layout,
                 columns, kRowOffset);
  return outputs;
}

// body(program, its inputs but the product, a place for each of its outputs) for a product [rows, columns].
template <typename Body>
void on_each_post_op(std::size_t rows, std::size_t columns, const Body& body) {
  for (const TestProgram& test : post_ops()) {
    const ops::PointwiseProgram program(test.code());
    FusedOperands others;
    Random random(static_cast<std::uint32_t>(rows + columns));
    for (std::size_t i = 1; i < program.inputs(); ++i) {
      others.add(random.floats(i == 1 ? rows * columns : i == 2 ? columns : 1, -2.0f, 2.0f));
    }
    if (!others.memory.empty()) {
      Floats& y = *others.memory[0];
      for (std::size_t i = 0; i < y.size(); i += 7) y[i] = i % 2 == 0 ? 0.0f : i % 3 == 0 ? -0.0f : kNan;
    }
    body(program, others);
  }
}

TEST_CASE("linear with a program has the bits of linear and the program in sequence") {
  on_each_isa([](const KernelTable& table) {
    for (const FusedShape& s : kTried) {
      Random random(static_cast<std::uint32_t>(s.rows + s.in * 3 + s.out * 7));
      Floats x(random.floats(s.rows * s.in)), bias(random.floats(s.out));
      if (x.size() > 2) x[2] = kNan;
      const std::vector<float> rows = random.floats(s.out * s.in);
      const ops::Context plain = context_of(table);
      std::vector<float> product(s.rows * s.out);
      ops::linear(plain, x.in(), rows, bias.in(), product, s.rows, s.in, s.out);
      on_each_post_op(s.rows, s.out, [&](const ops::PointwiseProgram& program, const FusedOperands& others) {
        const FusedOperands expected = after_product(plain, program, product, others, s.rows, s.out);
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          Floats weight(in_panels(context, rows, s, panels)), out(product.size());
          FusedOperands further;
          for (std::size_t k = 1; k < program.outputs(); ++k) further.add(product.size());
          ops::linear(context, x.in(), weight.in(), bias.in(), out.span(), s.rows, s.in, s.out, panels, program,
                      others.ins(), keys_of(program), scalars_of(program), further.outs(), kRowOffset);
          CHECK(same_numbers(out.in(), expected.memory[0]->in()));
          CHECK(out.guards_intact());
          for (std::size_t k = 0; k < further.memory.size(); ++k) {
            CHECK(same_numbers(further.memory[k]->in(), expected.memory[k + 1]->in()));
            CHECK(further.memory[k]->guards_intact());
          }
        });
      });
    }
  });
}

TEST_CASE("linearInputGradient with a program has the bits of matmul, the program and sum in sequence") {
  on_each_isa([](const KernelTable& table) {
    for (const FusedShape& s : kTried) {
      Random random(static_cast<std::uint32_t>(s.rows * 5 + s.in + s.out));
      Floats grad(random.floats(s.rows * s.out));
      const std::vector<float> rows = random.floats(s.out * s.in);
      const ops::Context plain = context_of(table);
      std::vector<float> product(s.rows * s.in);
      ops::matmul(plain, grad.in(), rows, product, 1, s.rows, s.in, s.out, false, false, 0, 0);
      on_each_post_op(s.rows, s.in, [&](const ops::PointwiseProgram& program, const FusedOperands& others) {
        const FusedOperands expected = after_product(plain, program, product, others, s.rows, s.in);
        Floats bias(s.in);
        ops::sum(plain, expected.memory[0]->in(), bias.span(), 1, s.rows, s.in);
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          Floats weight(in_panels(context, rows, s, panels)), out(product.size()), bias_grad(s.in);
          FusedOperands further;
          for (std::size_t k = 1; k < program.outputs(); ++k) further.add(product.size());
          ops::linearInputGradient(context, grad.in(), weight.in(), out.span(), bias_grad.span(), s.rows, s.in, s.out,
                                   panels, program, others.ins(), keys_of(program), scalars_of(program), further.outs(),
                                   kRowOffset);
          CHECK(same_numbers(out.in(), expected.memory[0]->in()));
          CHECK(same_numbers(bias_grad.in(), bias.in()));
          CHECK((out.guards_intact() && bias_grad.guards_intact()));
          for (std::size_t k = 0; k < further.memory.size(); ++k) {
            CHECK(same_numbers(further.memory[k]->in(), expected.memory[k + 1]->in()));
          }
        });
      });
    }
  });
}

TEST_CASE("patterns: the programs of everyday layers have kernels") {
  const auto holds = [](const TestProgram& program, auto pattern) {
    return std::holds_alternative<decltype(pattern)>(ops::PointwiseProgram(program.code()).pattern());
  };
  for (const bool relu : {false, true}) {
    for (const bool masked : {false, true}) CHECK(holds(activation_program(relu, masked), ops::ActivationPattern()));
  }
  CHECK(holds(masked_gradient_program(), ops::MaskedPattern()));
  CHECK(holds(unary_program(Node::sigmoid), std::monostate()));
  TestProgram other = masked_gradient_program();
  other.lines[1].node = Node::selectLess;
  CHECK(holds(other, std::monostate()));
  other = masked_gradient_program();
  other.constants = {-0.0};
  CHECK(holds(other, std::monostate()));
}

// A rule that no kernel computes: v = v + (1 - v)·g², p = p - lr·g / (√v + 1).
TestProgram rule_of_ones_own() {
  TestProgram program;
  program.inputs = 3;
  program.scalars = 1;
  program.constants = {1};
  const std::size_t one = program.constant(0), square = program.add(Node::mul, 0, 0);
  const std::size_t rest = program.add(Node::sub, one, 2), v = program.add(Node::fma, rest, square, 2);
  const std::size_t root = program.add(Node::sqrt, program.add(Node::abs, v)),
                    lower = program.add(Node::add, root, one);
  const std::size_t scaled = program.add(Node::mul, program.scalar(0), program.add(Node::div, 0, lower));
  program.outputs = {program.add(Node::sub, 1, scaled), v};
  return program;
}

TEST_CASE("linearWeightUpdate has the bits of matmul and the program in sequence, step by step") {
  struct Rule {
    const char* name;
    TestProgram program;
    std::vector<double> scalars;
    bool counts;
  };
  const Rule rules[] = {
      {"sgd", sgd_program(false, false, false), {0.1, 0, 0, 0}, false},
      {"sgd with decay", sgd_program(false, false, true), {0.1, 0, 0, 0.01}, false},
      {"momentum", sgd_program(true, true, true), {0.1, 0.9, 0.3, 0.01}, true},
      {"adam", adam_program(false, true, false), {0.01, 0.9, 0.999, 1e-8, 0.02}, true},
      {"adamw with amsgrad", adam_program(true, true, true), {0.01, 0.9, 0.999, 1e-8, 0.02}, true},
      {"one's own", rule_of_ones_own(), {0.1}, false},
  };
  on_each_isa([&](const KernelTable& table) {
    for (const FusedShape& s : kTried) {
      Random random(static_cast<std::uint32_t>(s.rows + s.in * 11 + s.out));
      const std::size_t n = s.out * s.in;
      Floats grad(random.floats(s.rows * s.out)), x(random.floats(s.rows * s.in));
      const std::vector<float> start = random.floats(n);
      std::vector<float> gradient(n);
      ops::matmul(context_of(table), grad.in(), x.in(), gradient, 1, s.out, s.in, s.rows, true, false, 0, 0);
      for (const Rule& rule : rules) {
        CAPTURE(std::string(rule.name));
        const ops::PointwiseProgram program(rule.program.code());
        // Outputs take the places of the inputs after the gradient, the parameter first.
        std::vector<std::vector<float>> state(program.outputs(), std::vector<float>(n, 0.0f));
        state[0] = start;
        std::vector<std::vector<float>> expected = state;
        Ints count(std::vector<std::int32_t>{0});
        std::vector<ops::FloatIn> ins{gradient};
        std::vector<ops::FloatOut> outs;
        for (std::vector<float>& each : expected) {
          ins.emplace_back(each);
          outs.emplace_back(each);
        }
        std::vector<double> layout{static_cast<double>(n)};
        layout.resize(1 + ins.size(), 1);
        const auto counter = [&](Ints& step) { return rule.counts ? std::optional(step.span()) : std::nullopt; };
        for (int t = 0; t < 2; ++t) {
          ops::pointwise(context_of(table), program, ins, {}, {rule.scalars}, outs, counter(count), layout, 1, 0);
        }
        on_each_layout_and_thread_count(table, [&](const ops::Context& context, bool panels) {
          FusedOperands memory;
          for (const std::vector<float>& each : state) memory.add(in_panels(context, each, s, panels));
          Ints step(std::vector<std::int32_t>{0});
          for (int t = 0; t < 2; ++t) {
            ops::linearWeightUpdate(context, grad.in(), x.in(), program, memory.ins(), {rule.scalars}, memory.outs(),
                                    counter(step), s.rows, s.in, s.out, panels);
          }
          for (std::size_t k = 0; k < state.size(); ++k) {
            CAPTURE(k);
            CHECK(same_bits(row_major(context, memory.memory[k]->values(), s, panels), expected[k]));
            CHECK(memory.memory[k]->guards_intact());
          }
          CHECK(step[0] == (rule.counts ? 2 : 0));
        });
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
    const ops::PointwiseProgram masked(activation_program(true, true).code());
    const ops::IndexIn keys[]{key.in()};
    const auto forward = [&](std::size_t rows, std::size_t in, std::size_t of, bool panels, double p = 0.5) {
      const double scalars[]{p};
      ops::linear(context, a.in(), weight.in(), std::nullopt, out.span(), rows, in, of, panels, masked, {}, keys,
                  {scalars});
    };
    CHECK_THROWS_WITH_AS(forward(6, 4, 3, false), "linear: x needs 24 elements, got 20", std::invalid_argument);
    CHECK_THROWS_AS(forward(2, 4, 1, true), std::invalid_argument);  // panels are padded: one element is missing
    CHECK_THROWS_AS(forward(5, 1, 5, false), std::invalid_argument);
    CHECK_THROWS_AS(forward(2, 2, 2, false, 1.5), std::invalid_argument);
    CHECK_THROWS_AS(forward(3, SIZE_MAX / 2, 5, true), std::overflow_error);
    CHECK_THROWS_AS(ops::linear(context, a.in(), weight.in(), bias.in(), out.span(), 1, 1, 5), std::invalid_argument);
    const ops::FloatIn stray[]{a.in()};
    CHECK_THROWS_AS(
        ops::linear(context, a.in(), weight.in(), std::nullopt, out.span(), 2, 4, 2, false, std::nullopt, stray),
        std::invalid_argument);
    const ops::PointwiseProgram gradient(masked_gradient_program().code());
    const auto back = [&](ops::FloatIn y, ops::FloatOut sums) {
      const ops::FloatIn ins[]{y};
      const double scalars[]{1.0};
      ops::linearInputGradient(context, a.in(), weight.in(), out.span(), sums, 2, 4, 3, false, gradient, ins, {},
                               {scalars});
    };
    CHECK_THROWS_WITH_AS(
        back(a.in().first(7), bias.span()),
        "linearInputGradient: inputs[1] must have 8, 4 or 1 elements, or as many rows as there are images, got 7",
        std::invalid_argument);
    CHECK_THROWS_AS(back(a.in().first(8), bias.span().first(3)), std::invalid_argument);
    const ops::PointwiseProgram momentum(sgd_program(true, false, false).code());
    const auto update = [&](bool panels, std::vector<ops::FloatOut> state, std::optional<ops::IndexOut> count) {
      const std::vector<ops::FloatIn> ins(state.begin(), state.end());
      const double scalars[]{0.1, 0.9, 0.0, 0.0};
      ops::linearWeightUpdate(context, a.in(), a.in(), momentum, ins, {scalars}, state, count, 2, 4, 1, panels);
    };
    const ops::FloatOut fitting = memory.span().first(4);
    CHECK_THROWS_AS(update(true, {memory.span(), memory.span()}, step.span()), std::invalid_argument);
    CHECK_THROWS_AS(update(false, {fitting, bias.span()}, std::nullopt), std::invalid_argument);
    CHECK_THROWS_AS(update(false, {fitting, bias.span().first(3)}, step.span()), std::invalid_argument);
    CHECK_THROWS_AS(update(false, {fitting}, step.span()), std::invalid_argument);
    CHECK_THROWS_AS(update(false, {fitting, fitting}, step.span()), std::invalid_argument);
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
