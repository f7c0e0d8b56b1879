// The gradients of a convolution behind which there is a max pool: the pool's gradient is spread out an image at a
// time, in scratch that stays in cache.
#include <algorithm>

#include "check.h"
#include "conv_pool.h"
#include "conv_run.h"
#include "conv_weights_sums.h"
#include "ops.h"
#include "pool.h"
#include "post_op.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// The gradient of the pool for its input, an image at a time, channels last.
class SpreadGradient {
 public:
  SpreadGradient(const kernels::KernelTable& kernels, const WindowPlan& plan, const float* grad,
                 const std::int32_t* index, bool channels_last)
      : kernels_(kernels), plan_(plan), grad_(grad), index_(index), last_(channels_last) {}

  // Floats of scratch for each thread.
  std::size_t workspace() const { return last_ ? 0 : 2 * room(); }

  void operator()(std::size_t image, float* to, float* workspace) const {
    const std::size_t channels = plan_.channels, at = image * plan_.windows * channels;
    const float* grad = grad_ + at;
    const std::int32_t* index = index_ + at;
    if (!last_) {
      kernels_.to_channels_last(grad, plan_.windows, channels, plan_.windows, 1, workspace, channels, 0);
      kernels_.to_channels_last(reinterpret_cast<const float*>(index), plan_.windows, channels, plan_.windows, 1,
                                workspace + room(), channels, 0);
      grad = workspace;
      index = reinterpret_cast<const std::int32_t*>(workspace + room());
    }
    if (plan_.overlaps || !plan_.covers) kernels_.fill(0.0f, to, plan_.pixels * channels);
    max_pool_gradient(kernels_, plan_, grad, index, channels, channels, to, channels);
  }

 private:
  std::size_t room() const { return padded(checked_mul(plan_.windows, plan_.channels)); }

  const kernels::KernelTable& kernels_;
  const WindowPlan& plan_;
  const float* grad_;
  const std::int32_t* index_;
  bool last_;
};

}  // namespace

void convMaxPoolBackward(const Context& context, FloatIn grad, IndexIn index, FloatIn x, std::optional<FloatIn> weight,
                         std::optional<FloatOut> out, FloatOut weightGrad, std::optional<FloatOut> biasGrad,
                         Numbers geometry, Numbers windows, bool gradChannelsLast, bool xChannelsLast,
                         bool outChannelsLast, std::optional<ProgramIn> program, FloatIns inputs, IndexIns keys,
                         Scalars scalars, FloatOuts outputs, std::size_t rowOffset) {
  constexpr const char* kOp = "convMaxPoolBackward";
  const ConvGeometry sizes = decode_geometry(kOp, geometry);
  thread_local WindowPlan plan;
  const WindowPlan& own = read_pool_of(kOp, windows, sizes, plan);
  const std::size_t pooled = checked_mul(own.batch, own.channels, own.windows);
  check_length(kOp, "grad", grad.size(), pooled);
  check_length(kOp, "index", index.size(), pooled);
  check_length(kOp, "x", x.size(), sizes.in_size());
  check_length(kOp, "weightGrad", weightGrad.size(), sizes.weight_size());
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), sizes.out_channels);
  if (weight.has_value() != out.has_value()) refuse(kOp, "weight", "is there if and only if out is");
  if (weight) check_length(kOp, "weight", weight->size(), sizes.weight_size());
  if (program && !out) refuse(kOp, "program", "needs out");
  if (program && !outChannelsLast) refuse(kOp, "program", "needs channels that are last");
  plan.build();
  const SpreadGradient spread(context.kernels, own, grad.data(), index.data(), gradChannelsLast);
  const SourceImages images(spread);
  const ConvWeightCall gradients{.geometry = sizes,
                                 .grad = nullptr,
                                 .grad_channels_last = true,
                                 .x = x.data(),
                                 .x_channels_last = xChannelsLast,
                                 .out = weightGrad.data(),
                                 .bias_grad = biasGrad ? biasGrad->data() : nullptr,
                                 .grad_images = &images,
                                 .grad_workspace = spread.workspace()};
  if (!out) return weight_gradient(context, gradients);
  const PostOp post_op(kOp, context, *out, sizes.batch * sizes.in_pixels(), sizes.channels,
                       {program, inputs, keys, scalars, outputs, rowOffset});
  weight_gradient(context, gradients);
  if (sizes.in_size() == 0) return;
  const Product follows = post_op.after({});
  convolve(context, {.geometry = sizes,
                     .direction = ConvDirection::kInputGradient,
                     .source = nullptr,
                     .source_channels_last = true,
                     .weight = weight->data(),
                     .bias = nullptr,
                     .target = out->data(),
                     .target_channels_last = outChannelsLast,
                     .epilogue = follows.epilogue,
                     .epilogue_workspace = follows.epilogue_workspace,
                     .source_images = &images,
                     .source_workspace = spread.workspace()});
}

}  // namespace lanewise::ops
