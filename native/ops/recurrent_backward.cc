// The gradient of a recurrent layer with respect to what its products gave, from the last step to the first: rows on
// one thread, as in recurrent.cc.
#include <cstring>

#include "../core/aligned.h"
#include "product.h"
#include "recurrent.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

struct RecurrentGradientOperands {
  Recurrence shape;
  const float *grad, *grad_last_hidden, *grad_last_cell, *weight_hh, *out, *previous, *saved;
  std::optional<IndexIn> lengths;
  float *grad_gates, *grad_hidden_gates, *grad_hidden, *grad_cell;
};

// Floats from one row of gate gradients to the next: a line more than they take, lest rows fall into the same cache
// sets.
std::size_t gates_stride(const Recurrence& shape) { return checked_add(padded(shape.width()), 16); }

class RecurrentGradientRows {
 public:
  RecurrentGradientRows(const kernels::KernelTable& kernels, const RecurrentGradientOperands& operands,
                        const float* panels, float* scratch, std::size_t begin, std::size_t end)
      : kernels_(kernels), o_(operands), panels_(panels), begin_(begin), rows_(end - begin) {
    const std::size_t state = padded(kRecurrentRows * o_.shape.units);
    next_ = scratch;
    cell_ = next_ + state;
    direct_ = cell_ + state;
    gates_ = direct_ + state;
    hidden_gates_ = gates_ + kRecurrentRows * gates_stride(o_.shape);
  }

  static std::size_t workspace(const Recurrence& shape) {
    return checked_add(checked_mul(3, padded(checked_mul(kRecurrentRows, shape.units))),
                       checked_mul(2, kRecurrentRows, gates_stride(shape)));
  }

  void run() {
    const Recurrence& shape = o_.shape;
    load(o_.grad_last_hidden, next_);
    load(o_.grad_last_cell, cell_);
    for (std::size_t n = shape.steps; n-- > 0;) {
      const std::size_t t = shape.step(n);
      active_runs(o_.lengths, begin_, begin_ + rows_, t,
                  [&](std::size_t row, std::size_t count) { step(t, row, count); });
    }
    const std::size_t bytes = rows_ * shape.units * sizeof(float);
    std::memcpy(o_.grad_hidden + begin_ * shape.units, next_, bytes);
    if (o_.grad_cell != nullptr) std::memcpy(o_.grad_cell + begin_ * shape.units, cell_, bytes);
  }

 private:
  void load(const float* from, float* to) const {
    const std::size_t units = o_.shape.units;
    if (from == nullptr) {
      std::memset(to, 0, rows_ * units * sizeof(float));
    } else {
      std::memcpy(to, from + begin_ * units, rows_ * units * sizeof(float));
    }
  }

  void step(std::size_t t, std::size_t row, std::size_t count) {
    const Recurrence& shape = o_.shape;
    const std::size_t units = shape.units, at = t * shape.rows + row, local = row - begin_;
    const std::size_t stride = gates_stride(shape), saved_stride = shape.saved_lines() * units;
    const kernels::CellGradient cell{.grad = o_.grad + at * units,
                                     .next = next_ + local * units,
                                     .cell = cell_ + local * units,
                                     .direct = direct_ + local * units,
                                     .grad_stride = units,
                                     .state_stride = units,
                                     .saved = o_.saved == nullptr ? nullptr : o_.saved + at * saved_stride,
                                     .previous = o_.previous + at * units,
                                     .out = o_.out + at * units,
                                     .saved_apart = units,
                                     .saved_stride = saved_stride,
                                     .out_stride = units,
                                     .gates = gates_,
                                     .hidden_gates = hidden_gates_,
                                     .gate_apart = units,
                                     .gates_stride = stride};
    if (shape.gates == 4) {
      kernels_.lstm_cell_backward(&cell, count, units);
    } else if (shape.gates == 3) {
      kernels_.gru_cell_backward(&cell, count, units);
    } else {
      kernels_.plain_cell_backward(&cell, count, units, shape.relu);
    }
    keep(gates_, count, o_.grad_gates + at * shape.width());
    if (o_.grad_hidden_gates != nullptr) keep(hidden_gates_, count, o_.grad_hidden_gates + at * shape.width());
    to_hidden(local, count);
  }

  void keep(const float* gates, std::size_t count, float* to) const {
    const std::size_t width = o_.shape.width(), stride = gates_stride(o_.shape);
    for (std::size_t i = 0; i < count; ++i) std::memcpy(to + i * width, gates + i * stride, width * sizeof(float));
  }

  // What reaches the hidden state before: gates·weightHh, and of a GRU what goes there directly.
  void to_hidden(std::size_t local, std::size_t count) const {
    const Recurrence& shape = o_.shape;
    const std::size_t units = shape.units, width = shape.width(), nr = kernels_.gemm_nr;
    const bool is_gru = shape.gates == 3;
    for (std::size_t u = 0; u < units; u += nr) {
      kernels_.gemm_panel(is_gru ? hidden_gates_ : gates_, gates_stride(shape), 1, count, panels_ + u * width, nr,
                          width, is_gru ? direct_ + local * units + u : nullptr, is_gru ? units : 0,
                          next_ + local * units + u, units, std::min(nr, units - u));
    }
  }

  const kernels::KernelTable& kernels_;
  const RecurrentGradientOperands& o_;
  const float* const panels_;
  const std::size_t begin_, rows_;
  float *next_, *cell_, *direct_, *gates_, *hidden_gates_;
};

void run_recurrent_backward(const Context& context, const RecurrentGradientOperands& operands) {
  const Recurrence& shape = operands.shape;
  const std::size_t nr = context.kernels.gemm_nr, units = shape.units, width = shape.width();
  const std::size_t work = core::capped_mul(width, shape.steps, shape.rows, units);
  const std::size_t parts = std::min(shape.rows, parts_for(context, work, kMultiplyGrain));
  const std::size_t packed = padded(checked_mul(core::checked_round_up(units, nr), width));
  const std::size_t workspace = RecurrentGradientRows::workspace(shape);
  thread_local core::Scratch memory;  // the calling thread's, for all parts
  float* const panels = memory.get<float>(checked_add(packed, checked_mul(parts, workspace)));
  for (std::size_t u = 0; u < units; u += nr) {
    context.kernels.pack_rows(operands.weight_hh + u, units, width, std::min(nr, units - u), panels + u * width);
  }
  if (operands.lengths) {  // what lies behind the lengths
    const std::size_t bytes = steps_length(shape, width) * sizeof(float);
    std::memset(operands.grad_gates, 0, bytes);
    if (operands.grad_hidden_gates != nullptr) std::memset(operands.grad_hidden_gates, 0, bytes);
  }
  split_recurrent_rows(context, shape, parts, [&](std::size_t part, std::size_t begin, std::size_t end) {
    RecurrentGradientRows(context.kernels, operands, panels, panels + packed + part * workspace, begin, end).run();
  });
}

}  // namespace

void recurrentBackward(const Context& context, FloatIn grad, std::optional<FloatIn> gradLastHidden,
                       std::optional<FloatIn> gradLastCell, FloatIn weightHh, std::optional<IndexIn> lengths,
                       FloatIn out, FloatIn previous, std::optional<FloatIn> saved, FloatOut gradGates,
                       std::optional<FloatOut> gradHiddenGates, FloatOut gradHidden, std::optional<FloatOut> gradCell,
                       std::size_t steps, std::size_t rows, std::size_t units, std::size_t gates, bool relu,
                       bool reverse) {
  constexpr const char* kOp = "recurrentBackward";
  const Recurrence shape{steps, rows, 0, units, gates, relu, reverse};
  check_recurrence(kOp, shape, lengths);
  const std::size_t state = checked_mul(rows, units), all = steps_length(shape, units);
  check_length(kOp, "grad", grad.size(), all);
  if (gradLastHidden) check_length(kOp, "gradLastHidden", gradLastHidden->size(), state);
  if (gradLastCell) check_length(kOp, "gradLastCell", gradLastCell->size(), state);
  check_length(kOp, "weightHh", weightHh.size(), checked_mul(shape.width(), units));
  check_length(kOp, "out", out.size(), all);
  check_length(kOp, "previous", previous.size(), all);
  if (gates != 1 && !saved) refuse(kOp, "saved", "belongs to a GRU and an LSTM");
  if (saved) check_length(kOp, "saved", saved->size(), checked_mul(all, shape.saved_lines()));
  check_length(kOp, "gradGates", gradGates.size(), steps_length(shape, shape.width()));
  if (gates == 3 && !gradHiddenGates) refuse(kOp, "gradHiddenGates", "belongs to a GRU");
  if (gradHiddenGates)
    check_length(kOp, "gradHiddenGates", gradHiddenGates->size(), steps_length(shape, shape.width()));
  check_length(kOp, "gradHidden", gradHidden.size(), state);
  if (gates == 4 && !gradCell) refuse(kOp, "gradCell", "belongs to an LSTM");
  if (gradCell) check_length(kOp, "gradCell", gradCell->size(), state);
  if (state == 0) return;
  const auto of = [](const auto& memory) { return memory ? memory->data() : nullptr; };
  run_recurrent_backward(
      context, {shape, grad.data(), of(gradLastHidden), gates == 4 ? of(gradLastCell) : nullptr, weightHh.data(),
                out.data(), previous.data(), shape.saved_lines() == 0 ? nullptr : of(saved), lengths, gradGates.data(),
                gates == 3 ? of(gradHiddenGates) : nullptr, gradHidden.data(), gates == 4 ? of(gradCell) : nullptr});
}

}  // namespace lanewise::ops
