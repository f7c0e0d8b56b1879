// Arithmetic of int32 memory: exact, and modulo 2^32 where a result does not fit, as PyTorch's; sums that do not fit
// are refused instead.
#include <limits>

#include "check.h"
#include "layout.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;
using Int = std::int32_t;
using Bits = std::uint32_t;

Int wrap(Bits bits) { return static_cast<Int>(bits); }
Int plus(Int a, Int b) { return wrap(static_cast<Bits>(a) + static_cast<Bits>(b)); }
Int minus(Int a, Int b) { return wrap(static_cast<Bits>(a) - static_cast<Bits>(b)); }
Int times(Int a, Int b) { return wrap(static_cast<Bits>(a) * static_cast<Bits>(b)); }
Int larger(Int a, Int b) { return a > b ? a : b; }
Int smaller(Int a, Int b) { return a < b ? a : b; }

// A negative power is 1/a^|b| with the fraction cut off, and 0 for a = 0.
Int power(Int a, Int b) {
  if (b < 0) return a == 1 || (a == -1 && b % 2 == 0) ? 1 : a == -1 ? -1 : 0;
  Int result = 1;
  for (; b > 0; b /= 2, a = times(a, a)) {
    if (b % 2 == 1) result = times(result, a);
  }
  return result;
}

template <typename Compute>
void binary(const Context& context, const char* op, IndexIn a, IndexIn b, IndexOut out, Layout layout,
            const Compute& compute) {
  const Strided shape = decode(op, layout);
  check_length(op, "a", a.size(), reach(shape, shape.first, 0));
  check_length(op, "b", b.size(), reach(shape, shape.second, 0));
  check_length(op, "out", out.size(), shape.count);
  const std::size_t width = shape.last(), a_step = shape.first_step(), b_step = shape.second_step();
  if (shape.rows == 1) {
    split_elements(context, width, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) out[i] = compute(a[i * a_step], b[i * b_step]);
    });
    return;
  }
  split_rows(context, shape.rows, width, [&](std::size_t begin, std::size_t end) {
    RowWalk walk(shape, begin);
    for (std::size_t r = begin; r < end; ++r, walk.next()) {
      for (std::size_t i = 0; i < width; ++i) {
        out[r * width + i] = compute(a[walk.first() + i * a_step], b[walk.second() + i * b_step]);
      }
    }
  });
}

// x[o, :, i] of [outer, size, inner].
struct Line {
  const Int* first;
  std::size_t size;
  std::size_t step;

  std::int64_t sum() const {
    std::int64_t total = 0;
    for (std::size_t s = 0; s < size; ++s) total += first[s * step];
    return total;
  }
};

template <typename Body>
void for_each_line(IndexIn x, std::size_t outer, std::size_t size, std::size_t inner, const Body& body) {
  if (inner == 0) return;  // outer may be huge
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < inner; ++i) body(o * inner + i, Line{x.data() + o * size * inner + i, size, inner});
  }
}

void check_lines(const char* op, IndexIn x, std::size_t out, std::size_t outer, std::size_t size, std::size_t inner) {
  check_length(op, "x", x.size(), checked_mul(outer, checked_mul(size, inner)));
  check_length(op, "out", out, checked_mul(outer, inner));
}

template <typename IsBetter>
void extreme(const char* op, IndexIn x, IndexOut out, IndexOut index, std::size_t outer, std::size_t size,
             std::size_t inner, const IsBetter& is_better) {
  check_lines(op, x, out.size(), outer, size, inner);
  check_length(op, "index", index.size(), checked_mul(outer, inner));
  if (outer * inner == 0) return;
  if (size == 0 || size > std::size_t{INT32_MAX})
    refuse(op, "size", "must be in [1, 2^31), got " + std::to_string(size));
  for_each_line(x, outer, size, inner, [&](std::size_t at, const Line& line) {
    std::size_t best = 0;
    for (std::size_t s = 1; s < size; ++s) {
      if (is_better(line.first[s * line.step], line.first[best * line.step])) best = s;
    }
    out[at] = line.first[best * line.step];
    index[at] = static_cast<Int>(best);
  });
}

}  // namespace

#define BINARY(name, compute)                                                            \
  void name(const Context& context, IndexIn a, IndexIn b, IndexOut out, Layout layout) { \
    binary(context, #name, a, b, out, layout, compute);                                  \
  }
BINARY(addInt, plus)
BINARY(subInt, minus)
BINARY(mulInt, times)
BINARY(powInt, power)
BINARY(maximumInt, larger)
BINARY(minimumInt, smaller)
#undef BINARY

void sumInt(const Context&, IndexIn x, IndexOut out, std::size_t outer, std::size_t size, std::size_t inner) {
  check_lines("sumInt", x, out.size(), outer, size, inner);
  for_each_line(x, outer, size, inner, [&](std::size_t, const Line& line) {
    const std::int64_t total = line.sum();
    if (total < std::numeric_limits<Int>::min() || total > std::numeric_limits<Int>::max()) {
      refuse("sumInt", "out", "cannot hold the sum " + std::to_string(total) + "; convert x with to('float64') before");
    }
  });
  for_each_line(x, outer, size, inner,
                [&](std::size_t at, const Line& line) { out[at] = static_cast<Int>(line.sum()); });
}

void maxInt(const Context&, IndexIn x, IndexOut out, IndexOut index, std::size_t outer, std::size_t size,
            std::size_t inner) {
  extreme("maxInt", x, out, index, outer, size, inner, [](Int a, Int b) { return a > b; });
}

void minInt(const Context&, IndexIn x, IndexOut out, IndexOut index, std::size_t outer, std::size_t size,
            std::size_t inner) {
  extreme("minInt", x, out, index, outer, size, inner, [](Int a, Int b) { return a < b; });
}

}  // namespace lanewise::ops
