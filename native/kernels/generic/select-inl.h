// Functions of three and four ranges, each of which may be one repeated element.
#pragma once

#include "math-inl.h"

// An operand as its loops read it: a repeated element is spread out once, so that one loop serves every combination.
struct Spread {
  const float* at;
  std::size_t step;  // elements from one vector to the next: kLanes or 0
};

LANEWISE_VEC Spread spread(const float* x, std::size_t step, float* room) {
  if (step != 0) return {x, kLanes};
  v_store(room, v_splat(*x));
  return {room, 0};
}

static void fma(const float* a, std::size_t a_step, const float* b, std::size_t b_step, const float* c,
                std::size_t c_step, float* out, std::size_t n) {
  if (n == 0) return;
  float rooms[3][kLanes];
  Spread x = spread(a, a_step, rooms[0]), y = spread(b, b_step, rooms[1]), z = spread(c, c_step, rooms[2]);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes, x.at += x.step, y.at += y.step, z.at += z.step) {
    v_store(out + i, v_fma(v_load(x.at), v_load(y.at), v_load(z.at)));
  }
  if (i < n) {
    const Vf zero = v_splat(0.0f);
    const std::size_t rest = n - i;
    const Vf value = v_fma(v_load_n(x.at, rest, zero), v_load_n(y.at, rest, zero), v_load_n(z.at, rest, zero));
    v_store_n(out + i, value, rest);
  }
}

LANEWISE_VEC Vf v_select_less(Vf a, Vf b, Vf c, Vf d) { return v_select(v_lt(a, b), c, d); }
LANEWISE_VEC Vf v_select_less_equal(Vf a, Vf b, Vf c, Vf d) { return v_select(v_le(a, b), c, d); }
LANEWISE_VEC Vf v_select_equal(Vf a, Vf b, Vf c, Vf d) { return v_select(v_eq(a, b), c, d); }

#define LANEWISE_SELECT(name, value)                                                                             \
  static void name(const float* a, std::size_t a_step, const float* b, std::size_t b_step, const float* c,       \
                   std::size_t c_step, const float* d, std::size_t d_step, float* out, std::size_t n) {          \
    if (n == 0) return;                                                                                          \
    float rooms[4][kLanes];                                                                                      \
    Spread x = spread(a, a_step, rooms[0]), y = spread(b, b_step, rooms[1]);                                     \
    Spread yes = spread(c, c_step, rooms[2]), no = spread(d, d_step, rooms[3]);                                  \
    std::size_t i = 0;                                                                                           \
    for (; i + kLanes <= n; i += kLanes) {                                                                       \
      v_store(out + i, value(v_load(x.at), v_load(y.at), v_load(yes.at), v_load(no.at)));                        \
      x.at += x.step;                                                                                            \
      y.at += y.step;                                                                                            \
      yes.at += yes.step;                                                                                        \
      no.at += no.step;                                                                                          \
    }                                                                                                            \
    if (i < n) {                                                                                                 \
      const Vf zero = v_splat(0.0f);                                                                             \
      const std::size_t rest = n - i;                                                                            \
      const Vf first = v_load_n(x.at, rest, zero), second = v_load_n(y.at, rest, zero);                          \
      v_store_n(out + i, value(first, second, v_load_n(yes.at, rest, zero), v_load_n(no.at, rest, zero)), rest); \
    }                                                                                                            \
  }

LANEWISE_SELECT(select_less, v_select_less)
LANEWISE_SELECT(select_less_equal, v_select_less_equal)
LANEWISE_SELECT(select_equal, v_select_equal)
#undef LANEWISE_SELECT
