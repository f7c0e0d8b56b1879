// Convolution, and what follows it, in one pass.
#include "check.h"
#include "conv_run.h"
#include "ops.h"
#include "post_op.h"

namespace lanewise::ops {

void conv(const Context& context, FloatIn x, FloatIn weight, std::optional<FloatIn> bias, FloatOut out,
          Numbers geometry, bool xChannelsLast, bool outChannelsLast, std::optional<ProgramIn> program, FloatIns inputs,
          IndexIns keys, Scalars scalars, FloatOuts outputs, std::size_t rowOffset) {
  constexpr const char* kOp = "conv";
  const ConvGeometry sizes = decode_geometry(kOp, geometry);
  check_length(kOp, "x", x.size(), sizes.in_size());
  check_length(kOp, "weight", weight.size(), sizes.weight_size());
  if (bias) check_length(kOp, "bias", bias->size(), sizes.out_channels);
  check_length(kOp, "out", out.size(), sizes.out_size());
  if (program && !outChannelsLast) refuse(kOp, "program", "needs channels that are last");
  const PostOp post_op(kOp, context, out, sizes.batch * sizes.out_pixels(), sizes.out_channels,
                       {program, inputs, keys, scalars, outputs, rowOffset});
  if (sizes.out_size() == 0) return;
  const Product follows = post_op.after({});
  convolve(context, {.geometry = sizes,
                     .direction = ConvDirection::kForward,
                     .source = x.data(),
                     .source_channels_last = xChannelsLast,
                     .weight = weight.data(),
                     .bias = bias ? bias->data() : nullptr,
                     .target = out.data(),
                     .target_channels_last = outChannelsLast,
                     .epilogue = follows.epilogue,
                     .epilogue_workspace = follows.epilogue_workspace});
}

}  // namespace lanewise::ops
