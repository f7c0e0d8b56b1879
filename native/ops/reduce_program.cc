// A pointwise program and the reduction of its results along one dimension: the results stay in scratch. The trees are
// those of reduce.cc, so that the bits are those of the two ops one after the other.
#include <algorithm>
#include <string>

#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"
#include "pointwise.h"
#include "reduce.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

constexpr std::int32_t kSum = 0, kLargest = 1, kSmallest = 2;
// Results of a row at a time: a block of the sum kernel (generic/reduce-inl.h).
constexpr std::size_t kPiece = 1024;
// Results of a band of columns at a time, about.
constexpr std::size_t kBand = 65536;
constexpr std::size_t kBandColumns = 16;

std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }

// What a part works with.
struct Worker {
  const Context& context;
  const BoundPointwise& bound;
  float* room;     // of the program
  float* results;  // of it

  double sum(std::size_t begin, std::size_t end) const {
    PointwiseRun run(bound, room);
    double total = 0.0;
    for (std::size_t at = begin; at < end; at += kPiece) {
      const std::size_t n = std::min(kPiece, end - at);
      run.elements(at, at + n, nullptr, results);
      double piece = 0.0;
      context.kernels.sum(results, n, &piece);
      total += piece;
    }
    return total;
  }

  double sum_of_row(std::size_t first, std::size_t size) const {
    double total = 0.0;
    for (std::size_t at = 0; at < size; at += kSumChunk) {
      total += sum(first + at, first + std::min(size, at + kSumChunk));
    }
    return total;
  }

  Extreme extreme_of_row(std::size_t first, std::size_t size, bool largest) const {
    const ExtremeKernel kernel = largest ? context.kernels.max_columns : context.kernels.min_columns;
    PointwiseRun run(bound, room);
    Extreme best{};
    for (std::size_t at = 0; at < size; at += kPiece) {
      const std::size_t n = std::min(kPiece, size - at);
      run.elements(first + at, first + at + n, nullptr, results);
      Extreme piece = ops::extreme_of_row(kernel, results, n, largest);
      piece.index += static_cast<std::int32_t>(at);
      if (at == 0 || wins(piece, best, largest)) best = piece;
    }
    return best;
  }

  // Columns [begin, end) of the block that starts at element `first`, as rows one behind the other.
  void band(std::size_t first, std::size_t size, std::size_t inner, std::size_t begin, std::size_t end) const {
    PointwiseRun run(bound, room);
    const std::size_t columns = end - begin;
    if (columns == inner) {
      run.elements(first, first + size * inner, nullptr, results);
      return;
    }
    for (std::size_t r = 0; r < size; ++r) {
      const std::size_t at = first + r * inner + begin;
      run.elements(at, at + columns, nullptr, results + r * columns);
    }
  }
};

struct Result {
  float* out;
  std::int32_t* index;  // of extremes
  std::int32_t kind;
  float divisor;

  void sum(std::size_t at, double total) const { out[at] = static_cast<float>(total) / divisor; }
};

void reduce_rows(const Context& context, const BoundPointwise& bound, const Result& result, std::size_t outer,
                 std::size_t size) {
  const std::size_t room = padded(bound.room()), each = room + kPiece;
  // One long sum is split by its chunks, several rows by rows.
  const bool is_long = outer == 1 && result.kind == kSum;
  const std::size_t chunks = is_long ? (size + kSumChunk - 1) / kSumChunk : outer;
  const std::size_t parts = std::min(chunks, parts_for(context, outer * size, kElementGrain));
  thread_local core::Scratch memory, sums;
  float* const scratch = memory.get<float>(checked_mul(parts, each));
  double* const totals = is_long ? sums.get<double>(chunks) : nullptr;
  const auto share = [&](std::size_t part) {
    const Worker worker{context, bound, scratch + part * each, scratch + part * each + room};
    const std::size_t end = part_begin(part + 1, parts, chunks, 1);
    for (std::size_t c = part_begin(part, parts, chunks, 1); c < end; ++c) {
      if (is_long) {
        totals[c] = worker.sum(c * kSumChunk, std::min(size, (c + 1) * kSumChunk));
      } else if (result.kind == kSum) {
        result.sum(c, worker.sum_of_row(c * size, size));
      } else {
        const Extreme best = worker.extreme_of_row(c * size, size, result.kind == kLargest);
        result.out[c] = best.value;
        result.index[c] = best.index;
      }
    }
  };
  if (parts == 1) {
    share(0);
  } else {
    context.pool.run(parts, share);
  }
  if (!is_long) return;
  double total = 0.0;
  for (std::size_t c = 0; c < chunks; ++c) total += totals[c];
  result.sum(0, total);
}

void reduce_columns(const Context& context, const BoundPointwise& bound, const Result& result, std::size_t outer,
                    std::size_t size, std::size_t inner) {
  const std::size_t wanted = parts_for(context, outer * size * inner, kElementGrain);
  const std::size_t share_of_inner = outer >= wanted ? inner : (inner + wanted - 1) / wanted;
  const std::size_t most = std::max(kBandColumns, kBand / size / kBandColumns * kBandColumns);
  const std::size_t width = std::min(most, padded(share_of_inner) / kBandColumns * kBandColumns);
  const std::size_t bands = (inner + width - 1) / width, parts = std::min(outer * bands, wanted);
  const std::size_t room = padded(bound.room()), each = room + padded(checked_mul(size, std::min(width, inner)));
  thread_local core::Scratch memory;
  float* const scratch = memory.get<float>(checked_mul(parts, each));
  const auto share = [&](std::size_t part) {
    const Worker worker{context, bound, scratch + part * each, scratch + part * each + room};
    const std::size_t end = part_begin(part + 1, parts, outer * bands, 1);
    for (std::size_t b = part_begin(part, parts, outer * bands, 1); b < end; ++b) {
      const std::size_t o = b / bands, from = b % bands * width, to = std::min(inner, from + width);
      worker.band(o * size * inner, size, inner, from, to);
      float* const out = result.out + o * inner + from;
      const std::size_t columns = to - from;
      if (result.kind == kSum) {
        context.kernels.sum_columns(worker.results, size, columns, columns, out);
        for (std::size_t c = 0; c < columns; ++c) out[c] /= result.divisor;
      } else {
        const ExtremeKernel kernel =
            result.kind == kLargest ? context.kernels.max_columns : context.kernels.min_columns;
        kernel(worker.results, size, columns, columns, out, result.index + o * inner + from);
      }
    }
  };
  if (parts == 1) {
    share(0);
  } else {
    context.pool.run(parts, share);
  }
}

}  // namespace

void reduce(const Context& context, ProgramIn program, FloatIns inputs, Scalars scalars, Layout layout, FloatOut out,
            std::optional<IndexOut> index, std::size_t outer, std::size_t size, std::size_t inner, std::int32_t kind,
            double divisor) {
  constexpr const char* kOp = "reduce";
  if (kind < kSum || kind > kSmallest) refuse(kOp, "kind", "must be 0, 1 or 2, got " + std::to_string(kind));
  if (index.has_value() != (kind != kSum)) refuse(kOp, "index", "must be given with extremes, and only then");
  const std::size_t results = checked_mul(outer, inner);
  check_length(kOp, "out", out.size(), results);
  if (index) check_length(kOp, "index", index->size(), results);
  if (kind != kSum && results != 0 && (size == 0 || size > std::size_t{INT32_MAX})) {
    refuse(kOp, "size", "must be in [1, 2147483647], got " + std::to_string(size));
  }
  thread_local BoundPointwise memory_of_bound;
  BoundPointwise& bound = memory_of_bound;
  bound.bind(kOp, context.kernels, program,
             {.inputs = inputs,
              .keys = {},
              .scalars = scalars,
              .outputs = {},
              .step = std::nullopt,
              .columns = 1,
              .row_offset = 0,
              .elsewhere = true},
             layout);
  if (bound.count() != checked_mul(results, size)) {
    refuse(kOp, "layout",
           "must be of " + std::to_string(results * size) + " elements, got " + std::to_string(bound.count()));
  }
  const Result result{out.data(), index ? index->data() : nullptr, kind, static_cast<float>(divisor)};
  if (results == 0) return;
  if (size == 0) {
    for (std::size_t at = 0; at < results; ++at) result.sum(at, 0.0);
  } else if (inner == 1) {
    reduce_rows(context, bound, result, outer, size);
  } else {
    reduce_columns(context, bound, result, outer, size, inner);
  }
}

}  // namespace lanewise::ops
