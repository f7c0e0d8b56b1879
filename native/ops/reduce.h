// What ops that reduce share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "context.h"

namespace lanewise::ops {

// A dense row is summed in chunks of this size, each by one thread, and the chunks are added in order: the same tree
// for any number of threads.
inline constexpr std::size_t kSumChunk = 16384;

struct Extreme {
  float value;
  std::int32_t index;
};

// Whether `a` takes the place of `b`: it is better, or as good and stands before it. A NaN is better than any number.
bool wins(const Extreme& a, const Extreme& b, bool largest);

using ExtremeKernel = decltype(kernels::KernelTable::max_columns);

// The extreme of a dense row of at least one element. `kernel` is that of columns.
Extreme extreme_of_row(ExtremeKernel kernel, const float* x, std::size_t size, bool largest);

}  // namespace lanewise::ops
