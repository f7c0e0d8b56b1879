// Convolution and its gradient for the input, which is also transposed convolution, and what follows it, in one pass.
#include "check.h"
#include "conv_run.h"
#include "ops.h"
#include "post_op.h"

namespace lanewise::ops {
namespace {

// `source` is x of a convolution, the output's gradient of its gradient; `out` the other one.
void run_conv(const char* op, const Context& context, ConvDirection direction, const char* source_name, FloatIn source,
              KeepableWeight weight, std::optional<FloatIn> bias, FloatOut out, Numbers geometry,
              bool source_channels_last, bool out_channels_last, const PostOpArguments& follows) {
  const ConvGeometry sizes = decode_geometry(op, geometry);
  const bool forward = direction == ConvDirection::kForward;
  const std::size_t channels = forward ? sizes.out_channels : sizes.channels;
  const std::size_t pixels = forward ? sizes.out_pixels() : sizes.in_pixels();
  const std::size_t size = forward ? sizes.out_size() : sizes.in_size();
  check_length(op, source_name, source.size(), forward ? sizes.in_size() : sizes.out_size());
  check_length(op, "weight", weight.size(), sizes.weight_size());
  if (bias) check_length(op, "bias", bias->size(), channels);
  check_length(op, "out", out.size(), size);
  if (follows.program && !out_channels_last) refuse(op, "program", "needs channels that are last");
  const PostOp post_op(op, context, out, sizes.batch * pixels, channels, follows);
  if (size == 0) return;
  const Product product = post_op.after({});
  convolve(context, {.geometry = sizes,
                     .direction = direction,
                     .source = source.data(),
                     .source_channels_last = source_channels_last,
                     .weight = weight.data(),
                     .kept_weight = weight.kept,
                     .bias = bias ? bias->data() : nullptr,
                     .target = out.data(),
                     .target_channels_last = out_channels_last,
                     .epilogue = product.epilogue,
                     .epilogue_workspace = product.epilogue_workspace});
}

}  // namespace

void conv(const Context& context, FloatIn x, KeepableWeight weight, std::optional<FloatIn> bias, FloatOut out,
          Numbers geometry, bool xChannelsLast, bool outChannelsLast, std::optional<ProgramIn> program, FloatIns inputs,
          IndexIns keys, Scalars scalars, FloatOuts outputs, std::size_t rowOffset) {
  run_conv("conv", context, ConvDirection::kForward, "x", x, weight, bias, out, geometry, xChannelsLast,
           outChannelsLast, {program, inputs, keys, scalars, outputs, rowOffset});
}

void convInputGradient(const Context& context, FloatIn grad, KeepableWeight weight, std::optional<FloatIn> bias,
                       FloatOut out, Numbers geometry, bool gradChannelsLast, bool outChannelsLast,
                       std::optional<ProgramIn> program, FloatIns inputs, IndexIns keys, Scalars scalars,
                       FloatOuts outputs, std::size_t rowOffset) {
  run_conv("convInputGradient", context, ConvDirection::kInputGradient, "grad", grad, weight, bias, out, geometry,
           gradChannelsLast, outChannelsLast, {program, inputs, keys, scalars, outputs, rowOffset});
}

}  // namespace lanewise::ops
