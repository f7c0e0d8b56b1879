#include "program.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "../core/checked.h"
#include "collective_ops.h"
#include "decode.h"
#if !defined(__wasm__)
#include "lock_lane.h"
#endif
#include "mask_key.h"

namespace lanewise::program {
namespace {

// Which value is bound to each array of that kind.
std::vector<std::size_t> bound_values(std::span<const ValueSpec> values, ValueKind kind) {
  std::vector<std::size_t> ids;
  for (std::size_t id = 0; id < values.size(); ++id) {
    const ValueSpec& spec = values[id];
    if (spec.kind != kind) continue;
    if (ids.size() <= spec.index) ids.resize(spec.index + 1, kNoValue);
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
                  std::span<const ValueSpec> values) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == kNoValue) continue;
    const std::size_t expected = values[ids[i]].bytes(), given = arrays[i].size();
    if (given != expected) {
      throw std::invalid_argument("program: " + std::string(what) + " " + std::to_string(i) + " must have " +
                                  std::to_string(expected / DeviceBuffer::kElementBytes) + " elements, got " +
                                  std::to_string(given / DeviceBuffer::kElementBytes));
    }
    if (reinterpret_cast<std::uintptr_t>(arrays[i].data()) % DeviceBuffer::kElementBytes != 0) {
      throw std::invalid_argument("program: " + std::string(what) + " " + std::to_string(i) + " is not aligned");
    }
  }
}

}  // namespace

Program::Program(const kernels::KernelTable& kernels, const FlatGraph& graph,
                 std::vector<std::shared_ptr<DeviceBuffer>> buffers, const void* environment)
    : kernels_(kernels),
      environment_(environment),
      values_(decode_values(graph, kernels, buffers)),
      buffers_(std::move(buffers)),
      inputs_(bound_values(values_, ValueKind::kInput)),
      outputs_(bound_values(values_, ValueKind::kOutput)),
      dynamic_scalars_(graph.dynamic_scalars),
      key_sources_(graph.key_sources),
      bound_(values_.size()),
      writes_(buffers_.size()) {
  Decoded decoded = decode_instructions(graph, values_, buffers_);
  instructions_ = std::move(decoded.instructions);
  has_collectives_ = decoded.has_collectives;
  hash_ = decoded.hash;
  for (std::size_t id = 0; id < values_.size(); ++id) {
    if (!decoded.written[id] || values_[id].kind != ValueKind::kState) continue;
    // A buffer may be there more than once.
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      if (buffers_[i] == buffers_[values_[id].index]) writes_[i] = true;
    }
  }
  // Last, so that a graph that is refused has cost no memory. Zeros, so that no run depends on what was there before.
  arena_ = core::AlignedBuffer<std::byte>(core::checked_mul(graph.arena, DeviceBuffer::kElementBytes));
  if (arena_.size() != 0) std::memset(arena_.data(), 0, arena_.size());
}

Program::~Program() = default;

void Program::check(const Call& call) const {
  check_count("inputs", call.inputs.size(), inputs_.size());
  check_count("outputs", call.outputs.size(), outputs_.size());
  check_count("dynamic scalars", call.dynamic_scalars.size(), dynamic_scalars_);
  check_count("numbers for its key sources", call.keys.size(), core::checked_mul(key_sources_, kKeySourceWords));
  check_arrays("input", call.inputs, inputs_, values_);
  check_arrays("output", call.outputs, outputs_, values_);
}

void Program::bind(const Call& call) {
  for (const ValueSpec& spec : values_) {
    if (spec.kind == ValueKind::kState) buffers_[spec.index]->ensure(spec.layout);
  }
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    if (writes_[i]) buffers_[i]->changed();
  }
  for (std::size_t id = 0; id < values_.size(); ++id) {
    const ValueSpec& spec = values_[id];
    Bound& bound = bound_[id];
    bound.length = spec.length;
    bound.version = 0;
    switch (spec.kind) {
      case ValueKind::kTemporary:
        bound.data = arena_.data() + spec.index * DeviceBuffer::kElementBytes;
        break;
      case ValueKind::kState:
        bound.data = buffers_[spec.index]->data();
        bound.length = buffers_[spec.index]->capacity();
        if (!writes_[spec.index]) bound.version = buffers_[spec.index]->version();
        break;
      case ValueKind::kInput:  // instructions that would write to it were refused
        bound.data = const_cast<std::byte*>(call.inputs[spec.index].data());
        break;
      case ValueKind::kOutput:
        bound.data = call.outputs[spec.index].data();
        break;
    }
  }
}

// Marks what a run that may be away uses.
class Program::BusyRun {
 public:
  explicit BusyRun(Program& program) : program_(program) { mark(true); }
  ~BusyRun() { mark(false); }
  BusyRun(const BusyRun&) = delete;
  BusyRun& operator=(const BusyRun&) = delete;

 private:
  void mark(bool busy) {
    program_.is_busy_.store(busy, std::memory_order_release);
    for (const std::shared_ptr<DeviceBuffer>& buffer : program_.buffers_) buffer->set_busy(busy);
  }
  Program& program_;
};

bool Program::is_blocked() const {
  if (is_busy_.load(std::memory_order_acquire)) return true;
  // Two at a time would mix their sums in another order on another rank.
  if (has_collectives_ && CollectiveRun::is_needed(environment_) && CollectiveRun::is_under_way()) return true;
  return std::any_of(buffers_.begin(), buffers_.end(), [](const auto& buffer) { return buffer->is_busy(); });
}

void Program::run(const ops::Context& context, Call& call) {
  if (&context.kernels != &kernels_) throw std::invalid_argument("program: made for other kernels");
  check(call);
#if !defined(__wasm__)
  while (is_blocked()) give_way();
#endif
  bind(call);
  if (!has_collectives_ || !CollectiveRun::is_needed(environment_)) return run_instructions(context, call);
  const BusyRun busy(*this);
  // With the numbers that may change, such as learning rates.
  std::uint64_t hash = hash_;
  for (const double value : call.dynamic_scalars) hash = Reader::mixed(hash, std::bit_cast<std::uint64_t>(value));
  const CollectiveRun collectives(context, hash, agreed_);
  run_instructions(context, call);
}

void Program::run_instructions(const ops::Context& context, Call& call) {
  const Bindings bindings{bound_, call};
  for (const std::unique_ptr<const Instruction>& instruction : instructions_) instruction->run(context, bindings);
}

}  // namespace lanewise::program
