// Sums and extremes of int32 memory along the middle of [outer, size, inner], one line after the other.
#pragma once

#include "ops.h"

namespace lanewise::ops {

// Throws std::invalid_argument before it writes unless every sum is an int32.
void sum_int(IndexIn x, IndexOut out, std::size_t outer, std::size_t size, std::size_t inner);
// The first element that is largest (or smallest), and where it stands. size is at least 1.
void extreme_int(IndexIn x, IndexOut out, IndexOut index, std::size_t outer, std::size_t size, std::size_t inner,
                 bool largest);

}  // namespace lanewise::ops
