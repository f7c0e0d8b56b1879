// What a convolution and the pool behind it have in common.
#pragma once

#include "check.h"
#include "conv_geometry.h"
#include "windows.h"

namespace lanewise::ops {

// Reads the windows of a pool whose input is what a convolution gives. Throws as WindowPlan::read does, and for other
// images.
inline const WindowPlan& read_pool_of(const char* op, Layout windows, const ConvGeometry& sizes, WindowPlan& plan) {
  plan.read(op, windows);
  if (plan.batch != sizes.batch || plan.channels != sizes.out_channels || plan.pixels != sizes.out_pixels()) {
    refuse(op, "windows", "are of other images than the convolution gives");
  }
  return plan;
}

}  // namespace lanewise::ops
