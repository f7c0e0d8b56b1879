// Writes listings down for tests.
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

using program::Block;
using program::MemoryKind;

inline double opcode(std::string_view name) {
  const auto names = program::opcodes();
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1.0 : static_cast<double>(found - names.begin());
}

// A scalar of a program: a number, or a cell.
struct ListedScalar {
  ListedScalar(double number) : tag(0), value(number) {}  // NOLINT(google-explicit-constructor): written as a number
  static ListedScalar cell(double index) {
    ListedScalar result(index);
    result.tag = 1;
    return result;
  }
  double tag, value;
};

// What a pointwise program is given.
struct Given {
  std::vector<double> inputs, keys;
  std::vector<ListedScalar> scalars;
  std::vector<double> outputs;
};

struct TestListing {
  std::vector<double> memories, code;
  std::size_t arena = 0, cells = 0, key_sources = 0;
  std::vector<std::shared_ptr<Block>> blocks;

  // Their numbers in the listing.
  double memory(MemoryKind kind, std::size_t index, std::size_t length, bool is_int = false, double out = -1,
                double in = -1) {
    const double number = static_cast<double>(memories.size() / program::kMemoryNumbers);
    for (const double value : {is_int ? 1.0 : 0.0, static_cast<double>(length), static_cast<double>(kind),
                               static_cast<double>(index), out, in}) {
      memories.push_back(value);
    }
    return number;
  }
  double state(std::shared_ptr<Block> block, double out = -1, double in = -1) {
    blocks.push_back(std::move(block));
    const Block& last = *blocks.back();
    return memory(MemoryKind::kState, blocks.size() - 1, last.length(), last.dtype() == ops::DType::kInt32, out, in);
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

  program::FlatListing flat() const { return {memories, code, arena, cells, key_sources}; }
  program::Program make(const kernels::KernelTable& table) const { return {table, flat(), blocks}; }

 private:
  void put_list(const std::vector<double>& numbers) {
    code.push_back(static_cast<double>(numbers.size()));
    code.insert(code.end(), numbers.begin(), numbers.end());
  }
  void put_scalars(const std::vector<ListedScalar>& scalars) {
    code.push_back(static_cast<double>(scalars.size()));
    for (const ListedScalar& scalar : scalars) {
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
std::shared_ptr<Block> block_of(const std::vector<T>& values) {
  const bool is_float = std::is_floating_point_v<T>;
  auto block = Block::create(is_float ? ops::DType::kFloat32 : ops::DType::kInt32, values.size());
  block->copy_in(bytes(values));
  return block;
}
template <typename T = float>
std::vector<T> read(const Block& block) {
  std::vector<T> values(block.length());
  block.copy_out(writable(values));
  return values;
}

}  // namespace lanewise::test
