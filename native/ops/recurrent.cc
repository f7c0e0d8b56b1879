// A recurrent layer: rows go through all their steps on one thread. Units come in blocks as wide as a panel; the
// products of a block's gates and the cell that takes them follow one another while the sums are in the first-level
// cache.
#include "recurrent.h"

#include <cstring>

#include "../core/aligned.h"
#include "product.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// From kFewRows rows on the product of x is made step by step with that of h; fewer rows take it over all steps at
// once.
constexpr std::size_t kFewRows = 8;

// The weights of all blocks of units. Gates of a block lie one behind the other: panels [inputs][nr] of x and
// [units][nr] of h. Sums have their places in a line: those of the gates, block by block; then, of a GRU, what x gives
// for n, whose third gate is what h gives.
struct GatePanels {
  std::size_t nr, blocks, gates;
  float *x, *h, *start;

  std::size_t line() const { return blocks * gates * nr + (gates == 3 ? blocks * nr : 0); }
  std::size_t gate(std::size_t block, std::size_t g) const { return (block * gates + g) * nr; }
  std::size_t candidate(std::size_t block) const { return (blocks * gates + block) * nr; }
  // Where x's product for a gate goes.
  std::size_t of_x(std::size_t block, std::size_t g) const {
    return gates == 3 && g == 2 ? candidate(block) : gate(block, g);
  }
};

struct RecurrentOperands {
  Recurrence shape;
  const float *x, *hidden, *cell, *weight_ih, *weight_hh, *bias_ih, *bias_hh;
  std::optional<IndexIn> lengths;
  float *out, *last_hidden, *last_cell, *previous, *saved;
};

void pack_gate(const kernels::KernelTable& kernels, const RecurrentOperands& o, const GatePanels& panels,
               std::size_t block, std::size_t g) {
  const std::size_t units = o.shape.units, inputs = o.shape.inputs, first = block * panels.nr;
  const std::size_t columns = std::min(panels.nr, units - first), line = g * units + first;
  const std::size_t panel = block * panels.gates + g;
  kernels.pack_columns(o.weight_ih + line * inputs, inputs, inputs, columns, panels.x + panel * inputs * panels.nr);
  kernels.pack_columns(o.weight_hh + line * units, units, units, columns, panels.h + panel * units * panels.nr);
  float* const start = panels.start + panels.gate(block, g);
  for (std::size_t j = 0; j < panels.nr; ++j) {
    const float ih = o.bias_ih != nullptr && j < columns ? o.bias_ih[line + j] : 0.0f;
    const float hh = o.bias_hh != nullptr && j < columns ? o.bias_hh[line + j] : 0.0f;
    if (panels.gates == 3 && g == 2) {
      start[j] = hh;
      panels.start[panels.candidate(block) + j] = ih;
    } else {
      start[j] = ih + hh;
    }
  }
}

// Rows [begin, end) through all steps.
class RecurrentRows {
 public:
  RecurrentRows(const kernels::KernelTable& kernels, const RecurrentOperands& operands, const GatePanels& panels,
                float* scratch, std::size_t begin, std::size_t end)
      : kernels_(kernels),
        o_(operands),
        panels_(panels),
        begin_(begin),
        rows_(end - begin),
        hidden_(scratch),
        cell_(hidden_ + padded(kRecurrentRows * operands.shape.units)),
        sums_(cell_ + padded(kRecurrentRows * operands.shape.units)),
        sums_of_x_(nullptr) {}

  // Floats of scratch, with the sums of x for `steps` steps of `rows` rows ahead.
  static std::size_t workspace(const Recurrence& shape, const GatePanels& panels, std::size_t rows_ahead) {
    const std::size_t state = padded(checked_mul(kRecurrentRows, shape.units));
    return checked_add(checked_mul(2, state), padded(checked_mul(std::max(kRecurrentRows, rows_ahead), panels.line())));
  }

  void run(bool ahead) {
    const Recurrence& shape = o_.shape;
    std::memcpy(hidden_, o_.hidden + begin_ * shape.units, rows_ * shape.units * sizeof(float));
    if (o_.cell != nullptr) {
      std::memcpy(cell_, o_.cell + begin_ * shape.units, rows_ * shape.units * sizeof(float));
    }
    if (ahead) {
      sums_of_x_ = sums_;
      for (std::size_t block = 0; block < panels_.blocks; ++block) add_x(block, 0, shape.steps * rows_, sums_);
      if (panels_.gates == 3) start_candidates();
    }
    for (std::size_t n = 0; n < shape.steps; ++n) step(shape.step(n));
    std::memcpy(o_.last_hidden + begin_ * shape.units, hidden_, rows_ * shape.units * sizeof(float));
    if (o_.last_cell != nullptr) {
      std::memcpy(o_.last_cell + begin_ * shape.units, cell_, rows_ * shape.units * sizeof(float));
    }
  }

 private:
  // The sums of x for a block's gates, of `rows` rows of x from row number `row` on, to lines of `to`.
  void add_x(std::size_t block, std::size_t row, std::size_t rows, float* to) const {
    const std::size_t inputs = o_.shape.inputs, line = panels_.line();
    for (std::size_t g = 0; g < panels_.gates; ++g) {
      const float* const panel = panels_.x + (block * panels_.gates + g) * inputs * panels_.nr;
      const std::size_t at = panels_.of_x(block, g);
      kernels_.gemm_panel(o_.x + row * inputs, inputs, 1, rows, panel, panels_.nr, inputs, panels_.start + at, 0,
                          to + at, line, panels_.nr);
    }
  }

  // The sums of h for n have nothing of x in them: they start at the bias.
  void start_candidates() const {
    for (std::size_t row = 0; row < o_.shape.steps * rows_; ++row) {
      for (std::size_t block = 0; block < panels_.blocks; ++block) {
        const std::size_t at = panels_.gate(block, 2);
        std::memcpy(sums_ + row * panels_.line() + at, panels_.start + at, panels_.nr * sizeof(float));
      }
    }
  }

  void add_hidden(std::size_t block, float* sums) const {
    const std::size_t units = o_.shape.units, line = panels_.line();
    for (std::size_t g = 0; g < panels_.gates; ++g) {
      const float* const panel = panels_.h + (block * panels_.gates + g) * units * panels_.nr;
      const std::size_t at = panels_.gate(block, g);
      const bool starts = panels_.gates == 3 && g == 2 && sums_of_x_ == nullptr;
      kernels_.gemm_panel(hidden_, units, 1, rows_, panel, panels_.nr, units, starts ? panels_.start + at : sums + at,
                          starts ? 0 : line, sums + at, line, panels_.nr);
    }
  }

  void step(std::size_t t) {
    const Recurrence& shape = o_.shape;
    const std::size_t units = shape.units, at = t * shape.rows + begin_;
    float* const sums = sums_of_x_ == nullptr ? sums_ : sums_of_x_ + t * rows_ * panels_.line();
    if (o_.previous != nullptr) {
      active_runs(o_.lengths, begin_, begin_ + rows_, t, [&](std::size_t row, std::size_t count) {
        std::memcpy(o_.previous + (t * shape.rows + row) * units, hidden_ + (row - begin_) * units,
                    count * units * sizeof(float));
      });
    }
    // One row takes panels four at a time.
    const bool one_row = sums_of_x_ != nullptr && rows_ == 1;
    if (one_row) kernels_.gemm_row(hidden_, panels_.h, panels_.blocks * panels_.gates, units, sums, sums);
    for (std::size_t block = 0; block < panels_.blocks; ++block) {
      if (sums_of_x_ == nullptr) add_x(block, at, rows_, sums);
      if (!one_row) add_hidden(block, sums);
      active_runs(o_.lengths, begin_, begin_ + rows_, t,
                  [&](std::size_t row, std::size_t count) { apply_cell(block, t, row, count, sums); });
    }
    active_runs(o_.lengths, begin_, begin_ + rows_, t, [&](std::size_t row, std::size_t count) {
      std::memcpy(hidden_ + (row - begin_) * units, o_.out + (t * shape.rows + row) * units,
                  count * units * sizeof(float));
    });
  }

  void apply_cell(std::size_t block, std::size_t t, std::size_t row, std::size_t count, const float* sums) const {
    const Recurrence& shape = o_.shape;
    const std::size_t unit = block * panels_.nr, columns = std::min(panels_.nr, shape.units - unit);
    const std::size_t at = t * shape.rows + row, local = row - begin_, line = panels_.line();
    const std::size_t saved_stride = shape.saved_lines() * shape.units;
    const kernels::CellBlock cell{
        .gates = sums + local * line + panels_.gate(block, 0),
        .candidate = sums + local * line + (panels_.gates == 3 ? panels_.candidate(block) : 0),
        .gate_apart = panels_.nr,
        .gates_stride = line,
        .hidden = hidden_ + local * shape.units + unit,
        .cell = cell_ + local * shape.units + unit,
        .state_stride = shape.units,
        .out = o_.out + at * shape.units + unit,
        .out_stride = shape.units,
        .saved = o_.saved == nullptr ? nullptr : o_.saved + at * saved_stride + unit,
        .saved_apart = shape.units,
        .saved_stride = saved_stride};
    if (shape.gates == 4) {
      kernels_.lstm_cell(&cell, count, columns);
    } else if (shape.gates == 3) {
      kernels_.gru_cell(&cell, count, columns);
    } else {
      kernels_.plain_cell(&cell, count, columns, shape.relu);
    }
  }

  const kernels::KernelTable& kernels_;
  const RecurrentOperands& o_;
  const GatePanels& panels_;
  const std::size_t begin_, rows_;
  float *hidden_, *cell_, *sums_;
  float* sums_of_x_;
};

void zero(float* memory, std::size_t length) {
  if (memory != nullptr) std::memset(memory, 0, length * sizeof(float));
}

void run_recurrent(const Context& context, const RecurrentOperands& operands) {
  const Recurrence& shape = operands.shape;
  const std::size_t nr = context.kernels.gemm_nr, blocks = (shape.units + nr - 1) / nr;
  GatePanels panels{nr, blocks, shape.gates, nullptr, nullptr, nullptr};
  const std::size_t of_x = padded(checked_mul(blocks * shape.gates, checked_mul(shape.inputs, nr)));
  const std::size_t of_h = padded(checked_mul(blocks * shape.gates, checked_mul(shape.units, nr)));
  const std::size_t work =
      core::capped_mul(shape.width(), shape.steps, shape.rows, checked_add(shape.inputs, shape.units));
  const std::size_t parts = std::min(shape.rows, parts_for(context, work, kMultiplyGrain));
  const bool ahead = shape.rows < kFewRows && parts == 1;
  const std::size_t workspace =
      RecurrentRows::workspace(shape, panels, ahead ? checked_mul(shape.steps, shape.rows) : std::size_t{0});
  thread_local core::Scratch memory;  // the calling thread's, for all parts
  float* const scratch = memory.get<float>(
      checked_add(checked_add(of_x, of_h), checked_add(padded(panels.line()), checked_mul(parts, workspace))));
  panels.x = scratch;
  panels.h = panels.x + of_x;
  panels.start = panels.h + of_h;
  float* const workspaces = panels.start + padded(panels.line());

  const std::size_t tiles = blocks * shape.gates;
  split(context, parts_for(context, of_x + of_h, kElementGrain), tiles, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      pack_gate(context.kernels, operands, panels, i / shape.gates, i % shape.gates);
    }
  });
  if (operands.lengths) {  // what lies behind the lengths
    zero(operands.out, steps_length(shape, shape.units));
    zero(operands.previous, steps_length(shape, shape.units));
    zero(operands.saved, steps_length(shape, shape.saved_lines() * shape.units));
  }
  split_recurrent_rows(context, shape, parts, [&](std::size_t part, std::size_t begin, std::size_t end) {
    RecurrentRows(context.kernels, operands, panels, workspaces + part * workspace, begin, end).run(ahead);
  });
}

}  // namespace

void recurrent(const Context& context, FloatIn x, FloatIn hidden, std::optional<FloatIn> cell, FloatIn weightIh,
               FloatIn weightHh, std::optional<FloatIn> biasIh, std::optional<FloatIn> biasHh,
               std::optional<IndexIn> lengths, FloatOut out, FloatOut lastHidden, std::optional<FloatOut> lastCell,
               std::optional<FloatOut> previous, std::optional<FloatOut> saved, std::size_t steps, std::size_t rows,
               std::size_t inputs, std::size_t units, std::size_t gates, bool relu, bool reverse) {
  constexpr const char* kOp = "recurrent";
  const Recurrence shape{steps, rows, inputs, units, gates, relu, reverse};
  check_recurrence(kOp, shape, lengths);
  const std::size_t state = checked_mul(rows, units), all = steps_length(shape, units);
  check_length(kOp, "x", x.size(), steps_length(shape, inputs));
  check_length(kOp, "hidden", hidden.size(), state);
  check_length(kOp, "weightIh", weightIh.size(), checked_mul(shape.width(), inputs));
  check_length(kOp, "weightHh", weightHh.size(), checked_mul(shape.width(), units));
  check_length(kOp, "out", out.size(), all);
  check_length(kOp, "lastHidden", lastHidden.size(), state);
  if (gates == 4 && (!cell || !lastCell)) refuse(kOp, "cell", "and lastCell belong to an LSTM");
  if (cell) check_length(kOp, "cell", cell->size(), state);
  if (lastCell) check_length(kOp, "lastCell", lastCell->size(), state);
  if (biasIh) check_length(kOp, "biasIh", biasIh->size(), shape.width());
  if (biasHh) check_length(kOp, "biasHh", biasHh->size(), shape.width());
  if (previous) check_length(kOp, "previous", previous->size(), all);
  if (saved) check_length(kOp, "saved", saved->size(), checked_mul(all, shape.saved_lines()));
  if (state == 0) return;
  const auto of = [](const auto& memory) { return memory ? memory->data() : nullptr; };
  const bool is_lstm = gates == 4;
  run_recurrent(context,
                {shape, x.data(), hidden.data(), is_lstm ? of(cell) : nullptr, weightIh.data(), weightHh.data(),
                 of(biasIh), of(biasHh), lengths, out.data(), lastHidden.data(), is_lstm ? of(lastCell) : nullptr,
                 of(previous), shape.saved_lines() == 0 ? nullptr : of(saved)});
}

}  // namespace lanewise::ops
