// The gradient of a linear layer for its input, and what the backward pass does to it next, on each block while it is
// in cache. A gradient of the bias before that is the sum over the rows.
#include "check.h"
#include "ops.h"
#include "panels.h"
#include "post_op.h"

namespace lanewise::ops {

using core::checked_mul;

void linearInputGradient(const Context& context, FloatIn grad, Weight<FloatIn> weight, FloatOut out,
                         std::optional<FloatOut> biasGrad, std::size_t rows, std::size_t inFeatures,
                         std::size_t outFeatures, PackedFlag packed, std::optional<ProgramIn> program, FloatIns inputs,
                         IndexIns keys, Scalars scalars, FloatOuts outputs, std::size_t rowOffset) {
  constexpr const char* kOp = "linearInputGradient";
  check_length(kOp, "grad", grad.size(), checked_mul(rows, outFeatures));
  check_length(kOp, "weight", weight.size(), weight_length(context, outFeatures, inFeatures, packed));
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), inFeatures);
  const PostOp post_op(kOp, context, out, rows, inFeatures, {program, inputs, keys, scalars, outputs, rowOffset});
  if (rows * inFeatures != 0) {
    multiply(context, post_op.after({.a = grad.data(),
                                     .a_row = outFeatures,
                                     .a_k = 1,
                                     .b = weight.data(),
                                     .b_stride = inFeatures,
                                     .b_layout = packed ? OperandLayout::kPanelsAcross : OperandLayout::kRows,
                                     .bias = nullptr,
                                     .c = out.data(),
                                     .m = rows,
                                     .n = inFeatures,
                                     .k = outFeatures}));
  }
  if (biasGrad) sum(context, FloatIn(out), *biasGrad, 1, rows, inFeatures);
}

}  // namespace lanewise::ops
