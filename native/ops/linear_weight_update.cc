// The gradient of a linear layer for its weight, and the optimizer's step with it.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "panels.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Elements of the weight as it lies in memory.
std::size_t weight_length(const Context& context, std::size_t out, std::size_t in, bool packed) {
  return packed ? panels_length(context, out, in) : checked_mul(out, in);
}

// gradᵀ·x in scratch, in the layout of the weight.
FloatIn weight_gradient(const Context& context, FloatIn grad, FloatIn x, std::size_t rows, std::size_t in,
                        std::size_t out, bool packed) {
  thread_local core::Scratch plain, panels;
  const std::size_t n = checked_mul(out, in), length = weight_length(context, out, in, packed);
  const FloatOut gradient{plain.get<float>(n), n}, result{panels.get<float>(length), length};
  matmul(context, grad, x, gradient, 1, out, in, rows, true, false, 0, 0);
  if (!packed) return gradient;
  pack_panels(context, gradient, result, out, in);
  return result;
}

}  // namespace

void linearWeightSgd(const Context& context, FloatIn grad, FloatIn x, FloatOut weight, std::optional<FloatOut> buffer,
                     std::optional<IndexOut> step, std::size_t rows, std::size_t inFeatures, std::size_t outFeatures,
                     double lr, double momentum, double dampening, double weightDecay, bool nesterov, bool packed) {
  constexpr const char* kOp = "linearWeightSgd";
  const std::size_t n = weight_length(context, outFeatures, inFeatures, packed);
  check_length(kOp, "grad", grad.size(), checked_mul(rows, outFeatures));
  check_length(kOp, "x", x.size(), checked_mul(rows, inFeatures));
  check_length(kOp, "weight", weight.size(), n);
  const FloatIn gradient = weight_gradient(context, grad, x, rows, inFeatures, outFeatures, packed);
  sgd(context, weight, gradient, buffer, step, n, lr, momentum, dampening, weightDecay, nesterov);
}

void linearWeightAdam(const Context& context, FloatIn grad, FloatIn x, FloatOut weight, FloatOut m, FloatOut v,
                      std::optional<FloatOut> maxV, IndexOut step, std::size_t rows, std::size_t inFeatures,
                      std::size_t outFeatures, double lr, double beta1, double beta2, double eps, double weightDecay,
                      bool decoupled, bool packed) {
  constexpr const char* kOp = "linearWeightAdam";
  const std::size_t n = weight_length(context, outFeatures, inFeatures, packed);
  check_length(kOp, "grad", grad.size(), checked_mul(rows, outFeatures));
  check_length(kOp, "x", x.size(), checked_mul(rows, inFeatures));
  check_length(kOp, "weight", weight.size(), n);
  const FloatIn gradient = weight_gradient(context, grad, x, rows, inFeatures, outFeatures, packed);
  adam(context, weight, gradient, m, v, maxV, step, n, lr, beta1, beta2, eps, weightDecay, decoupled);
}

}  // namespace lanewise::ops
