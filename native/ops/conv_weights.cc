#include "conv_weights.h"

#include <algorithm>
#include <cstring>

namespace lanewise::ops {

namespace {

// Lines of a panel that are transposed together before they go to their places.
constexpr std::size_t kMostPackedTaps = 64, kMostColumns = 32;

// [taps][nr] for one channel of the source, from where elements of a column are dense. Columns that are missing are
// zeros in `lines`. A plan leaves out taps that no output needs, when the image is smaller than the stride.
void pack_taps(const kernels::KernelTable& kernels, const float* from, std::size_t column_stride, std::size_t columns,
               std::size_t taps, const ConvPlan& plan, std::size_t channel, float* lines, float* to) {
  const std::size_t nr = kernels.gemm_nr;
  kernels.to_channels_last(from, column_stride, columns, taps, 1, lines, nr, 0);
  for (std::size_t t = 0; t < plan.tap_order.size(); ++t) {
    std::memcpy(to + (t * plan.source_channels + channel) * nr, lines + plan.tap_order[t] * nr, nr * sizeof(float));
  }
}

}  // namespace

void pack_conv_panel(const kernels::KernelTable& kernels, const ConvCall& call, const ConvPlan& plan, std::size_t group,
                     std::size_t panel, float* to) {
  const std::size_t nr = kernels.gemm_nr, taps = call.geometry.taps(), first = panel * nr;
  const std::size_t columns = std::min(nr, plan.target_channels - first);
  const bool forward = call.direction == ConvDirection::kForward;
  const std::size_t of_out = call.geometry.group_channels() * taps;  // floats of an output channel
  const std::size_t line_stride = forward ? taps : of_out, column_stride = forward ? of_out : taps;
  const float* const weight = call.weight + group * call.geometry.group_outs() * of_out + first * column_stride;
  if (forward && columns == nr) {
    // Taps are in the kernel's order.
    kernels.to_channels_last(weight, of_out, nr, taps, plan.source_channels, to, plan.source_channels * nr, nr);
    return;
  }
  if (!forward && taps == 1 && plan.tap_order.size() == 1) {
    kernels.pack_rows(weight, line_stride, plan.source_channels, columns, to);
    return;
  }
  if (taps <= kMostPackedTaps && nr <= kMostColumns) {
    float lines[kMostPackedTaps * kMostColumns] = {};
    for (std::size_t c = 0; c < plan.source_channels; ++c) {
      pack_taps(kernels, weight + c * line_stride, column_stride, columns, taps, plan, c, lines, to);
    }
    return;
  }
  for (std::size_t t = 0; t < plan.tap_order.size(); ++t) {
    for (std::size_t c = 0; c < plan.source_channels; ++c) {
      const float* const from = weight + c * line_stride + plan.tap_order[t];
      for (std::size_t j = 0; j < nr; ++j) *to++ = j < columns ? from[j * column_stride] : 0.0f;
    }
  }
}

void pack_depthwise(const ConvCall& call, const ConvPlan& plan, std::size_t line, float* to) {
  const std::size_t taps = call.geometry.taps();
  for (std::size_t t = 0; t < plan.tap_order.size(); ++t) {
    for (std::size_t c = 0; c < line; ++c) {
      to[t * line + c] = c < plan.groups ? call.weight[c * taps + plan.tap_order[t]] : 0.0f;
    }
  }
}

}  // namespace lanewise::ops
