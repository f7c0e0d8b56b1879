// The factors of a dropout mask by themselves.
#pragma once

#include "dropout-inl.h"
#include "elementwise-inl.h"

// Elements [first, first + n) of the tensor whose rows the mask counts. Where a piece begins within a group of 16
// columns, the group is made in whole.
static void mask_factor(float* out, std::size_t n, std::size_t first, const Mask* mask) {
  const std::uint32_t words_per_row = static_cast<std::uint32_t>((mask->columns + 15) / 16 * 8);
  const Vi k0 = v_splat_int(static_cast<std::int32_t>(mask->k0)), k1 = v_splat_int(static_cast<std::int32_t>(mask->k1));
  const Vi limit = dropout_limit(mask->threshold);
  const Vf scale = v_splat(mask->threshold == 0 ? 0.0f : mask->scale);
  fill(1.0f, out, n);
  if (mask->columns == 1) {
    dropout_column(out, out, n, static_cast<std::uint32_t>(mask->first_row + first) * words_per_row, k0, k1, limit,
                   scale);
    return;
  }
  std::size_t row = first / mask->columns, column = first % mask->columns, columns = mask->columns;
  if (columns % 16 == 0) {  // rows of whole groups follow one another in the count too
    row = 0;
    column = first;
    columns = first + n;
  }
  for (; n != 0; ++row, column = 0) {
    std::uint32_t counter =
        static_cast<std::uint32_t>(mask->first_row + row) * words_per_row + static_cast<std::uint32_t>(column / 16 * 8);
    std::size_t count = columns - column < n ? columns - column : n;
    n -= count;
    const std::size_t skipped = column % 16;
    if (skipped != 0) {
      float group[16];
      fill(1.0f, group, 16);
      dropout_row(group, group, 16, counter, k0, k1, limit, scale);
      counter += 8;
      const std::size_t head = 16 - skipped < count ? 16 - skipped : count;
      for (std::size_t i = 0; i < head; ++i) out[i] = group[skipped + i];
      out += head;
      count -= head;
    }
    dropout_row(out, out, count, counter, k0, k1, limit, scale);
    out += count;
  }
}
