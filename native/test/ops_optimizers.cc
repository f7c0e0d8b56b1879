// SGD, Adam and AdamW as programs against their formulas in double precision, step by step; and the kernels that
// compute them in place against the interpreter, which computes them elsewhere.
#include <algorithm>
#include <memory>
#include <optional>
#include <variant>

#include "../ops/ops.h"
#include "arithmetic.h"
#include "pointwise_programs.h"

namespace lanewise::test {
namespace {

double worst_difference(Floats& actual, const std::vector<double>& exact) {
  double worst = 0.0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double difference = std::fabs(actual[i] - exact[i]) / (1.0 + std::fabs(exact[i]));
    worst = difference <= worst ? worst : std::isnan(difference) ? static_cast<double>(kInf) : difference;
  }
  return worst;
}

std::vector<double> doubles(Floats& x) { return {x.data(), x.data() + x.size()}; }

// An optimizer's state: the parameter first. `program` reads the gradient, then the state, and writes the state.
struct State {
  std::vector<std::unique_ptr<Floats>> memory;
  Ints step{std::vector<std::int32_t>{0}};
  State(const std::vector<float>& param, std::size_t others) {
    memory.push_back(std::make_unique<Floats>(param));
    for (std::size_t i = 0; i < others; ++i) {
      memory.push_back(std::make_unique<Floats>(std::vector<float>(param.size(), 0.0f)));
    }
  }
  Floats& operator[](std::size_t i) { return *memory[i]; }

  // In place; else to other memory, which is copied back.
  void update(const ops::Context& context, const ops::PointwiseProgram& program, Floats& grad,
              const std::vector<double>& scalars, bool counts, bool in_place) {
    const std::size_t n = grad.size();
    std::vector<double> layout{static_cast<double>(n)};
    layout.resize(1 + program.inputs(), 1.0);
    std::vector<ops::FloatIn> ins{grad.in()};
    std::vector<ops::FloatOut> outs;
    std::vector<std::unique_ptr<Floats>> elsewhere;
    for (const auto& each : memory) {
      ins.push_back(each->in());
      elsewhere.push_back(std::make_unique<Floats>(n));
      outs.push_back(in_place ? each->span() : elsewhere.back()->span());
    }
    ops::pointwise(context, program, ins, {}, {scalars}, outs, counts ? std::optional(step.span()) : std::nullopt,
                   layout, 1, 0);
    for (std::size_t i = 0; i < memory.size(); ++i) {
      CHECK((memory[i]->guards_intact() && elsewhere[i]->guards_intact()));
      if (!in_place) std::copy_n(elsewhere[i]->data(), n, memory[i]->data());
    }
  }
  bool same(State& other) {
    bool result = step[0] == other.step[0];
    for (std::size_t i = 0; i < memory.size(); ++i) {
      result = result && same_bits(memory[i]->values(), other.memory[i]->values());
    }
    return result;
  }
};

constexpr std::size_t kSizes[] = {0, 1, 33, 70001};

struct SgdCase {
  double momentum, dampening, weight_decay;
  bool nesterov;
};

TEST_CASE("sgd follows its formula for five steps, with the kernel and without") {
  on_each_isa([](const KernelTable& table) {
    for (const SgdCase& test : {SgdCase{0, 0, 0, false}, SgdCase{0, 0, 0.1, false}, SgdCase{0.9, 0, 0, false},
                                SgdCase{0.9, 0.3, 0.1, false}, SgdCase{0.9, 0, 0.01, true}}) {
      const bool with = test.momentum != 0.0;
      const ops::PointwiseProgram program(sgd_program(with, test.nesterov, test.weight_decay != 0).code());
      REQUIRE(std::holds_alternative<ops::SgdPattern>(program.pattern()));
      const std::vector<double> scalars{0.1, test.momentum, test.dampening, test.weight_decay};
      for (const std::size_t n : kSizes) {
        const std::vector<float> start = Random(1).floats(n);
        State one(start, with ? 1 : 0), three(start, with ? 1 : 0), interpreted(start, with ? 1 : 0);
        // What the first step must not read.
        if (with && n != 0) one[1][0] = three[1][0] = interpreted[1][0] = kNan;
        std::vector<double> p = doubles(one[0]), b(n, 0.0);
        for (std::uint32_t t = 0; t < 5; ++t) {
          Floats grad(Random(t + 10).floats(n));
          one.update(context_of(table, 1), program, grad, scalars, with, true);
          three.update(context_of(table, 3), program, grad, scalars, with, true);
          interpreted.update(context_of(table, 2), program, grad, scalars, with, false);
          for (std::size_t i = 0; i < n; ++i) {
            const double g = grad[i] + test.weight_decay * p[i];
            b[i] = !with || t == 0 ? g : test.momentum * b[i] + (1.0 - test.dampening) * g;
            p[i] -= 0.1 * (test.nesterov ? g + test.momentum * b[i] : b[i]);
          }
        }
        CAPTURE(n);
        CHECK(worst_difference(one[0], p) < 5e-7);
        CHECK(one.same(three));
        CHECK(one.same(interpreted));
        CHECK(one.step[0] == (with ? 5 : 0));
      }
    }
  });
}

TEST_CASE("adam and adamw follow their formulas for ten steps, with the kernel and without") {
  on_each_isa([](const KernelTable& table) {
    for (const bool decoupled : {false, true}) {
      for (const bool amsgrad : {false, true}) {
        for (const double decay : {0.05, 0.0}) {
          const ops::PointwiseProgram program(adam_program(amsgrad, decay != 0, decoupled).code());
          REQUIRE(std::holds_alternative<ops::AdamPattern>(program.pattern()));
          const double lr = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
          const std::vector<double> scalars{lr, beta1, beta2, eps, decay};
          for (const std::size_t n : kSizes) {
            const std::vector<float> start = Random(1).floats(n);
            const std::size_t others = amsgrad ? 3 : 2;
            State one(start, others), three(start, others), interpreted(start, others);
            std::vector<double> p = doubles(one[0]), dm(n, 0.0), dv(n, 0.0), dmax(n, 0.0);
            for (std::uint32_t t = 1; t <= 10; ++t) {
              Floats grad(Random(t + 10).floats(n));
              one.update(context_of(table, 1), program, grad, scalars, true, true);
              three.update(context_of(table, 3), program, grad, scalars, true, true);
              interpreted.update(context_of(table, 2), program, grad, scalars, true, false);
              for (std::size_t i = 0; i < n; ++i) {
                double g = grad[i];
                if (decoupled) {
                  p[i] *= 1.0 - lr * decay;
                } else {
                  g += decay * p[i];
                }
                dm[i] += (1.0 - beta1) * (g - dm[i]);
                dv[i] = beta2 * dv[i] + (1.0 - beta2) * g * g;
                dmax[i] = std::max(dmax[i], dv[i]);
                const double root = std::sqrt(amsgrad ? dmax[i] : dv[i]) / std::sqrt(1.0 - std::pow(beta2, t));
                p[i] -= lr / (1.0 - std::pow(beta1, t)) * dm[i] / (root + eps);
              }
            }
            CAPTURE(n);
            CHECK(worst_difference(one[0], p) < 1e-6);
            CHECK(worst_difference(one[1], dm) < 1e-6);
            CHECK(one.same(three));
            CHECK(one.same(interpreted));
            CHECK(one.step[0] == 10);
          }
        }
      }
    }
  });
}

TEST_CASE("optimizers: numbers that a kernel leaves out, but not the program") {
  const KernelTable& table = *kernels::available().back();
  // A weight decay of 0 in a program that has one: 0·∞ is NaN.
  for (const bool adam : {false, true}) {
    const TestProgram code = adam ? adam_program(false, true, false) : sgd_program(false, false, true);
    const ops::PointwiseProgram program(code.code());
    const std::vector<double> scalars =
        adam ? std::vector<double>{0.1, 0.9, 0.99, 1e-8, 0} : std::vector<double>{0.1, 0, 0, 0};
    State in_place({kInf, 1.0f}, adam ? 2 : 0), elsewhere({kInf, 1.0f}, adam ? 2 : 0);
    Floats grad(std::vector<float>{1.0f, 1.0f});
    in_place.update(context_of(table), program, grad, scalars, adam, true);
    elsewhere.update(context_of(table), program, grad, scalars, adam, false);
    CHECK(std::isnan(in_place[0][0]));
    CHECK(std::isnan(elsewhere[0][0]));
    CHECK(same_bits(in_place[0][1], elsewhere[0][1]));
  }
}

TEST_CASE("optimizers: what resembles SGD or Adam is no pattern") {
  const TestProgram sgd = sgd_program(true, true, true), adam = adam_program(true, true, false);
  const auto is_none = [](const TestProgram& program) {
    return std::holds_alternative<std::monostate>(ops::PointwiseProgram(program.code()).pattern());
  };
  CHECK((!is_none(sgd) && !is_none(adam)));
  for (const TestProgram& right : {sgd, adam}) {
    std::size_t streams = 0;
    for (std::size_t i = 0; i < right.lines.size(); ++i) {
      if (ops::PointwiseProgram(right.code()).is_uniform(static_cast<std::uint32_t>(right.first() + i))) continue;
      TestProgram other = right;
      other.lines[i].node = right.lines[i].node == Node::mul ? Node::add : Node::mul;
      other.lines[i].operands = {right.lines[i].operands[0], right.lines[i].operands[1], 0, 0};
      CAPTURE(i);
      CHECK(is_none(other));
      ++streams;
    }
    CHECK(streams >= 5);
  }
}

}  // namespace
}  // namespace lanewise::test
