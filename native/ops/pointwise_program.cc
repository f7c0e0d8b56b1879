// Pointwise programs: decoding, checks, and which values lie where.
#include "pointwise_program.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "chains.h"

namespace lanewise::ops {
namespace {

constexpr const char* kNames[] = {
#define NODE(name, operands, kernel) #name,
#include "nodes.inc"
#undef NODE
};
constexpr std::size_t kOperands[] = {
#define NODE(name, operands, kernel) operands,
#include "nodes.inc"
#undef NODE
};
constexpr std::size_t kHeader = 6;
constexpr std::size_t kInstructionNumbers = 5;
constexpr double kMost = 65536;  // of anything that is counted

[[noreturn]] void refuse_program(const std::string& what) { throw std::invalid_argument("pointwise program: " + what); }

// A number in [0, limit).
std::uint32_t index(double value, double limit, const char* what) {
  if (!(value >= 0 && value < limit && std::trunc(value) == value)) {
    refuse_program(std::string(what) + " must be a whole number in [0, " +
                   std::to_string(static_cast<std::size_t>(limit)) + "), got " + std::to_string(value));
  }
  return static_cast<std::uint32_t>(value);
}

double sign_of(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

}  // namespace

double value_of(Node node, double a, double b, double c, double d) {
  switch (node) {
    case Node::neg:
      return -a;
    case Node::abs:
      return std::fabs(a);
    case Node::sign:
      return sign_of(a);
    case Node::exp:
      return std::exp(a);
    case Node::expm1:
      return std::expm1(a);
    case Node::log:
      return std::log(a);
    case Node::log1p:
      return std::log1p(a);
    case Node::sqrt:
      return std::sqrt(a);
    case Node::sin:
      return std::sin(a);
    case Node::cos:
      return std::cos(a);
    case Node::tanh:
      return std::tanh(a);
    case Node::sigmoid:
      return 1.0 / (1.0 + std::exp(-a));
    case Node::erf:
      return std::erf(a);
    case Node::floor:
      return std::floor(a);
    case Node::ceil:
      return std::ceil(a);
    case Node::round:
      return std::nearbyint(a);
    case Node::relu:
      return a <= 0 ? 0.0 : a;
    case Node::add:
      return a + b;
    case Node::sub:
      return a - b;
    case Node::mul:
      return a * b;
    case Node::div:
      return a / b;
    case Node::pow:
      return std::pow(a, b);
    case Node::max:
      return std::isnan(a) ? a : b < a ? a : b;
    case Node::min:
      return std::isnan(a) ? a : a < b ? a : b;
    case Node::fma:
      return std::fma(a, b, c);
    case Node::selectLess:
      return a < b ? c : d;
    case Node::selectLessEqual:
      return a <= b ? c : d;
    case Node::selectEqual:
      return a == b ? c : d;
    case Node::mask:
    case Node::move:
      break;
  }
  return std::nan("");  // never uniform
}

std::span<const char* const> node_names() { return kNames; }

bool Plan::has_chains() const {
  return std::ranges::any_of(stages, [](const Stage& stage) { return !stage.links.empty(); });
}

std::span<const std::uint32_t> Plan::Step::reads() const {
  const std::size_t count = node == Node::move ? 1 : node == Node::mask ? 0 : kOperands[static_cast<std::size_t>(node)];
  return std::span(operands).first(count);
}

// Gives each value that is needed a slot, and frees a register after the last step that reads it. A step may write over
// what it reads.
class PointwiseProgram::Planner {
 public:
  Planner(const PointwiseProgram& program, bool direct)
      : program_(program), direct_(direct), slot_(program.values(), kNone), last_use_(program.values(), 0) {}

  Plan plan() {
    const std::size_t first = program_.values() - program_.instructions_.size();
    std::vector<bool> needed = needed_values();
    assign_fixed_slots();
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < program_.instructions_.size(); ++i) {
      const std::size_t value = first + i;
      const Instruction& instruction = program_.instructions_[i];
      const std::uint32_t number = mask;
      if (instruction.node == Node::mask) ++mask;
      if (!needed[value] || program_.is_uniform_[value]) continue;
      Plan::Step step{instruction.node, 0, {}};
      if (instruction.node == Node::mask) {
        step.operands[0] = number;
      } else {
        for (std::size_t o = 0; o < operands(instruction); ++o) step.operands[o] = slot_[instruction.operands[o]];
        for (std::size_t o = 0; o < operands(instruction); ++o) release(instruction.operands[o], i);
      }
      if (slot_[value] == kNone) slot_[value] = take();
      step.target = slot_[value];
      result_.steps.push_back(step);
    }
    move_outputs();
    note_accesses();
    result_.stages = stages(result_.steps, program_.inputs_, program_.outputs_.size());
    return std::move(result_);
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  static std::size_t operands(const Instruction& instruction) {
    return kOperands[static_cast<std::size_t>(instruction.node)];
  }
  std::uint32_t output_slot(std::size_t output) const { return static_cast<std::uint32_t>(program_.inputs_ + output); }
  bool is_input(std::uint32_t value) const { return value < program_.inputs_; }

  std::vector<bool> needed_values() {
    std::vector<bool> needed(program_.values(), false);
    for (const std::uint32_t value : program_.outputs_) {
      needed[value] = true;
      last_use_[value] = program_.instructions_.size();
    }
    const std::size_t first = program_.values() - program_.instructions_.size();
    for (std::size_t i = program_.instructions_.size(); i-- > 0;) {
      const Instruction& instruction = program_.instructions_[i];
      if (!needed[first + i] || program_.is_uniform_[first + i] || instruction.node == Node::mask) continue;
      for (std::size_t o = 0; o < operands(instruction); ++o) {
        needed[instruction.operands[o]] = true;
        last_use_[instruction.operands[o]] = std::max(last_use_[instruction.operands[o]], i);
      }
    }
    return needed;
  }

  void assign_fixed_slots() {
    for (std::size_t i = 0; i < program_.inputs_; ++i) slot_[i] = static_cast<std::uint32_t>(i);
    const std::size_t first = program_.inputs_ + program_.outputs_.size();
    for (std::size_t u = 0; u < program_.uniforms_.size(); ++u) {
      slot_[program_.uniforms_[u]] = static_cast<std::uint32_t>(first + u);
    }
    for (std::size_t k = 0; direct_ && k < program_.outputs_.size(); ++k) {
      const std::uint32_t value = program_.outputs_[k];
      if (slot_[value] == kNone) slot_[value] = output_slot(k);
    }
  }

  // What is no output's value yet: inputs, uniform values, values that are in another output or, when staged, in a
  // register. When staged, inputs that are outputs are brought to registers first.
  void move_outputs() {
    std::vector<std::uint32_t> from(program_.outputs_.size());
    for (std::size_t k = 0; k < from.size(); ++k) {
      from[k] = slot_[program_.outputs_[k]];
      if (!direct_ && is_input(program_.outputs_[k])) {
        const std::uint32_t slot = take();
        result_.steps.push_back({Node::move, slot, {from[k]}});
        from[k] = slot;
      }
    }
    for (std::size_t k = 0; k < from.size(); ++k) {
      if (from[k] != output_slot(k)) result_.steps.push_back({Node::move, output_slot(k), {from[k]}});
    }
  }

  void note_accesses() {
    result_.written.assign(program_.outputs_.size(), 0);
    result_.last_read.assign(program_.inputs_, 0);
    for (std::size_t s = 0; s < result_.steps.size(); ++s) {
      const Plan::Step& step = result_.steps[s];
      for (const std::uint32_t slot : step.reads()) {
        if (slot < program_.inputs_) result_.last_read[slot] = s;
      }
      if (step.target >= program_.inputs_ && step.target < program_.inputs_ + program_.outputs_.size()) {
        result_.written[step.target - program_.inputs_] = s;
      }
    }
  }

  std::uint32_t take() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    return static_cast<std::uint32_t>(program_.slots() + result_.registers++);
  }

  void release(std::uint32_t value, std::size_t instruction) {
    const std::uint32_t slot = slot_[value];
    if (last_use_[value] != instruction || slot < program_.slots()) return;
    if (std::ranges::find(free_, slot) == free_.end()) free_.push_back(slot);
  }

  const PointwiseProgram& program_;
  bool direct_;
  Plan result_;
  std::vector<std::uint32_t> slot_;    // of each value
  std::vector<std::size_t> last_use_;  // the instruction that reads a value last; one behind the last for outputs
  std::vector<std::uint32_t> free_;
};

PointwiseProgram::PointwiseProgram(std::span<const double> code) {
  check(code);
  // Uniform values that a stream or an output uses.
  std::vector<bool> used(values(), false);
  const std::size_t first = values() - instructions_.size();
  for (const std::uint32_t value : outputs_) used[value] = true;
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    const Instruction& instruction = instructions_[i];
    if (is_uniform_[first + i] || instruction.node == Node::mask) continue;
    for (std::size_t o = 0; o < kOperands[static_cast<std::size_t>(instruction.node)]; ++o) {
      used[instruction.operands[o]] = true;
    }
  }
  for (std::size_t value = 0; value < values(); ++value) {
    if (used[value] && is_uniform_[value]) uniforms_.push_back(static_cast<std::uint32_t>(value));
  }
  direct_ = Planner(*this, true).plan();
  staged_ = Planner(*this, false).plan();
  pattern_ = recognise(*this);
}

const PointwiseProgram::Instruction* PointwiseProgram::instruction(std::uint32_t value) const {
  const std::size_t first = values() - instructions_.size();
  return value < first ? nullptr : &instructions_[value - first];
}

std::optional<double> PointwiseProgram::constant(std::uint32_t value) const {
  const std::size_t first = inputs_ + scalars_;
  if (value < first || value >= first + constants_.size()) return std::nullopt;
  return constants_[value - first];
}

void PointwiseProgram::check(std::span<const double> code) {
  if (code.size() < kHeader) refuse_program("needs 6 numbers at its head, got " + std::to_string(code.size()));
  std::array<std::uint32_t, kHeader> counts;
  for (std::size_t i = 0; i < kHeader; ++i) counts[i] = index(code[i], kMost, "a count");
  const auto [inputs, keys, scalars, constants, instructions, outputs] = counts;
  const std::size_t length = kHeader + constants + kInstructionNumbers * instructions + outputs;
  if (code.size() != length) {
    refuse_program("needs " + std::to_string(length) + " numbers, got " + std::to_string(code.size()));
  }
  if (outputs == 0) refuse_program("has no output");
  inputs_ = inputs;
  keys_ = keys;
  scalars_ = scalars;
  std::span<const double> rest = code.subspan(kHeader);
  constants_.assign(rest.begin(), rest.begin() + constants);
  rest = rest.subspan(constants);
  is_uniform_.assign(inputs, false);
  is_uniform_.resize(inputs + scalars + constants, true);
  for (std::size_t i = 0; i < instructions; ++i) {
    const std::span<const double> numbers = rest.subspan(kInstructionNumbers * i, kInstructionNumbers);
    const double value = static_cast<double>(values());
    Instruction instruction{static_cast<Node>(index(numbers[0], std::size(kNames), "a node")), {}};
    const std::size_t count = kOperands[static_cast<std::size_t>(instruction.node)];
    const bool is_mask = instruction.node == Node::mask;
    bool uniform = !is_mask;
    for (std::size_t o = 0; o < instruction.operands.size(); ++o) {
      if (o >= count) {
        if (numbers[o + 1] != 0) refuse_program("an operand that its node does not have must be 0");
        continue;
      }
      const bool is_key = is_mask && o == 0;
      const std::uint32_t operand = index(numbers[o + 1], is_key ? keys : value, is_key ? "a key" : "an operand");
      instruction.operands[o] = operand;
      if (!is_key) uniform = uniform && is_uniform_[operand];
    }
    if (is_mask) {
      if (!is_uniform_[instruction.operands[1]]) refuse_program("the probability of a mask must be uniform");
      masks_.push_back({instruction.operands[0], instruction.operands[1]});
    }
    is_uniform_.push_back(uniform);
    instructions_.push_back(instruction);
  }
  rest = rest.subspan(kInstructionNumbers * instructions);
  for (const double output : rest) {
    outputs_.push_back(index(output, static_cast<double>(values()), "an output"));
  }
}

void PointwiseProgram::evaluate(std::span<const double> scalars, std::span<double> values) const {
  std::ranges::copy(scalars, values.begin() + static_cast<std::ptrdiff_t>(inputs_));
  std::ranges::copy(constants_, values.begin() + static_cast<std::ptrdiff_t>(inputs_ + scalars_));
  const std::size_t first = this->values() - instructions_.size();
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    if (!is_uniform_[first + i]) continue;
    const auto& [a, b, c, d] = instructions_[i].operands;
    values[first + i] = value_of(instructions_[i].node, values[a], values[b], values[c], values[d]);
  }
}

const PointwiseProgram& decoded_program(std::span<const double> code) {
  struct Entry {
    std::vector<double> code;
    std::unique_ptr<const PointwiseProgram> program;
  };
  // The code of a program stays where it is, so its address says where to look; the content decides.
  constexpr std::size_t kEntries = 256;
  thread_local std::vector<Entry> cache(kEntries);
  const std::size_t address = reinterpret_cast<std::uintptr_t>(code.data()) / sizeof(double);
  Entry& entry = cache[(address ^ address / kEntries) % kEntries];
  const auto same = [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  };
  if (entry.program == nullptr || !std::ranges::equal(entry.code, code, same)) {
    entry = Entry{{code.begin(), code.end()}, std::make_unique<const PointwiseProgram>(code)};
  }
  return *entry.program;
}

}  // namespace lanewise::ops
