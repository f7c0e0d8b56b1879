// SGD, Adam and AdamW against their formulas in double precision, step by step.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

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

struct SgdCase {
  double momentum, dampening, weight_decay;
  bool nesterov;
};

TEST_CASE("sgd follows its formula for five steps") {
  on_each_isa([](const KernelTable& table) {
    for (const SgdCase& test : {SgdCase{0, 0, 0, false}, SgdCase{0, 0, 0.1, false}, SgdCase{0.9, 0, 0, false},
                                SgdCase{0.9, 0.3, 0.1, false}, SgdCase{0.9, 0, 0.01, true}}) {
      for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{33}, std::size_t{70001}}) {
        Floats one(Random(1).floats(n)), three(Random(1).floats(n)), buffer(n), other(n);
        Ints step(std::vector<std::int32_t>{0}), other_step(std::vector<std::int32_t>{0});
        const bool with = test.momentum != 0.0;
        std::vector<double> p = doubles(one), b(n, 0.0);
        for (std::uint32_t t = 0; t < 5; ++t) {
          Floats grad(Random(t + 10).floats(n));
          const auto run = [&](std::size_t threads, Floats& param, Floats& velocity, Ints& count) {
            ops::sgd(context_of(table, threads), param.span(), grad.in(),
                     with ? std::optional(velocity.span()) : std::nullopt,
                     with ? std::optional(count.span()) : std::nullopt, n, 0.1, test.momentum, test.dampening,
                     test.weight_decay, test.nesterov);
          };
          run(1, one, buffer, step);
          run(3, three, other, other_step);
          for (std::size_t i = 0; i < n; ++i) {
            const double g = grad[i] + test.weight_decay * p[i];
            b[i] = !with || t == 0 ? g : test.momentum * b[i] + (1.0 - test.dampening) * g;
            p[i] -= 0.1 * (test.nesterov ? g + test.momentum * b[i] : b[i]);
          }
        }
        CAPTURE(n);
        CHECK(worst_difference(one, p) < 5e-7);
        CHECK(same_bits(one.values(), three.values()));
        CHECK(step[0] == (with ? 5 : 0));
        CHECK((with ? same_bits(buffer.values(), other.values()) : buffer.untouched()));
        CHECK((one.guards_intact() && buffer.guards_intact()));
      }
    }
  });
}

TEST_CASE("adam and adamw follow their formulas for ten steps") {
  on_each_isa([](const KernelTable& table) {
    for (const bool decoupled : {false, true}) {
      for (const bool amsgrad : {false, true}) {
        for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{33}, std::size_t{70001}}) {
          const double lr = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0.05;
          const std::vector<float> zeros(n, 0.0f);
          Floats param(Random(1).floats(n)), m(zeros), v(zeros), max_v(zeros);
          Floats param3(Random(1).floats(n)), m3(zeros), v3(zeros), max_v3(zeros);
          Ints step(std::vector<std::int32_t>{0}), step3(std::vector<std::int32_t>{0});
          std::vector<double> p = doubles(param), dm(n, 0.0), dv(n, 0.0), dmax(n, 0.0);
          for (std::uint32_t t = 1; t <= 10; ++t) {
            Floats grad(Random(t + 10).floats(n));
            ops::adam(context_of(table), param.span(), grad.in(), m.span(), v.span(),
                      amsgrad ? std::optional(max_v.span()) : std::nullopt, step.span(), n, lr, beta1, beta2, eps,
                      decay, decoupled);
            ops::adam(context_of(table, 3), param3.span(), grad.in(), m3.span(), v3.span(),
                      amsgrad ? std::optional(max_v3.span()) : std::nullopt, step3.span(), n, lr, beta1, beta2, eps,
                      decay, decoupled);
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
          CHECK(worst_difference(param, p) < 1e-6);
          CHECK(worst_difference(m, dm) < 1e-6);
          CHECK(same_bits(param.values(), param3.values()));
          CHECK(same_bits(v.values(), v3.values()));
          CHECK(step[0] == 10);
          CHECK((param.guards_intact() && m.guards_intact() && v.guards_intact() && max_v.guards_intact()));
        }
      }
    }
  });
}

TEST_CASE("optimizers refuse what does not fit and change nothing") {
  const ops::Context context = context_of(*kernels::available().back());
  Floats param(4), m(4), v(4), buffer(4), grad(Random(1).floats(4));
  Ints step(std::vector<std::int32_t>{0}), last(std::vector<std::int32_t>{INT32_MAX}),
      below(std::vector<std::int32_t>{-1});
  const auto sgd = [&](std::optional<ops::FloatOut> b, std::optional<ops::IndexOut> s, std::size_t n) {
    ops::sgd(context, param.span(), grad.in(), b, s, n, 0.1, 0.9, 0.0, 0.0, false);
  };
  CHECK_THROWS_AS(sgd(buffer.span(), std::nullopt, 4), std::invalid_argument);
  CHECK_THROWS_AS(sgd(std::nullopt, step.span(), 4), std::invalid_argument);
  CHECK_THROWS_AS(sgd(buffer.span().first(3), step.span(), 4), std::invalid_argument);
  CHECK_THROWS_AS(sgd(buffer.span(), step.span().first(0), 4), std::invalid_argument);
  CHECK_THROWS_AS(sgd(buffer.span(), last.span(), 4), std::invalid_argument);
  CHECK_THROWS_WITH_AS(sgd(std::nullopt, std::nullopt, 5), "sgd: param needs 5 elements, got 4", std::invalid_argument);
  const auto adam = [&](std::size_t n, ops::FloatOut second, ops::IndexOut s) {
    ops::adam(context, param.span(), grad.in(), m.span(), second, std::nullopt, s, n, 0.1, 0.9, 0.99, 1e-8, 0.0, false);
  };
  CHECK_THROWS_AS(adam(5, v.span(), step.span()), std::invalid_argument);
  CHECK_THROWS_AS(adam(4, v.span().first(3), step.span()), std::invalid_argument);
  CHECK_THROWS_AS(adam(4, v.span(), below.span()), std::invalid_argument);
  CHECK((param.untouched() && m.untouched() && v.untouched() && buffer.untouched()));
  CHECK(step[0] == 0);
}

}  // namespace
}  // namespace lanewise::test
