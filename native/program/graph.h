// A graph (src/ops/graph.ts) as numbers, which is how it crosses from JavaScript, and its values decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "../kernels/kernel_table.h"
#include "../ops/argument.h"
#include "device_buffer.h"

namespace lanewise::program {

// README.md lists the numbers of values and of code.
struct FlatGraph {
  std::span<const double> values;
  std::span<const double> code;
  std::size_t arena;  // elements of 4 bytes
  std::size_t dynamic_scalars;
  std::size_t key_sources;
};

inline constexpr std::size_t kValueNumbers = 6;
// Device buffers, inputs and outputs that a program can have, of each.
inline constexpr std::size_t kMaxArrays = 65536;
inline constexpr std::size_t kNoValue = std::numeric_limits<std::size_t>::max();

enum class ValueKind { kTemporary, kState, kInput, kOutput };

struct ValueSpec {
  ops::DType dtype;
  std::size_t length;
  ValueKind kind;
  std::size_t index;  // offset in the arena in elements for a temporary, else the position among those of its kind
  BufferLayout layout;

  std::size_t bytes() const { return length * DeviceBuffer::kElementBytes; }
};

// Decodes and checks the values of a graph. Throws std::invalid_argument.
std::vector<ValueSpec> decode_values(const FlatGraph& graph, const kernels::KernelTable& kernels,
                                     std::span<const std::shared_ptr<DeviceBuffer>> buffers);

}  // namespace lanewise::program
