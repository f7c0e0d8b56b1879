// A pointwise program, decoded and checked: an elementwise function as instructions over values, each with a number:
// inputs first, then scalars, then constants, then the results of the instructions. A value is uniform when it depends
// on scalars and constants only; it is computed once for a call, in double precision. The others are streams of
// float32.
//
// As numbers a program is: how many inputs, keys, scalars, constants, instructions, outputs; the constants; for each
// instruction its node (nodes.inc) and four operands, 0 where it has fewer; the value number of each output.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "../kernels/kernel_table.h"
#include "patterns.h"

namespace lanewise::ops {

enum class Node : std::uint8_t {
#define NODE(name, operands, kernel) name,
#include "nodes.inc"
#undef NODE
  move  // not of programs: brings a value to where an output is
};

// The names of nodes in the order of their numbers.
std::span<const char* const> node_names();

// What a node gives for numbers, in double precision; NaN for a mask or a move.
double value_of(Node node, double a, double b, double c, double d);

// What is done to a block of elements, one step after the other. A slot is a place for a block: the inputs have the
// first ones, then come the outputs, the uniform values, and registers.
struct Plan {
  struct Step {
    Node node;
    std::uint32_t target;                   // a slot
    std::array<std::uint32_t, 4> operands;  // slots; of a mask: its number
    // The slots that it reads.
    std::span<const std::uint32_t> reads() const;
  };
  // Steps [begin, end), which are one chain if there are links.
  struct Stage {
    std::size_t begin, end;
    std::vector<kernels::Link> links;
  };
  std::vector<Step> steps;
  std::vector<Stage> stages;
  std::size_t registers = 0;
  // The step that writes an output, and the last one that reads an input; 0 for an input that none reads.
  std::vector<std::size_t> written, last_read;

  // Whether it has chains; whether it is one and nothing else.
  bool has_chains() const;
  bool is_chain() const { return stages.size() == 1 && has_chains(); }
};

class PointwiseProgram {
 public:
  struct Instruction {
    Node node;
    std::array<std::uint32_t, 4> operands;  // value numbers
  };
  struct Mask {
    std::uint32_t key, p;  // its index, and a value number
  };

  // Throws std::invalid_argument for numbers that are no program.
  explicit PointwiseProgram(std::span<const double> code);

  std::size_t inputs() const { return inputs_; }
  std::size_t keys() const { return keys_; }
  std::size_t scalars() const { return scalars_; }
  std::size_t outputs() const { return outputs_.size(); }
  std::size_t values() const { return is_uniform_.size(); }
  std::size_t slots() const { return inputs_ + outputs_.size() + uniforms_.size(); }
  std::span<const Mask> masks() const { return masks_; }
  std::span<const std::uint32_t> output_values() const { return outputs_; }
  bool is_uniform(std::uint32_t value) const { return is_uniform_[value]; }
  // What makes a value; null for one that is given.
  const Instruction* instruction(std::uint32_t value) const;
  std::optional<double> constant(std::uint32_t value) const;
  const Pattern& pattern() const { return pattern_; }
  // Value numbers of the uniform slots.
  std::span<const std::uint32_t> uniforms() const { return uniforms_; }

  // Outputs are written by the step that computes them, while inputs may still be read.
  const Plan& direct() const { return direct_; }
  // All inputs have been read before the first output is written.
  const Plan& staged() const { return staged_; }

  // The uniform values, by their numbers; the others stay as they are. `values` has room for all of them.
  void evaluate(std::span<const double> scalars, std::span<double> values) const;

 private:
  class Planner;
  void check(std::span<const double> code);

  std::size_t inputs_ = 0, keys_ = 0, scalars_ = 0;
  std::vector<double> constants_;
  std::vector<Instruction> instructions_;
  std::vector<std::uint32_t> outputs_, uniforms_;
  std::vector<bool> is_uniform_;
  std::vector<Mask> masks_;
  Plan direct_, staged_;
  Pattern pattern_;
};

// The decoded form of a program that crosses with each call: found again by its content. Valid until the next call on
// this thread.
const PointwiseProgram& decoded_program(std::span<const double> code);

}  // namespace lanewise::ops
