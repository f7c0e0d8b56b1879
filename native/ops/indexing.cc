// Rows by index, and the gradient of that.
#include <cmath>
#include <cstring>

#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {

using core::checked_mul;

namespace {

// out[r, :] = x[index[r], :].
void gather_rows(const char* op, const Context& context, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows,
                 std::size_t width) {
  if (x.dtype != out.dtype) refuse(op, "out", "must have the dtype of x");
  check_length(op, "x", x.size, checked_mul(rows, width));
  check_length(op, "out", out.size, checked_mul(index.size(), width));
  check_indices(op, "index", index, rows);
  if (width == 0) return;
  const std::size_t bytes = width * sizeof(float);
  const auto* from = static_cast<const unsigned char*>(x.data);
  auto* to = static_cast<unsigned char*>(out.data);
  split_rows(context, index.size(), width, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      std::memcpy(to + r * bytes, from + static_cast<std::size_t>(index[r]) * bytes, bytes);
    }
  });
}

}  // namespace

void indexSelect(const Context& context, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows, std::size_t width,
                 std::size_t count) {
  check_length("indexSelect", "index", index.size(), count);
  gather_rows("indexSelect", context, x, index.first(count), out, rows, width);
}

void gatherRows(const Context& context, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows, std::size_t width,
                std::size_t count, double step) {
  constexpr double kMostSteps = 9007199254740991.0;
  if (!(step >= 0.0 && step <= kMostSteps && std::trunc(step) == step)) {
    refuse("gatherRows", "step", "must be a non-negative safe integer, got " + std::to_string(step));
  }
  const std::size_t first = checked_mul(static_cast<std::size_t>(step), count);
  check_length("gatherRows", "index", index.size(), core::checked_add(first, count));
  gather_rows("gatherRows", context, x, index.subspan(first, count), out, rows, width);
}

void indexAdd(const Context& context, FloatIn grad, IndexIn index, FloatOut out, std::size_t rows, std::size_t width,
              std::size_t count) {
  check_length("indexAdd", "grad", grad.size(), checked_mul(count, width));
  check_length("indexAdd", "index", index.size(), count);
  check_length("indexAdd", "out", out.size(), checked_mul(rows, width));
  check_indices("indexAdd", "index", index.first(count), rows);
  // Two rows may name the same place, so threads own columns.
  const std::size_t parts = parts_for(context, checked_mul(std::max(rows, count), width), kElementGrain);
  split(context, parts, width, 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = 0; r < rows; ++r) context.kernels.fill(0.0f, out.data() + r * width + begin, end - begin);
    for (std::size_t r = 0; r < count; ++r) {
      float* sum = out.data() + static_cast<std::size_t>(index[r]) * width + begin;
      context.kernels.add(sum, 1, grad.data() + r * width + begin, 1, sum, end - begin);
    }
  });
}

}  // namespace lanewise::ops
