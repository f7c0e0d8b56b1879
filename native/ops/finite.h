// The check of op checkFinite, for programs: eagerly it runs on the host.
#pragma once

#include <span>

#include "context.h"

namespace lanewise::ops {

// Whether every element is finite.
inline bool all_finite(const Context& context, std::span<const float> x) {
  bool result = true;
  context.kernels.all_finite(x.data(), x.size(), &result);
  return result;
}

}  // namespace lanewise::ops
