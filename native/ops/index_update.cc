// The gradient of a table's rows and the optimizer's step with it, for the rows that are named only: what it costs does
// not grow with the table.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"
#include "pointwise.h"
#include "update.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// A position in the index, and the row that it names.
struct RowEntry {
  std::uint32_t row, position;
};

constexpr unsigned kDigitBits = 10;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

// Sorts by row; entries of one row stay in their order. `other` is room for as many. Returns where the result is.
std::span<const RowEntry> sort_by_row(std::span<RowEntry> entries, std::span<RowEntry> other, std::size_t rows) {
  // Names are of 31 bits, however many rows there are.
  const std::size_t last = std::min<std::size_t>(rows == 0 ? 0 : rows - 1, INT32_MAX);
  const auto bits = static_cast<unsigned>(std::bit_width(last));
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    const auto digit = [shift](const RowEntry& entry) { return (entry.row >> shift) & (kDigits - 1); };
    std::uint32_t places[kDigits] = {};
    for (const RowEntry& entry : entries) ++places[digit(entry)];
    std::uint32_t first = 0;
    for (std::uint32_t& place : places) first += std::exchange(place, first);
    for (const RowEntry& entry : entries) other[places[digit(entry)]++] = entry;
    std::swap(entries, other);
  }
  return entries;
}

// The rows of a call in their order, each with the sum of its gradients.
class RowUpdate {
 public:
  RowUpdate(const BoundPointwise& bound, FloatIn grad, std::optional<FloatIn> counts, std::size_t width)
      : bound_(bound), update_(bound, true), grad_(grad), counts_(counts), width_(width) {}

  // Floats of scratch for each thread.
  std::size_t workspace() const { return core::checked_add(padded(width_), padded(update_.workspace())); }

  // Entries that name whole rows.
  void run(std::span<const RowEntry> entries, float* workspace) const {
    float* const sum = workspace;
    float* const rest = workspace + padded(width_);
    std::optional<PointwiseRun> program;
    if (!update_.has_kernel()) program.emplace(bound_, rest);
    while (!entries.empty()) {
      const std::uint32_t row = entries[0].row;
      const auto ends = std::ranges::find_if(entries, [row](const RowEntry& entry) { return entry.row != row; });
      const auto same = static_cast<std::size_t>(ends - entries.begin());
      if (add_up(entries.first(same), sum)) {
        const std::size_t begin = row * width_;
        if (program) {
          program->elements(begin, begin + width_, {.input = sum});
        } else {
          update_.apply(rest, begin, width_, sum);
        }
      }
      entries = entries.subspan(same);
    }
  }

 private:
  // As indexAdd does. False if nothing counts.
  bool add_up(std::span<const RowEntry> same, float* sum) const {
    const auto counts = [this](const RowEntry& entry) { return !counts_ || (*counts_)[entry.position] != 0.0f; };
    if (std::ranges::none_of(same, counts)) return false;
    const kernels::KernelTable& kernels = bound_.kernels();
    kernels.fill(0.0f, sum, width_);
    for (const RowEntry& entry : same) kernels.add(sum, 1, grad_.data() + entry.position * width_, 1, sum, width_);
    return true;
  }

  const BoundPointwise& bound_;
  const Update update_;
  const FloatIn grad_;
  const std::optional<FloatIn> counts_;
  const std::size_t width_;
};

// Where the part that begins at `at` really begins: a row belongs to one part.
std::size_t row_begin(std::span<const RowEntry> entries, std::size_t at) {
  while (at > 0 && at < entries.size() && entries[at].row == entries[at - 1].row) ++at;
  return at;
}

}  // namespace

void indexUpdate(const Context& context, FloatIn grad, IndexIn index, std::optional<FloatIn> counts, ProgramIn program,
                 FloatOuts states, Scalars scalars, std::optional<IndexOut> step, std::size_t rows, std::size_t width,
                 std::size_t count) {
  constexpr const char* kOp = "indexUpdate";
  const std::size_t length = checked_mul(rows, width);
  check_length(kOp, "grad", grad.size(), checked_mul(count, width));
  check_length(kOp, "index", index.size(), count);
  if (counts) check_length(kOp, "counts", counts->size(), count);
  check_indices(kOp, "index", index.first(count), rows);
  if (count > UINT32_MAX) refuse(kOp, "count", "must fit into 32 bits");
  ShortList<FloatIn> all;
  all.push_back({static_cast<const float*>(nullptr), length});  // the gradient, row by row
  for (const FloatOut state : states) all.push_back(state);
  thread_local BoundPointwise bound;  // its memory serves every call
  bound.bind(kOp, context.kernels, program, {all, {}, scalars, states, step, 1, 0}, 1, length);
  const RowUpdate update(bound, grad, counts, width);
  const std::size_t parts = parts_for(context, core::capped_mul(count, width, states.size()), kElementGrain);
  thread_local core::Scratch sorting, memory;  // the calling thread's, for all parts
  RowEntry* const entries = sorting.get<RowEntry>(checked_mul(count, 2));
  float* const scratch = memory.get<float>(checked_mul(parts, update.workspace()));
  for (std::size_t r = 0; r < count; ++r) {
    entries[r] = {static_cast<std::uint32_t>(index[r]), static_cast<std::uint32_t>(r)};
  }
  const std::span<const RowEntry> sorted = sort_by_row({entries, count}, {entries + count, count}, rows);
  run_parts(context, parts, [&](std::size_t part) {
    const std::size_t begin = row_begin(sorted, part_begin(part, parts, count, 1));
    const std::size_t end = row_begin(sorted, part_begin(part + 1, parts, count, 1));
    if (begin < end && width > 0) update.run(sorted.subspan(begin, end - begin), scratch + part * update.workspace());
  });
  bound.finish();
}

}  // namespace lanewise::ops
