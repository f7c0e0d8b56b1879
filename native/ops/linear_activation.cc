// A linear layer with the ReLU and the dropout that follow it.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "panels.h"

namespace lanewise::ops {

using core::checked_mul;

void linearActivation(const Context& context, FloatIn x, FloatIn weight, std::optional<FloatIn> bias,
                      std::optional<IndexIn> key, FloatOut out, std::size_t rows, std::size_t inFeatures,
                      std::size_t outFeatures, bool relu, double p, std::size_t rowOffset, bool packed) {
  constexpr const char* kOp = "linearActivation";
  const std::size_t of_out = checked_mul(rows, outFeatures), of_weight = checked_mul(outFeatures, inFeatures);
  check_length(kOp, "x", x.size(), checked_mul(rows, inFeatures));
  check_length(kOp, "weight", weight.size(), packed ? panels_length(context, outFeatures, inFeatures) : of_weight);
  if (bias) check_length(kOp, "bias", bias->size(), outFeatures);
  if (key) check_length(kOp, "key", key->size(), 2);
  check_length(kOp, "out", out.size(), of_out);
  if (!(p >= 0.0 && p <= 1.0)) refuse(kOp, "p", "must be in [0, 1], got " + std::to_string(p));
  if (packed) {
    thread_local core::Scratch scratch;
    const FloatOut unpacked{scratch.get<float>(of_weight), of_weight};
    unpack_panels(context, weight, unpacked, outFeatures, inFeatures);
    weight = unpacked;
  }
  linear(context, x, weight, bias, out, rows, inFeatures, outFeatures);
  if (relu) ops::relu(context, out, out, of_out);
  if (key) dropout(context, out, *key, out, rows, outFeatures, p, rowOffset);
}

}  // namespace lanewise::ops
