// A step of connectionist temporal classification.
#pragma once

#include "elementwise-inl.h"

// log(e^a + e^b + e^c); -infinity when all are.
LANEWISE_VEC Vf v_log_sum(Vf a, Vf b, Vf c) {
  const Vf lowest = v_splat(-kInfinity);
  const Vf largest = v_larger(v_larger(a, b), c);
  const Vf m = v_drop(v_eq(largest, lowest), largest);
  const Vf sum = v_add(v_add(v_exp(v_sub(a, m)), v_exp(v_sub(b, m))), v_exp(v_sub(c, m)));
  return v_add(v_log(sum), m);
}

static void log_sum_ways(const float* before, const float* skip, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vf c = v_add(v_load(before + i - 2), v_load(skip + i));
    v_store(out + i, v_log_sum(v_load(before + i), v_load(before + i - 1), c));
  }
  if (i < n) {
    const Vf rest = v_splat(0.0f);
    const Vf c = v_add(v_load_n(before + i - 2, n - i, rest), v_load_n(skip + i, n - i, rest));
    v_store_n(out + i, v_log_sum(v_load_n(before + i, n - i, rest), v_load_n(before + i - 1, n - i, rest), c), n - i);
  }
}
