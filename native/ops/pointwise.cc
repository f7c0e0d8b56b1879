#include "pointwise.h"

#include <algorithm>
#include <functional>
#include <string>

#include "../core/aligned.h"
#include "check.h"
#include "mask.h"
#include "parallel.h"
#include "update.h"

namespace lanewise::ops {
namespace {

// Elements of a block: its values stay in the first-level cache. Whole pieces of chains, whatever their size.
constexpr std::size_t kBlock = 384;
// Rows from this length on are worked through one by one.
constexpr std::size_t kWideRow = 128;
// An input's workspace holds a block, and one row more where narrow rows are all the same.
constexpr std::size_t kInputWorkspace = kBlock + kWideRow;

std::string element(const char* list, std::size_t i) { return std::string(list) + "[" + std::to_string(i) + "]"; }

void check_count(const char* op, const char* list, std::size_t count, std::size_t needed) {
  if (count != needed) {
    refuse(op, list, "must be " + std::to_string(needed) + " for this program, got " + std::to_string(count));
  }
}

bool overlap(const float* a, std::size_t of_a, const float* b, std::size_t of_b) {
  const std::less<const float*> before;
  const bool some = of_a != 0 && of_b != 0 && a != nullptr && b != nullptr;
  return some && before(a, b + of_b) && before(b, a + of_a);
}

}  // namespace

void BoundPointwise::check_counts(const char* op, const PointwiseProgram& program,
                                  const PointwiseArguments& arguments) const {
  check_count(op, "inputs", arguments.inputs.size(), program.inputs());
  check_count(op, "keys", arguments.keys.size(), program.keys());
  check_count(op, "scalars", arguments.scalars.values.size() + (arguments.step ? 1 : 0), program.scalars());
  check_count(op, "outputs", arguments.outputs.size(), program.outputs());
  if (arguments.step) check_step(op, *arguments.step);
}

// An output overlaps nothing but an input that is the same elements.
void BoundPointwise::check_memory(const char* op, const PointwiseArguments& arguments) const {
  const std::size_t count = shape_.count();
  for (std::size_t i = 0; i < arguments.inputs.size(); ++i) {
    if (arguments.inputs[i].size() < shape_.reach(i)) {
      check_length(op, element("inputs", i).c_str(), arguments.inputs[i].size(), shape_.reach(i));
    }
  }
  for (std::size_t k = 0; k < arguments.outputs.size(); ++k) {
    const FloatOut out = arguments.outputs[k];
    if (out.size() < count) check_length(op, element("outputs", k).c_str(), out.size(), count);
    for (std::size_t other = 0; other < k; ++other) {
      if (overlap(out.data(), count, arguments.outputs[other].data(), count)) {
        refuse(op, element("outputs", k).c_str(), "overlaps another output");
      }
    }
    for (std::size_t i = 0; i < arguments.inputs.size(); ++i) {
      const FloatIn in = arguments.inputs[i];
      if (!overlap(out.data(), count, in.data(), shape_.reach(i))) continue;
      if (in.data() == out.data() && shape_.walk(i) == Walk::kDense) continue;
      refuse(op, element("outputs", k).c_str(), "overlaps an input that is not the same elements");
    }
  }
}

void BoundPointwise::bind_memory(const PointwiseArguments& arguments) {
  inputs_.resize(arguments.inputs.size());
  outputs_.resize(arguments.outputs.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i] = arguments.inputs[i].data();
  for (std::size_t k = 0; k < outputs_.size(); ++k) outputs_[k] = arguments.outputs[k].data();
  plan_ = &program_->direct();
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i] == outputs_[k] && plan_->last_read[i] > plan_->written[k]) {
        plan_ = &program_->staged();
        return;
      }
    }
  }
}

void BoundPointwise::bind_values(const char* op, const PointwiseArguments& arguments) {
  step_ = arguments.step ? arguments.step->data() : nullptr;
  scalars_.assign(arguments.scalars.values.begin(), arguments.scalars.values.end());
  if (step_ != nullptr) scalars_.push_back(static_cast<double>(*step_) + 1.0);
  values_.resize(program_->values());
  program_->evaluate(scalars_, values_);
  uniforms_.clear();
  for (const std::uint32_t value : program_->uniforms()) uniforms_.push_back(static_cast<float>(values_[value]));
  masks_.clear();
  if (program_->keys() == 0) return;
  if (shape_.count() != 0 && (arguments.columns == 0 || shape_.count() % arguments.columns != 0)) {
    refuse(op, "columns",
           "must divide " + std::to_string(shape_.count()) + " elements, got " + std::to_string(arguments.columns));
  }
  for (const PointwiseProgram::Mask& mask : program_->masks()) {
    masks_.push_back(make_mask(op, arguments.keys[mask.key], values_[mask.p], arguments.columns, arguments.row_offset));
  }
}

void BoundPointwise::choose_blocks() {
  wide_ = shape_.width() >= kWideRow;
  gathers_ = false;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Walk walk = shape_.walk(i);
    gathers_ = gathers_ || ((walk == Walk::kPeriodic || walk == Walk::kStrided) && (!wide_ || shape_.step(i) > 1));
  }
  // One step, or one chain, has nothing to keep in cache for another.
  chained_ = plan_->is_chain() && !gathers_;
  repeats_ = plan_->has_chains() && shape_.count() >= kernels_->chain_piece;
  const bool whole = chained_ || (plan_->steps.size() == 1 && !gathers_);
  block_ = whole ? std::max<std::size_t>(1, shape_.count()) : kBlock;
}

void BoundPointwise::bind(const char* op, const kernels::KernelTable& kernels, const PointwiseProgram& program,
                          const PointwiseArguments& arguments, Layout layout) {
  check_counts(op, program, arguments);
  shape_.decode(op, layout, program.inputs());
  kernels_ = &kernels;
  program_ = &program;
  row_width_ = 0;
  check_memory(op, arguments);
  bind_values(op, arguments);
  bind_memory(arguments);
  choose_blocks();
}

void BoundPointwise::bind(const char* op, const kernels::KernelTable& kernels, const PointwiseProgram& program,
                          const PointwiseArguments& arguments, std::size_t rows, std::size_t width) {
  check_counts(op, program, arguments);
  shape_.decode(op, rows, width, arguments.inputs);
  kernels_ = &kernels;
  program_ = &program;
  row_width_ = width;
  check_memory(op, arguments);
  bind_values(op, arguments);
  bind_memory(arguments);
  choose_blocks();
}

std::size_t BoundPointwise::workspace() const {
  const std::size_t slots = program_->slots() + plan_->registers;
  std::size_t floats = core::checked_round_up(slots * sizeof(Slot), core::kCacheLine) / sizeof(float);
  floats += plan_->registers * kBlock;
  if (repeats_) floats += (inputs_.size() + uniforms_.size()) * kernels_->chain_piece;
  if (gathers_ || row_width_ != 0) floats += inputs_.size() * kInputWorkspace;
  if (row_width_ != 0) floats += outputs_.size() * kBlock;
  return floats;
}

PointwiseRun::PointwiseRun(const BoundPointwise& bound, float* workspace)
    : bound_(bound), shape_(bound.shape_), slots_(reinterpret_cast<Slot*>(workspace)) {
  const std::size_t fixed = bound.program_->slots(), slots = fixed + bound.plan_->registers;
  workspace += core::checked_round_up(slots * sizeof(Slot), core::kCacheLine) / sizeof(float);
  const std::size_t advance = bound.chained_ ? 0 : 1;
  for (std::size_t r = 0; r < bound.plan_->registers; ++r, workspace += kBlock) point(fixed + r, workspace, 1, advance);
  repeats_ = workspace;
  if (bound.repeats_) workspace += (bound.inputs_.size() + bound.uniforms_.size()) * bound.kernels_->chain_piece;
  workspace_ = workspace;
  for (std::size_t i = 0; i < bound.inputs_.size(); ++i) {
    if (shape_.walk(i) == Walk::kOne) repeat(i, bound.inputs_[i]);
  }
  const std::size_t inputs_and_outputs = bound.inputs_.size() + bound.outputs_.size();
  for (std::size_t u = 0; u < bound.uniforms_.size(); ++u) repeat(inputs_and_outputs + u, &bound.uniforms_[u]);
}

void PointwiseRun::repeat(std::size_t slot, const float* element) {
  if (bound_.repeats_) {
    const std::size_t piece = bound_.kernels_->chain_piece, inputs = bound_.inputs_.size();
    float* const repeat = repeats_ + (slot < inputs ? slot : slot - bound_.outputs_.size()) * piece;
    bound_.kernels_->fill(*element, repeat, piece);
    element = repeat;
  }
  point(slot, element, 0);
}

float* PointwiseRun::input_workspace(std::size_t input) const { return workspace_ + input * kInputWorkspace; }
float* PointwiseRun::output_workspace(std::size_t output) const {
  return workspace_ + bound_.inputs_.size() * kInputWorkspace + output * kBlock;
}

void PointwiseRun::elements(std::size_t begin, std::size_t end, const Apart& apart) {
  const std::size_t width = shape_.width();
  if (bound_.gathers_ && !bound_.wide_) {
    for (std::size_t i = 0; i < bound_.inputs_.size(); ++i) {
      if (shape_.walk(i) == Walk::kPeriodic) shape_.gather(i, bound_.inputs_[i], 0, kBlock + width, input_workspace(i));
    }
  }
  for (std::size_t at = begin, n = 0; at < end; at += n) {
    n = std::min(bound_.block_, end - at);
    if (bound_.wide_) n = std::min(n, width - at % width);
    if (bound_.chained_ && n > kBlock) n -= n % kBlock;  // what is no whole block needs the workspace of one
    place(at, n, at - begin, apart);
    run({at, 1, n, 0});
  }
}

// Points the slots of inputs and outputs to elements [at, at + n); what is apart has `passed` of them before.
void PointwiseRun::place(std::size_t at, std::size_t n, std::size_t passed, const Apart& apart) {
  const std::size_t width = shape_.width();
  for (std::size_t i = 0; i < bound_.inputs_.size(); ++i) {
    if (i == 0 && apart.input != nullptr) {
      point(0, apart.input + passed, 1);
      continue;
    }
    const float* const data = bound_.inputs_[i];
    const Walk walk = shape_.walk(i);
    const std::size_t step = shape_.step(i);
    if (walk == Walk::kDense) {
      point(i, data + at, 1);
    } else if (walk == Walk::kOne) {
      continue;
    } else if (bound_.wide_ && step <= 1) {
      const float* const from = data + shape_.offset(i, at / width) + at % width * step;
      step == 0 ? repeat(i, from) : point(i, from, 1);
    } else if (walk == Walk::kPeriodic && !bound_.wide_) {
      point(i, input_workspace(i) + at % width, 1);
    } else {
      shape_.gather(i, data, at, n, input_workspace(i));
      point(i, input_workspace(i), 1);
    }
  }
  for (std::size_t k = 0; k < bound_.outputs_.size(); ++k) {
    float* const out = k == 0 && apart.output != nullptr ? apart.output + passed : bound_.outputs_[k] + at;
    point(bound_.inputs_.size() + k, out, 1);
  }
}

void PointwiseRun::block(std::size_t row, std::size_t rows, std::size_t column, std::size_t columns) {
  const std::size_t width = bound_.row_width_;
  if (columns == width) return elements(row * width, (row + rows) * width);
  if (columns >= kWideRow) {
    for (std::size_t r = row; r < row + rows; ++r) elements(r * width + column, r * width + column + columns);
    return;
  }
  // Narrow rows are brought together, as many as a block has room for.
  const std::size_t most = kBlock / columns;
  for (std::size_t r = 0; r < rows; r += most) few_rows(row + r, std::min(most, rows - r), column, columns);
}

void PointwiseRun::few_rows(std::size_t row, std::size_t rows, std::size_t column, std::size_t columns) {
  const std::size_t width = bound_.row_width_, first = row * width + column;
  for (std::size_t i = 0; i < bound_.inputs_.size(); ++i) {
    if (shape_.walk(i) == Walk::kOne) continue;
    const std::size_t shared = shape_.shared_rows(i);
    const float* const data = bound_.inputs_[i] + column;
    float* const to = input_workspace(i);
    for (std::size_t r = 0; r < rows; ++r) std::copy_n(data + (row + r) / shared * width, columns, to + r * columns);
    point(i, to, 1);
  }
  for (std::size_t k = 0; k < bound_.outputs_.size(); ++k) point(bound_.inputs_.size() + k, output_workspace(k), 1);
  run({first, rows, columns, width});
  for (std::size_t k = 0; k < bound_.outputs_.size(); ++k) {
    for (std::size_t r = 0; r < rows; ++r) {
      std::copy_n(output_workspace(k) + r * columns, columns, bound_.outputs_[k] + first + r * width);
    }
  }
}

void PointwiseRun::run(const Piece& piece) const {
  const kernels::KernelTable& kernels = *bound_.kernels_;
  const std::size_t n = piece.rows * piece.columns;
  for (const Plan::Stage& stage : bound_.plan_->stages) {
    std::size_t done = 0;
    if (!stage.links.empty()) {
      done = n - n % kernels.chain_piece;
      if (done != 0) kernels.chain(stage.links.data(), stage.links.size(), slots_, done);
      if (done == n) continue;
    }
    for (std::size_t s = stage.begin; s < stage.end; ++s) run(bound_.plan_->steps[s], done, piece);
  }
}

// Without the `done` first elements.
void PointwiseRun::run(const Plan::Step& step, std::size_t done, const Piece& piece) const {
  switch (step.node) {
#define NODE(name, operands, kernel)                  \
  case Node::name:                                    \
    call(bound_.kernels_->kernel, step, done, piece); \
    break;
#include "nodes.inc"
#undef NODE
    case Node::move:
      move(step, done, piece);
      break;
  }
}

void PointwiseRun::call(Unary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const {
  const Slot x = rest(step.operands[0], done), out = rest(step.target, done);
  const std::size_t n = piece.rows * piece.columns - done;
  kernel(x.data, out.data, x.step == 0 ? std::min<std::size_t>(1, n) : n);
  if (x.step == 0) bound_.kernels_->fill(*out.data, out.data, n);
}

void PointwiseRun::call(Binary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const {
  const Slot a = rest(step.operands[0], done), b = rest(step.operands[1], done);
  kernel(a.data, a.step, b.data, b.step, rest(step.target, done).data, piece.rows * piece.columns - done);
}

void PointwiseRun::call(Ternary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const {
  const Slot a = rest(step.operands[0], done), b = rest(step.operands[1], done), c = rest(step.operands[2], done);
  kernel(a.data, a.step, b.data, b.step, c.data, c.step, rest(step.target, done).data,
         piece.rows * piece.columns - done);
}

void PointwiseRun::call(Quaternary kernel, const Plan::Step& step, std::size_t done, const Piece& piece) const {
  const Slot a = rest(step.operands[0], done), b = rest(step.operands[1], done);
  const Slot c = rest(step.operands[2], done), d = rest(step.operands[3], done);
  kernel(a.data, a.step, b.data, b.step, c.data, c.step, d.data, d.step, rest(step.target, done).data,
         piece.rows * piece.columns - done);
}

// No part of a chain, so nothing is done before.
void PointwiseRun::call(MaskFactor kernel, const Plan::Step& step, std::size_t, const Piece& piece) const {
  const kernels::Mask& mask = bound_.masks_[step.operands[0]];
  float* const out = slots_[step.target].data;
  for (std::size_t r = 0; r < piece.rows; ++r) {
    kernel(out + r * piece.columns, piece.columns, piece.first + r * piece.stride, &mask);
  }
}

void PointwiseRun::move(const Plan::Step& step, std::size_t done, const Piece& piece) const {
  const Slot x = rest(step.operands[0], done), out = rest(step.target, done);
  const std::size_t n = piece.rows * piece.columns - done;
  if (x.step == 0) {
    bound_.kernels_->fill(*x.data, out.data, n);
  } else if (x.data != out.data) {
    std::copy_n(x.data, n, out.data);
  }
}

void pointwise(const Context& context, ProgramIn program, Elementwise<FloatIns> inputs, IndexIns keys, Scalars scalars,
               Elementwise<FloatOuts> outputs, std::optional<IndexOut> step, Layout layout, std::size_t columns,
               std::size_t rowOffset) {
  thread_local BoundPointwise memory_of_bound;  // serves every call
  BoundPointwise& bound = memory_of_bound;      // the calling thread's, for all parts
  bound.bind("pointwise", context.kernels, program, {inputs, keys, scalars, outputs, step, columns, rowOffset}, layout);
  const Update update(bound);
  const std::size_t work = core::capped_mul(bound.count(), std::max<std::size_t>(1, bound.steps() / 2));
  const std::size_t parts = parts_for(context, work, kElementGrain);
  const std::size_t workspace = update.workspace();
  thread_local core::Scratch memory;
  float* const scratch = memory.get<float>(core::checked_mul(parts, workspace));
  run_parts(context, parts, [&](std::size_t part) {
    const std::size_t begin = part_begin(part, parts, bound.count(), 16);
    const std::size_t end = part_begin(part + 1, parts, bound.count(), 16);
    if (begin < end) update.apply(scratch + part * workspace, begin, end - begin);
  });
  bound.finish();
}

}  // namespace lanewise::ops
