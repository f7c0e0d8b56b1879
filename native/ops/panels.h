// Weights in panels: [out, in] as [ceil(out / nr)][in][nr], nr being the width of the kernels' GEMM tile. The columns
// of the last panel that are no outputs are zeros when packed; what they hold later reaches no result.
#pragma once

#include <cstddef>

#include "../core/checked.h"
#include "context.h"

namespace lanewise::ops {

struct Panels {
  std::size_t out, in, nr;

  // Elements with the padding. Throws std::overflow_error.
  std::size_t capacity() const { return core::checked_mul(core::checked_round_up(out, nr), in); }
  // Where element `column` of row `row` lies; the elements of a row are nr apart.
  std::size_t at(std::size_t row, std::size_t column) const { return (row / nr * in + column) * nr + row % nr; }
  bool operator==(const Panels&) const = default;
};

// Writes elements [begin, end) of the row-major weight, which are `rows`, to their places in `panels`.
void pack(const Panels& layout, const float* rows, std::size_t begin, std::size_t end, float* panels);
// Elements [begin, end) of the weight, row-major.
void unpack(const Panels& layout, const float* panels, std::size_t begin, std::size_t end, float* rows);

// Elements of the weight as it lies in memory. Throws std::overflow_error.
inline std::size_t weight_length(const Context& context, std::size_t out, std::size_t in, bool packed) {
  return packed ? Panels{out, in, context.kernels.gemm_nr}.capacity() : core::checked_mul(out, in);
}

}  // namespace lanewise::ops
