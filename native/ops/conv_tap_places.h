// For convolutions of few channels: an image with zeros around it, in which each output sees its taps at the same
// places. All taps of all channels are then the rows of one product over pixels.
#pragma once

#include <cstddef>
#include <vector>

#include "../kernels/kernel_table.h"
#include "conv_geometry.h"

namespace lanewise::ops {

class TapPlaces {
 public:
  explicit TapPlaces(const ConvGeometry& geometry);

  // Whether few channels and taps make it worth while.
  bool applies() const { return applies_; }
  // Floats of the image, and the image from `x`, its channels first or last.
  std::size_t size() const { return size_; }
  void read(const kernels::KernelTable& kernels, const float* x, bool channels_last, float* image) const;

  // Where the taps [taps][channels] of an output lie, from that output's place on; of the first output of a row (rows
  // of a plane, and planes one behind the other); from an output to the next one in a row.
  const std::size_t* taps() const { return taps_.data(); }
  std::size_t row(std::size_t r) const;
  std::size_t step() const { return g_.dims[2].stride * g_.channels; }

 private:
  const ConvGeometry& g_;
  bool applies_;
  std::size_t line_ = 0, plane_ = 0, size_ = 0;  // floats of a row of the image, of a plane, of all
  std::vector<std::size_t> taps_;
};

}  // namespace lanewise::ops
