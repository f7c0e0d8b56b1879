// What both directions of recurrent layers share: sizes, blocks of units, the steps of a row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {

struct Recurrence {
  std::size_t steps, rows, inputs, units, gates;
  bool relu, reverse;

  // Lines of `units` numbers that are kept of a step for the gradient.
  std::size_t saved_lines() const { return gates == 4 ? 6 : gates == 3 ? 4 : 0; }
  std::size_t width() const { return core::checked_mul(gates, units); }
  // The n-th step that is taken, of `steps`.
  std::size_t step(std::size_t n) const { return reverse ? steps - 1 - n : n; }
};

// Throws std::invalid_argument for other numbers of gates, and for lengths out of range.
inline void check_recurrence(const char* op, const Recurrence& r, std::optional<IndexIn> lengths) {
  if (r.gates != 1 && r.gates != 3 && r.gates != 4) refuse(op, "gates", "must be 1, 3 or 4");
  if (!lengths) return;
  check_length(op, "lengths", lengths->size(), r.rows);
  for (const std::int32_t length : lengths->first(r.rows)) {
    if (length < 1 || static_cast<std::size_t>(length) > r.steps) {
      refuse(op, "lengths", "must be in [1, " + std::to_string(r.steps) + "], got " + std::to_string(length));
    }
  }
}

// Memory for all steps, `width` numbers a row.
inline std::size_t steps_length(const Recurrence& r, std::size_t width) {
  return core::checked_mul(r.steps, core::checked_mul(r.rows, width));
}

// Rows that go through all steps together: their sums of a block of units stay in the first-level cache.
inline constexpr std::size_t kRecurrentRows = 32;

// body(first, count) for each run of rows in [begin, end) that take part in step t.
template <typename Body>
void active_runs(std::optional<IndexIn> lengths, std::size_t begin, std::size_t end, std::size_t t, const Body& body) {
  if (!lengths) {
    body(begin, end - begin);
    return;
  }
  const auto is_active = [&](std::size_t row) { return t < static_cast<std::size_t>((*lengths)[row]); };
  for (std::size_t row = begin; row < end;) {
    if (!is_active(row)) {
      ++row;
      continue;
    }
    const std::size_t first = row;
    while (row < end && is_active(row)) ++row;
    body(first, row - first);
  }
}

// body(begin, end) for blocks of at most kRecurrentRows rows; threads own rows.
template <typename Body>
void split_recurrent_rows(const Context& context, const Recurrence& r, std::size_t parts, const Body& body) {
  run_parts(context, parts, [&](std::size_t part) {
    const std::size_t end = part_begin(part + 1, parts, r.rows, 1);
    for (std::size_t row = part_begin(part, parts, r.rows, 1); row < end; row += kRecurrentRows) {
      body(part, row, std::min(end, row + kRecurrentRows));
    }
  });
}

}  // namespace lanewise::ops
