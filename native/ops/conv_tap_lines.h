// For convolutions of few channels: what each output sees, as one line [taps][channels], for a few rows of outputs at a
// time.
#pragma once

#include <cstddef>

#include "../kernels/kernel_table.h"
#include "conv_plan.h"

namespace lanewise::ops {

class TapLines {
 public:
  explicit TapLines(const ConvGeometry& geometry);

  // Whether few channels and taps make it worth while.
  bool applies() const { return applies_; }
  std::size_t line() const { return line_; }
  std::size_t rows_together() const { return rows_together_; }
  std::size_t scratch() const { return image_floats_ + lines_floats_; }

  // Reads an image; then the lines of `count` rows of outputs from `row` on, planes being rows one behind the other.
  void read(const kernels::KernelTable& kernels, const float* x, bool channels_last, float* scratch) const;
  const float* gather(std::size_t row, std::size_t count, float* scratch) const;

 private:
  template <std::size_t kFloats>
  void copy_rows(const float* const* segments, std::size_t count, float* to) const;

  const ConvGeometry& g_;
  ConvSource shape_;
  bool applies_;
  std::size_t line_, segment_, rows_together_ = 1;  // floats of a segment: those that lie one behind the other
  std::size_t image_floats_ = 0, lines_floats_ = 0;
};

}  // namespace lanewise::ops
