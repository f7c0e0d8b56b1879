// Which convolutions go by Winograd, and how the ops of convolution call it.
#pragma once

#include "context.h"
#include "conv_geometry.h"
#include "conv_run.h"

namespace lanewise::ops {

// Whether the three passes of a convolution go this way. The shape of an image decides alone, so results depend neither on
// the instruction set nor on the batch that an image is in.
bool winograd_suits(const ConvGeometry& geometry);

// What convolve() does, for a geometry that suits.
void winograd_convolve(const Context& context, const ConvCall& call);

// out [out_channels, channels, 3, 3] and bias_grad [out_channels], which may be null.
void winograd_weight_gradient(const Context& context, const ConvGeometry& geometry, const float* grad,
                              bool grad_channels_last, const float* x, bool x_channels_last, float* out,
                              float* bias_grad);

}  // namespace lanewise::ops
