// Runs a pointwise program over elements: block by block, one kernel call for each step and block, with the values
// between the steps in the first-level cache. As an op by itself (ops.h), or on what another op has in cache.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "argument.h"
#include "context.h"
#include "ops.h"
#include "pointwise_program.h"
#include "pointwise_shape.h"

namespace lanewise::ops {

// The arguments of a call but its shape.
struct PointwiseArguments {
  FloatIns inputs;
  IndexIns keys;
  Scalars scalars;
  FloatOuts outputs;
  std::optional<IndexOut> step;  // its value + 1 is the program's last scalar
  std::size_t columns;           // of a mask
  std::size_t row_offset;
};

using kernels::Slot;

// A program bound to the memory of one call. Binding another call reuses what this one has allocated.
class BoundPointwise {
 public:
  // Both check everything and throw before any number moves: std::invalid_argument, std::overflow_error.
  // Elements as the layout has them.
  void bind(const char* op, const kernels::KernelTable& kernels, const PointwiseProgram& program,
            const PointwiseArguments& arguments, Layout layout);
  // `rows` rows of `width` elements, for an op that makes the first input: see PointwiseShape::decode.
  void bind(const char* op, const kernels::KernelTable& kernels, const PointwiseProgram& program,
            const PointwiseArguments& arguments, std::size_t rows, std::size_t width);

  const kernels::KernelTable& kernels() const { return *kernels_; }
  const PointwiseProgram& program() const { return *program_; }
  std::size_t count() const { return shape_.count(); }
  // Of the call: a uniform value as streams see it, the memory of an input that is dense, and of an output, a mask.
  float uniform(std::uint32_t value) const { return static_cast<float>(values_[value]); }
  bool is_dense(std::uint32_t input) const { return shape_.walk(input) == Walk::kDense; }
  const float* dense_input(std::uint32_t input) const { return is_dense(input) ? inputs_[input] : nullptr; }
  float* output(std::uint32_t output) const { return outputs_[output]; }
  const kernels::Mask& mask(std::size_t mask) const { return masks_[mask]; }
  // Steps over the elements.
  std::size_t steps() const { return plan_->steps.size(); }
  // Floats of scratch for each thread.
  std::size_t workspace() const;
  // After the last element.
  void finish() const {
    if (step_ != nullptr) ++*step_;
  }

 private:
  friend class PointwiseRun;
  void check_counts(const char* op, const PointwiseProgram& program, const PointwiseArguments& arguments) const;
  void check_memory(const char* op, const PointwiseArguments& arguments) const;
  void bind_memory(const PointwiseArguments& arguments);
  void bind_values(const char* op, const PointwiseArguments& arguments);
  void choose_blocks();

  const kernels::KernelTable* kernels_ = nullptr;
  const PointwiseProgram* program_ = nullptr;
  const Plan* plan_ = nullptr;
  PointwiseShape shape_;
  std::size_t row_width_ = 0;  // as bound, where rows were
  bool wide_ = false;          // blocks end where rows do, so that inputs can be read where they are
  bool gathers_ = false;       // some input is copied to the workspace, block by block
  std::size_t block_ = 0;      // elements at a time, at most
  bool chained_ = false;       // a chain goes over all of the elements at once
  bool repeats_ = false;       // repeated elements are written down as chains read them
  std::vector<const float*> inputs_;
  std::vector<float*> outputs_;
  std::vector<double> scalars_, values_;  // uniform values by their numbers
  std::vector<float> uniforms_;           // by slot
  std::vector<kernels::Mask> masks_;
  std::int32_t* step_ = nullptr;
};

// Where the elements of a program's first input and first output are that a run goes over, if not where they were bound
// to.
struct Apart {
  const float* input = nullptr;
  float* output = nullptr;
};

// The run of one thread, with scratch of workspace() floats.
class PointwiseRun {
 public:
  PointwiseRun(const BoundPointwise& bound, float* workspace);

  // Elements [begin, end), row after row.
  void elements(std::size_t begin, std::size_t end, const Apart& apart = {});
  // A block of what was bound as rows.
  void block(std::size_t row, std::size_t rows, std::size_t column, std::size_t columns);

 private:
  // What the slots hold: elements [first, first + columns) of the tensor and, for more rows, the same `stride` further
  // on.
  struct Piece {
    std::size_t first, rows, columns, stride;
  };
  // The arguments that kernels of each form take.
  using Unary = void (*)(const float*, float*, std::size_t);
  using Binary = decltype(kernels::KernelTable::add);
  using Ternary = decltype(kernels::KernelTable::fma);
  using Quaternary = decltype(kernels::KernelTable::select_less);
  using MaskFactor = decltype(kernels::KernelTable::mask_factor);
  void call(Unary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const;
  void call(Binary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const;
  void call(Ternary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const;
  void call(Quaternary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const;
  void call(MaskFactor kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const;
  void move(const Plan::Step& step, std::size_t done, const Piece& piece) const;
  void run(const Piece& piece) const;
  void run(const Plan::Step& step, std::size_t done, const Piece& piece) const;

  void place(std::size_t at, std::size_t n, std::size_t passed, const Apart& apart);
  void few_rows(std::size_t row, std::size_t rows, std::size_t column, std::size_t columns);
  // One element for all.
  void repeat(std::size_t slot, const float* element);
  void point(std::size_t slot, const float* data, std::size_t step) { point(slot, data, step, step); }
  void point(std::size_t slot, const float* data, std::size_t step, std::size_t advance) {
    slots_[slot] = {const_cast<float*>(data), step, advance};
  }
  // A slot from its element number `done` on.
  Slot rest(std::uint32_t slot, std::size_t done) const {
    const auto& [data, step, advance] = slots_[slot];
    return {data + done * step, step, advance};
  }
  float* input_workspace(std::size_t input) const;
  float* output_workspace(std::size_t output) const;

  const BoundPointwise& bound_;
  const PointwiseShape& shape_;
  Slot* slots_;
  float *repeats_, *workspace_;
};

}  // namespace lanewise::ops
