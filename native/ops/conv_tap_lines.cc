#include "conv_tap_lines.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "conv_image.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

constexpr std::size_t kFewChannels = 4, kLongestLine = 256;
// Lines that stay in the first-level cache.
constexpr std::size_t kLinesTogether = 6144;
// Segments are copied in pieces of up to kPiece floats; what a copy writes too much is overwritten by the next.
constexpr std::size_t kPiece = 16;

constexpr std::array<float, kLongestLine> kZeros{};

}  // namespace

TapLines::TapLines(const ConvGeometry& geometry)
    : g_(geometry), shape_{}, line_(geometry.taps() * geometry.group_channels()), segment_(0) {
  const SpatialDim& columns = g_.dims[2];
  const std::size_t reach = columns.out == 0 ? 0 : (columns.out - 1) * columns.stride;
  const std::size_t last = reach + (columns.kernel - 1) * columns.dilation + 1;
  const std::size_t high = last - std::min(last, columns.low + columns.size);
  applies_ = g_.groups == 1 && g_.channels <= kFewChannels && g_.taps() > 1 && line_ <= kLongestLine &&
             columns.low + high <= 2 * columns.size + 64;
  if (!applies_) return;
  shape_ = {g_.dims[0].size, g_.dims[1].size, columns.size, columns.low, high, g_.channels};
  segment_ = columns.dilation == 1 ? columns.kernel * g_.channels : g_.channels;
  const std::size_t row = core::checked_mul(columns.out, line_);
  rows_together_ = std::max<std::size_t>(1, kLinesTogether / std::max<std::size_t>(1, row));
  image_floats_ = padded(core::checked_add(shape_.size(), kPiece));
  lines_floats_ = padded(core::checked_add(core::checked_mul(rows_together_, row), kPiece));
}

void TapLines::read(const kernels::KernelTable& kernels, const float* x, bool channels_last, float* scratch) const {
  copy_source(kernels, shape_, x, channels_last, scratch);
  std::memset(scratch + shape_.size(), 0, kPiece * sizeof(float));
}

const float* TapLines::gather(std::size_t row, std::size_t count, float* scratch) const {
  const auto& [planes, rows, columns] = g_.dims;
  float* to = scratch + image_floats_;
  const std::size_t pieces = columns.dilation == 1 ? 1 : columns.kernel;
  std::array<const float*, kLongestLine> segments;
  for (std::size_t r = row; r < row + count; ++r) {
    std::size_t found = 0;
    for (std::size_t tz = 0; tz < planes.kernel; ++tz) {
      // What lies before the image wraps around.
      const std::size_t z = r / rows.out * planes.stride + tz * planes.dilation - planes.low;
      for (std::size_t ty = 0; ty < rows.kernel; ++ty) {
        const std::size_t y = r % rows.out * rows.stride + ty * rows.dilation - rows.low;
        const bool inside = z < planes.size && y < rows.size;
        const float* const from = scratch + (inside ? (z * rows.size + y) * shape_.row() : 0);
        for (std::size_t piece = 0; piece < pieces; ++piece) {
          segments[found++] = inside ? from + piece * columns.dilation * g_.channels : nullptr;
        }
      }
    }
    if (segment_ <= 4) {
      copy_rows<4>(segments.data(), found, to);
    } else if (segment_ <= 8) {
      copy_rows<8>(segments.data(), found, to);
    } else if (segment_ <= kPiece) {
      copy_rows<kPiece>(segments.data(), found, to);
    } else {
      copy_rows<0>(segments.data(), found, to);
    }
    to += columns.out * line_;
  }
  return scratch + image_floats_;
}

// kFloats: of a copy, at least those of a segment; 0 for what is longer.
template <std::size_t kFloats>
void TapLines::copy_rows(const float* const* segments, std::size_t count, float* to) const {
  const std::size_t step = g_.dims[2].stride * g_.channels;
  for (std::size_t x = 0; x < g_.dims[2].out; ++x) {
    for (std::size_t s = 0; s < count; ++s) {
      const float* const from = segments[s] == nullptr ? kZeros.data() : segments[s] + x * step;
      std::memcpy(to, from, (kFloats == 0 ? segment_ : kFloats) * sizeof(float));
      to += segment_;
    }
  }
}

}  // namespace lanewise::ops
