#include "conv_weights.h"

#include <algorithm>

namespace lanewise::ops {

void pack_conv_panel(const kernels::KernelTable& kernels, const ConvCall& call, const ConvPlan& plan, std::size_t group,
                     std::size_t panel, float* to) {
  const std::size_t nr = kernels.gemm_nr, taps = plan.tap_order.size(), first = panel * nr;
  const std::size_t columns = std::min(nr, plan.target_channels - first);
  const bool forward = call.direction == ConvDirection::kForward;
  const std::size_t of_out = call.geometry.group_channels() * taps;  // floats of an output channel
  const float* const weight = call.weight + group * call.geometry.group_outs() * of_out;
  const std::size_t line_stride = forward ? taps : of_out, column_stride = forward ? of_out : taps;
  for (std::size_t t = 0; t < taps; ++t) {
    for (std::size_t c = 0; c < plan.source_channels; ++c) {
      const float* const from = weight + first * column_stride + c * line_stride + plan.tap_order[t];
      for (std::size_t j = 0; j < nr; ++j) *to++ = j < columns ? from[j * column_stride] : 0.0f;
    }
  }
}

}  // namespace lanewise::ops
