// Softmax and its kin along dense rows.
#pragma once

#include "math-inl.h"
#include "reduce-inl.h"

// The largest of 16 numbers side by side, folded in halves as sums are.
LANEWISE_VEC float fold_max(const Vf* best) {
#define WHOLE(a, b) v_larger(b, a)
#define ONE(a, b) (b) > (a) ? (b) : (a)
  LANEWISE_FOLD(best, WHOLE, ONE)
#undef WHOLE
#undef ONE
  return lanes[0];
}

// The largest number of a row; -infinity when there is none. NaNs are passed over: they come back in x - max.
LANEWISE_VEC float row_max(const float* x, std::size_t size) {
  const Vf lowest = v_splat(-kInfinity);
  Vf best[kSumVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < kSumVectors; ++v) best[v] = lowest;
#define BODY(v, i, count) best[v] = v_larger(load_some(x + (i), count, lowest), best[v]);
  LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
  return fold_max(best);
}

// Σ of TERM(i, count) over a row of `size` elements, by the tree of reduce-inl.h, into the double `total`.
#define LANEWISE_ROW_SUM(total, size, TERM)                                          \
  double total = 0.0;                                                                \
  for (std::size_t begin = 0; begin < (size); begin += kSumBlock) {                  \
    const std::size_t end = (size) - begin < kSumBlock ? (size) : begin + kSumBlock; \
    Vf sums[kSumVectors];                                                            \
    LANEWISE_UNROLL                                                                  \
    for (int v = 0; v < kSumVectors; ++v) sums[v] = v_splat(0.0f);                   \
    LANEWISE_EACH_VECTOR(begin, end, TERM)                                           \
    total += static_cast<double>(fold_sums(sums));                                   \
  }

LANEWISE_VEC float log_of(double x) {
  float lanes[kLanes];
  v_store(lanes, v_log(v_splat(static_cast<float>(x))));
  return lanes[0];
}

// Σ exp(x - max). Lanes that are not there are -infinity and add 0; where max is -infinity too the sum is NaN anyway.
LANEWISE_VEC double sum_exp(const float* x, std::size_t size, float max) {
  const Vf m = v_splat(max), lowest = v_splat(-kInfinity);
#define TERM(v, i, count) sums[v] = v_add(sums[v], v_exp(v_sub(load_some(x + (i), count, lowest), m)));
  LANEWISE_ROW_SUM(total, size, TERM)
#undef TERM
  return total;
}

// The vectors of a row, which starts at `row` for all pointers.
#define LANEWISE_EACH_ROW(r, row) for (std::size_t r = 0, row = 0; r < rows; ++r, row += size)

static void softmax(const float* x, float* out, std::size_t rows, std::size_t size) {
  const Vf lowest = v_splat(-kInfinity);
  LANEWISE_EACH_ROW(r, row) {
    const Vf m = v_splat(row_max(x + row, size));
#define TERM(v, i, count)                                                  \
  {                                                                        \
    const Vf e = v_exp(v_sub(load_some(x + row + (i), count, lowest), m)); \
    store_some(out + row + (i), e, count);                                 \
    sums[v] = v_add(sums[v], e);                                           \
  }
    LANEWISE_ROW_SUM(total, size, TERM)
#undef TERM
    const Vf divisor = v_splat(static_cast<float>(total));
#define BODY(v, i, count) \
  store_some(out + row + (i), v_div(load_some(out + row + (i), count, divisor), divisor), count);
    LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
  }
}

static void log_softmax(const float* x, float* out, std::size_t rows, std::size_t size) {
  LANEWISE_EACH_ROW(r, row) {
    const float max = row_max(x + row, size);
    const Vf m = v_splat(max), l = v_splat(log_of(sum_exp(x + row, size, max)));
#define BODY(v, i, count) store_some(out + row + (i), v_sub(v_sub(load_some(x + row + (i), count, m), m), l), count);
    LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
  }
}

static void softmax_backward(const float* grad, const float* y, float* out, std::size_t rows, std::size_t size) {
  const Vf zero = v_splat(0.0f);
  LANEWISE_EACH_ROW(r, row) {
    const float *g = grad + row, *p = y + row;
#define TERM(v, i, count) \
  sums[v] = v_add(sums[v], v_mul(load_some(g + (i), count, zero), load_some(p + (i), count, zero)));
    LANEWISE_ROW_SUM(total, size, TERM)
#undef TERM
    const Vf s = v_splat(static_cast<float>(total));
#define BODY(v, i, count) \
  store_some(out + row + (i), v_mul(load_some(p + (i), count, zero), v_sub(load_some(g + (i), count, zero), s)), count);
    LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
  }
}

static void log_softmax_backward(const float* grad, const float* y, float* out, std::size_t rows, std::size_t size) {
  const Vf zero = v_splat(0.0f);
  LANEWISE_EACH_ROW(r, row) {
    const float *g = grad + row, *lp = y + row;
#define TERM(v, i, count) sums[v] = v_add(sums[v], load_some(g + (i), count, zero));
    LANEWISE_ROW_SUM(total, size, TERM)
#undef TERM
    const Vf s = v_splat(static_cast<float>(total));
#define BODY(v, i, count)                                                                                          \
  store_some(out + row + (i), v_fnma(v_exp(load_some(lp + (i), count, zero)), s, load_some(g + (i), count, zero)), \
             count);
    LANEWISE_EACH_VECTOR(0, size, BODY)
#undef BODY
  }
}

#undef LANEWISE_EACH_ROW
