#include "update.h"

namespace lanewise::ops {

Update::Update(const BoundPointwise& bound, bool first_apart) : bound_(bound), first_apart_(first_apart) {
  kernel_ = std::visit([this](const auto& pattern) { return bind(pattern); }, bound.program().pattern());
}

// Null unless the state is read and written at one place.
float* Update::in_place(const UpdatedState& state) const {
  float* const written = bound_.output(state.output);
  return bound_.dense_input(state.input) == written ? written : nullptr;
}

Update::Kernel Update::bind(const SgdPattern& pattern) const {
  Sgd step{};
  step.param = in_place(pattern.param);
  step.grad = bound_.dense_input(pattern.grad);
  step.rate = -bound_.uniform(pattern.minus_rate);
  if (step.param == nullptr || !has_gradient(pattern.grad)) return {};
  if (pattern.weight_decay) {
    step.weight_decay = bound_.uniform(*pattern.weight_decay);
    if (step.weight_decay == 0.0f) return {};  // which the kernel leaves out, and the program adds to an infinity
  }
  if (pattern.momentum) {
    const SgdPattern::Momentum& momentum = *pattern.momentum;
    step.buffer = in_place(momentum.buffer);
    if (step.buffer == nullptr) return {};
    step.momentum = bound_.uniform(momentum.momentum);
    step.take = bound_.uniform(momentum.take);
    step.first = bound_.uniform(momentum.step) == bound_.uniform(momentum.first_step);
    step.nesterov = momentum.nesterov;
  }
  return step;
}

Update::Kernel Update::bind(const AdamPattern& pattern) const {
  Adam step{};
  step.param = in_place(pattern.param);
  step.m = in_place(pattern.m);
  step.v = in_place(pattern.v);
  step.max_v = pattern.max_v ? in_place(*pattern.max_v) : nullptr;
  step.grad = bound_.dense_input(pattern.grad);
  if (step.param == nullptr || step.m == nullptr || step.v == nullptr || !has_gradient(pattern.grad)) return {};
  if (pattern.max_v && step.max_v == nullptr) return {};
  step.step_size = bound_.uniform(pattern.step_size);
  step.one_minus_beta1 = bound_.uniform(pattern.one_minus_beta1);
  step.beta2 = bound_.uniform(pattern.beta2);
  step.one_minus_beta2 = bound_.uniform(pattern.one_minus_beta2);
  step.root_scale = pattern.root_scale ? bound_.uniform(*pattern.root_scale) : 1.0f;
  step.eps = bound_.uniform(pattern.eps);
  step.shrink = pattern.shrink ? bound_.uniform(*pattern.shrink) : 1.0f;
  if (pattern.weight_decay) {
    step.weight_decay = bound_.uniform(*pattern.weight_decay);
    if (step.weight_decay == 0.0f) return {};
  }
  return step;
}

void Update::apply(float* workspace, std::size_t begin, std::size_t n, const float* grad) const {
  const kernels::KernelTable& kernels = bound_.kernels();
  const auto part = [begin](float* memory) { return memory == nullptr ? nullptr : memory + begin; };
  if (const auto* const sgd = std::get_if<Sgd>(&kernel_)) {
    kernels.sgd(part(sgd->param), grad == nullptr ? sgd->grad + begin : grad, part(sgd->buffer), n, sgd->rate,
                sgd->momentum, sgd->take, sgd->weight_decay, sgd->first, sgd->nesterov);
  } else if (const auto* const adam = std::get_if<Adam>(&kernel_)) {
    kernels.adam(part(adam->param), grad == nullptr ? adam->grad + begin : grad, part(adam->m), part(adam->v),
                 part(adam->max_v), n, adam->step_size, adam->one_minus_beta1, adam->beta2, adam->one_minus_beta2,
                 adam->root_scale, adam->eps, adam->weight_decay, adam->shrink);
  } else {
    PointwiseRun(bound_, workspace).elements(begin, begin + n, {.input = grad});
  }
}

float* Update::plain_param() const {
  const auto* const sgd = std::get_if<Sgd>(&kernel_);
  return sgd != nullptr && sgd->buffer == nullptr && sgd->weight_decay == 0.0f ? sgd->param : nullptr;
}

const float* Update::plain_rate() const { return plain_param() == nullptr ? nullptr : &std::get<Sgd>(kernel_).rate; }

}  // namespace lanewise::ops
