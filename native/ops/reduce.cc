// Sums and extremes along one dimension.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// A dense row is summed in chunks of this size, each by one thread, and the chunks are added in order: the same tree
// for any number of threads.
constexpr std::size_t kChunk = 16384;

double sum_of_row(const Context& context, const float* x, std::size_t size) {
  double total = 0.0;
  for (std::size_t begin = 0; begin < size; begin += kChunk) {
    double chunk = 0.0;
    context.kernels.sum(x + begin, std::min(kChunk, size - begin), &chunk);
    total += chunk;
  }
  return total;
}

void sum_long_row(const Context& context, const float* x, std::size_t size, float* out) {
  thread_local core::Scratch scratch;
  const std::size_t chunks = (size + kChunk - 1) / kChunk;
  double* totals = scratch.get<double>(chunks);
  split(context, parts_for(context, size, kElementGrain), chunks, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c) {
      context.kernels.sum(x + c * kChunk, std::min(kChunk, size - c * kChunk), totals + c);
    }
  });
  double total = 0.0;
  for (std::size_t c = 0; c < chunks; ++c) total += totals[c];
  *out = static_cast<float>(total);
}

// body(o, begin, end): columns [begin, end) of block o, spread over threads by blocks or, when those are few, by
// columns.
template <typename Body>
void split_blocks(const Context& context, std::size_t outer, std::size_t size, std::size_t inner, const Body& body) {
  const std::size_t block = size * inner, parts = parts_for(context, outer * block, kElementGrain);
  if (outer >= parts) {
    split(context, parts, outer, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) body(o, std::size_t{0}, inner);
    });
  } else {
    split(context, parts, inner, 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = 0; o < outer; ++o) body(o, begin, end);
    });
  }
}

struct Extreme {
  float value;
  std::int32_t index;
};

// Whether `a` takes the place of `b`: it is better, or as good and stands before it. A NaN is better than any number.
bool wins(const Extreme& a, const Extreme& b, bool largest) {
  const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
  if (a_nan || b_nan) return a_nan && (!b_nan || a.index < b.index);
  if (a.value == b.value) return a.index < b.index;
  return largest ? a.value > b.value : a.value < b.value;
}

// What stands last in a row takes the place of the best before it when it is better, or the first NaN. No branches: in
// outputs of a network they would be wrong about every other time.
template <bool kLargest>
Extreme extreme_of_rest(Extreme best, const float* x, std::size_t begin, std::size_t size) {
  for (std::size_t i = begin; i < size; ++i) {
    const bool not_worse = kLargest ? !(x[i] <= best.value) : !(x[i] >= best.value);
    const bool better = not_worse & (best.value == best.value);
    best.value = better ? x[i] : best.value;
    best.index = better ? static_cast<std::int32_t>(i) : best.index;
  }
  return best;
}

using ExtremeKernel = decltype(kernels::KernelTable::max_columns);

// A dense row: as lines of 16 columns whose extremes are compared at the end, then the rest one by one.
Extreme extreme_of_row(ExtremeKernel kernel, const float* x, std::size_t size, bool largest) {
  constexpr std::size_t kColumns = 16;
  Extreme best{x[0], 0};
  std::size_t done = 1;
  if (size >= 4 * kColumns) {
    float values[kColumns];
    std::int32_t lines[kColumns];
    kernel(x, size / kColumns, kColumns, kColumns, values, lines);
    for (std::size_t c = 0; c < kColumns; ++c) {
      const Extreme candidate{values[c], static_cast<std::int32_t>(static_cast<std::size_t>(lines[c]) * kColumns + c)};
      if (wins(candidate, best, largest)) best = candidate;
    }
    done = size / kColumns * kColumns;
  }
  return largest ? extreme_of_rest<true>(best, x, done, size) : extreme_of_rest<false>(best, x, done, size);
}

void extreme(const Context& context, const char* op, ExtremeKernel kernel, bool largest, FloatIn x, FloatOut out,
             IndexOut index, std::size_t outer, std::size_t size, std::size_t inner) {
  const std::size_t results = checked_mul(outer, inner);
  check_length(op, "x", x.size(), checked_mul(results, size));
  check_length(op, "out", out.size(), results);
  check_length(op, "index", index.size(), results);
  if (results == 0) return;
  if (size == 0 || size > std::size_t{INT32_MAX}) {
    refuse(op, "size", "must be in [1, 2147483647], got " + std::to_string(size));
  }
  if (inner == 1) {
    split_rows(context, outer, size, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) {
        const Extreme best = extreme_of_row(kernel, x.data() + o * size, size, largest);
        out[o] = best.value;
        index[o] = best.index;
      }
    });
    return;
  }
  split_blocks(context, outer, size, inner, [&](std::size_t o, std::size_t begin, std::size_t end) {
    const std::size_t to = o * inner + begin;
    kernel(x.data() + o * size * inner + begin, size, inner, end - begin, out.data() + to, index.data() + to);
  });
}

}  // namespace

void sum(const Context& context, FloatIn x, FloatOut out, std::size_t outer, std::size_t size, std::size_t inner) {
  const std::size_t results = checked_mul(outer, inner);
  check_length("sum", "x", x.size(), checked_mul(results, size));
  check_length("sum", "out", out.size(), results);
  if (results == 0 || size == 0) {  // outer may be huge and x null
    context.kernels.fill(0.0f, out.data(), results);
  } else if (inner == 1 && outer == 1) {
    sum_long_row(context, x.data(), size, out.data());
  } else if (inner == 1) {
    split_rows(context, outer, size, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) {
        out[o] = static_cast<float>(sum_of_row(context, x.data() + o * size, size));
      }
    });
  } else {
    split_blocks(context, outer, size, inner, [&](std::size_t o, std::size_t begin, std::size_t end) {
      context.kernels.sum_columns(x.data() + o * size * inner + begin, size, inner, end - begin,
                                  out.data() + o * inner + begin);
    });
  }
}

void max(const Context& context, FloatIn x, FloatOut out, IndexOut index, std::size_t outer, std::size_t size,
         std::size_t inner) {
  extreme(context, "max", context.kernels.max_columns, true, x, out, index, outer, size, inner);
}

void min(const Context& context, FloatIn x, FloatOut out, IndexOut index, std::size_t outer, std::size_t size,
         std::size_t inner) {
  extreme(context, "min", context.kernels.min_columns, false, x, out, index, outer, size, inner);
}

}  // namespace lanewise::ops
