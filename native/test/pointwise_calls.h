// What the tests of op pointwise call it with.
#pragma once

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

inline std::vector<ops::IndexIn> keys(std::size_t count) {
  std::vector<ops::IndexIn> result;
  for (std::size_t i = 0; i < count; ++i) result.emplace_back(kKeys[i]);
  return result;
}

// Numbers that reach every branch of most nodes.
inline std::vector<float> input(std::size_t n, std::uint32_t seed) {
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

inline Numbers layout_of(const Shape& shape, std::size_t inputs) {
  Numbers result(shape.sizes.begin(), shape.sizes.end());
  for (std::size_t i = 0; i < inputs; ++i)
    result.insert(result.end(), shape.strides[i].begin(), shape.strides[i].end());
  return result;
}

inline std::size_t count_of(const Shape& shape) {
  std::size_t count = 1;
  for (const std::size_t size : shape.sizes) count *= size;
  return count;
}

inline std::size_t offset_of(const Shape& shape, std::size_t input, std::size_t element) {
  std::size_t offset = 0;
  for (std::size_t d = shape.sizes.size(); d-- > 0; element /= shape.sizes[d]) {
    offset += element % shape.sizes[d] * shape.strides[input][d];
  }
  return offset;
}

inline std::vector<float> gathered(const Shape& shape, std::size_t input, const Floats& from) {
  std::vector<float> result(count_of(shape));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = const_cast<Floats&>(from)[offset_of(shape, input, i)];
  return result;
}

inline Memory memory_of(const Shape& shape, const TestProgram& program) {
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

inline std::vector<std::vector<float>> expected_outputs(const KernelTable& table, const TestProgram& program,
                                                        const Shape& shape, const Memory& memory) {
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

inline void run(const KernelTable& table, std::size_t threads, const TestProgram& program, const Shape& shape,
                ops::FloatIns ins, ops::FloatOuts outs) {
  const ops::PointwiseProgram decoded(program.code());
  const Numbers layout = layout_of(shape, program.inputs);
  ops::pointwise(context_of(table, threads), decoded, ins, keys(program.keys),
                 {std::span(kScalars).first(program.scalars)}, outs, std::nullopt, layout, shape.columns, 3);
}

inline bool right(Floats& actual, const std::vector<float>& exact) {
  return same_numbers(actual.in(), exact) && actual.guards_intact();
}

// p -= t·g with t the counter's value + 1.
inline TestProgram counting() {
  TestProgram program;
  program.inputs = 2;
  program.scalars = 2;
  program.add(Node::mul, program.scalar(0), program.scalar(1));
  program.add(Node::neg, 4);
  program.outputs = {program.add(Node::fma, 5, 1, 0)};
  return program;
}

}  // namespace lanewise::test
