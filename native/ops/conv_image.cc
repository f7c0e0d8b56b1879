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
  for (std::size_t y = 0; y < rows; ++y) {
    float* const row = to + y * shape.row();
    std::memset(row, 0, low * sizeof(float));
    std::memset(row + low + dense, 0, high * sizeof(float));
  }
}

}  // namespace lanewise::ops
