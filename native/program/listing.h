// A listing (src/ops/listing.ts) as numbers, which is how it crosses from JavaScript, and its memories decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "../kernels/kernel_table.h"
#include "../ops/argument.h"
#include "block.h"

namespace lanewise::program {

// memories: for each memory six numbers:
//   dtype (0 float32, 1 int32), length, kind (as MemoryKind), index, panels' out and in (-1, -1 for row-major).
// code: for each instruction its opcode (opcode.h), then its arguments in the order of its signature:
//   memory                 its number, or -1 for null
//   layout                 how many numbers it has, then these
//   size, int, flag        the number; 0 or 1 for a flag
//   scalar, cell           0 and the number, or 1 and the cell's index
//   keySource              its index
//   ins, outs, indexes     how many memories, then their numbers
//   scalars                how many, then each as a scalar
//   program                how many numbers it has, then these; 0 for null
struct FlatListing {
  std::span<const double> memories;
  std::span<const double> code;
  std::size_t arena;  // elements of 4 bytes
  std::size_t cells;
  std::size_t key_sources;
};

inline constexpr std::size_t kMemoryNumbers = 6;
// Blocks, inputs and outputs that a program can have, of each.
inline constexpr std::size_t kMaxArrays = 65536;
inline constexpr std::size_t kNoMemory = std::numeric_limits<std::size_t>::max();

enum class MemoryKind { kTemporary, kState, kInput, kOutput };

struct MemorySpec {
  ops::DType dtype;
  std::size_t length;
  MemoryKind kind;
  std::size_t index;  // offset in the arena in elements for a temporary, else the position among those of its kind
  BlockLayout layout;

  std::size_t bytes() const { return length * Block::kElementBytes; }
};

// Decodes and checks the memories of a listing. Throws std::invalid_argument.
std::vector<MemorySpec> decode_memories(const FlatListing& listing, const kernels::KernelTable& kernels,
                                        std::span<const std::shared_ptr<Block>> blocks);

}  // namespace lanewise::program
