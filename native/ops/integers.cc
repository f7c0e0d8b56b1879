// Arithmetic of int32 memory: exact, and modulo 2^32 where a result does not fit, as PyTorch's.
#include "check.h"
#include "layout.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

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

}  // namespace

void integers(const Context& context, Elementwise<IndexIn> a, Elementwise<IndexIn> b, Elementwise<IndexOut> out,
              std::int32_t operation, Layout layout) {
  const auto run = [&](const auto& compute) { binary(context, "integers", a, b, out, layout, compute); };
  // The codes of integerOperations in src/ops/ops.ts.
  switch (operation) {
    case 0:
      return run(plus);
    case 1:
      return run(minus);
    case 2:
      return run(times);
    case 3:
      return run(power);
    case 4:
      return run(larger);
    case 5:
      return run(smaller);
    case 6:
      return run([](Int x, Int y) { return Int{x < y}; });
    case 7:
      return run([](Int x, Int y) { return Int{x <= y}; });
    case 8:
      return run([](Int x, Int y) { return Int{x == y}; });
    default:
      refuse("integers", "operation", "must be a code of src/ops/ops.ts, got " + std::to_string(operation));
  }
}

}  // namespace lanewise::ops
