// The gradient of a linear layer for its input, and through the activation that made the input: each block is masked
// while it is in cache. A gradient of the bias before that activation is the sum over the rows.
#include "check.h"
#include "ops.h"
#include "panels.h"
#include "product.h"

namespace lanewise::ops {

using core::checked_mul;

void linearInputGradient(const Context& context, FloatIn grad, FloatIn weight, std::optional<FloatIn> y, FloatOut out,
                         std::optional<FloatOut> biasGrad, std::size_t rows, std::size_t inFeatures,
                         std::size_t outFeatures, double scale, bool packed) {
  constexpr const char* kOp = "linearInputGradient";
  const std::size_t of_out = checked_mul(rows, inFeatures);
  check_length(kOp, "grad", grad.size(), checked_mul(rows, outFeatures));
  check_length(kOp, "weight", weight.size(), weight_length(context, outFeatures, inFeatures, packed));
  if (y) check_length(kOp, "y", y->size(), of_out);
  check_length(kOp, "out", out.size(), of_out);
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), inFeatures);

  const auto mask = [&](std::size_t row, std::size_t count, std::size_t column, std::size_t columns) {
    const std::size_t at = row * inFeatures + column;
    context.kernels.mask_gradient(out.data() + at, y->data() + at, inFeatures, count, columns,
                                  static_cast<float>(scale));
  };
  const Finish finish(mask);
  if (of_out != 0) {
    multiply(context, {.a = grad.data(),
                       .a_row = outFeatures,
                       .a_k = 1,
                       .b = weight.data(),
                       .b_stride = inFeatures,
                       .b_form = packed ? Form::kPanelsAcross : Form::kRows,
                       .bias = nullptr,
                       .c = out.data(),
                       .m = rows,
                       .n = inFeatures,
                       .k = outFeatures,
                       .finish = y ? &finish : nullptr});
  }
  if (biasGrad) sum(context, FloatIn(out), *biasGrad, 1, rows, inFeatures);
}

}  // namespace lanewise::ops
