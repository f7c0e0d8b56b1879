// Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray, Fast algorithms for convolutional neural networks, 2015): a
// 2×2 tile of outputs from a 4×4 patch of inputs with 16 multiplications in place of 36, y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)]
// A. The transforms stand here, vectors going over channels; the products over channels between them are matrix
// products. They have additions, subtractions and halves in a fixed order and nothing fused, so that every instruction
// set has their bits. Element (i, j) of a 4×4 matrix is number 4i + j of the 16.
#pragma once

LANEWISE_VEC Vf v_half(Vf x) { return v_mul(v_splat(0.5f), x); }

// Bᵀ of four elements; of a line, r[0..3] replace d[0..3].
LANEWISE_VEC void winograd_patch(Vf d0, Vf d1, Vf d2, Vf d3, Vf* r) {
  r[0] = v_sub(d0, d2);
  r[1] = v_add(d1, d2);
  r[2] = v_sub(d2, d1);
  r[3] = v_sub(d1, d3);
}

// Rows of an image that a row of tiles sees, `low` to `high` of which lie inside, and its columns from `column` on.
struct WinogradRows {
  const float* first;  // where the first row would begin
  std::size_t row_step, pixel_step, low, high;
  std::ptrdiff_t width;
};

LANEWISE_VEC WinogradRows winograd_rows(const std::ptrdiff_t count, const float* image, std::size_t height,
                                        std::size_t width, std::size_t pixel_step, std::ptrdiff_t row) {
  const std::ptrdiff_t below = static_cast<std::ptrdiff_t>(height) - row;
  const std::ptrdiff_t high = below < 0 ? 0 : below < count ? below : count;
  const std::ptrdiff_t low = row < 0 ? (-row < high ? -row : high) : 0;
  return {image + row * static_cast<std::ptrdiff_t>(width * pixel_step),
          width * pixel_step,
          pixel_step,
          static_cast<std::size_t>(low),
          static_cast<std::size_t>(high),
          static_cast<std::ptrdiff_t>(width)};
}

// d[i] = channels from c on of the pixel in row i and the given column, zero outside the image.
LANEWISE_VEC void winograd_pixels(const int count, const WinogradRows* rows, std::ptrdiff_t column, std::size_t c,
                                  std::size_t n, const bool whole, Vf* d) {
  const float* const at = rows->first + column * static_cast<std::ptrdiff_t>(rows->pixel_step) + c;
  const bool inside = column >= 0 && column < rows->width;
  if (inside && rows->low == 0 && rows->high == static_cast<std::size_t>(count)) {
    LANEWISE_UNROLL
    for (int i = 0; i < count; ++i) {
      const float* const pixel = at + static_cast<std::size_t>(i) * rows->row_step;
      d[i] = whole ? v_load(pixel) : v_load_n(pixel, n, v_splat(0.0f));
    }
    return;
  }
  LANEWISE_UNROLL
  for (int i = 0; i < count; ++i) {
    const std::size_t r = static_cast<std::size_t>(i);
    d[i] = v_splat(0.0f);
    if (inside && r >= rows->low && r < rows->high) d[i] = v_load_n(at + r * rows->row_step, n, d[i]);
  }
}

// Bᵀ of one column of a patch, for the channels from c on.
LANEWISE_VEC void winograd_patch_column(const WinogradRows* rows, std::ptrdiff_t column, std::size_t c, std::size_t n,
                                        const bool whole, Vf* r) {
  Vf d[4];
  winograd_pixels(4, rows, column, c, n, whole, d);
  winograd_patch(d[0], d[1], d[2], d[3], r);
}

LANEWISE_VEC void winograd_put(float* to, Vf x, std::size_t n, const bool whole) {
  if (whole) {
    v_store(to, x);
  } else {
    v_store_n(to, x, n);
  }
}

// The channels from c on of all tiles of a row: neighbours share two columns, which stay in registers.
LANEWISE_VEC void winograd_input_lanes(const WinogradRows* rows, std::ptrdiff_t column, std::size_t tiles,
                                       std::size_t c, std::size_t n, const bool whole, float* v, std::size_t stride,
                                       std::size_t apart) {
  Vf first[4], second[4];
  winograd_patch_column(rows, column, c, n, whole, first);
  winograd_patch_column(rows, column + 1, c, n, whole, second);
  for (std::size_t t = 0; t < tiles; ++t) {
    float* const to = v + t * stride + c;
    Vf third[4], fourth[4];
    column += 2;
    winograd_patch_column(rows, column, c, n, whole, third);
    LANEWISE_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
      winograd_put(to + 4 * i * apart, v_sub(first[i], third[i]), n, whole);
      winograd_put(to + (4 * i + 1) * apart, v_add(second[i], third[i]), n, whole);
      winograd_put(to + (4 * i + 2) * apart, v_sub(third[i], second[i]), n, whole);
      first[i] = third[i];
    }
    winograd_patch_column(rows, column + 1, c, n, whole, fourth);
    LANEWISE_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
      winograd_put(to + (4 * i + 3) * apart, v_sub(second[i], fourth[i]), n, whole);
      second[i] = fourth[i];
    }
  }
}

static void winograd_input(const float* image, std::size_t height, std::size_t width, std::size_t channels,
                           std::ptrdiff_t row, std::ptrdiff_t column, std::size_t tiles, float* v, std::size_t stride,
                           std::size_t apart) {
  const WinogradRows rows = winograd_rows(4, image, height, width, channels, row);
  std::size_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    winograd_input_lanes(&rows, column, tiles, c, kLanes, true, v, stride, apart);
  }
  if (c != channels) winograd_input_lanes(&rows, column, tiles, c, channels - c, false, v, stride, apart);
}

// Lanes from j on of a row of tiles: Aᵀ m A + bias.
LANEWISE_VEC void winograd_output_lanes(const float* m, std::size_t apart, std::size_t tiles, Vf bias, float* out,
                                        std::size_t row_step, std::size_t pixel_step, bool second_row,
                                        std::size_t width, std::size_t n, const bool whole) {
  for (std::size_t t = 0; t < tiles; ++t) {
    Vf upper[4], lower[4];
    LANEWISE_UNROLL
    for (std::size_t j = 0; j < 4; ++j) {
      const float* const from = m + t * kGemmNr + j * apart;
      const Vf m1 = v_load(from + 4 * apart), m2 = v_load(from + 8 * apart);
      upper[j] = v_add(v_add(v_load(from), m1), m2);
      lower[j] = v_sub(v_sub(m1, m2), v_load(from + 12 * apart));
    }
    float* const to = out + 2 * t * pixel_step;
    const bool second_column = 2 * t + 1 < width;
    winograd_put(to, v_add(v_add(v_add(upper[0], upper[1]), upper[2]), bias), n, whole);
    if (second_column) {
      winograd_put(to + pixel_step, v_add(v_sub(v_sub(upper[1], upper[2]), upper[3]), bias), n, whole);
    }
    if (!second_row) continue;
    winograd_put(to + row_step, v_add(v_add(v_add(lower[0], lower[1]), lower[2]), bias), n, whole);
    if (second_column) {
      winograd_put(to + row_step + pixel_step, v_add(v_sub(v_sub(lower[1], lower[2]), lower[3]), bias), n, whole);
    }
  }
}

static void winograd_output(const float* m, std::size_t apart, const float* bias, float* out, std::size_t row_step,
                            std::size_t pixel_step, std::size_t rows, std::size_t width, std::size_t columns) {
  const std::size_t tiles = (width + 1) / 2;
  const Vf zero = v_splat(0.0f);
  std::size_t j = 0;
  for (; j + kLanes <= columns; j += kLanes) {
    winograd_output_lanes(m + j, apart, tiles, bias == nullptr ? zero : v_load(bias + j), out + j, row_step, pixel_step,
                          rows > 1, width, kLanes, true);
  }
  if (j != columns) {
    const std::size_t n = columns - j;
    winograd_output_lanes(m + j, apart, tiles, bias == nullptr ? zero : v_load_n(bias + j, n, zero), out + j, row_step,
                          pixel_step, rows > 1, width, n, false);
  }
}

// One line of A g Aᵀ, for a gradient g: 1, sum, difference; the last one with the sign of the sum, which
// winograd_weight_gradient takes back.
LANEWISE_VEC void winograd_gradient_line(Vf first, Vf second, float* y, std::size_t apart) {
  v_store(y, first);
  v_store(y + apart, v_add(first, second));
  v_store(y + 2 * apart, v_sub(first, second));
  v_store(y + 3 * apart, second);
}

static void winograd_gradient(const float* image, std::size_t height, std::size_t width, std::size_t pixel_step,
                              std::size_t channels, std::size_t row, float* y, std::size_t panel_step,
                              std::size_t apart) {
  const WinogradRows rows = winograd_rows(2, image, height, width, pixel_step, static_cast<std::ptrdiff_t>(row));
  for (std::size_t p = 0; p < channels; p += kGemmNr) {
    for (std::size_t j = 0; j < kGemmNr; j += kLanes) {
      const std::size_t c = p + j, left = c < channels ? channels - c : 0, n = left < kLanes ? left : kLanes;
      float* to = y + p / kGemmNr * panel_step + j;
      for (std::size_t x = 0; x < width; x += 2) {
        Vf g[4];  // by columns
        winograd_pixels(2, &rows, static_cast<std::ptrdiff_t>(x), c, n, n == kLanes, g);
        winograd_pixels(2, &rows, static_cast<std::ptrdiff_t>(x) + 1, c, n, n == kLanes, g + 2);
        winograd_gradient_line(g[0], g[2], to, apart);
        winograd_gradient_line(v_add(g[0], g[1]), v_add(g[2], g[3]), to + 4 * apart, apart);
        winograd_gradient_line(v_sub(g[0], g[1]), v_sub(g[2], g[3]), to + 8 * apart, apart);
        winograd_gradient_line(g[1], g[3], to + 12 * apart, apart);
        to += kGemmNr;
      }
    }
  }
}

inline constexpr int kTaps = 9;

// taps[t] = tap t of each lane, lane i's nine standing at w + i·step; zeros from `lanes` on.
LANEWISE_VEC void load_taps(const float* w, std::size_t step, std::size_t lanes, Vf* taps) {
  LANEWISE_UNROLL
  for (int t = 0; t < kTaps; t += kLanes) {
    const int n = kTaps - t < kLanes ? kTaps - t : kLanes;
    if (n == 1) {
      float line[kLanes] = {};
      for (std::size_t i = 0; i < lanes; ++i) line[i] = w[i * step + static_cast<std::size_t>(t)];
      taps[t] = v_load(line);
      continue;
    }
    Vf block[kLanes];
    LANEWISE_UNROLL
    for (std::size_t i = 0; i < kLanes; ++i) {
      block[i] = i < lanes ? v_load_n(w + i * step + t, static_cast<std::size_t>(n), v_splat(0.0f)) : v_splat(0.0f);
    }
    v_transpose(block);
    LANEWISE_UNROLL
    for (int i = 0; i < n; ++i) taps[t + i] = block[i];
  }
}

LANEWISE_VEC void store_taps(const Vf* taps, float* w, std::size_t step, std::size_t lanes) {
  LANEWISE_UNROLL
  for (int t = 0; t < kTaps; t += kLanes) {
    const int n = kTaps - t < kLanes ? kTaps - t : kLanes;
    if (n == 1) {
      float line[kLanes];
      v_store(line, taps[t]);
      for (std::size_t i = 0; i < lanes; ++i) w[i * step + static_cast<std::size_t>(t)] = line[i];
      continue;
    }
    Vf block[kLanes];
    LANEWISE_UNROLL
    for (int i = 0; i < kLanes; ++i) block[i] = i < n ? taps[t + i] : v_splat(0.0f);
    v_transpose(block);
    LANEWISE_UNROLL
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (i < lanes) v_store_n(w + i * step + t, block[i], static_cast<std::size_t>(n));
    }
  }
}

// G of three elements.
LANEWISE_VEC void winograd_taps(Vf g0, Vf g1, Vf g2, Vf* r) {
  const Vf outer = v_half(v_add(g0, g2)), inner = v_half(g1);
  r[0] = g0;
  r[1] = v_add(outer, inner);
  r[2] = v_sub(outer, inner);
  r[3] = g2;
}

static void winograd_weights(const float* w, std::size_t lane_step, std::size_t line_step, bool rotated,
                             std::size_t lines, std::size_t columns, float* u, std::size_t apart) {
  for (std::size_t line = 0; line < lines; ++line) {
    for (std::size_t j = 0; j < kGemmNr; j += kLanes) {
      const std::size_t left = j < columns ? columns - j : 0;
      Vf taps[kTaps], by_columns[3][4];
      load_taps(w + line * line_step + j * lane_step, lane_step, left < kLanes ? left : kLanes, taps);
      LANEWISE_UNROLL
      for (int x = 0; x < 3; ++x) {
        if (rotated) {
          winograd_taps(taps[8 - x], taps[5 - x], taps[2 - x], by_columns[x]);
        } else {
          winograd_taps(taps[x], taps[3 + x], taps[6 + x], by_columns[x]);
        }
      }
      float* const to = u + line * kGemmNr + j;
      LANEWISE_UNROLL
      for (std::size_t i = 0; i < 4; ++i) {
        Vf row[4];
        winograd_taps(by_columns[0][i], by_columns[1][i], by_columns[2][i], row);
        LANEWISE_UNROLL
        for (std::size_t x = 0; x < 4; ++x) v_store(to + (4 * i + x) * apart, row[x]);
      }
    }
  }
}

// Gᵀ of four elements, of which the last one comes with the other sign.
LANEWISE_VEC void winograd_gather_taps(Vf u0, Vf u1, Vf u2, Vf u3, Vf* r) {
  const Vf even = v_half(v_add(u1, u2));
  r[0] = v_add(u0, even);
  r[1] = v_half(v_sub(u1, u2));
  r[2] = v_sub(even, u3);
}

static void winograd_weight_gradient(const float* u, std::size_t apart, std::size_t lines, std::size_t columns,
                                     float* w, std::size_t lane_step, std::size_t line_step) {
  for (std::size_t line = 0; line < lines; ++line) {
    for (std::size_t j = 0; j < columns; j += kLanes) {
      const std::size_t left = columns - j;
      const float* const from = u + line * kGemmNr + j;
      Vf by_columns[4][3], taps[kTaps];
      LANEWISE_UNROLL
      for (std::size_t x = 0; x < 4; ++x) {
        const float* const at = from + x * apart;
        winograd_gather_taps(v_load(at), v_load(at + 4 * apart), v_load(at + 8 * apart), v_load(at + 12 * apart),
                             by_columns[x]);
      }
      LANEWISE_UNROLL
      for (int i = 0; i < 3; ++i) {
        winograd_gather_taps(by_columns[0][i], by_columns[1][i], by_columns[2][i], by_columns[3][i], taps + 3 * i);
      }
      store_taps(taps, w + line * line_step + j * lane_step, lane_step, left < kLanes ? left : kLanes);
    }
  }
}
