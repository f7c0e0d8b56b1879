// Arithmetic of two operands that broadcast against each other.
#include "check.h"
#include "layout.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using BinaryKernel = decltype(kernels::KernelTable::add);

// Elements with other strides than 0 and 1 are gathered this many at a time.
constexpr std::size_t kGather = 512;

void row(BinaryKernel kernel, const float* a, std::size_t a_step, const float* b, std::size_t b_step, float* out,
         std::size_t n) {
  if (a_step <= 1 && b_step <= 1) {
    kernel(a, a_step, b, b_step, out, n);
    return;
  }
  float gathered_a[kGather], gathered_b[kGather];
  for (std::size_t begin = 0; begin < n; begin += kGather) {
    const std::size_t count = std::min(kGather, n - begin);
    for (std::size_t i = 0; i < count; ++i) gathered_a[i] = a[(begin + i) * a_step];
    for (std::size_t i = 0; i < count; ++i) gathered_b[i] = b[(begin + i) * b_step];
    kernel(gathered_a, 1, gathered_b, 1, out + begin, count);
  }
}

void binary(const Context& context, const char* op, BinaryKernel kernel, FloatIn a, FloatIn b, FloatOut out,
            Layout layout) {
  const Strided shape = decode(op, layout);
  check_length(op, "a", a.size(), reach(shape, shape.first, 0));
  check_length(op, "b", b.size(), reach(shape, shape.second, 0));
  check_length(op, "out", out.size(), shape.count);
  const std::size_t width = shape.last(), a_step = shape.first_step(), b_step = shape.second_step();
  if (shape.rows == 1) {
    split_elements(context, width, [&](std::size_t begin, std::size_t end) {
      row(kernel, a.data() + begin * a_step, a_step, b.data() + begin * b_step, b_step, out.data() + begin,
          end - begin);
    });
    return;
  }
  split_rows(context, shape.rows, width, [&](std::size_t begin, std::size_t end) {
    RowWalk walk(shape, begin);
    for (std::size_t r = begin; r < end; ++r, walk.next()) {
      row(kernel, a.data() + walk.first(), a_step, b.data() + walk.second(), b_step, out.data() + r * width, width);
    }
  });
}

}  // namespace

#define BINARY(name)                                                                     \
  void name(const Context& context, FloatIn a, FloatIn b, FloatOut out, Layout layout) { \
    binary(context, #name, context.kernels.name, a, b, out, layout);                     \
  }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(pow)
#undef BINARY

}  // namespace lanewise::ops
