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

namespace lanewise::test {

using program::Block;
using program::MemoryKind;

inline double opcode(std::string_view name) {
  const auto names = program::opcodes();
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1.0 : static_cast<double>(found - names.begin());
}

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

  program::FlatListing flat() const { return {memories, code, arena, cells, key_sources}; }
  program::Program make(const kernels::KernelTable& table) const { return {table, flat(), blocks}; }
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
