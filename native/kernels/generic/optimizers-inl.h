// One step of an optimizer for one parameter; the formulas stand in src/ops/ops.ts.
#pragma once

#include "reduce-inl.h"

static void sgd(float* param, const float* grad, float* buffer, std::size_t n, float lr, float momentum, float take,
                float weight_decay, bool first, bool nesterov) {
  const Vf zero = v_splat(0.0f);
  const Vf l = v_splat(lr), mu = v_splat(momentum), t = v_splat(take), wd = v_splat(weight_decay);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const std::size_t count = n - i < kLanes ? n - i : kLanes;
    const Vf p = load_some(param + i, count, zero);
    Vf g = load_some(grad + i, count, zero);
    g = weight_decay == 0.0f ? g : v_fma(wd, p, g);
    Vf d = g;
    if (buffer != nullptr) {
      // The first step must not read the buffer: 0·NaN would stay.
      if (!first) d = v_fma(mu, load_some(buffer + i, count, zero), v_mul(t, g));
      store_some(buffer + i, d, count);
      if (nesterov) d = v_fma(mu, d, g);
    }
    store_some(param + i, v_fnma(l, d, p), count);
  }
}

static void adam(float* param, const float* grad, float* m, float* v, float* max_v, std::size_t n, float step_size,
                 float one_minus_beta1, float beta2, float one_minus_beta2, float root_scale, float eps,
                 float weight_decay, float shrink) {
  const Vf zero = v_splat(0.0f);
  const Vf step = v_splat(step_size), a1 = v_splat(one_minus_beta1), b2 = v_splat(beta2), a2 = v_splat(one_minus_beta2);
  const Vf rs = v_splat(root_scale), e = v_splat(eps), wd = v_splat(weight_decay), sh = v_splat(shrink);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const std::size_t count = n - i < kLanes ? n - i : kLanes;
    Vf p = load_some(param + i, count, zero);
    Vf g = load_some(grad + i, count, zero);
    g = weight_decay == 0.0f ? g : v_fma(wd, p, g);
    p = v_mul(p, sh);
    Vf first = load_some(m + i, count, zero);
    first = v_fma(a1, v_sub(g, first), first);
    Vf second = load_some(v + i, count, zero);
    second = v_fma(b2, second, v_mul(v_mul(a2, g), g));
    store_some(m + i, first, count);
    store_some(v + i, second, count);
    if (max_v != nullptr) {
      // As PyTorch's maximum: a NaN wins.
      const Vf before = load_some(max_v + i, count, zero);
      second = v_select(v_lt(second, before), before, second);
      second = v_select(v_eq(before, before), second, before);
      store_some(max_v + i, second, count);
    }
    const Vf root = v_fma(v_sqrt(second), rs, e);
    store_some(param + i, v_fnma(step, v_div(first, root), p), count);
  }
}
