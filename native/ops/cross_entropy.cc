// Softmax and cross-entropy together, and the gradient.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Codes of the reductions, as in src/ops/ops.ts.
constexpr std::int32_t kNone = 0;
constexpr std::int32_t kMean = 1;
constexpr std::int32_t kSum = 2;

void check_common(const char* op, FloatIn logits, IndexIn target, std::optional<FloatIn> weight, std::size_t rows,
                  std::size_t classes, std::int32_t ignore_index, double smoothing, std::int32_t reduction) {
  check_length(op, "logits", logits.size(), checked_mul(rows, classes));
  check_length(op, "target", target.size(), rows);
  if (weight) check_length(op, "weight", weight->size(), classes);
  if (!(smoothing >= 0.0 && smoothing <= 1.0)) {
    refuse(op, "smoothing", "must be in [0, 1], got " + std::to_string(smoothing));
  }
  if (reduction < kNone || reduction > kSum) {
    refuse(op, "reduction", "must be 0, 1 or 2, got " + std::to_string(reduction));
  }
  for (const std::int32_t t : target.first(rows)) {
    if (t != ignore_index && (t < 0 || static_cast<std::size_t>(t) >= classes)) {
      refuse(op, "target", "must be in [0, " + std::to_string(classes) + "), got " + std::to_string(t));
    }
  }
}

float spread_of(double smoothing, std::size_t classes) {
  return classes == 0 ? 0.0f : static_cast<float>(smoothing / static_cast<double>(classes));
}

// Σ weight[t] over the rows that count.
double target_weight(IndexIn target, const float* weight, std::int32_t ignore_index) {
  double total = 0.0;
  for (const std::int32_t t : target) {
    if (t != ignore_index) total += weight == nullptr ? 1.0 : static_cast<double>(weight[t]);
  }
  return total;
}

// Σ spread·weight[c]. Of the products: weights may be so large that their sum is infinite where this is not.
float sum_of_spread(const float* weight, std::size_t classes, float spread) {
  if (spread == 0.0f) return 0.0f;
  double total = 0.0;
  for (std::size_t c = 0; c < classes; ++c) total += weight == nullptr ? 1.0 : static_cast<double>(weight[c]);
  return static_cast<float>(static_cast<double>(spread) * total);
}

}  // namespace

void crossEntropy(const Context& context, FloatIn logits, IndexIn target, std::optional<FloatIn> weight, FloatOut out,
                  FloatOut softmaxStats, FloatOut total, std::optional<FloatOut> sum, std::size_t rows,
                  std::size_t classes, std::int32_t ignoreIndex, double smoothing, std::int32_t reduction) {
  check_common("crossEntropy", logits, target, weight, rows, classes, ignoreIndex, smoothing, reduction);
  check_length("crossEntropy", "out", out.size(), reduction == kNone ? rows : 1);
  check_length("crossEntropy", "softmaxStats", softmaxStats.size(), checked_mul(rows, 2));
  check_length("crossEntropy", "total", total.size(), 1);
  if (sum) check_length("crossEntropy", "sum", sum->size(), 1);
  thread_local core::Scratch scratch;
  float* const losses = reduction == kNone ? out.data() : scratch.get<float>(rows);

  const float* const weights = weight ? weight->data() : nullptr;
  const float confidence = static_cast<float>(1.0 - smoothing), spread = spread_of(smoothing, classes);
  split_rows(context, rows, classes, [&](std::size_t begin, std::size_t end) {
    context.kernels.cross_entropy(logits.data() + begin * classes, target.data() + begin, weights, losses + begin,
                                  softmaxStats.data() + 2 * begin, end - begin, classes, ignoreIndex, confidence,
                                  spread);
  });
  total[0] = 1.0f;
  if (reduction == kNone && !sum) return;

  double loss = 0.0;
  context.kernels.sum(losses, rows, &loss);
  if (sum) (*sum)[0] = static_cast<float>(loss);
  if (reduction == kNone) return;
  if (reduction == kMean) {
    const double weight_total = target_weight(target.first(rows), weights, ignoreIndex);
    total[0] = static_cast<float>(weight_total);
    loss /= weight_total;
  }
  out[0] = static_cast<float>(loss);
}

void crossEntropyBackward(const Context& context, FloatIn grad, FloatIn logits, IndexIn target,
                          std::optional<FloatIn> weight, FloatIn softmaxStats, FloatIn total, FloatOut out,
                          std::size_t rows, std::size_t classes, std::int32_t ignoreIndex, double smoothing,
                          std::int32_t reduction) {
  check_common("crossEntropyBackward", logits, target, weight, rows, classes, ignoreIndex, smoothing, reduction);
  check_length("crossEntropyBackward", "grad", grad.size(), reduction == kNone ? rows : 1);
  check_length("crossEntropyBackward", "softmaxStats", softmaxStats.size(), checked_mul(rows, 2));
  check_length("crossEntropyBackward", "total", total.size(), 1);
  check_length("crossEntropyBackward", "out", out.size(), checked_mul(rows, classes));

  const float* const weights = weight ? weight->data() : nullptr;
  const float confidence = static_cast<float>(1.0 - smoothing), spread = spread_of(smoothing, classes);
  const float spread_sum = sum_of_spread(weights, classes, spread);
  const float shared = reduction == kNone ? 0.0f : grad[0] / total[0];
  split_rows(context, rows, classes, [&](std::size_t begin, std::size_t end) {
    const float* const scale = reduction == kNone ? grad.data() + begin : &shared;
    context.kernels.cross_entropy_backward(scale, reduction == kNone ? 1 : 0, logits.data() + begin * classes,
                                           target.data() + begin, weights, softmaxStats.data() + 2 * begin,
                                           out.data() + begin * classes, end - begin, classes, ignoreIndex, confidence,
                                           spread, spread_sum);
  });
}

void crossEntropyTrain(const Context& context, FloatIn grad, FloatIn logits, IndexIn target,
                       std::optional<FloatIn> weight, FloatOut out, FloatOut gradLogits,
                       std::optional<FloatOut> biasGrad, std::optional<FloatOut> sum, std::optional<FloatOut> total,
                       std::size_t rows, std::size_t classes, std::int32_t ignoreIndex, double smoothing,
                       std::int32_t reduction) {
  constexpr const char* kOp = "crossEntropyTrain";
  check_common(kOp, logits, target, weight, rows, classes, ignoreIndex, smoothing, reduction);
  if (reduction == kNone) refuse(kOp, "reduction", "must be 1 or 2, got 0");
  check_length(kOp, "grad", grad.size(), 1);
  check_length(kOp, "out", out.size(), 1);
  check_length(kOp, "gradLogits", gradLogits.size(), checked_mul(rows, classes));
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), classes);
  if (sum) check_length(kOp, "sum", sum->size(), 1);
  if (total) check_length(kOp, "total", total->size(), 1);
  thread_local core::Scratch scratch;
  float* const losses = scratch.get<float>(rows);

  const float* const weights = weight ? weight->data() : nullptr;
  const double divisor = reduction == kMean ? target_weight(target.first(rows), weights, ignoreIndex) : 1.0;
  const float scale = grad[0] / static_cast<float>(divisor);
  const float confidence = static_cast<float>(1.0 - smoothing), spread = spread_of(smoothing, classes);
  const float spread_sum = sum_of_spread(weights, classes, spread);
  split_rows(context, rows, classes, [&](std::size_t begin, std::size_t end) {
    context.kernels.cross_entropy_train(logits.data() + begin * classes, target.data() + begin, weights, losses + begin,
                                        gradLogits.data() + begin * classes, end - begin, classes, ignoreIndex,
                                        confidence, spread, scale, spread_sum);
  });
  double loss = 0.0;
  context.kernels.sum(losses, rows, &loss);
  out[0] = static_cast<float>(loss / divisor);
  if (sum) (*sum)[0] = static_cast<float>(loss);
  if (total) (*total)[0] = static_cast<float>(divisor);
  if (biasGrad) ops::sum(context, FloatIn(gradLogits), *biasGrad, 1, rows, classes);
}

}  // namespace lanewise::ops
