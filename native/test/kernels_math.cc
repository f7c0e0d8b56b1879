// Elementary functions against double precision, and their special values.
#include <algorithm>

#include "arithmetic.h"

namespace lanewise::test {
namespace {

using Unary = void (*)(const float*, float*, std::size_t);

struct Function {
  const char* name;
  Unary KernelTable::* kernel;
  double (*exact)(double);
  float low, high;
  double ulp;
};

double exact_sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

const Function kFunctions[] = {
    {"exp", &KernelTable::exp, [](double x) { return std::exp(x); }, -87.0f, 88.7f, 2.0},
    {"exp near 0", &KernelTable::exp, [](double x) { return std::exp(x); }, -1.0f, 1.0f, 2.0},
    {"log", &KernelTable::log, [](double x) { return std::log(x); }, 1e-6f, 100.0f, 4.0},
    {"log near 1", &KernelTable::log, [](double x) { return std::log(x); }, 0.7f, 1.4f, 4.0},
    {"log of large", &KernelTable::log, [](double x) { return std::log(x); }, 1.0f, 3e38f, 4.0},
    {"sqrt", &KernelTable::sqrt, [](double x) { return std::sqrt(x); }, 0.0f, 1e20f, 0.5},
    {"sigmoid", &KernelTable::sigmoid, exact_sigmoid, -80.0f, 80.0f, 4.0},
    {"sigmoid near 0", &KernelTable::sigmoid, exact_sigmoid, -4.0f, 4.0f, 4.0},
    {"tanh", &KernelTable::tanh, [](double x) { return std::tanh(x); }, -10.0f, 10.0f, 4.0},
    {"tanh near 0", &KernelTable::tanh, [](double x) { return std::tanh(x); }, -0.7f, 0.7f, 4.0},
};

TEST_CASE("elementary functions stay within their ulps of double precision") {
  on_each_isa([](const KernelTable& table) {
    for (const Function& function : kFunctions) {
      CAPTURE(std::string(function.name));
      const std::vector<float> x = Random(7).floats(200001, function.low, function.high);
      std::vector<float> out(x.size());
      (table.*function.kernel)(x.data(), out.data(), x.size());
      double worst = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(out[i], function.exact(x[i])));
      CHECK(worst <= function.ulp);
    }
  });
}

TEST_CASE("elementary functions of special values") {
  const float x[] = {0.0f,    -0.0f,    1.0f,    -1.0f,    kInf,     -kInf,    kNan,
                     1000.0f, -1000.0f, 3.4e38f, -3.4e38f, 1.5e-38f, -1.5e-38f};
  constexpr std::size_t n = std::size(x);
  on_each_isa([&](const KernelTable& table) {
    for (const Function& function : kFunctions) {
      CAPTURE(std::string(function.name));
      float out[n];
      (table.*function.kernel)(x, out, n);
      for (std::size_t i = 0; i < n; ++i) {
        CAPTURE(x[i]);
        CHECK(ulps(out[i], function.exact(x[i])) <= function.ulp);
      }
    }
    float zeros[2];
    table.tanh(x, zeros, 2);
    CHECK(same_bits(zeros[0], 0.0f));
    CHECK(same_bits(zeros[1], -0.0f));
  });
}

TEST_CASE("pow is within 1 ulp of double precision") {
  on_each_isa([](const KernelTable& table) {
    Random random(3);
    std::vector<float> a(100003), b(a.size()), out(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = std::exp2(random.uniform(-30.0f, 30.0f));
      b[i] = random.uniform(-6.0f, 6.0f);
      if (i % 3 == 0) b[i] = std::round(b[i]);
      if (i % 6 == 0) a[i] = -a[i];
    }
    table.pow(a.data(), 1, b.data(), 1, out.data(), a.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      worst = std::max(worst, ulps(out[i], std::pow(static_cast<double>(a[i]), static_cast<double>(b[i]))));
    }
    CHECK(worst <= 1.0);
  });
}

TEST_CASE("pow keeps the special cases of C") {
  const float values[] = {0.0f,  -0.0f, 1.0f,  -1.0f, 2.0f, -2.0f, 3.0f,        -3.0f, 0.5f,   -0.5f,      2.5f,
                          -2.5f, kInf,  -kInf, kNan,  4e9f, -4e9f, 16777217.0f, 1e30f, -1e30f, 8388607.0f, 1.0000001f};
  on_each_isa([&](const KernelTable& table) {
    for (const float a : values) {
      for (const float b : values) {
        CAPTURE(a);
        CAPTURE(b);
        float out = 7.0f;
        table.pow(&a, 1, &b, 1, &out, 1);
        const double exact = std::pow(static_cast<double>(a), static_cast<double>(b));
        CHECK(ulps(out, exact) <= 1.0);
        if (!std::isnan(exact)) CHECK(std::signbit(out) == std::signbit(exact));
      }
    }
  });
}

}  // namespace
}  // namespace lanewise::test
