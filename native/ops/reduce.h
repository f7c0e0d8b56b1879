// Sums and extremes of float32 along one dimension, and the parts that they are made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "context.h"
#include "ops.h"

namespace lanewise::ops {

// A dense row is summed in chunks of this size, each by one thread, and the chunks are added in order: the same tree
// for any number of threads. The kernel adds blocks of kSumBlock elements in order, in double precision.
inline constexpr std::size_t kSumChunk = 16384;
inline constexpr std::size_t kSumBlock = 1024;

void sum_float(const Context& context, FloatIn x, FloatOut out, std::size_t outer, std::size_t size, std::size_t inner);
void extreme_float(const Context& context, FloatIn x, FloatOut out, IndexOut index, std::size_t outer, std::size_t size,
                   std::size_t inner, bool largest);

struct Extreme {
  float value;
  std::int32_t index;
};

// Whether `a` takes the place of `b`: it is better, or as good and stands before it. A NaN is better than any number.
inline bool wins(const Extreme& a, const Extreme& b, bool largest) {
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
inline Extreme extreme_of_row(ExtremeKernel kernel, const float* x, std::size_t size, bool largest) {
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

}  // namespace lanewise::ops
