// One step of an optimizer for one parameter; the formulas stand in src/ops/ops.ts.
#pragma once

#include "reduce-inl.h"

// One vector of a step, of which `count` elements are there: a constant but in the last one.
LANEWISE_VEC void sgd_some(float* param, const float* grad, float* buffer, std::size_t count, Vf lr, Vf momentum,
                           Vf take, Vf weight_decay, bool decays, bool first, bool nesterov) {
  const Vf zero = v_splat(0.0f);
  const Vf p = load_some(param, count, zero);
  Vf g = load_some(grad, count, zero);
  g = decays ? v_fma(weight_decay, p, g) : g;
  Vf d = g;
  if (buffer != nullptr) {
    // The first step must not read the buffer: 0·NaN would stay.
    if (!first) d = v_fma(momentum, load_some(buffer, count, zero), v_mul(take, g));
    store_some(buffer, d, count);
    if (nesterov) d = v_fma(momentum, d, g);
  }
  store_some(param, v_fnma(lr, d, p), count);
}

LANEWISE_VEC void sgd_all(float* param, const float* grad, float* buffer, std::size_t n, float lr, float momentum,
                          float take, float weight_decay, bool decays, bool first, bool nesterov) {
  const Vf l = v_splat(lr), mu = v_splat(momentum), t = v_splat(take), wd = v_splat(weight_decay);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    sgd_some(param + i, grad + i, buffer == nullptr ? nullptr : buffer + i, kLanes, l, mu, t, wd, decays, first,
             nesterov);
  }
  if (i < n) {
    sgd_some(param + i, grad + i, buffer == nullptr ? nullptr : buffer + i, n - i, l, mu, t, wd, decays, first,
             nesterov);
  }
}

static void sgd(float* param, const float* grad, float* buffer, std::size_t n, float lr, float momentum, float take,
                float weight_decay, bool first, bool nesterov) {
  if (buffer == nullptr && weight_decay == 0.0f) {  // the everyday case, in a separate loop
    sgd_all(param, grad, nullptr, n, lr, 0.0f, 0.0f, 0.0f, false, false, false);
  } else {
    sgd_all(param, grad, buffer, n, lr, momentum, take, weight_decay, weight_decay != 0.0f, first, nesterov);
  }
}

// The factors of a step of Adam, the same in every lane.
struct AdamFactors {
  Vf step_size, one_minus_beta1, beta2, one_minus_beta2, root_scale, eps, weight_decay, shrink;
};

LANEWISE_VEC void adam_some(float* param, const float* grad, float* m, float* v, float* max_v, std::size_t count,
                            const AdamFactors& f, bool decays) {
  const Vf zero = v_splat(0.0f);
  Vf p = load_some(param, count, zero);
  Vf g = load_some(grad, count, zero);
  g = decays ? v_fma(f.weight_decay, p, g) : g;
  p = v_mul(p, f.shrink);
  Vf first = load_some(m, count, zero);
  first = v_fma(f.one_minus_beta1, v_sub(g, first), first);
  Vf second = load_some(v, count, zero);
  second = v_fma(f.beta2, second, v_mul(v_mul(f.one_minus_beta2, g), g));
  store_some(m, first, count);
  store_some(v, second, count);
  if (max_v != nullptr) {
    // As PyTorch's maximum: a NaN wins.
    const Vf before = load_some(max_v, count, zero);
    second = v_select(v_lt(second, before), before, second);
    second = v_select(v_eq(before, before), second, before);
    store_some(max_v, second, count);
  }
  const Vf root = v_fma(v_sqrt(second), f.root_scale, f.eps);
  // In PyTorch's order: where the product overflows, dividing it by an infinite root gives NaN.
  store_some(param, v_sub(p, v_div(v_mul(f.step_size, first), root)), count);
}

static void adam(float* param, const float* grad, float* m, float* v, float* max_v, std::size_t n, float step_size,
                 float one_minus_beta1, float beta2, float one_minus_beta2, float root_scale, float eps,
                 float weight_decay, float shrink) {
  const AdamFactors factors = {v_splat(step_size),       v_splat(one_minus_beta1), v_splat(beta2),
                               v_splat(one_minus_beta2), v_splat(root_scale),      v_splat(eps),
                               v_splat(weight_decay),    v_splat(shrink)};
  const bool decays = weight_decay != 0.0f;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    adam_some(param + i, grad + i, m + i, v + i, max_v == nullptr ? nullptr : max_v + i, kLanes, factors, decays);
  }
  if (i < n) {
    adam_some(param + i, grad + i, m + i, v + i, max_v == nullptr ? nullptr : max_v + i, n - i, factors, decays);
  }
}
