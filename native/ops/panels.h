// Weights in panels: [out, in] as [ceil(out / nr)][in][nr], nr being the width of the kernels' GEMM tile. The columns
// of the last panel that are no outputs are zeros when packed; what they hold later reaches no result.
#pragma once

#include <cstddef>
#include <span>

#include "../core/checked.h"
#include "context.h"

namespace lanewise::ops {

// Elements of the panels of a weight [out, in]. Throws std::overflow_error.
std::size_t panels_length(const Context& context, std::size_t out, std::size_t in);

// Elements of the weight as it lies in memory.
inline std::size_t weight_length(const Context& context, std::size_t out, std::size_t in, bool packed) {
  return packed ? panels_length(context, out, in) : core::checked_mul(out, in);
}

// From row-major to panels and back. The lengths must fit: [out, in] and panels_length().
void pack_panels(const Context& context, std::span<const float> rows, std::span<float> panels, std::size_t out,
                 std::size_t in);
void unpack_panels(const Context& context, std::span<const float> panels, std::span<float> rows, std::size_t out,
                   std::size_t in);

}  // namespace lanewise::ops
