// Which convolutions go by Winograd, and how the ops of convolution call it.
#pragma once

#include "context.h"
#include "conv_geometry.h"
#include "conv_run.h"
#include "conv_weights_sums.h"

namespace lanewise::ops {

// Whether the three passes of a convolution go this way. The shape of an image decides alone, so results depend neither
// on the instruction set nor on the batch that an image is in.
bool winograd_suits(const ConvGeometry& geometry);

// What convolve() does, for a geometry that suits.
void winograd_convolve(const Context& context, const ConvCall& call);

// The same for the gradient of the weight.
void winograd_weight_gradient(const Context& context, const ConvWeightCall& call);

}  // namespace lanewise::ops
