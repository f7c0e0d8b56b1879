// Steps of optimizers on parts of a parameter: what ops sgd and adam share with the ops that make the gradient as well.
#pragma once

#include <cstddef>
#include <optional>

#include "context.h"
#include "ops.h"

namespace lanewise::ops {

// The hyperparameters of op sgd.
struct SgdOptions {
  double lr, momentum, dampening, weight_decay;
  bool nesterov;
};

// Checked memory and factors as the kernel wants them. The step counter goes up in finish().
class SgdStep {
 public:
  // n: elements of param and buffer. Throws std::invalid_argument before anything changes.
  SgdStep(const char* op, FloatOut param, std::optional<FloatOut> buffer, std::optional<IndexOut> step, std::size_t n,
          const SgdOptions& options);
  // Elements [begin, begin + n) with the gradient of those.
  void apply(const kernels::KernelTable& kernels, std::size_t begin, const float* grad, std::size_t n) const;
  void finish() const;
  float* param() const { return param_; }
  // Where the learning rate is if the step is no more than param -= lr·grad; else null.
  const float* plain_rate() const { return buffer_ == nullptr && weight_decay_ == 0.0f ? &lr_ : nullptr; }

 private:
  float *param_, *buffer_;
  std::int32_t* step_;
  float lr_, momentum_, take_, weight_decay_;
  bool first_, nesterov_;
};

// The hyperparameters of op adam.
struct AdamOptions {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
};

class AdamStep {
 public:
  AdamStep(const char* op, FloatOut param, FloatOut m, FloatOut v, std::optional<FloatOut> max_v, IndexOut step,
           std::size_t n, const AdamOptions& options);
  void apply(const kernels::KernelTable& kernels, std::size_t begin, const float* grad, std::size_t n) const;
  void finish() const;
  float* param() const { return param_; }
  const float* plain_rate() const { return nullptr; }

 private:
  float *param_, *m_, *v_, *max_v_;
  std::int32_t* step_;
  float step_size_, one_minus_beta1_, beta2_, one_minus_beta2_, root_scale_, eps_, weight_decay_, shrink_;
};

}  // namespace lanewise::ops
