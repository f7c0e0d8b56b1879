// Writes graphs down for tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../program/decode.h"
#include "../program/program.h"
#include "pointwise_programs.h"

namespace lanewise::test {

using program::DeviceBuffer;
using program::ValueKind;

// An argument that is left out.
constexpr double kNull = -1;

inline double opcode(std::string_view name) {
  const auto names = program::opcodes();
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1.0 : static_cast<double>(found - names.begin());
}

// A scalar of a program: a number, or a dynamic scalar.
struct GraphScalar {
  GraphScalar(double number) : tag(0), value(number) {}  // NOLINT(google-explicit-constructor): written as a number
  static GraphScalar dynamic(double index) {
    GraphScalar result(index);
    result.tag = 1;
    return result;
  }
  double tag, value;
};

// What a pointwise program is given.
struct Given {
  std::vector<double> inputs, keys;
  std::vector<GraphScalar> scalars;
  std::vector<double> outputs;
};

struct TestGraph {
  std::vector<double> values, code;
  std::size_t arena = 0, dynamic_scalars = 0, key_sources = 0;
  std::vector<std::shared_ptr<DeviceBuffer>> buffers;

  // Their numbers in the graph.
  double value(ValueKind kind, std::size_t index, std::size_t length, bool is_int = false, double out = -1,
               double in = -1) {
    const double number = static_cast<double>(values.size() / program::kValueNumbers);
    for (const double value : {is_int ? 1.0 : 0.0, static_cast<double>(length), static_cast<double>(kind),
                               static_cast<double>(index), out, in}) {
      values.push_back(value);
    }
    return number;
  }
  double state(std::shared_ptr<DeviceBuffer> buffer, double out = -1, double in = -1) {
    buffers.push_back(std::move(buffer));
    const DeviceBuffer& last = *buffers.back();
    return value(ValueKind::kState, buffers.size() - 1, last.length(), last.dtype() == ops::DType::kInt32, out, in);
  }
  void op(std::string_view name, std::initializer_list<double> arguments) {
    code.push_back(opcode(name));
    for (const double argument : arguments) code.push_back(argument);
  }

  // x and out of n elements.
  void unary(ops::Node node, double x, double out, double n) {
    pointwise(unary_program(node), {{x}, {}, {}, {out}}, -1, {n, 1}, 1);
  }
  void pointwise(const TestProgram& program, const Given& given, double step, const std::vector<double>& layout,
                 double columns) {
    op("pointwise", {});
    put_list(program.code());
    put_list(given.inputs);
    put_list(given.keys);
    put_scalars(given.scalars);
    put_list(given.outputs);
    code.push_back(step);
    put_list(layout);
    code.push_back(columns);
    code.push_back(0);
  }
  // linear or linearInputGradient: their arguments up to the flag, then the post-op.
  void product(std::string_view name, std::initializer_list<double> arguments) {
    op(name, arguments);
    for (int i = 0; i < 6; ++i) code.push_back(0);
  }
  void product(std::string_view name, std::initializer_list<double> arguments, const TestProgram& program,
               const Given& given) {
    op(name, arguments);
    put_list(program.code());
    put_list(given.inputs);
    put_list(given.keys);
    put_scalars(given.scalars);
    put_list(given.outputs);
    code.push_back(0);
  }
  void weight_update(double grad, double x, const TestProgram& program, const Given& given, double step, double rows,
                     double in, double out, bool packed) {
    op("linearWeightUpdate", {grad, x});
    put_list(program.code());
    put_list(given.inputs);
    put_scalars(given.scalars);
    put_list(given.outputs);
    for (const double number : {step, rows, in, out, packed ? 1.0 : 0.0}) code.push_back(number);
  }

  program::FlatGraph flat() const { return {values, code, arena, dynamic_scalars, key_sources}; }
  program::Program make(const kernels::KernelTable& table) const { return {table, flat(), buffers}; }

 private:
  void put_list(const std::vector<double>& numbers) {
    code.push_back(static_cast<double>(numbers.size()));
    code.insert(code.end(), numbers.begin(), numbers.end());
  }
  void put_scalars(const std::vector<GraphScalar>& scalars) {
    code.push_back(static_cast<double>(scalars.size()));
    for (const GraphScalar& scalar : scalars) {
      code.push_back(scalar.tag);
      code.push_back(scalar.value);
    }
  }
};

template <typename T>
std::span<const std::byte> bytes(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}
template <typename T>
std::span<std::byte> writable(std::vector<T>& values) {
  return std::as_writable_bytes(std::span(values));
}

template <typename T>
std::shared_ptr<DeviceBuffer> buffer_of(const std::vector<T>& values) {
  const bool is_float = std::is_floating_point_v<T>;
  auto buffer = DeviceBuffer::create(is_float ? ops::DType::kFloat32 : ops::DType::kInt32, values.size());
  buffer->copy_in(bytes(values));
  return buffer;
}
template <typename T = float>
std::vector<T> read(const DeviceBuffer& buffer) {
  std::vector<T> values(buffer.length());
  buffer.copy_out(writable(values));
  return values;
}

}  // namespace lanewise::test
