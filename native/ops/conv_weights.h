// Weights of convolutions in panels: for each group and each gemm_nr channels of the target the lines (tap, channel of
// the source), zeros where channels are missing.
#pragma once

#include <cstddef>

#include "context.h"
#include "conv_run.h"

namespace lanewise::ops {

// The panels of a plan's target channels: of a group, and floats of one.
inline std::size_t panels_of_group(const ConvPlan& plan, std::size_t nr) {
  return (plan.target_channels + nr - 1) / nr;
}
inline std::size_t panel_size(const ConvPlan& plan, std::size_t nr) { return plan.lines() * nr; }

// Packs panel `panel` of group `group`.
void pack_conv_panel(const kernels::KernelTable& kernels, const ConvCall& call, const ConvPlan& plan, std::size_t group,
                     std::size_t panel, float* to);

// For a kernel for each channel: a line of channels for each tap, `line` floats apart.
void pack_depthwise(const ConvCall& call, const ConvPlan& plan, std::size_t line, float* to);

}  // namespace lanewise::ops
