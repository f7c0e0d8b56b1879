// Writes pointwise programs down for tests, and computes them the plain way: value by value over whole arrays, with the
// kernels that the interpreter has to call.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../ops/mask.h"
#include "../ops/pointwise_program.h"
#include "arithmetic.h"

namespace lanewise::test {

using ops::Node;

struct TestProgram {
  struct Line {
    Node node;
    std::array<std::size_t, 4> operands;
  };
  std::size_t inputs = 0, keys = 0, scalars = 0;
  std::vector<double> constants;
  std::vector<Line> lines;
  std::vector<std::size_t> outputs;

  std::size_t first() const { return inputs + scalars + constants.size(); }
  std::size_t scalar(std::size_t i) const { return inputs + i; }
  std::size_t constant(std::size_t i) const { return inputs + scalars + i; }
  // The number of its result.
  std::size_t add(Node node, std::size_t a, std::size_t b = 0, std::size_t c = 0, std::size_t d = 0) {
    lines.push_back({node, {a, b, c, d}});
    return first() + lines.size() - 1;
  }

  std::vector<double> code() const {
    std::vector<double> result;
    const auto put = [&](auto value) { result.push_back(static_cast<double>(value)); };
    for (const std::size_t count : {inputs, keys, scalars, constants.size(), lines.size(), outputs.size()}) put(count);
    for (const double value : constants) put(value);
    for (const Line& line : lines) {
      put(static_cast<int>(line.node));
      for (const std::size_t operand : line.operands) put(operand);
    }
    for (const std::size_t output : outputs) put(output);
    return result;
  }
};

// A value of every element; `uniform` while it depends on no stream.
struct PlainValue {
  std::vector<float> stream;
  double uniform = 0;
  bool is_uniform = false;
};

struct PlainCall {
  const KernelTable& table;
  std::vector<std::vector<float>> inputs;  // gathered: an element for each of the outputs
  std::vector<std::vector<std::int32_t>> keys;
  std::vector<double> scalars;
  std::size_t count, columns = 1, row_offset = 0;

  std::vector<std::vector<float>> run(const TestProgram& program) const {
    std::vector<PlainValue> values;
    for (const auto& input : inputs) values.push_back({input});
    for (const double scalar : scalars) values.push_back({{}, scalar, true});
    for (const double constant : program.constants) values.push_back({{}, constant, true});
    for (const TestProgram::Line& line : program.lines) values.push_back(compute(line, values));
    std::vector<std::vector<float>> result;
    for (const std::size_t output : program.outputs) result.push_back(stream(values[output]));
    return result;
  }

 private:
  std::vector<float> stream(const PlainValue& value) const {
    return value.is_uniform ? std::vector<float>(count, static_cast<float>(value.uniform)) : value.stream;
  }

  PlainValue compute(const TestProgram::Line& line, const std::vector<PlainValue>& values) const {
    const auto& [a, b, c, d] = line.operands;
    PlainValue out{std::vector<float>(count)};
    if (line.node == Node::mask) {
      const kernels::Mask mask = ops::make_mask("test", keys[a], values[b].uniform, columns, row_offset);
      out.stream.assign(count, 1.0f);
      table.dropout(out.stream.data(), out.stream.data(), count / columns, columns, row_offset, mask.k0, mask.k1,
                    mask.threshold, mask.scale);
      return out;
    }
    const std::size_t operands = operand_count(line.node);
    out.is_uniform = true;
    for (std::size_t o = 0; o < operands; ++o) out.is_uniform = out.is_uniform && values[line.operands[o]].is_uniform;
    if (out.is_uniform) {
      out.uniform =
          ops::value_of(line.node, values[a].uniform, values[b].uniform, values[c].uniform, values[d].uniform);
      return out;
    }
    std::vector<std::vector<float>> x;
    for (std::size_t o = 0; o < operands; ++o) x.push_back(stream(values[line.operands[o]]));
    call(line.node, x, out.stream.data());
    return out;
  }

 public:
  static std::size_t operand_count(Node node) {
    return node < Node::add ? 1 : node < Node::fma ? 2 : node == Node::fma ? 3 : node == Node::mask ? 2 : 4;
  }

 private:
  void call(Node node, const std::vector<std::vector<float>>& x, float* out) const {
    const auto one = [&](auto kernel) { kernel(x[0].data(), out, count); };
    const auto two = [&](auto kernel) { kernel(x[0].data(), 1, x[1].data(), 1, out, count); };
    const auto four = [&](auto kernel) {
      kernel(x[0].data(), 1, x[1].data(), 1, x[2].data(), 1, x[3].data(), 1, out, count);
    };
    switch (node) {
      case Node::neg:
        return one(table.neg);
      case Node::abs:
        return one(table.abs);
      case Node::sign:
        return one(table.sign);
      case Node::exp:
        return one(table.exp);
      case Node::expm1:
        return one(table.expm1);
      case Node::log:
        return one(table.log);
      case Node::log1p:
        return one(table.log1p);
      case Node::sqrt:
        return one(table.sqrt);
      case Node::sin:
        return one(table.sin);
      case Node::cos:
        return one(table.cos);
      case Node::tanh:
        return one(table.tanh);
      case Node::sigmoid:
        return one(table.sigmoid);
      case Node::erf:
        return one(table.erf);
      case Node::floor:
        return one(table.floor);
      case Node::ceil:
        return one(table.ceil);
      case Node::round:
        return one(table.round);
      case Node::relu:
        return one(table.relu);
      case Node::add:
        return two(table.add);
      case Node::sub:
        return two(table.sub);
      case Node::mul:
        return two(table.mul);
      case Node::div:
        return two(table.div);
      case Node::pow:
        return two(table.pow);
      case Node::max:
        return two(table.max);
      case Node::min:
        return two(table.min);
      case Node::fma:
        return table.fma(x[0].data(), 1, x[1].data(), 1, x[2].data(), 1, out, count);
      case Node::selectLess:
        return four(table.select_less);
      case Node::selectLessEqual:
        return four(table.select_less_equal);
      case Node::selectEqual:
        return four(table.select_equal);
      case Node::mask:
      case Node::move:
        break;
    }
  }
};

// NaNs are the same whatever their bits: which one of two operands wins is the compiler's choice.
inline bool same_numbers(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same_bits(a[i], b[i]) && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  }
  return true;
}

// --- programs as src/compile makes them ---

inline TestProgram unary_program(Node node) {
  TestProgram program;
  program.inputs = 1;
  program.outputs = {program.add(node, 0)};
  return program;
}

inline TestProgram binary_program(Node node) {
  TestProgram program;
  program.inputs = 2;
  program.outputs = {program.add(node, 0, 1)};
  return program;
}

// ReLU, then dropout with the only scalar as probability; the product itself without either.
inline TestProgram activation_program(bool relu, bool masked) {
  TestProgram program;
  program.inputs = 1;
  program.keys = program.scalars = masked ? 1 : 0;
  std::size_t value = 0;
  if (relu) value = program.add(Node::relu, value);
  if (masked) {
    const std::size_t mask = program.add(Node::mask, 0, program.scalar(0));
    value = program.add(Node::mul, value, mask);
  }
  program.outputs = {value};
  return program;
}

// y <= 0 ? 0 : x·scale.
inline TestProgram masked_gradient_program() {
  TestProgram program;
  program.inputs = 2;
  program.scalars = 1;
  program.constants = {0};
  const std::size_t scaled = program.add(Node::mul, 0, program.scalar(0)), zero = program.constant(0);
  program.outputs = {program.add(Node::selectLessEqual, 1, zero, zero, scaled)};
  return program;
}

// Inputs: gradient, parameter, buffer. Scalars: lr, momentum, dampening, weight decay, and with momentum the step.
inline TestProgram sgd_program(bool momentum, bool nesterov, bool decays) {
  TestProgram program;
  program.inputs = momentum ? 3 : 2;
  program.scalars = momentum ? 5 : 4;
  program.constants = {1};
  const std::size_t lr = program.scalar(0), mu = program.scalar(1), one = program.constant(0);
  std::size_t g = 0, direction = 0, next = 0;
  if (decays) g = program.add(Node::fma, program.scalar(3), 1, g);
  direction = g;
  if (momentum) {
    const std::size_t minus = program.add(Node::neg, program.scalar(2)), take = program.add(Node::add, minus, one);
    const std::size_t taken = program.add(Node::mul, take, g), later = program.add(Node::fma, mu, 2, taken);
    direction = next = program.add(Node::selectEqual, program.scalar(4), one, g, later);
    if (nesterov) direction = program.add(Node::fma, mu, next, g);
  }
  const std::size_t rate = program.add(Node::neg, lr);
  program.outputs = {program.add(Node::fma, rate, direction, 1)};
  if (momentum) program.outputs.push_back(next);
  return program;
}

// Inputs: gradient, parameter, m, v, with amsgrad the largest v. Scalars: lr, both betas, eps, weight decay, the step.
inline TestProgram adam_program(bool amsgrad, bool decays, bool decoupled) {
  TestProgram program;
  program.inputs = amsgrad ? 5 : 4;
  program.scalars = 6;
  program.constants = {1};
  const std::size_t lr = program.scalar(0), beta1 = program.scalar(1), beta2 = program.scalar(2);
  const std::size_t decay = program.scalar(4), step = program.scalar(5), one = program.constant(0);
  const auto one_minus = [&](std::size_t x) { return program.add(Node::add, program.add(Node::neg, x), one); };
  std::size_t g = 0, p = 1;
  if (decays && !decoupled) g = program.add(Node::fma, decay, p, g);
  if (decays && decoupled) p = program.add(Node::mul, p, one_minus(program.add(Node::mul, lr, decay)));
  const std::size_t difference = program.add(Node::sub, g, 2);
  const std::size_t first = program.add(Node::fma, one_minus(beta1), difference, 2);
  const std::size_t half = program.add(Node::mul, one_minus(beta2), g), square = program.add(Node::mul, half, g);
  const std::size_t second = program.add(Node::fma, beta2, 3, square);
  const std::size_t largest = amsgrad ? program.add(Node::max, 4, second) : second;
  const std::size_t size = program.add(Node::div, lr, one_minus(program.add(Node::pow, beta1, step)));
  const std::size_t scale =
      program.add(Node::div, one, program.add(Node::sqrt, one_minus(program.add(Node::pow, beta2, step))));
  const std::size_t root = program.add(Node::fma, program.add(Node::sqrt, largest), scale, program.scalar(3));
  const std::size_t scaled = program.add(Node::mul, size, first), quotient = program.add(Node::div, scaled, root);
  program.outputs = {program.add(Node::sub, p, quotient), first, second};
  if (amsgrad) program.outputs.push_back(largest);
  return program;
}

// Any nodes on any values, each number drawn once for a seed.
inline TestProgram random_program(std::uint32_t seed) {
  Random random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random.bits() >> 8) % n; };
  TestProgram program;
  program.inputs = below(4);
  program.keys = below(3);
  program.scalars = below(3) + 1;
  for (std::size_t i = below(3); i-- > 0;) program.constants.push_back(random.uniform(-2.0f, 2.0f));
  const std::size_t probability = program.constants.size();
  program.constants.push_back(0.3);
  for (std::size_t i = below(12); i-- > 0;) {
    const Node node = static_cast<Node>(below(static_cast<std::size_t>(Node::move)));
    if (node == Node::mask) {
      if (program.keys != 0) program.add(node, below(program.keys), program.constant(probability));
      continue;
    }
    std::array<std::size_t, 4> operands{};
    const std::size_t values = program.first() + program.lines.size();
    for (std::size_t o = 0; o < PlainCall::operand_count(node); ++o) operands[o] = below(values);
    program.lines.push_back({node, operands});
  }
  for (std::size_t k = below(3) + 1; k-- > 0;) {
    const std::size_t values = program.first() + program.lines.size();
    // The later values more often.
    program.outputs.push_back(std::max(below(values), below(values)));
  }
  return program;
}

}  // namespace lanewise::test
