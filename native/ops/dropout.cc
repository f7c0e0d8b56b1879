// Dropout: the probability as the generator's 16-bit threshold, and the split over rows.
#include <cmath>

#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {

void dropout(const Context& context, FloatIn x, IndexIn key, FloatOut out, std::size_t rows, std::size_t columns,
             double p, std::size_t rowOffset) {
  const std::size_t n = core::checked_mul(rows, columns);
  check_length("dropout", "x", x.size(), n);
  check_length("dropout", "key", key.size(), 2);
  check_length("dropout", "out", out.size(), n);
  if (!(p >= 0.0 && p <= 1.0)) refuse("dropout", "p", "must be in [0, 1], got " + std::to_string(p));

  // Elements whose 16 bits are below the threshold are kept; the scale makes up for the probability as rounded.
  const std::int32_t threshold = static_cast<std::int32_t>(std::floor((1.0 - p) * 65536.0 + 0.5));
  const float scale = threshold == 0 ? 0.0f : static_cast<float>(65536.0 / threshold);
  const std::uint32_t k0 = static_cast<std::uint32_t>(key[0]), k1 = static_cast<std::uint32_t>(key[1]);
  const auto run = [&](std::size_t begin, std::size_t end) {
    context.kernels.dropout(x.data() + begin * columns, out.data() + begin * columns, end - begin, columns,
                            rowOffset + begin, k0, k1, threshold, scale);
  };
  if (columns == 1) {
    split_elements(context, rows, run);
  } else {
    split_rows(context, rows, columns, run);
  }
}

}  // namespace lanewise::ops
