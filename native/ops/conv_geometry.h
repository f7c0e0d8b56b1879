// The geometry of a convolution, decoded and checked (src/ops/convolution.ts encodes it). One and two dimensions are
// three whose first ones have a single position.
#pragma once

#include <array>
#include <cstddef>

#include "argument.h"

namespace lanewise::ops {

inline constexpr std::size_t kSpatial = 3;

// Position o of the output sees positions o·stride - low + t·dilation of the input, for t < kernel.
struct SpatialDim {
  std::size_t size = 1, out = 1, kernel = 1, stride = 1, dilation = 1, low = 0, high = 0;
};

struct ConvGeometry {
  std::size_t batch = 0, channels = 0, out_channels = 0, groups = 1;
  std::array<SpatialDim, kSpatial> dims;  // slowest first

  std::size_t group_channels() const { return channels / groups; }
  std::size_t group_outs() const { return out_channels / groups; }
  std::size_t in_pixels() const { return dims[0].size * dims[1].size * dims[2].size; }
  std::size_t out_pixels() const { return dims[0].out * dims[1].out * dims[2].out; }
  std::size_t taps() const { return dims[0].kernel * dims[1].kernel * dims[2].kernel; }
  // Elements of the operands. They do not overflow.
  std::size_t in_size() const { return batch * channels * in_pixels(); }
  std::size_t out_size() const { return batch * out_channels * out_pixels(); }
  std::size_t weight_size() const { return out_channels * group_channels() * taps(); }
  // A kernel for each channel.
  bool depthwise() const { return groups > 1 && groups == channels && groups == out_channels; }
  // Multiply-adds of an image, padding counted; the largest number that there is where they are more.
  std::size_t image_work() const;
};

// Throws std::invalid_argument for a geometry that is none, std::overflow_error when its sizes cannot be multiplied.
ConvGeometry decode_geometry(const char* op, Layout geometry);

}  // namespace lanewise::ops
