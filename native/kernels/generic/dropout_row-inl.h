// A row of dropout for vectors of at most eight lanes.
#pragma once

// This many vectors of words are drawn step by step together: one after the other they wait for their own
// multiplications, in numbers that fill the processor's scheduler (a third more time on Zen 3).
inline constexpr int kDropoutBlock = kLanes >= 4 ? 4 : 8;
inline constexpr int kDropoutBlockColumns = kDropoutBlock * kLanes * 2;

#define LANEWISE_EACH LANEWISE_UNROLL for (int v = 0; v < kDropoutBlock; ++v)

// As dropout_words, the first key added already.
LANEWISE_VEC void dropout_block(Vi* x, Vi k1) {
  LANEWISE_EACH x[v] = v_xor_int(x[v], v_shr(x[v], 17));
  LANEWISE_EACH x[v] = v_mul_int(x[v], v_splat_int(static_cast<std::int32_t>(0xed5ad4bbu)));
  LANEWISE_EACH x[v] = v_xor_int(x[v], k1);
  LANEWISE_EACH x[v] = v_xor_int(x[v], v_shr(x[v], 11));
  LANEWISE_EACH x[v] = v_mul_int(x[v], v_splat_int(static_cast<std::int32_t>(0xac4c1b51u)));
  LANEWISE_EACH x[v] = v_xor_int(x[v], v_shr(x[v], 15));
  LANEWISE_EACH x[v] = v_mul_int(x[v], v_splat_int(static_cast<std::int32_t>(0x31848babu)));
  LANEWISE_EACH x[v] = v_xor_int(x[v], v_shr(x[v], 14));
}

// A group of 16 columns has eight words: their low halves are for its first eight columns, the high ones for the
// others.
static void dropout_row(const float* x, float* out, std::size_t columns, std::uint32_t counter, Vi k0, Vi k1, Vi limit,
                        Vf scale) {
  const Vi step = v_splat_int(kLanes);
  Vi counters = v_add_int(v_splat_int(static_cast<std::int32_t>(counter)), v_lane_index());
  std::size_t c = 0;
  for (; c + kDropoutBlockColumns <= columns; c += kDropoutBlockColumns) {
    Vi words[kDropoutBlock];
    LANEWISE_EACH {
      words[v] = v_add_int(counters, k0);
      counters = v_add_int(counters, step);
    }
    dropout_block(words, k1);
    LANEWISE_EACH {
      // Vectors of fewer than eight words share a group.
      const std::size_t at = c + static_cast<std::size_t>(v * kLanes / 8 * 16 + v * kLanes % 8);
      v_store(out + at, v_mul(v_load(x + at), dropout_factor(low_half(words[v]), limit, scale)));
      v_store(out + at + 8, v_mul(v_load(x + at + 8), dropout_factor(words[v], limit, scale)));
    }
  }
  for (; c < columns; c += 16) {
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
}

// Rows of one group each, as many as a block of words is for.
inline constexpr int kMaskRows = kDropoutBlock * kLanes / 8;
inline constexpr int kMaskColumns = 16;

// ReLU when `with_relu`, a constant, then dropout for kMaskRows rows of kMaskColumns columns; `counter` is that of the
// first row's first word.
LANEWISE_VEC void activate_rows(const bool with_relu, float* c, std::size_t stride, std::uint32_t counter,
                                std::uint32_t words_per_row, Vi k0, Vi k1, Vi limit, Vf scale) {
  Vi words[kDropoutBlock];
  LANEWISE_EACH {
    const std::uint32_t first = counter + static_cast<std::uint32_t>(v * kLanes / 8) * words_per_row +
                                static_cast<std::uint32_t>(v * kLanes % 8);
    words[v] = v_add_int(v_add_int(v_splat_int(static_cast<std::int32_t>(first)), v_lane_index()), k0);
  }
  dropout_block(words, k1);
  LANEWISE_EACH {
    float* const at = c + static_cast<std::size_t>(v * kLanes / 8) * stride + v * kLanes % 8;
    Vf low = v_load(at), high = v_load(at + 8);
    if (with_relu) {
      low = v_relu(low);
      high = v_relu(high);
    }
    v_store(at, v_mul(low, dropout_factor(low_half(words[v]), limit, scale)));
    v_store(at + 8, v_mul(high, dropout_factor(words[v], limit, scale)));
  }
}

#undef LANEWISE_EACH
