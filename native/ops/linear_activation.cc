// A linear layer with the ReLU and the dropout that follow it, in one pass: sums start at the bias, and each block of
// outputs is activated while it is in cache.
#include "check.h"
#include "mask.h"
#include "ops.h"
#include "panels.h"
#include "product.h"

namespace lanewise::ops {

using core::checked_mul;

void linearActivation(const Context& context, FloatIn x, FloatIn weight, std::optional<FloatIn> bias,
                      std::optional<IndexIn> key, FloatOut out, std::size_t rows, std::size_t inFeatures,
                      std::size_t outFeatures, bool relu, double p, std::size_t rowOffset, bool packed) {
  constexpr const char* kOp = "linearActivation";
  const std::size_t of_out = checked_mul(rows, outFeatures);
  check_length(kOp, "x", x.size(), checked_mul(rows, inFeatures));
  check_length(kOp, "weight", weight.size(), weight_length(context, outFeatures, inFeatures, packed));
  if (bias) check_length(kOp, "bias", bias->size(), outFeatures);
  check_length(kOp, "out", out.size(), of_out);
  std::optional<kernels::Mask> mask;
  if (key) mask = make_mask(kOp, *key, p, outFeatures, rowOffset);
  if (of_out == 0) return;

  const auto activate = [&](std::size_t row, std::size_t count, std::size_t column, std::size_t columns) {
    context.kernels.activate(out.data() + row * outFeatures + column, outFeatures, count, columns, relu,
                             mask ? &*mask : nullptr, row, column);
  };
  const Finish finish(activate);
  multiply(context, {.a = x.data(),
                     .a_row = inFeatures,
                     .a_k = 1,
                     .b = weight.data(),
                     .b_stride = inFeatures,
                     .b_form = packed ? Form::kPanels : Form::kColumns,
                     .bias = bias ? bias->data() : nullptr,
                     .c = out.data(),
                     .m = rows,
                     .n = outFeatures,
                     .k = inFeatures,
                     .finish = relu || mask ? &finish : nullptr});
}

}  // namespace lanewise::ops
