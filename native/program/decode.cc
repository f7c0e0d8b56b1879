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

struct Op {
  std::unique_ptr<const Instruction> (*make)(Reader&);
  std::span<const Parameter> parameters;
};
template <auto op>
constexpr auto kParametersOf = parameters_of(op);
template <auto op>
constexpr Op kOp{&make_instruction<op>, kParametersOf<op>};

constexpr Op kOps[] = {
#define OP(name) kOp<&ops::name>,
#include "../ops/ops.inc"
#undef OP
#define OP(name) kOp<&program::name>,
#include "host_ops.inc"
#undef OP
};

// What two values share.
enum class Overlap { kNone, kPartial, kSame };

// Checks what the arguments of an instruction say together.
class Checker {
 public:
  Checker(const Reader& reader, std::span<const ValueSpec> values,
          std::span<const std::shared_ptr<DeviceBuffer>> buffers)
      : reader_(reader), values_(values), buffers_(buffers) {}

  void check(std::span<const Parameter> parameters) const {
    check_panels(parameters);
    check_overlaps(parameters);
  }

  // Whether the instruction checks labels that a call gives.
  bool checks_input() const {
    const std::string_view op = reader_.op();
    return (op == "checkIndex" || op == "checkTarget") && spec(reader_.uses().front()).kind == ValueKind::kInput;
  }

 private:
  const ValueSpec& spec(const Use& use) const { return values_[use.value]; }

  // Weights lie in panels exactly where the op is told so, in panels of its sizes; nothing else does. What is read with
  // them may be one number.
  void check_panels(std::span<const Parameter> parameters) const {
    const std::vector<double>& arguments = reader_.arguments();
    const auto flag = std::ranges::find(parameters, ops::Mark::kPackedFlag, &Parameter::mark) - parameters.begin();
    const auto at = static_cast<std::size_t>(flag);
    const bool packed = at != parameters.size() && arguments[at] == 1;
    for (const Use& use : reader_.uses()) {
      const BufferLayout& layout = spec(use).layout;
      const bool is_weight = packed && parameters[use.argument].mark == ops::Mark::kWeight;
      if (is_weight && !layout && !use.writes && spec(use).length == 1) continue;
      if (layout.has_value() != is_weight) {
        reader_.refuse(is_weight ? "packed, but a weight is row-major" : "row-major memory expected, got panels");
      }
      if (!layout) continue;
      const double in = arguments[at - 2], out = arguments[at - 1];
      if (static_cast<double>(layout->in) != in || static_cast<double>(layout->out) != out) {
        reader_.refuse("panels of another size");
      }
    }
  }

  // What an op writes is no other of its arguments, unless it may write in place.
  void check_overlaps(std::span<const Parameter> parameters) const {
    for (const Use& written : reader_.uses()) {
      if (!written.writes) continue;
      const ops::Mark mark = parameters[written.argument].mark;
      for (const Use& other : reader_.uses()) {
        if (&other == &written) continue;
        const Overlap shared = overlap(spec(written), spec(other));
        const bool in_place = mark != ops::Mark::kNone && !other.writes && parameters[other.argument].mark == mark;
        if (shared == Overlap::kNone || (shared == Overlap::kSame && in_place)) continue;
        reader_.refuse("writes to memory that overlaps another argument's");
      }
    }
  }

  Overlap overlap(const ValueSpec& a, const ValueSpec& b) const {
    if (a.kind != b.kind || a.length == 0 || b.length == 0) return Overlap::kNone;
    if (a.kind == ValueKind::kState) return buffers_[a.index] == buffers_[b.index] ? Overlap::kSame : Overlap::kNone;
    if (a.index == b.index) return Overlap::kSame;
    if (a.kind != ValueKind::kTemporary) return Overlap::kNone;
    return a.index < b.index + b.length && b.index < a.index + a.length ? Overlap::kPartial : Overlap::kNone;
  }

  const Reader& reader_;
  std::span<const ValueSpec> values_;
  std::span<const std::shared_ptr<DeviceBuffer>> buffers_;
};

}  // namespace

std::span<const char* const> opcodes() { return kNames; }
std::span<const Parameter> parameters(std::size_t opcode) { return kOps[opcode].parameters; }

Decoded decode_instructions(const FlatGraph& graph, std::span<const ValueSpec> values,
                            std::span<const std::shared_ptr<DeviceBuffer>> buffers) {
  std::vector<std::unique_ptr<const Instruction>> checks, others;
  std::vector<bool> written(values.size());
  Reader reader(graph, values);
  const Checker checker(reader, values, buffers);
  while (!reader.done()) {
    const Op& op = kOps[reader.begin(kNames)];
    std::unique_ptr<const Instruction> instruction = op.make(reader);
    checker.check(op.parameters);
    for (const Use& use : reader.uses()) {
      if (use.writes) written[use.value] = true;
    }
    (checker.checks_input() ? checks : others).push_back(std::move(instruction));
  }
  std::ranges::move(others, std::back_inserter(checks));
  return {std::move(checks), reader.has_collectives(), reader.hash(), std::move(written)};
}

}  // namespace lanewise::program
