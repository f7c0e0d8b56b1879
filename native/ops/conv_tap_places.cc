#include "conv_tap_places.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "../core/checked.h"

namespace lanewise::ops {
namespace {

constexpr std::size_t kFewChannels = 4, kMostTapChannels = 256;
// Zeros around an image cost no more than this many times the image, beyond what is small in any case.
constexpr std::size_t kMostZeros = 4, kFewZeros = 16384;

// From the first position that an output sees to the last one, and the image.
std::size_t extent(const SpatialDim& dim) {
  const std::size_t last = dim.out == 0 ? 0 : (dim.out - 1) * dim.stride + (dim.kernel - 1) * dim.dilation + 1;
  return std::max(dim.low + dim.size, last);
}

}  // namespace

TapPlaces::TapPlaces(const ConvGeometry& geometry) : g_(geometry) {
  const auto& [planes, rows, columns] = g_.dims;
  const std::size_t taps = g_.taps();
  applies_ = g_.groups == 1 && g_.channels <= kFewChannels && taps > 1 && taps * g_.channels <= kMostTapChannels;
  if (!applies_) return;
  line_ = core::checked_mul(extent(columns), g_.channels);
  plane_ = core::checked_mul(extent(rows), line_);
  size_ = core::checked_mul(extent(planes), plane_);
  applies_ = size_ <= kFewZeros + kMostZeros * g_.in_pixels() * g_.channels;
  if (!applies_) return;
  for (std::size_t z = 0; z < planes.kernel; ++z) {
    for (std::size_t y = 0; y < rows.kernel; ++y) {
      for (std::size_t x = 0; x < columns.kernel; ++x) {
        const std::size_t tap = z * planes.dilation * plane_ + y * rows.dilation * line_;
        for (std::size_t c = 0; c < g_.channels; ++c) taps_.push_back(tap + x * columns.dilation * g_.channels + c);
      }
    }
  }
}

void TapPlaces::read(const kernels::KernelTable& kernels, const float* x, bool channels_last, float* image) const {
  const auto& [planes, rows, columns] = g_.dims;
  const std::size_t channels = g_.channels, pixels = rows.size * columns.size;
  std::memset(image, 0, size_ * sizeof(float));
  for (std::size_t z = 0; z < planes.size; ++z) {
    float* const to = image + (planes.low + z) * plane_ + rows.low * line_ + columns.low * channels;
    if (channels_last || channels == 1) {
      const float* const from = x + z * pixels * channels;
      const std::size_t dense = columns.size * channels;
      for (std::size_t y = 0; y < rows.size; ++y) {
        std::memcpy(to + y * line_, from + y * dense, dense * sizeof(float));
      }
    } else {
      kernels.to_channels_last(x + z * pixels, planes.size * pixels, channels, columns.size, rows.size, to, channels,
                               line_);
    }
  }
}

std::size_t TapPlaces::row(std::size_t r) const {
  const auto& [planes, rows, columns] = g_.dims;
  return r / rows.out * planes.stride * plane_ + r % rows.out * rows.stride * line_;
}

}  // namespace lanewise::ops
