// Images with their channels first or last, from one to the other.
#pragma once

static void to_channels_last(const float* in, std::size_t in_channel, std::size_t channels, std::size_t width,
                             std::size_t height, float* out, std::size_t out_pixel, std::size_t out_row) {
  const std::size_t pixels = width * height;
  std::size_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    const float* const from = in + c * in_channel;
    std::size_t x = 0;
    float* row = out + c;
    for (std::size_t p = 0; p < pixels; p += kLanes) {
      const std::size_t taken = pixels - p < kLanes ? pixels - p : kLanes;
      Vf block[kLanes];
      if (taken == kLanes) {
        LANEWISE_UNROLL
        for (int i = 0; i < kLanes; ++i) block[i] = v_load(from + static_cast<std::size_t>(i) * in_channel + p);
      } else {
        LANEWISE_UNROLL
        for (int i = 0; i < kLanes; ++i) {
          block[i] = v_load_n(from + static_cast<std::size_t>(i) * in_channel + p, taken, v_splat(0.0f));
        }
      }
      v_transpose(block);
      LANEWISE_UNROLL
      for (std::size_t i = 0; i < kLanes; ++i) {
        if (i == taken) break;
        v_store(row + x * out_pixel, block[i]);
        if (++x == width) {
          x = 0;
          row += out_row;
        }
      }
    }
  }
  for (; c < channels; ++c) {
    const float* from = in + c * in_channel;
    for (std::size_t y = 0; y < height; ++y) {
      float* const row = out + y * out_row + c;
      for (std::size_t x = 0; x < width; ++x) row[x * out_pixel] = from[x];
      from += width;
    }
  }
}

static void to_channels_first(const float* in, std::size_t in_pixel, std::size_t channels, std::size_t pixels,
                              float* out, std::size_t out_channel) {
  std::size_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    const float* const from = in + c;
    float* const to = out + c * out_channel;
    for (std::size_t p = 0; p < pixels; p += kLanes) {
      const std::size_t taken = pixels - p < kLanes ? pixels - p : kLanes;
      Vf block[kLanes];
      if (taken == kLanes) {
        LANEWISE_UNROLL
        for (int i = 0; i < kLanes; ++i) block[i] = v_load(from + (p + static_cast<std::size_t>(i)) * in_pixel);
        v_transpose(block);
        LANEWISE_UNROLL
        for (int i = 0; i < kLanes; ++i) v_store(to + static_cast<std::size_t>(i) * out_channel + p, block[i]);
      } else {
        LANEWISE_UNROLL
        for (std::size_t i = 0; i < kLanes; ++i) {
          block[i] = i < taken ? v_load(from + (p + i) * in_pixel) : v_splat(0.0f);
        }
        v_transpose(block);
        LANEWISE_UNROLL
        for (std::size_t i = 0; i < kLanes; ++i) v_store_n(to + i * out_channel + p, block[i], taken);
      }
    }
  }
  for (; c < channels; ++c) {
    for (std::size_t p = 0; p < pixels; ++p) out[c * out_channel + p] = in[p * in_pixel + c];
  }
}
