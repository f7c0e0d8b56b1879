// Max pooling of windows of four pixels, of which each has its vectors: `vectors` (a constant) of them.
#pragma once

#include "reduce-inl.h"

inline constexpr int kWindowPixels = 4;

// `count` elements `step` apart.
LANEWISE_VEC Vf load_strided(const float* p, std::size_t step, std::size_t count) {
  const Vf zero = v_splat(0.0f);
  if (step == 1) return load_some(p, count, zero);
  if (step == 2) {
    if (count == kLanes) return v_even_odd(v_load(p), v_load(p + kLanes - 1));
    const std::size_t reach = 2 * count - 1;
    if (reach <= kLanes) return v_even_odd(v_load_n(p, reach, zero), zero);
    return v_even_odd(v_load(p), v_load_n(p + kLanes - 1, reach - (kLanes - 1), zero));
  }
  float lanes[kLanes] = {};
  for (std::size_t i = 0; i < count; ++i) lanes[i] = p[i * step];
  return v_load(lanes);
}

// A NaN takes the place of everything, a number that of a smaller one.
LANEWISE_VEC Vm takes_place(Vf next, Vf best) { return v_or(v_lt(best, next), v_not(v_eq(next, next))); }

// The largest pixel and its place: of several equal ones the first, of NaNs the last.
LANEWISE_VEC void pool_any(const bool relu, const Vf* pixels, const Vi* places, Vf* best, Vi* where) {
  *best = relu ? v_relu(pixels[0]) : pixels[0];
  *where = places[0];
  for (int i = 1; i < kWindowPixels; ++i) {
    const Vf next = relu ? v_relu(pixels[i]) : pixels[i];
    const Vm better = takes_place(next, *best);
    *best = v_select(better, next, *best);
    *where = v_select_int(better, places[i], *where);
  }
}

// The same where none is NaN. ReLU makes all that are not above 0 equal, so that the first is taken.
LANEWISE_VEC void pool_numbers(const bool relu, const Vf* pixels, const Vi* places, Vf* best, Vi* where) {
  const Vm right = v_lt(pixels[0], pixels[1]), lower_right = v_lt(pixels[2], pixels[3]);
  const Vf upper = v_select(right, pixels[1], pixels[0]), lower = v_select(lower_right, pixels[3], pixels[2]);
  const Vm below = v_lt(upper, lower);
  const Vi upper_place = v_select_int(right, places[1], places[0]);
  const Vi lower_place = v_select_int(lower_right, places[3], places[2]);
  *best = v_select(below, lower, upper);
  *where = v_select_int(below, lower_place, upper_place);
  if (!relu) return;
  const Vm none = v_le(*best, v_splat(0.0f));
  *best = v_drop(none, *best);
  *where = v_select_int(none, places[0], *where);
}

LANEWISE_VEC void pool_square(const int vectors, const bool relu, const Vf (*pixels)[kWindowPixels], const Vi* places,
                              Vf* best, Vi* where) {
  // NaN where a pixel is, and where infinities of both signs meet.
  Vf total = v_splat(0.0f);
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    total = v_add(total, v_add(v_add(pixels[v][0], pixels[v][1]), v_add(pixels[v][2], pixels[v][3])));
  }
  if (v_all(v_eq(total, total))) {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) pool_numbers(relu, pixels[v], places, &best[v], &where[v]);
  } else {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) pool_any(relu, pixels[v], places, &best[v], &where[v]);
  }
}

// Two rows of two pixels.
LANEWISE_VEC bool is_square(const WindowRow* row) { return row->row_count == 2 && row->taps == 2; }

// The pixels of a window, counted from `base`.
struct SquarePixels {
  std::size_t at[kWindowPixels];
};
LANEWISE_VEC SquarePixels square_pixels(const WindowRow* row, std::size_t base) {
  const std::size_t upper = base + static_cast<std::size_t>(row->rows[0]);
  const std::size_t lower = base + static_cast<std::size_t>(row->rows[1]);
  return {{upper, upper + row->tap_step, lower, lower + row->tap_step}};
}

// --- one channel: windows side by side, two pixels apart
// --------------------------------------------------------------

// `count` windows, of which `square` is the first.
LANEWISE_VEC void max_pool_row_squares(const float* x, SquarePixels square, std::size_t count, float* out,
                                       std::int32_t* index) {
  Vf pixels[1][kWindowPixels];
  Vi places[kWindowPixels];
  LANEWISE_UNROLL
  for (int i = 0; i < kWindowPixels; ++i) {
    places[i] = v_splat_int(static_cast<std::int32_t>(square.at[i]));
    pixels[0][i] = load_strided(x + square.at[i], 2, count);
  }
  Vf most;
  Vi place;
  pool_square(1, false, pixels, places, &most, &place);
  store_some(out, most, count);
  if (index != nullptr) store_some_int(index, v_add_int(place, v_shl(v_lane_index(), 1)), count);
}

// What `count` windows give to a row of two pixels each, from `pixel` on.
LANEWISE_VEC void put_pairs(Vf grad, Vi where, std::size_t pixel, std::size_t count, float* out) {
  const Vf zero = v_splat(0.0f);
  const Vi left = v_add_int(v_splat_int(static_cast<std::int32_t>(pixel)), v_shl(v_lane_index(), 1));
  const Vi right = v_add_int(left, v_splat_int(1));
  const Vf a = v_select(v_eq_int(where, left), grad, zero), b = v_select(v_eq_int(where, right), grad, zero);
  if (2 * count <= kLanes) {
    store_some(out + pixel, v_zip_low(a, b), 2 * count);
    return;
  }
  v_store(out + pixel, v_zip_low(a, b));
  store_some(out + pixel + kLanes, v_zip_high(a, b), 2 * count - kLanes);
}

// A plane that such windows fill, row by row, and its gradient. Vectors go over the end of a row, into what is written
// after it, so that rows of few windows need no masks.
static void max_pool_squares(const float* x, std::size_t rows, std::size_t row_windows, float* out,
                             std::int32_t* index) {
  const std::size_t width = 2 * row_windows, windows = rows * row_windows;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t w = 0; w < row_windows; w += kLanes) {
      const std::size_t upper = 2 * (r * width + w), lower = upper + width, at = r * row_windows + w;
      const std::size_t count = at + kLanes <= windows ? kLanes : row_windows - w;
      max_pool_row_squares(x, {{upper, upper + 1, lower, lower + 1}}, count, out + at,
                           index == nullptr ? nullptr : index + at);
    }
  }
}

static void max_pool_squares_backward(const float* grad, const std::int32_t* index, std::size_t rows,
                                      std::size_t row_windows, float* out) {
  const std::size_t width = 2 * row_windows, windows = rows * row_windows, pixels = windows * kWindowPixels;
  const bool goes_over = row_windows <= kLanes;
  const std::size_t whole = row_windows <= kLanes / 2 ? kLanes / 2 : kLanes;
  const Vf zero = v_splat(0.0f);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t w = 0; w < row_windows; w += kLanes) {
      const std::size_t at = r * row_windows + w, rest = row_windows - w, count = rest < kLanes ? rest : kLanes;
      const std::size_t read = at + kLanes <= windows ? kLanes : count;
      const Vf g = v_add(zero, load_some(grad + at, read, zero));
      const Vi where = load_some_int(index + at, read);
      for (std::size_t lower = 0; lower < 2; ++lower) {
        const std::size_t pixel = (2 * r + lower) * width + 2 * w;
        // Of constants no mask is made.
        if (!goes_over || pixel + 2 * whole > pixels) {
          put_pairs(g, where, pixel, count, out);
        } else if (whole == kLanes) {
          put_pairs(g, where, pixel, kLanes, out);
        } else {
          put_pairs(g, where, pixel, kLanes / 2, out);
        }
      }
    }
  }
}
