// Dropout by itself: the split over rows.
#include "check.h"
#include "mask.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {

void dropout(const Context& context, FloatIn x, IndexIn key, FloatOut out, std::size_t rows, std::size_t columns,
             double p, std::size_t rowOffset) {
  const std::size_t n = core::checked_mul(rows, columns);
  check_length("dropout", "x", x.size(), n);
  check_length("dropout", "out", out.size(), n);
  const kernels::Mask mask = make_mask("dropout", key, p, columns, rowOffset);
  const auto run = [&](std::size_t begin, std::size_t end) {
    context.kernels.dropout(x.data() + begin * columns, out.data() + begin * columns, end - begin, columns,
                            rowOffset + begin, mask.k0, mask.k1, mask.threshold, mask.scale);
  };
  if (columns == 1) {
    split_elements(context, rows, run);
  } else {
    split_rows(context, rows, columns, run);
  }
}

}  // namespace lanewise::ops
