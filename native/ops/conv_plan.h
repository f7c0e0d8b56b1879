// How the outputs of a convolution, or of its gradient for the input, come from their source: what is known from the
// geometry alone. The gradient's outputs are those of a convolution of stride 1 for each remainder of positions by the
// stride, a phase.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "../kernels/kernel_table.h"
#include "conv_geometry.h"

namespace lanewise::ops {

enum class ConvDirection { kForward, kInputGradient };

// One dimension of a phase: its outputs are first, first + step, ...; the j-th sees source positions j·source_step +
// tap.offset. Taps are in the order of their offsets, which is that of their sums.
struct PhaseDim {
  struct Tap {
    std::ptrdiff_t offset;
    std::size_t kernel;  // position in the kernel
  };
  // Outputs that have the same taps within the source.
  struct Class {
    std::size_t begin, end;
    std::size_t first_tap, last_tap;
  };
  std::size_t first = 0, step = 1, count = 0, source_step = 1;
  std::vector<Tap> taps;
  std::vector<Class> classes;
};

// Outputs [height][width] that see the same taps, and their segments.
struct PlannedRegion {
  std::size_t out;        // the first of them, in pixels
  std::ptrdiff_t source;  // in floats; segments are relative to it
  std::size_t width, height;
  std::size_t out_pixel, out_row;        // in pixels
  std::size_t source_pixel, source_row;  // in floats
  std::size_t segments, count;           // in ConvPlan::segments
};

// Some rows of outputs: regions side by side. Outputs of a band are dense, [pixels], where there is one phase only.
struct ConvBand {
  std::size_t first_region, regions;
  std::size_t out, pixels;
};

// Where the source of a group lies while it is read: channels last, with `margin` pixels of zeros on either side of
// rows.
struct ConvSource {
  std::size_t depth, height, width;
  std::size_t low_margin, high_margin;
  std::size_t pixel;  // floats from one pixel to the next: all channels

  std::size_t row() const { return (low_margin + width + high_margin) * pixel; }
  std::size_t plane() const { return height * row(); }
  std::size_t size() const { return depth * plane(); }
  bool dense() const { return low_margin + high_margin == 0; }
};

struct ConvPlan {
  // Outputs of a band: enough for whole tiles, few enough to stay in the first-level cache with a panel's channels.
  static constexpr std::size_t kBandPixels = 96;
  // `skip`: taps outside of rows are left out whatever the width. Bands have about `band_pixels` outputs at most.
  ConvPlan(const ConvGeometry& geometry, ConvDirection direction, bool skip = false,
           std::size_t band_pixels = kBandPixels);

  ConvSource source;
  std::array<std::size_t, kSpatial> target;      // sizes of the target image
  std::size_t source_channels, target_channels;  // of a group
  std::size_t groups;
  std::size_t phases;
  std::size_t band_pixels;
  std::vector<std::size_t> tap_order;  // of the lines of a panel: the tap of each source_channels lines
  std::vector<kernels::ConvSegment> segments;
  std::vector<PlannedRegion> regions;
  std::vector<ConvBand> bands;

  std::size_t target_pixels() const { return target[0] * target[1] * target[2]; }
  std::size_t lines() const { return tap_order.size() * source_channels; }

 private:
  void add_phase(const std::array<const PhaseDim*, kSpatial>& dims, const std::array<std::size_t, kSpatial>& kernels);
  void add_region(const std::array<const PhaseDim*, kSpatial>& dims, std::size_t depth, const PhaseDim::Class& planes,
                  const PhaseDim::Class& rows, std::size_t row, std::size_t height, const PhaseDim::Class& columns,
                  std::size_t first_tap);
};

}  // namespace lanewise::ops
