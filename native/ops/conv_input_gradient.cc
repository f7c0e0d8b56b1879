// The gradient of a convolution for its input, which is also transposed convolution, and what follows it.
#include "check.h"
#include "conv_run.h"
#include "ops.h"
#include "post_op.h"

namespace lanewise::ops {

void convInputGradient(const Context& context, FloatIn grad, FloatIn weight, std::optional<FloatIn> bias, FloatOut out,
                       Numbers geometry, bool gradChannelsLast, bool outChannelsLast, std::optional<ProgramIn> program,
                       FloatIns inputs, IndexIns keys, Scalars scalars, FloatOuts outputs, std::size_t rowOffset) {
  constexpr const char* kOp = "convInputGradient";
  const ConvGeometry sizes = decode_geometry(kOp, geometry);
  check_length(kOp, "grad", grad.size(), sizes.out_size());
  check_length(kOp, "weight", weight.size(), sizes.weight_size());
  if (bias) check_length(kOp, "bias", bias->size(), sizes.channels);
  check_length(kOp, "out", out.size(), sizes.in_size());
  if (program && !outChannelsLast) refuse(kOp, "program", "needs channels that are last");
  const PostOp post_op(kOp, context, out, sizes.batch * sizes.in_pixels(), sizes.channels,
                       {program, inputs, keys, scalars, outputs, rowOffset});
  if (sizes.in_size() == 0) return;
  const Product follows = post_op.after({});
  convolve(context, {.geometry = sizes,
                     .direction = ConvDirection::kInputGradient,
                     .source = grad.data(),
                     .source_channels_last = gradChannelsLast,
                     .weight = weight.data(),
                     .bias = bias ? bias->data() : nullptr,
                     .target = out.data(),
                     .target_channels_last = outChannelsLast,
                     .epilogue = follows.epilogue,
                     .epilogue_workspace = follows.epilogue_workspace});
}

}  // namespace lanewise::ops
