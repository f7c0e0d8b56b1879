#include "program.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "../core/checked.h"
#include "decode.h"
#include "mask_key.h"

namespace lanewise::program {
namespace {

// Which memory is bound to each array of that kind.
std::vector<std::size_t> bound_memories(std::span<const MemorySpec> memories, MemoryKind kind) {
  std::vector<std::size_t> ids;
  for (std::size_t id = 0; id < memories.size(); ++id) {
    const MemorySpec& spec = memories[id];
    if (spec.kind != kind) continue;
    if (ids.size() <= spec.index) ids.resize(spec.index + 1, kNoMemory);
    ids[spec.index] = id;
  }
  return ids;
}

void check_count(const char* what, std::size_t given, std::size_t needed) {
  if (given < needed) {
    throw std::invalid_argument("program: expected " + std::to_string(needed) + " " + what + ", got " +
                                std::to_string(given));
  }
}

template <typename Arrays>
void check_arrays(const char* what, const Arrays& arrays, std::span<const std::size_t> ids,
                  std::span<const MemorySpec> memories) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == kNoMemory) continue;
    const std::size_t expected = memories[ids[i]].bytes(), given = arrays[i].size();
    if (given != expected) {
      throw std::invalid_argument("program: " + std::string(what) + " " + std::to_string(i) + " must have " +
                                  std::to_string(expected / Block::kElementBytes) + " elements, got " +
                                  std::to_string(given / Block::kElementBytes));
    }
    if (reinterpret_cast<std::uintptr_t>(arrays[i].data()) % Block::kElementBytes != 0) {
      throw std::invalid_argument("program: " + std::string(what) + " " + std::to_string(i) + " is not aligned");
    }
  }
}

}  // namespace

Program::Program(const kernels::KernelTable& kernels, const FlatListing& listing,
                 std::vector<std::shared_ptr<Block>> blocks)
    : kernels_(kernels),
      memories_(decode_memories(listing, kernels, blocks)),
      blocks_(std::move(blocks)),
      inputs_(bound_memories(memories_, MemoryKind::kInput)),
      outputs_(bound_memories(memories_, MemoryKind::kOutput)),
      cells_(listing.cells),
      key_sources_(listing.key_sources),
      bound_(memories_.size()),
      instructions_(decode_instructions(listing, memories_, blocks_)) {
  // Last, so that a listing that is refused has cost no memory. Zeros, so that no run depends on what was there before.
  arena_ = core::AlignedBuffer<std::byte>(core::checked_mul(listing.arena, Block::kElementBytes));
  if (arena_.size() != 0) std::memset(arena_.data(), 0, arena_.size());
}

Program::~Program() = default;

void Program::check(const Call& call) const {
  check_count("inputs", call.inputs.size(), inputs_.size());
  check_count("outputs", call.outputs.size(), outputs_.size());
  check_count("cells", call.cells.size(), cells_);
  check_count("numbers for its key sources", call.keys.size(), core::checked_mul(key_sources_, kKeySourceWords));
  check_arrays("input", call.inputs, inputs_, memories_);
  check_arrays("output", call.outputs, outputs_, memories_);
}

void Program::bind(const Call& call) {
  for (const MemorySpec& spec : memories_) {
    if (spec.kind == MemoryKind::kState) blocks_[spec.index]->ensure(spec.layout);
  }
  for (std::size_t id = 0; id < memories_.size(); ++id) {
    const MemorySpec& spec = memories_[id];
    Bound& bound = bound_[id];
    bound.length = spec.length;
    switch (spec.kind) {
      case MemoryKind::kTemporary:
        bound.data = arena_.data() + spec.index * Block::kElementBytes;
        break;
      case MemoryKind::kState:
        bound.data = blocks_[spec.index]->data();
        bound.length = blocks_[spec.index]->capacity();
        break;
      case MemoryKind::kInput:  // instructions that would write to it were refused
        bound.data = const_cast<std::byte*>(call.inputs[spec.index].data());
        break;
      case MemoryKind::kOutput:
        bound.data = call.outputs[spec.index].data();
        break;
    }
  }
}

void Program::run(const ops::Context& context, Call& call) {
  if (&context.kernels != &kernels_) throw std::invalid_argument("program: made for other kernels");
  check(call);
  bind(call);
  const Bindings bindings{bound_, call};
  for (const std::unique_ptr<const Instruction>& instruction : instructions_) instruction->run(context, bindings);
}

}  // namespace lanewise::program
