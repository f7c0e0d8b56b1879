// Reductions. Each is a fixed tree that depends on the shape alone, never on the width of a vector: 16 sums side by
// side over a block, folded in halves, and the blocks in order.
#pragma once

inline constexpr int kSums = 16;
inline constexpr int kSumVectors = kSums / kLanes;
inline constexpr std::size_t kSumBlock = 1024;
// Vectors of columns that are summed together: whole cache lines of each row.
inline constexpr int kColumnVectors = 4;

// 16 numbers side by side to one, in halves of 8, 4, 2 and 1: those that are whole vectors first. WHOLE and ONE take
// the second half into the first.
#define LANEWISE_FOLD(sums, WHOLE, ONE)                      \
  Vf rest[kSumVectors];                                      \
  LANEWISE_UNROLL                                            \
  for (int v = 0; v < kSumVectors; ++v) rest[v] = (sums)[v]; \
  LANEWISE_FOLD_HALF(8, WHOLE)                               \
  LANEWISE_FOLD_HALF(4, WHOLE)                               \
  LANEWISE_FOLD_HALF(2, WHOLE)                               \
  LANEWISE_FOLD_HALF(1, WHOLE)                               \
  float lanes[kLanes];                                       \
  v_store(lanes, rest[0]);                                   \
  LANEWISE_FOLD_LANES(8, ONE)                                \
  LANEWISE_FOLD_LANES(4, ONE)                                \
  LANEWISE_FOLD_LANES(2, ONE)                                \
  LANEWISE_FOLD_LANES(1, ONE)
#define LANEWISE_FOLD_HALF(half, WHOLE)                                                          \
  if (kSumVectors > (half)) {                                                                    \
    LANEWISE_UNROLL                                                                              \
    for (int v = 0; v < (half); ++v) rest[v] = WHOLE(rest[v], rest[(v + (half)) % kSumVectors]); \
  }
#define LANEWISE_FOLD_LANES(half, ONE)                                                       \
  if (kLanes > (half)) {                                                                     \
    LANEWISE_UNROLL                                                                          \
    for (int i = 0; i < (half); ++i) lanes[i] = ONE(lanes[i], lanes[(i + (half)) % kLanes]); \
  }

LANEWISE_VEC float fold_sums(const Vf* sums) {
#define SUM(a, b) (a) + (b)
  LANEWISE_FOLD(sums, v_add, SUM)
#undef SUM
  return lanes[0];
}

// How many of a vector's lanes are there: `rest` elements are left, and the vector starts at `offset` of them.
LANEWISE_VEC std::size_t lanes_left(std::size_t rest, std::size_t offset) {
  return rest <= offset ? 0 : rest - offset < kLanes ? rest - offset : kLanes;
}

// Runs BODY(v, offset, count) for the kSumVectors vectors of each 16 elements of [begin, end): v numbers the vector,
// offset is its first element and count how many of its lanes are there.
#define LANEWISE_EACH_VECTOR(begin, end, BODY)                                                                      \
  {                                                                                                                 \
    std::size_t i_ = (begin);                                                                                       \
    for (; i_ + kSums <= (end); i_ += kSums) {                                                                      \
      LANEWISE_UNROLL                                                                                               \
      for (int v_ = 0; v_ < kSumVectors; ++v_) BODY(v_, i_ + static_cast<std::size_t>(v_) * kLanes, kLanes)         \
    }                                                                                                               \
    if (i_ < (end)) {                                                                                               \
      LANEWISE_UNROLL                                                                                               \
      for (int v_ = 0; v_ < kSumVectors; ++v_) {                                                                    \
        const std::size_t offset_ = static_cast<std::size_t>(v_) * kLanes, left_ = lanes_left((end) - i_, offset_); \
        if (left_ != 0) BODY(v_, i_ + offset_, left_)                                                               \
      }                                                                                                             \
    }                                                                                                               \
  }

// A vector of which `count` lanes are there; the others are `rest`.
LANEWISE_VEC Vf load_some(const float* p, std::size_t count, Vf rest) {
  return count == kLanes ? v_load(p) : v_load_n(p, count, rest);
}
LANEWISE_VEC void store_some(float* p, Vf x, std::size_t count) {
  if (count == kLanes) {
    v_store(p, x);
  } else {
    v_store_n(p, x, count);
  }
}
LANEWISE_VEC Vi load_some_int(const std::int32_t* p, std::size_t count) {
  return count == kLanes ? v_load_int(p) : v_load_int_n(p, count);
}
LANEWISE_VEC void store_some_int(std::int32_t* p, Vi x, std::size_t count) {
  if (count == kLanes) {
    v_store_int(p, x);
  } else {
    v_store_int_n(p, x, count);
  }
}

// The first `count` lanes of x, zeros behind them.
LANEWISE_VEC Vf first_of(Vf x, std::size_t count) {
  const Vi index = v_lane_index();
  return v_select(v_lt_int(index, v_splat_int(static_cast<std::int32_t>(count))), x, v_splat(0.0f));
}

static void sum(const float* x, std::size_t n, double* out) {
  const Vf zero = v_splat(0.0f);
  double total = 0.0;
  for (std::size_t begin = 0; begin < n; begin += kSumBlock) {
    const std::size_t end = n - begin < kSumBlock ? n : begin + kSumBlock;
    Vf sums[kSumVectors];
    LANEWISE_UNROLL
    for (int v = 0; v < kSumVectors; ++v) sums[v] = zero;
#define BODY(v, i, count) sums[v] = v_add(sums[v], load_some(x + (i), count, zero));
    LANEWISE_EACH_VECTOR(begin, end, BODY)
#undef BODY
    total += static_cast<double>(fold_sums(sums));
  }
  *out = total;
}

// Columns side by side, `vectors` (a constant) of them. Each is a cascade: 32 rows into a first sum, 32 of those into a
// second, those into a third, so that rounding errors grow with the cube root of the rows.
LANEWISE_VEC void sum_some_columns(const int vectors, const float* x, std::size_t rows, std::size_t stride,
                                   std::size_t count, float* out) {
  const Vf zero = v_splat(0.0f);
  Vf first[kColumnVectors], second[kColumnVectors], third[kColumnVectors];
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) first[v] = second[v] = third[v] = zero;
  for (std::size_t r = 0; r < rows;) {
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) first[v] = v_add(first[v], load_some(x + v * kLanes, count, zero));
    x += stride;
    ++r;
    if (r % 32 != 0) continue;
    LANEWISE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      second[v] = v_add(second[v], first[v]);
      first[v] = zero;
      if (r % 1024 == 0) {
        third[v] = v_add(third[v], second[v]);
        second[v] = zero;
      }
    }
  }
  LANEWISE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    store_some(out + v * kLanes, v_add(third[v], v_add(second[v], first[v])), count);
  }
}

static void sum_columns(const float* x, std::size_t rows, std::size_t stride, std::size_t columns, float* out) {
  std::size_t c = 0;
  for (; c + kColumnVectors * kLanes <= columns; c += kColumnVectors * kLanes) {
    sum_some_columns(kColumnVectors, x + c, rows, stride, kLanes, out + c);
  }
  for (; c + kLanes <= columns; c += kLanes) sum_some_columns(1, x + c, rows, stride, kLanes, out + c);
  if (c < columns) sum_some_columns(1, x + c, rows, stride, columns - c, out + c);
}

// The extreme of each column and the first row where it stands. BETTER(a, b): a takes the place of b.
#define LANEWISE_EXTREME(name, BETTER)                                                                    \
  static void name(const float* x, std::size_t rows, std::size_t stride, std::size_t columns, float* out, \
                   std::int32_t* index) {                                                                 \
    for (std::size_t c = 0; c < columns; c += kLanes) {                                                   \
      const std::size_t count = columns - c < kLanes ? columns - c : kLanes;                              \
      Vf best = load_some(x + c, count, v_splat(0.0f));                                                   \
      Vi where = v_splat_int(0);                                                                          \
      for (std::size_t r = 1; r < rows; ++r) {                                                            \
        const Vf next = load_some(x + r * stride + c, count, v_splat(0.0f));                              \
        /* A NaN takes the place of a number and keeps it. */                                             \
        const Vm best_is_number = v_eq(best, best), next_is_nan = v_not(v_eq(next, next));                \
        const Vm better = v_or(BETTER(next, best), v_and(next_is_nan, best_is_number));                   \
        best = v_select(better, next, best);                                                              \
        where = v_select_int(better, v_splat_int(static_cast<std::int32_t>(r)), where);                   \
      }                                                                                                   \
      store_some(out + c, best, count);                                                                   \
      std::int32_t lanes[kLanes];                                                                         \
      v_store_int(lanes, where);                                                                          \
      for (std::size_t i = 0; i < count; ++i) index[c + i] = lanes[i];                                    \
    }                                                                                                     \
  }

#define LANEWISE_GREATER(a, b) v_lt(b, a)
LANEWISE_EXTREME(max_columns, LANEWISE_GREATER)
LANEWISE_EXTREME(min_columns, v_lt)
#undef LANEWISE_GREATER
#undef LANEWISE_EXTREME
