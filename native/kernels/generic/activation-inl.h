// What follows a product, on a block of it that is still in cache: ReLU and dropout forward, their mask backward.
#pragma once

#include "dropout-inl.h"
#include "elementwise-inl.h"
#include "reduce-inl.h"

// The columns of a group whose first half another block has: scalar panels are half a group wide.
LANEWISE_VEC void dropout_half_group(const float* x, float* out, std::size_t columns, std::uint32_t counter, Vi k0,
                                     Vi k1, Vi limit, Vf scale) {
  for (std::size_t w = 0; w < 8 && w < columns; w += kLanes) {
    const Vi counters = v_add_int(v_splat_int(static_cast<std::int32_t>(counter + w)), v_lane_index());
    dropout_some(x + w, out + w, dropout_factor(dropout_words(counters, k0, k1), limit, scale), columns - w);
  }
}

LANEWISE_VEC void relu_rows(float* c, std::size_t stride, std::size_t rows, std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r, c += stride) {
    std::size_t i = 0;
    for (; i + kLanes <= columns; i += kLanes) v_store(c + i, v_relu(v_load(c + i)));
    if (i < columns) v_store_n(c + i, v_relu(v_load_n(c + i, columns - i, v_splat(0.0f))), columns - i);
  }
}

static void activate(float* c, std::size_t stride, std::size_t rows, std::size_t columns, bool with_relu,
                     const Mask* mask, std::size_t first_row, std::size_t first_column) {
  if (mask == nullptr) {
    if (with_relu) relu_rows(c, stride, rows, columns);
    return;
  }
  const std::uint32_t words_per_row = static_cast<std::uint32_t>((mask->columns + 15) / 16 * 8);
  std::uint32_t counter = static_cast<std::uint32_t>(mask->first_row + first_row) * words_per_row +
                          static_cast<std::uint32_t>(first_column / 16 * 8);
  const Vi k0 = v_splat_int(static_cast<std::int32_t>(mask->k0)), k1 = v_splat_int(static_cast<std::int32_t>(mask->k1));
  const Vi limit = dropout_limit(mask->threshold);
  const Vf scale = v_splat(mask->threshold == 0 ? 0.0f : mask->scale);
  if (columns == kMaskColumns) {
    for (; rows >= kMaskRows; rows -= kMaskRows) {
      if (with_relu) {
        activate_rows(true, c, stride, counter, words_per_row, k0, k1, limit, scale);
      } else {
        activate_rows(false, c, stride, counter, words_per_row, k0, k1, limit, scale);
      }
      c += kMaskRows * stride;
      counter += kMaskRows * words_per_row;
    }
  }
  if (with_relu) relu_rows(c, stride, rows, columns);
  const std::size_t half = first_column % 16 == 0 ? 0 : columns < 8 ? columns : 8;
  for (; rows != 0; --rows, c += stride, counter += words_per_row) {
    if (kGemmNr % 16 != 0 && half != 0) dropout_half_group(c, c, half, counter, k0, k1, limit, scale);
    if (half != columns) {
      dropout_row(c + half, c + half, columns - half, half == 0 ? counter : counter + 8, k0, k1, limit, scale);
    }
  }
}

static void mask_gradient(float* grad, const float* y, std::size_t stride, std::size_t rows, std::size_t columns,
                          float scale) {
  const Vf zero = v_splat(0.0f), s = v_splat(scale);
  for (std::size_t r = 0; r < rows; ++r, grad += stride, y += stride) {
    for (std::size_t i = 0; i < columns; i += kLanes) {
      const std::size_t count = columns - i < kLanes ? columns - i : kLanes;
      const Vf g = v_mul(load_some(grad + i, count, zero), s);
      store_some(grad + i, v_drop(v_le(load_some(y + i, count, zero), zero), g), count);
    }
  }
}
