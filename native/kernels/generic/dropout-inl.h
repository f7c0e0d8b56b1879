// Dropout. The mask is a pure function of the key (k0, k1), row and column. For a tensor of rows × columns with
// W = 8·⌈columns / 16⌉ the element (r, c) belongs to the word at counter r·W + 8·(c >> 4) + (c & 7): to its low 16 bits
// when c & 8 is 0, else to the high ones. Read as a signed number u, they keep the element when u < threshold - 32768.
#pragma once

#include "math-inl.h"

// The generator's word at a counter, for each lane.
LANEWISE_VEC Vi dropout_words(Vi counter, Vi k0, Vi k1) {
  Vi x = v_add_int(counter, k0);
  x = v_xor_int(x, v_shr(x, 17));
  x = v_mul_int(x, v_splat_int(static_cast<std::int32_t>(0xed5ad4bbu)));
  x = v_xor_int(x, k1);
  x = v_xor_int(x, v_shr(x, 11));
  x = v_mul_int(x, v_splat_int(static_cast<std::int32_t>(0xac4c1b51u)));
  x = v_xor_int(x, v_shr(x, 15));
  x = v_mul_int(x, v_splat_int(static_cast<std::int32_t>(0x31848babu)));
  return v_xor_int(x, v_shr(x, 14));
}

// scale where the upper 16 bits of the lane, as a signed number, are below the threshold, else 0. What stands in the
// lower 16 bits makes no difference to a limit of 65536·threshold - 1.
LANEWISE_VEC Vf dropout_factor(Vi upper, Vi limit, Vf scale) { return v_drop(v_lt_int(limit, upper), scale); }
// With a threshold of 0 nothing is to be kept, which no limit says: a scale of 0 does.
LANEWISE_VEC Vi dropout_limit(std::int32_t threshold) {
  return v_splat_int(threshold == 0 ? 0 : static_cast<std::int32_t>((threshold - 32768) * 65536LL - 1));
}
LANEWISE_VEC Vi low_half(Vi word) { return v_shl(word, 16); }

// x·factor for up to kLanes elements.
LANEWISE_VEC void dropout_some(const float* x, float* out, Vf factor, std::size_t n) {
  if (n >= kLanes) {
    v_store(out, v_mul(v_load(x), factor));
  } else {
    v_store_n(out, v_mul(v_load_n(x, n, v_splat(0.0f)), factor), n);
  }
}

// A column vector: every row's element is the low half of the first of the row's eight words, so rows are the lanes.
static void dropout_column(const float* x, float* out, std::size_t rows, std::uint32_t counter, Vi k0, Vi k1, Vi limit,
                           Vf scale) {
  const Vi steps = v_shl(v_lane_index(), 3);
  for (std::size_t r = 0; r < rows; r += kLanes) {
    const Vi words = dropout_words(v_add_int(v_splat_int(static_cast<std::int32_t>(counter)), steps), k0, k1);
    counter += 8 * kLanes;
    dropout_some(x + r, out + r, dropout_factor(low_half(words), limit, scale), rows - r);
  }
}

#ifndef LANEWISE_DROPOUT_ROW
#define LANEWISE_DROPOUT_ROW "dropout_row-inl.h"
#endif
#include LANEWISE_DROPOUT_ROW

static void dropout(const float* x, float* out, std::size_t rows, std::size_t columns, std::size_t first_row,
                    std::uint32_t k0, std::uint32_t k1, std::int32_t threshold, float scale) {
  const std::uint32_t words_per_row = static_cast<std::uint32_t>((columns + 15) / 16 * 8);
  std::uint32_t counter = static_cast<std::uint32_t>(first_row) * words_per_row;
  const Vi k0s = v_splat_int(static_cast<std::int32_t>(k0)), k1s = v_splat_int(static_cast<std::int32_t>(k1));
  const Vi limit = dropout_limit(threshold);
  const Vf scales = v_splat(threshold == 0 ? 0.0f : scale);
  if (columns == 1) {
    dropout_column(x, out, rows, counter, k0s, k1s, limit, scales);
    return;
  }
  // Rows of whole groups follow one another in the count too, so all of them are one row.
  if (columns % 16 == 0) {
    columns *= rows;
    rows = columns == 0 ? 0 : 1;
  }
  for (std::size_t r = 0; r < rows; ++r) {
    dropout_row(x + r * columns, out + r * columns, columns, counter, k0s, k1s, limit, scales);
    counter += words_per_row;
  }
}
