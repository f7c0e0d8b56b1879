// A row of dropout for sixteen lanes: the words of two groups of 16 columns at a time.
#pragma once

static void dropout_row(const float* x, float* out, std::size_t columns, std::uint32_t counter, Vi k0, Vi k1, Vi limit,
                        Vf scale) {
  const Vi step = v_splat_int(kLanes);
  Vi counters = v_add_int(v_splat_int(static_cast<std::int32_t>(counter)), v_lane_index());
  for (std::size_t c = 0; c < columns; c += 32) {
    const Vi words = dropout_words(counters, k0, k1);
    counters = v_add_int(counters, step);
    const Vi low = low_half(words), high = words;
    // A group's columns: eight low halves, then eight high ones.
    const Vi first = _mm512_shuffle_i64x2(low, high, 0x44), second = _mm512_shuffle_i64x2(low, high, 0xee);
    const std::size_t rest = columns - c;
    dropout_some(x + c, out + c, dropout_factor(first, limit, scale), rest);
    if (rest > 16) dropout_some(x + c + 16, out + c + 16, dropout_factor(second, limit, scale), rest - 16);
  }
}

inline constexpr int kMaskRows = 4;
inline constexpr int kMaskColumns = 32;

// As in generic/dropout_row-inl.h: a vector of words is for one row of two groups.
LANEWISE_VEC void activate_rows(const bool with_relu, float* c, std::size_t stride, std::uint32_t counter,
                                std::uint32_t words_per_row, Vi k0, Vi k1, Vi limit, Vf scale) {
  LANEWISE_UNROLL
  for (int r = 0; r < kMaskRows; ++r) {
    const Vi words = dropout_words(v_add_int(v_splat_int(static_cast<std::int32_t>(counter)), v_lane_index()), k0, k1);
    counter += words_per_row;
    const Vi low = low_half(words), high = words;
    Vf first = v_load(c), second = v_load(c + 16);
    if (with_relu) {
      first = v_relu(first);
      second = v_relu(second);
    }
    v_store(c, v_mul(first, dropout_factor(_mm512_shuffle_i64x2(low, high, 0x44), limit, scale)));
    v_store(c + 16, v_mul(second, dropout_factor(_mm512_shuffle_i64x2(low, high, 0xee), limit, scale)));
    c += stride;
  }
}
