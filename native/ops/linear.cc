// A linear layer and what follows it, in one pass: sums start at the bias, and the post-op runs on each block of
// outputs while it is in cache.
#include "check.h"
#include "ops.h"
#include "panels.h"
#include "post_op.h"

namespace lanewise::ops {

using core::checked_mul;

void linear(const Context& context, FloatIn x, Weight<FloatIn> weight, std::optional<FloatIn> bias, FloatOut out,
            std::size_t rows, std::size_t inFeatures, std::size_t outFeatures, PackedFlag packed,
            std::optional<ProgramIn> program, FloatIns inputs, IndexIns keys, Scalars scalars, FloatOuts outputs,
            std::size_t rowOffset) {
  constexpr const char* kOp = "linear";
  check_length(kOp, "x", x.size(), checked_mul(rows, inFeatures));
  check_length(kOp, "weight", weight.size(), weight_length(context, outFeatures, inFeatures, packed));
  if (bias) check_length(kOp, "bias", bias->size(), outFeatures);
  const PostOp post_op(kOp, context, out, rows, outFeatures, {program, inputs, keys, scalars, outputs, rowOffset});
  if (rows * outFeatures == 0) return;
  multiply(context, post_op.after({.a = x.data(),
                                   .a_row = inFeatures,
                                   .a_k = 1,
                                   .b = weight.data(),
                                   .b_stride = inFeatures,
                                   .b_layout = packed ? OperandLayout::kPanels : OperandLayout::kColumns,
                                   .bias = bias ? bias->data() : nullptr,
                                   .c = out.data(),
                                   .m = rows,
                                   .n = outFeatures,
                                   .k = inFeatures}));
}

}  // namespace lanewise::ops
