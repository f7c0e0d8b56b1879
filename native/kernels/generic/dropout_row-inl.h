// A row of dropout for vectors of at most eight lanes.
#pragma once

// The eight words of a group of 16 columns: the low halves for the first eight columns, the high halves for the others.
static void dropout_row(const float* x, float* out, std::size_t columns, std::uint32_t counter, Vi k0, Vi k1, Vi limit,
                        Vf scale) {
  const Vi step = v_splat_int(kLanes);
  Vi counters = v_add_int(v_splat_int(static_cast<std::int32_t>(counter)), v_lane_index());
  std::size_t c = 0;
  for (; c + 16 <= columns; c += 16) {
    LANEWISE_UNROLL
    for (int w = 0; w < 8; w += kLanes) {
      const Vi words = dropout_words(counters, k0, k1);
      counters = v_add_int(counters, step);
      const float* from = x + c + w;
      float* to = out + c + w;
      v_store(to, v_mul(v_load(from), dropout_factor(low_half(words), limit, scale)));
      v_store(to + 8, v_mul(v_load(from + 8), dropout_factor(words, limit, scale)));
    }
  }
  for (std::size_t w = 0; w < 8 && c + w < columns; w += kLanes) {
    const Vi words = dropout_words(counters, k0, k1);
    counters = v_add_int(counters, step);
    const std::size_t rest = columns - c - w;
    dropout_some(x + c + w, out + c + w, dropout_factor(low_half(words), limit, scale), rest);
    if (rest > 8) {
      dropout_some(x + c + w + 8, out + c + w + 8, dropout_factor(words, limit, scale), rest - 8);
    }
  }
}
