// A pointwise program and the reduction of its results, which stay in cache where they are dense along the reduced
// dimension. The bits are those of the op by itself.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"
#include "pointwise.h"
#include "reduce.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// The codes of the op.
enum ProgramReduction : std::int32_t { kProgramSum, kProgramLargest, kProgramSmallest };

// Computes results piece by piece and reduces them. `workspace`: kSumBlock floats, then what the run needs.
class ProgramRows {
 public:
  ProgramRows(const Context& context, const BoundPointwise& bound, float* workspace)
      : kernels_(context.kernels), results_(workspace), run_(bound, workspace + kSumBlock) {}

  // Elements [begin, end), no more than kSumChunk.
  double sum(std::size_t begin, std::size_t end) {
    double total = 0.0;
    for (std::size_t at = begin; at < end; at += kSumBlock) {
      double block = 0.0;
      kernels_.sum(results_, compute(at, end), &block);
      total += block;
    }
    return total;
  }

  Extreme extreme(std::size_t begin, std::size_t end, bool largest) {
    const ExtremeKernel kernel = largest ? kernels_.max_columns : kernels_.min_columns;
    Extreme best{};
    for (std::size_t at = begin; at < end; at += kSumBlock) {
      Extreme found = extreme_of_row(kernel, results_, compute(at, end), largest);
      found.index += static_cast<std::int32_t>(at - begin);
      if (at == begin || wins(found, best, largest)) best = found;
    }
    return best;
  }

 private:
  // The results from element `at` on, as many as a block holds.
  std::size_t compute(std::size_t at, std::size_t end) {
    const std::size_t n = std::min(kSumBlock, end - at);
    run_.elements(at, at + n, {.output = results_});
    return n;
  }

  const kernels::KernelTable& kernels_;
  float* results_;
  PointwiseRun run_;
};

struct Reduction {
  FloatOut out;
  IndexOut index;
  std::size_t outer, size, inner;
  std::int32_t kind;
};

// body(part, begin, end) over `units` of `size` elements, by as many threads as those are worth.
template <typename Body>
void split_units(const Context& context, std::size_t parts, std::size_t units, const Body& body) {
  run_parts(context, parts, [&](std::size_t part) {
    const std::size_t begin = part_begin(part, parts, units, 1), end = part_begin(part + 1, parts, units, 1);
    if (begin < end) body(part, begin, end);
  });
}

// One row: its chunks are added in order.
void sum_row(const Context& context, const BoundPointwise& bound, std::size_t parts, std::size_t workspace,
             float* scratch, const Reduction& to) {
  const std::size_t chunks = (to.size + kSumChunk - 1) / kSumChunk;
  thread_local core::Scratch memory;
  double* const totals = memory.get<double>(chunks);
  split_units(context, parts, chunks, [&](std::size_t part, std::size_t begin, std::size_t end) {
    ProgramRows rows(context, bound, scratch + part * workspace);
    for (std::size_t c = begin; c < end; ++c) {
      totals[c] = rows.sum(c * kSumChunk, std::min(to.size, (c + 1) * kSumChunk));
    }
  });
  double total = 0.0;
  for (std::size_t c = 0; c < chunks; ++c) total += totals[c];
  to.out[0] = static_cast<float>(total);
}

void reduce_rows(const Context& context, const BoundPointwise& bound, const Reduction& to) {
  const std::size_t workspace = kSumBlock + core::checked_round_up(bound.workspace(), 16);
  const std::size_t work = core::capped_mul(bound.count(), std::max<std::size_t>(1, bound.steps() / 2));
  const std::size_t parts = parts_for(context, work, kElementGrain);
  thread_local core::Scratch memory;
  float* const scratch = memory.get<float>(checked_mul(parts, workspace));
  if (to.kind == kProgramSum && to.outer == 1) return sum_row(context, bound, parts, workspace, scratch, to);
  split_units(context, parts, to.outer, [&](std::size_t part, std::size_t begin, std::size_t end) {
    ProgramRows rows(context, bound, scratch + part * workspace);
    for (std::size_t o = begin; o < end; ++o) {
      const std::size_t first = o * to.size, last = first + to.size;
      if (to.kind == kProgramSum) {
        double total = 0.0;
        for (std::size_t at = first; at < last; at += kSumChunk) total += rows.sum(at, std::min(last, at + kSumChunk));
        to.out[o] = static_cast<float>(total);
      } else {
        const Extreme best = rows.extreme(first, last, to.kind == kProgramLargest);
        to.out[o] = best.value;
        to.index[o] = best.index;
      }
    }
  });
}

// Across rows: all results first.
void reduce_columns(const Context& context, const BoundPointwise& bound, const Reduction& to) {
  const std::size_t workspace = core::checked_round_up(bound.workspace(), 16);
  const std::size_t work = core::capped_mul(bound.count(), std::max<std::size_t>(1, bound.steps() / 2));
  const std::size_t parts = parts_for(context, work, kElementGrain);
  thread_local core::Scratch memory, workspaces;
  float* const results = memory.get<float>(bound.count());
  float* const scratch = workspaces.get<float>(checked_mul(parts, workspace));
  const std::size_t units = (bound.count() + 15) / 16;
  split_units(context, parts, units, [&](std::size_t part, std::size_t begin, std::size_t end) {
    const std::size_t first = begin * 16, last = std::min(bound.count(), end * 16);
    PointwiseRun(bound, scratch + part * workspace).elements(first, last, {.output = results + first});
  });
  const FloatIn x{results, bound.count()};
  if (to.kind == kProgramSum) {
    sum_float(context, x, to.out, to.outer, to.size, to.inner);
  } else {
    extreme_float(context, x, to.out, to.index, to.outer, to.size, to.inner, to.kind == kProgramLargest);
  }
}

}  // namespace

void reduce(const Context& context, ProgramIn program, FloatIns inputs, Scalars scalars, Layout layout, FloatOut out,
            std::optional<IndexOut> index, std::size_t outer, std::size_t size, std::size_t inner, std::int32_t kind,
            double divisor) {
  constexpr const char* kOp = "reduce";
  const std::size_t results = checked_mul(outer, inner), count = checked_mul(results, size);
  check_length(kOp, "out", out.size(), results);
  if (kind < kProgramSum || kind > kProgramSmallest)
    refuse(kOp, "kind", "must be 0, 1 or 2, got " + std::to_string(kind));
  if (kind == kProgramSum) {
    if (index) refuse(kOp, "index", "must be null for a sum");
  } else {
    if (!index) refuse(kOp, "index", "is missing");
    check_length(kOp, "index", index->size(), results);
    if (results != 0 && (size == 0 || size > std::size_t{INT32_MAX})) {
      refuse(kOp, "size", "must be in [1, 2147483647], got " + std::to_string(size));
    }
  }
  const FloatOut outputs[]{{static_cast<float*>(nullptr), count}};
  thread_local BoundPointwise memory_of_bound;  // serves every call
  BoundPointwise& bound = memory_of_bound;      // the calling thread's, for all parts
  bound.bind(kOp, context.kernels, program, {inputs, {}, scalars, outputs, std::nullopt, 1, 0}, layout);
  if (bound.count() != count) {
    refuse(kOp, "layout", "must have " + std::to_string(count) + " elements, got " + std::to_string(bound.count()));
  }
  if (results == 0) return;
  const Reduction to{out, index.value_or(IndexOut()), outer, size, inner, kind};
  if (count == 0) {
    context.kernels.fill(0.0f, out.data(), results);
  } else if (inner == 1) {
    reduce_rows(context, bound, to);
  } else {
    reduce_columns(context, bound, to);
  }
  if (kind != kProgramSum || divisor == 1.0) return;
  const float by = static_cast<float>(divisor);
  context.kernels.div(out.data(), 1, &by, 0, out.data(), results);
}

}  // namespace lanewise::ops
