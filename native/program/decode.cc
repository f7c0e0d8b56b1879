#include "decode.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "../ops/ops.h"

namespace lanewise::program {
namespace {

constexpr const char* kNames[] = {
#define OP(name) #name,
#include "../ops/ops.inc"
#include "host_ops.inc"
#undef OP
};

using Make = std::unique_ptr<const Instruction> (*)(Reader&);
constexpr Make kMakers[] = {
#define OP(name) &make_instruction<&ops::name>,
#include "../ops/ops.inc"
#undef OP
#define OP(name) &make_instruction<&program::name>,
#include "host_ops.inc"
#undef OP
};

template <auto op>
constexpr auto kParametersOf = parameters_of(op);
constexpr std::span<const Parameter> kParameters[] = {
#define OP(name) kParametersOf<&ops::name>,
#include "../ops/ops.inc"
#undef OP
#define OP(name) kParametersOf<&program::name>,
#include "host_ops.inc"
#undef OP
};

// Ops that may write over what they read (src/ops/ops.ts): by which arguments.
struct InPlaceOp {
  std::string_view name;
  std::size_t first_read, last_read, written;
};
constexpr InPlaceOp kInPlaceOps[] = {{"pointwise", 1, 1, 4}, {"integers", 0, 1, 2}, {"linearWeightUpdate", 3, 3, 5}};

// Ops whose weights may lie in panels: which arguments name them, where they have their sizes, and the flag.
struct PackedOp {
  std::string_view name;
  std::size_t first_weight, weights;  // one behind the other
  std::size_t in_features, out_features, packed;
};
constexpr PackedOp kPackedOps[] = {
    {"linear", 1, 1, 5, 6, 7},
    {"linearInputGradient", 1, 1, 5, 6, 7},
    {"linearWeightUpdate", 3, 3, 8, 9, 10},
};
const PackedOp* find_packed(std::string_view name) {
  const auto found = std::ranges::find(kPackedOps, name, &PackedOp::name);
  return found == std::end(kPackedOps) ? nullptr : found;
}

// Weights lie in panels exactly where the op is told so, in panels of its sizes; nothing else does.
void check_panels(const Reader& reader, std::span<const ValueSpec> values) {
  const PackedOp* op = find_packed(reader.op());
  const bool packed = op != nullptr && reader.arguments()[op->packed] == 1;
  for (const Use& use : reader.uses()) {
    const BufferLayout& layout = values[use.value].layout;
    const bool is_weight = packed && use.argument - op->first_weight < op->weights;
    if (layout.has_value() != is_weight) {
      reader.refuse(is_weight ? "packed, but a weight is row-major" : "row-major memory expected, got panels");
    }
    if (!layout) continue;
    const double in = reader.arguments()[op->in_features], out = reader.arguments()[op->out_features];
    if (static_cast<double>(layout->in) != in || static_cast<double>(layout->out) != out) {
      reader.refuse("panels of another size");
    }
  }
}

// What two values share.
enum class Overlap { kNone, kPartial, kSame };

Overlap overlap(const ValueSpec& a, const ValueSpec& b, std::span<const std::shared_ptr<DeviceBuffer>> buffers) {
  if (a.kind != b.kind || a.length == 0 || b.length == 0) return Overlap::kNone;
  if (a.kind == ValueKind::kState) return buffers[a.index] == buffers[b.index] ? Overlap::kSame : Overlap::kNone;
  if (a.kind != ValueKind::kTemporary) return a.index == b.index ? Overlap::kSame : Overlap::kNone;
  if (a.index == b.index) return Overlap::kSame;
  return a.index < b.index + b.length && b.index < a.index + a.length ? Overlap::kPartial : Overlap::kNone;
}

// Whether an op may write `written` over `other`.
bool in_place(const Reader& reader, const Use& written, const Use& other) {
  const auto op = std::ranges::find(kInPlaceOps, std::string_view(reader.op()), &InPlaceOp::name);
  return op != std::end(kInPlaceOps) && written.argument == op->written && other.argument >= op->first_read &&
         other.argument <= op->last_read;
}

// What an op writes is nothing else that it names, but what it may write in place.
void check_overlaps(const Reader& reader, std::span<const ValueSpec> values,
                    std::span<const std::shared_ptr<DeviceBuffer>> buffers) {
  for (const Use& written : reader.uses()) {
    if (!written.writes) continue;
    for (const Use& other : reader.uses()) {
      if (&other == &written) continue;
      const Overlap shared = overlap(values[written.value], values[other.value], buffers);
      if (shared == Overlap::kNone || (shared == Overlap::kSame && in_place(reader, written, other))) continue;
      reader.refuse("writes to memory that overlaps another argument's");
    }
  }
}

bool checks_input(const Reader& reader, std::span<const ValueSpec> values) {
  const std::string_view op = reader.op();
  return (op == "checkIndex" || op == "checkTarget") && values[reader.uses().front().value].kind == ValueKind::kInput;
}

}  // namespace

std::span<const char* const> opcodes() { return kNames; }
std::span<const Parameter> parameters(std::size_t opcode) { return kParameters[opcode]; }

std::vector<std::unique_ptr<const Instruction>> decode_instructions(
    const FlatGraph& graph, std::span<const ValueSpec> values, std::span<const std::shared_ptr<DeviceBuffer>> buffers) {
  std::vector<std::unique_ptr<const Instruction>> checks, others;
  Reader reader(graph, values);
  while (!reader.done()) {
    const std::size_t opcode = reader.begin(kNames);
    std::unique_ptr<const Instruction> instruction = kMakers[opcode](reader);
    check_panels(reader, values);
    check_overlaps(reader, values, buffers);
    (checks_input(reader, values) ? checks : others).push_back(std::move(instruction));
  }
  std::ranges::move(others, std::back_inserter(checks));
  return checks;
}

}  // namespace lanewise::program
