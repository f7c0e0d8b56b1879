// Elementary functions against double precision, and their special values.
#include <algorithm>

#include "arithmetic.h"

namespace lanewise::test {
namespace {

using UnaryMath = void (*)(const float*, float*, std::size_t);

struct Function {
  const char* name;
  UnaryMath KernelTable::* kernel;
  double (*exact)(double);
  float low, high;
  double ulp;
};

double exact_sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

const Function kFunctions[] = {
    {"exp", &KernelTable::exp, [](double x) { return std::exp(x); }, -87.0f, 88.7f, 2.0},
    {"exp near 0", &KernelTable::exp, [](double x) { return std::exp(x); }, -1.0f, 1.0f, 2.0},
    {"expm1", &KernelTable::expm1, [](double x) { return std::expm1(x); }, -20.0f, 88.7f, 4.0},
    {"expm1 near 0", &KernelTable::expm1, [](double x) { return std::expm1(x); }, -2.0f, 2.0f, 4.0},
    {"expm1 of small", &KernelTable::expm1, [](double x) { return std::expm1(x); }, -1e-4f, 1e-4f, 4.0},
    {"log", &KernelTable::log, [](double x) { return std::log(x); }, 1e-6f, 100.0f, 4.0},
    {"log near 1", &KernelTable::log, [](double x) { return std::log(x); }, 0.7f, 1.4f, 4.0},
    {"log of large", &KernelTable::log, [](double x) { return std::log(x); }, 1.0f, 3e38f, 4.0},
    {"log1p", &KernelTable::log1p, [](double x) { return std::log1p(x); }, -0.99999f, 100.0f, 4.0},
    {"log1p near 0", &KernelTable::log1p, [](double x) { return std::log1p(x); }, -0.5f, 1.5f, 4.0},
    {"log1p of small", &KernelTable::log1p, [](double x) { return std::log1p(x); }, -1e-4f, 1e-4f, 4.0},
    {"log1p near -1", &KernelTable::log1p, [](double x) { return std::log1p(x); }, -1.0f, -0.9999f, 4.0},
    {"log1p of large", &KernelTable::log1p, [](double x) { return std::log1p(x); }, 1.0f, 3e38f, 4.0},
    {"sin", &KernelTable::sin, [](double x) { return std::sin(x); }, -10.0f, 10.0f, 1.0},
    {"sin of larger", &KernelTable::sin, [](double x) { return std::sin(x); }, -1e6f, 1e6f, 1.0},
    {"sin of large", &KernelTable::sin, [](double x) { return std::sin(x); }, 1e6f, 1e12f, 1.0},
    {"sin of huge", &KernelTable::sin, [](double x) { return std::sin(x); }, -3e38f, 3e38f, 1.0},
    {"cos", &KernelTable::cos, [](double x) { return std::cos(x); }, -10.0f, 10.0f, 1.0},
    {"cos of larger", &KernelTable::cos, [](double x) { return std::cos(x); }, -1e6f, 1e6f, 1.0},
    {"cos of large", &KernelTable::cos, [](double x) { return std::cos(x); }, 1e6f, 1e12f, 1.0},
    {"cos of huge", &KernelTable::cos, [](double x) { return std::cos(x); }, -3e38f, 3e38f, 1.0},
    {"erf", &KernelTable::erf, [](double x) { return std::erf(x); }, -5.0f, 5.0f, 4.0},
    {"erf near 0", &KernelTable::erf, [](double x) { return std::erf(x); }, -1.0f, 1.0f, 4.0},
    {"floor", &KernelTable::floor, [](double x) { return std::floor(x); }, -9.0f, 9.0f, 0.0},
    {"floor of large", &KernelTable::floor, [](double x) { return std::floor(x); }, -2e7f, 2e7f, 0.0},
    {"ceil", &KernelTable::ceil, [](double x) { return std::ceil(x); }, -9.0f, 9.0f, 0.0},
    {"ceil of large", &KernelTable::ceil, [](double x) { return std::ceil(x); }, -2e7f, 2e7f, 0.0},
    {"round", &KernelTable::round, [](double x) { return std::nearbyint(x); }, -9.0f, 9.0f, 0.0},
    {"round of large", &KernelTable::round, [](double x) { return std::nearbyint(x); }, -2e7f, 2e7f, 0.0},
    {"sqrt", &KernelTable::sqrt, [](double x) { return std::sqrt(x); }, 0.0f, 1e20f, 0.5},
    {"sigmoid", &KernelTable::sigmoid, exact_sigmoid, -80.0f, 80.0f, 3.0},
    {"sigmoid near 0", &KernelTable::sigmoid, exact_sigmoid, -4.0f, 4.0f, 3.0},
    {"tanh", &KernelTable::tanh, [](double x) { return std::tanh(x); }, -10.0f, 10.0f, 2.0},
    {"tanh near 0", &KernelTable::tanh, [](double x) { return std::tanh(x); }, -0.7f, 0.7f, 2.0},
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
    for (const auto kernel : {&KernelTable::tanh, &KernelTable::expm1, &KernelTable::log1p, &KernelTable::sin,
                              &KernelTable::erf, &KernelTable::floor, &KernelTable::ceil, &KernelTable::round}) {
      float zeros[2];
      (table.*kernel)(x, zeros, 2);
      CHECK(same_bits(zeros[0], 0.0f));
      CHECK(same_bits(zeros[1], -0.0f));
    }
  });
}

TEST_CASE("whole numbers: halves, signs of zero, and where fractions end") {
  const float x[] = {0.5f,  -0.5f,  1.5f,  -1.5f,      2.5f,       -2.5f,      0.49999997f, -0.49999997f,
                     0.25f, -0.25f, -0.9f, 4194303.5f, 8388607.5f, 8388609.0f, 16777216.0f, -8388607.5f};
  constexpr std::size_t n = std::size(x);
  struct Row {
    UnaryMath KernelTable::* kernel;
    float (*exact)(float);
  };
  const Row rows[] = {{&KernelTable::floor, [](float v) { return std::floor(v); }},
                      {&KernelTable::ceil, [](float v) { return std::ceil(v); }},
                      {&KernelTable::round, [](float v) { return std::nearbyint(v); }}};
  on_each_isa([&](const KernelTable& table) {
    for (const Row& row : rows) {
      float out[n];
      (table.*row.kernel)(x, out, n);
      for (std::size_t i = 0; i < n; ++i) {
        CAPTURE(x[i]);
        CHECK(same_bits(out[i], row.exact(x[i])));
      }
    }
  });
}

TEST_CASE("sine and cosine of numbers close to multiples of a quarter turn") {
  on_each_isa([](const KernelTable& table) {
    for (const auto& [kernel, exact] : {std::pair{&KernelTable::sin, +[](double x) { return std::sin(x); }},
                                        std::pair{&KernelTable::cos, +[](double x) { return std::cos(x); }}}) {
      std::vector<float> x;
      for (int k = 1; k < 40000; k += 7) x.push_back(static_cast<float>(k * 1.5707963267948966));
      for (int e = 20; e < 127; ++e) x.push_back(std::ldexp(1.5707964f, e));
      x.push_back(16367173.0f * 0x1p72f);  // the float closest to one
      std::vector<float> out(x.size());
      (table.*kernel)(x.data(), out.data(), x.size());
      double worst = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(out[i], exact(x[i])));
      CHECK(worst <= 1.0);
    }
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
