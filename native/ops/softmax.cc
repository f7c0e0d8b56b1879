// Softmax, its logarithm and their gradients. The kernels work along dense rows; other dimensions are copied into rows
// and back, 16 at a time.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

constexpr std::size_t kSoftmaxColumns = 16;

// rows[c·size + r] = x[r·inner + c], and back.
void to_rows(const float* x, std::size_t size, std::size_t inner, std::size_t columns, float* rows) {
  for (std::size_t r = 0; r < size; ++r) {
    for (std::size_t c = 0; c < columns; ++c) rows[c * size + r] = x[r * inner + c];
  }
}
void from_rows(const float* rows, std::size_t size, std::size_t inner, std::size_t columns, float* out) {
  for (std::size_t r = 0; r < size; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[r * inner + c] = rows[c * size + r];
  }
}

// kernel(a, b, out, rows) over [outer, size, inner]; b may be null.
template <typename Kernel>
void along(const Context& context, const float* a, const float* b, float* out, std::size_t outer, std::size_t size,
           std::size_t inner, const Kernel& kernel) {
  if (size == 0 || inner == 0 || outer == 0) return;
  if (inner == 1) {
    split_rows(context, outer, size, [&](std::size_t begin, std::size_t end) {
      const std::size_t at = begin * size;
      kernel(a + at, b == nullptr ? nullptr : b + at, out + at, end - begin);
    });
    return;
  }
  const std::size_t groups = (inner + kSoftmaxColumns - 1) / kSoftmaxColumns, block = size * inner;
  const std::size_t parts = std::min(outer * groups, parts_for(context, outer * block, kElementGrain));
  const std::size_t workspace = checked_mul(size, kSoftmaxColumns);
  thread_local core::Scratch scratch;
  float* const buffers = scratch.get<float>(checked_mul(parts, 2, workspace));
  context.pool.run(parts, [&](std::size_t part) {
    float* first = buffers + part * 2 * workspace;
    float* second = first + workspace;
    const std::size_t end = part_begin(part + 1, parts, outer * groups, 1);
    for (std::size_t g = part_begin(part, parts, outer * groups, 1); g < end; ++g) {
      const std::size_t column = g % groups * kSoftmaxColumns, at = g / groups * block + column;
      const std::size_t columns = std::min(kSoftmaxColumns, inner - column);
      to_rows(a + at, size, inner, columns, first);
      if (b != nullptr) to_rows(b + at, size, inner, columns, second);
      kernel(first, second, first, columns);
      from_rows(first, size, inner, columns, out + at);
    }
  });
}

void check_softmax(const char* op, FloatIn x, FloatOut out, std::size_t outer, std::size_t size, std::size_t inner) {
  const std::size_t n = checked_mul(outer, size, inner);
  check_length(op, "x", x.size(), n);
  check_length(op, "out", out.size(), n);
}

void check_softmax(const char* op, FloatIn grad, FloatIn y, FloatOut out, std::size_t outer, std::size_t size,
                   std::size_t inner) {
  const std::size_t n = checked_mul(outer, size, inner);
  check_length(op, "grad", grad.size(), n);
  check_length(op, "y", y.size(), n);
  check_length(op, "out", out.size(), n);
}

}  // namespace

void softmax(const Context& context, FloatIn x, FloatOut out, std::size_t outer, std::size_t size, std::size_t inner,
             bool log) {
  check_softmax("softmax", x, out, outer, size, inner);
  const auto kernel = log ? context.kernels.log_softmax : context.kernels.softmax;
  along(context, x.data(), nullptr, out.data(), outer, size, inner,
        [&](const float* a, const float*, float* to, std::size_t rows) { kernel(a, to, rows, size); });
}

void softmaxBackward(const Context& context, FloatIn grad, FloatIn y, FloatOut out, std::size_t outer, std::size_t size,
                     std::size_t inner, bool log) {
  check_softmax("softmaxBackward", grad, y, out, outer, size, inner);
  const auto kernel = log ? context.kernels.log_softmax_backward : context.kernels.softmax_backward;
  along(context, grad.data(), y.data(), out.data(), outer, size, inner,
        [&](const float* g, const float* p, float* to, std::size_t rows) { kernel(g, p, to, rows, size); });
}

}  // namespace lanewise::ops
