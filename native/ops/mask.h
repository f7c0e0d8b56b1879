// A dropout mask from the arguments of an op.
#pragma once

#include <cmath>

#include "check.h"
#include "ops.h"

namespace lanewise::ops {

// Elements whose 16 bits are below the threshold are kept; the scale makes up for the probability as rounded.
inline kernels::Mask make_mask(const char* op, IndexIn key, double p, std::size_t columns, std::size_t row_offset) {
  check_length(op, "key", key.size(), 2);
  if (!(p >= 0.0 && p <= 1.0)) refuse(op, "p", "must be in [0, 1], got " + std::to_string(p));
  const std::int32_t threshold = static_cast<std::int32_t>(std::floor((1.0 - p) * 65536.0 + 0.5));
  return {.k0 = static_cast<std::uint32_t>(key[0]),
          .k1 = static_cast<std::uint32_t>(key[1]),
          .threshold = threshold,
          .scale = threshold == 0 ? 0.0f : static_cast<float>(65536.0 / threshold),
          .columns = columns,
          .first_row = row_offset};
}

}  // namespace lanewise::ops
