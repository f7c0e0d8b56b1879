// The gradient of a linear layer for its input, through the activation that made the input.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "panels.h"

namespace lanewise::ops {

using core::checked_mul;

void linearInputGradient(const Context& context, FloatIn grad, FloatIn weight, std::optional<FloatIn> y, FloatOut out,
                         std::optional<FloatOut> biasGrad, std::size_t rows, std::size_t inFeatures,
                         std::size_t outFeatures, double scale, bool packed) {
  constexpr const char* kOp = "linearInputGradient";
  const std::size_t of_out = checked_mul(rows, inFeatures), of_weight = checked_mul(outFeatures, inFeatures);
  check_length(kOp, "grad", grad.size(), checked_mul(rows, outFeatures));
  check_length(kOp, "weight", weight.size(), packed ? panels_length(context, outFeatures, inFeatures) : of_weight);
  if (y) check_length(kOp, "y", y->size(), of_out);
  check_length(kOp, "out", out.size(), of_out);
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), inFeatures);
  if (packed) {
    thread_local core::Scratch scratch;
    const FloatOut unpacked{scratch.get<float>(of_weight), of_weight};
    unpack_panels(context, weight, unpacked, outFeatures, inFeatures);
    weight = unpacked;
  }
  matmul(context, grad, weight, out, 1, rows, inFeatures, outFeatures, false, false, 0, 0);
  if (y) {
    const float factor = static_cast<float>(scale);
    context.kernels.mul(out.data(), 1, &factor, 0, out.data(), of_out);
    reluBackward(context, out, *y, out, of_out);
  }
  if (biasGrad) sum(context, out, *biasGrad, 1, rows, inFeatures);
}

}  // namespace lanewise::ops
