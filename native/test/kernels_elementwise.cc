// Elementwise kernels: odd sizes, unaligned memory, in place, special values.
#include <functional>

#include "arithmetic.h"

namespace lanewise::test {
namespace {

const std::vector<float> kSpecial{0.0f,  -0.0f, 1.0f,  -1.0f,  2.5f,  -2.5f, kInf,
                                  -kInf, kNan,  1e30f, -1e30f, 0.25f, 1e-30f};

// Numbers with special values strewn in.
std::vector<float> numbers(std::size_t n, std::uint32_t seed) {
  std::vector<float> x = Random(seed).floats(n, -3.0f, 3.0f);
  for (std::size_t i = seed % 3; i < n; i += 5) x[i] = kSpecial[(i / 5 + seed) % kSpecial.size()];
  return x;
}

void check_same(Floats& out, const std::function<double(std::size_t)>& exact, double limit) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    CAPTURE(i);
    CHECK(ulps(out[i], exact(i)) <= limit);
  }
  CHECK(out.guards_intact());
}

using UnaryKernel = std::function<void(const KernelTable&, const float*, float*, std::size_t)>;
struct UnaryCase {
  const char* name;
  UnaryKernel run;
  std::function<float(float)> exact;
};

const UnaryCase kUnary[] = {
    {"neg", [](auto& t, auto... a) { t.neg(a...); }, [](float x) { return -x; }},
    {"abs", [](auto& t, auto... a) { t.abs(a...); }, [](float x) { return std::fabs(x); }},
    {"sign", [](auto& t, auto... a) { t.sign(a...); },
     [](float x) { return x > 0.0f   ? 1.0f
                          : x < 0.0f ? -1.0f
                                     : 0.0f; }},
    {"relu", [](auto& t, auto... a) { t.relu(a...); }, [](float x) { return x <= 0.0f ? 0.0f : x; }},
};

TEST_CASE("functions of one element") {
  on_each_isa([](const KernelTable& table) {
    for (const UnaryCase& test : kUnary) {
      CAPTURE(std::string(test.name));
      for (const std::size_t n : odd_sizes()) {
        CAPTURE(n);
        Floats x(numbers(n, 1)), out(n);
        test.run(table, x.data(), out.data(), n);
        check_same(out, [&](std::size_t i) { return test.exact(x[i]); }, 0.0);
        test.run(table, x.data(), x.data(), n);
        CHECK(same_bits(x.values(), out.values()));
      }
    }
  });
}

using BinaryKernel = decltype(KernelTable::add);
struct BinaryCase {
  const char* name;
  BinaryKernel KernelTable::* kernel;
  float (*exact)(float, float);
};

const BinaryCase kBinary[] = {
    {"add", &KernelTable::add, [](float a, float b) { return a + b; }},
    {"sub", &KernelTable::sub, [](float a, float b) { return a - b; }},
    {"mul", &KernelTable::mul, [](float a, float b) { return a * b; }},
    {"div", &KernelTable::div, [](float a, float b) { return a / b; }},
    {"max", &KernelTable::max, [](float a, float b) { return std::isnan(a) ? a
                                                             : b < a       ? a
                                                                           : b; }},
    {"min", &KernelTable::min, [](float a, float b) { return std::isnan(a) ? a
                                                             : a < b       ? a
                                                                           : b; }},
};

TEST_CASE("functions of two elements, with either repeated") {
  on_each_isa([](const KernelTable& table) {
    for (const BinaryCase& test : kBinary) {
      CAPTURE(std::string(test.name));
      for (const std::size_t n : odd_sizes()) {
        CAPTURE(n);
        Floats a(numbers(n + 1, 1)), b(numbers(n + 1, 2));
        for (const std::size_t a_step : {0, 1}) {
          for (const std::size_t b_step : {0, 1}) {
            Floats out(n);
            (table.*test.kernel)(a.data(), a_step, b.data(), b_step, out.data(), n);
            check_same(out, [&](std::size_t i) { return test.exact(a[i * a_step], b[i * b_step]); }, 0.0);
          }
        }
      }
    }
  });
}

TEST_CASE("functions of two elements write over either") {
  on_each_isa([](const KernelTable& table) {
    for (const BinaryCase& test : kBinary) {
      CAPTURE(std::string(test.name));
      for (const std::size_t n : odd_sizes()) {
        Floats a(numbers(n, 1)), b(numbers(n, 2)), out(n);
        (table.*test.kernel)(a.data(), 1, b.data(), 1, out.data(), n);
        (table.*test.kernel)(a.data(), 1, b.data(), 1, a.data(), n);
        CHECK(same_bits(a.values(), out.values()));
      }
    }
  });
}

// The i-th operand of three or four, repeated where bit i of `steps` is not set.
struct Several {
  std::vector<std::vector<float>> operands;
  unsigned steps;
  std::size_t step(std::size_t i) const { return steps >> i & 1u; }
  float operator()(std::size_t i, std::size_t at) const { return operands[i][at * step(i)]; }
};

template <typename Body>
void on_all_steps(std::size_t count, const Body& body) {
  for (const std::size_t n : odd_sizes()) {
    CAPTURE(n);
    for (unsigned steps = 0; steps < 1u << count; ++steps) {
      CAPTURE(steps);
      Several x{{}, steps};
      for (std::size_t i = 0; i < count; ++i) x.operands.push_back(numbers(n + 1, static_cast<std::uint32_t>(i + 1)));
      body(x, n);
    }
  }
}

// run(out) for the operands is right at each element, and over each operand that is not repeated.
template <typename Run, typename IsRight>
void check_several(Several& x, std::size_t n, const Run& run, const IsRight& is_right) {
  Floats out(n);
  run(out.data());
  bool right = out.guards_intact();
  for (std::size_t i = 0; i < n; ++i) right = right && is_right(out[i], i);
  CHECK(right);
  for (std::size_t i = 0; i < x.operands.size(); ++i) {
    if (x.step(i) == 0) continue;
    Several before = x;
    run(x.operands[i].data());
    x.operands[i].resize(n);
    CHECK(same_bits(x.operands[i], out.values()));
    x = before;
  }
}

TEST_CASE("fma with each operand repeated, rounded once") {
  on_each_isa([](const KernelTable& table) {
    on_all_steps(3, [&](Several& x, std::size_t n) {
      const auto run = [&](float* out) {
        table.fma(x.operands[0].data(), x.step(0), x.operands[1].data(), x.step(1), x.operands[2].data(), x.step(2),
                  out, n);
      };
      check_several(x, n, run, [&](float out, std::size_t i) {
        const float a = x(0, i), b = x(1, i), c = x(2, i);
        return ulps(out, has_fma(table) ? std::fma(a, b, c) : a * b + c) == 0.0;
      });
    });
  });
}

TEST_CASE("selects with each operand repeated") {
  struct Row {
    decltype(KernelTable::select_less) KernelTable::* kernel;
    bool (*chosen)(float, float);
  };
  const Row rows[] = {{&KernelTable::select_less, [](float a, float b) { return a < b; }},
                      {&KernelTable::select_less_equal, [](float a, float b) { return a <= b; }},
                      {&KernelTable::select_equal, [](float a, float b) { return a == b; }}};
  on_each_isa([&](const KernelTable& table) {
    for (const Row& row : rows) {
      on_all_steps(4, [&](Several& x, std::size_t n) {
        for (std::size_t i = 0; i < n; i += 4) x.operands[1][i] = x.operands[0][i];
        const auto run = [&](float* out) {
          (table.*row.kernel)(x.operands[0].data(), x.step(0), x.operands[1].data(), x.step(1), x.operands[2].data(),
                              x.step(2), x.operands[3].data(), x.step(3), out, n);
        };
        check_several(x, n, run, [&](float out, std::size_t i) {
          return same_bits(out, row.chosen(x(0, i), x(1, i)) ? x(2, i) : x(3, i));
        });
      });
    }
  });
}

TEST_CASE("fill and the conversions") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t n : odd_sizes()) {
      CAPTURE(n);
      Floats out(n);
      table.fill(2.5f, out.data(), n);
      check_same(out, [](std::size_t) { return 2.5; }, 0.0);
    }
    Floats x(std::vector<float>{0.9f, -0.9f, 2.5f, -2.5f, kNan, kInf, -kInf, 2147483520.0f, 2147483648.0f,
                                -2147483648.0f, -2147483904.0f, 1e20f});
    Ints out(x.size());
    table.to_int(x.data(), out.data(), x.size());
    const std::vector<std::int32_t> expected{0,         0,          2,         -2,        0,         INT32_MAX,
                                             INT32_MIN, 2147483520, INT32_MAX, INT32_MIN, INT32_MIN, INT32_MAX};
    CHECK(out.values() == expected);
    CHECK(out.guards_intact());
    Ints whole(std::vector<std::int32_t>{0, 1, -1, INT32_MAX, INT32_MIN, 16777217});
    Floats back(whole.size());
    table.to_float(whole.data(), back.data(), whole.size());
    CHECK(back.values() == std::vector<float>{0.0f, 1.0f, -1.0f, 2147483648.0f, -2147483648.0f, 16777216.0f});
  });
}

TEST_CASE("instruction sets that cannot run here") {
  for (const char* name : kernels::compiled()) {
    if (kernels::find(name) == nullptr) MESSAGE("skipped, compiled only: " << std::string(name));
  }
  REQUIRE(!kernels::available().empty());
#if defined(LANEWISE_WITHOUT_SCALAR)
  CHECK(kernels::find("scalar") == nullptr);
#else
  CHECK(std::string(kernels::available()[0]->name) == "scalar");
#endif
  CHECK(kernels::find("no such") == nullptr);
  for (const KernelTable* table : kernels::available()) CHECK(kernels::find(table->name) == table);
}

}  // namespace
}  // namespace lanewise::test
