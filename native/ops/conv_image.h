// Images of a convolution's operands as the kernels read them: channels last, with margins of zeros around rows.
#pragma once

#include <cstddef>

#include "../kernels/kernel_table.h"
#include "conv_plan.h"

namespace lanewise::ops {

// Copies an image, channels first or last, to where it has the shape's margins.
void copy_source(const kernels::KernelTable& kernels, const ConvSource& shape, const float* from, bool channels_last,
                 float* to);

}  // namespace lanewise::ops
