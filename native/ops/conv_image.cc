#include "conv_image.h"

#include <cstring>

namespace lanewise::ops {

void copy_source(const kernels::KernelTable& kernels, const ConvSource& shape, const float* from, bool channels_last,
                 float* to) {
  const std::size_t low = shape.low_margin * shape.pixel, high = shape.high_margin * shape.pixel;
  const std::size_t dense = shape.width * shape.pixel, rows = shape.depth * shape.height;
  if (channels_last) {
    for (std::size_t y = 0; y < rows; ++y)
      std::memcpy(to + y * shape.row() + low, from + y * dense, dense * sizeof(float));
  } else {
    kernels.to_channels_last(from, rows * shape.width, shape.pixel, shape.width, rows, to + low, shape.pixel,
                             shape.row());
  }
  if (low + high == 0) return;
  // Mostly a few floats: no call for each.
  for (std::size_t y = 0; y < rows; ++y) {
    float* const row = to + y * shape.row();
    for (std::size_t i = 0; i < low; ++i) row[i] = 0.0f;
    for (std::size_t i = 0; i < high; ++i) row[low + dense + i] = 0.0f;
  }
}

}  // namespace lanewise::ops
