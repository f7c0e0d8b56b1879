// From the code of a graph to instructions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph.h"
#include "instruction.h"

namespace lanewise::program {

// The names of the ops that a program can run; an opcode is an index.
std::span<const char* const> opcodes();
// Those of the op with that opcode.
std::span<const Parameter> parameters(std::size_t opcode);

struct Decoded {
  std::vector<std::unique_ptr<const Instruction>> instructions;
  bool has_collectives;
  std::uint64_t hash;         // of a program that ranks run together: see Reader::hash
  std::vector<bool> written;  // of each value: whether an instruction writes it
};

// Decodes and checks all instructions. Those that check labels of inputs come first, so that they fail before any
// number moves. Throws std::invalid_argument.
Decoded decode_instructions(const FlatGraph& graph, std::span<const ValueSpec> values,
                            std::span<const std::shared_ptr<DeviceBuffer>> buffers);

}  // namespace lanewise::program
