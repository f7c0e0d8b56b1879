// Optimizer steps: the factors in double precision, rounded once.
#include "optimizers.h"

#include <cmath>

#include "check.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

float* data_or_null(const std::optional<FloatOut>& memory) { return memory ? memory->data() : nullptr; }

template <typename Step>
void run(const Context& context, const Step& step, FloatIn grad, std::size_t n) {
  split_elements(context, n, [&](std::size_t begin, std::size_t end) {
    step.apply(context.kernels, begin, grad.data() + begin, end - begin);
  });
  step.finish();
}

}  // namespace

SgdStep::SgdStep(const char* op, FloatOut param, std::optional<FloatOut> buffer, std::optional<IndexOut> step,
                 std::size_t n, const SgdOptions& options)
    : param_(param.data()),
      buffer_(data_or_null(buffer)),
      step_(step ? step->data() : nullptr),
      lr_(static_cast<float>(options.lr)),
      momentum_(static_cast<float>(options.momentum)),
      take_(static_cast<float>(1.0 - options.dampening)),
      weight_decay_(static_cast<float>(options.weight_decay)),
      nesterov_(options.nesterov) {
  if (buffer.has_value() != step.has_value()) refuse(op, "step", "must be given with buffer, and only then");
  if (buffer) check_length(op, "buffer", buffer->size(), n);
  if (step) check_step(op, *step);
  first_ = step_ != nullptr && *step_ == 0;
}

void SgdStep::apply(const kernels::KernelTable& kernels, std::size_t begin, const float* grad, std::size_t n) const {
  kernels.sgd(param_ + begin, grad, buffer_ == nullptr ? nullptr : buffer_ + begin, n, lr_, momentum_, take_,
              weight_decay_, first_, nesterov_);
}

void SgdStep::finish() const {
  if (step_ != nullptr) ++*step_;
}

AdamStep::AdamStep(const char* op, FloatOut param, FloatOut m, FloatOut v, std::optional<FloatOut> max_v, IndexOut step,
                   std::size_t n, const AdamOptions& options)
    : param_(param.data()),
      m_(m.data()),
      v_(v.data()),
      max_v_(data_or_null(max_v)),
      step_(step.data()),
      one_minus_beta1_(static_cast<float>(1.0 - options.beta1)),
      beta2_(static_cast<float>(options.beta2)),
      one_minus_beta2_(static_cast<float>(1.0 - options.beta2)),
      eps_(static_cast<float>(options.eps)),
      weight_decay_(options.decoupled ? 0.0f : static_cast<float>(options.weight_decay)),
      shrink_(options.decoupled ? static_cast<float>(1.0 - options.lr * options.weight_decay) : 1.0f) {
  check_length(op, "m", m.size(), n);
  check_length(op, "v", v.size(), n);
  if (max_v) check_length(op, "maxV", max_v->size(), n);
  check_step(op, step);
  const double t = static_cast<double>(*step_) + 1.0;
  step_size_ = static_cast<float>(options.lr / (1.0 - std::pow(options.beta1, t)));
  root_scale_ = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(options.beta2, t)));
}

void AdamStep::apply(const kernels::KernelTable& kernels, std::size_t begin, const float* grad, std::size_t n) const {
  kernels.adam(param_ + begin, grad, m_ + begin, v_ + begin, max_v_ == nullptr ? nullptr : max_v_ + begin, n,
               step_size_, one_minus_beta1_, beta2_, one_minus_beta2_, root_scale_, eps_, weight_decay_, shrink_);
}

void AdamStep::finish() const { ++*step_; }

void sgd(const Context& context, FloatOut param, FloatIn grad, std::optional<FloatOut> buffer,
         std::optional<IndexOut> step, std::size_t n, double lr, double momentum, double dampening, double weightDecay,
         bool nesterov) {
  check_length("sgd", "param", param.size(), n);
  check_length("sgd", "grad", grad.size(), n);
  const SgdStep one("sgd", param, buffer, step, n, {lr, momentum, dampening, weightDecay, nesterov});
  run(context, one, grad, n);
}

void adam(const Context& context, FloatOut param, FloatIn grad, FloatOut m, FloatOut v, std::optional<FloatOut> maxV,
          IndexOut step, std::size_t n, double lr, double beta1, double beta2, double eps, double weightDecay,
          bool decoupled) {
  check_length("adam", "param", param.size(), n);
  check_length("adam", "grad", grad.size(), n);
  const AdamStep one("adam", param, m, v, maxV, step, n, {lr, beta1, beta2, eps, weightDecay, decoupled});
  run(context, one, grad, n);
}

}  // namespace lanewise::ops
