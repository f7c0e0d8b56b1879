// Sums and extremes along one dimension.
#include "reduce.h"
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"
#include "reduce_int.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

double sum_of_row(const Context& context, const float* x, std::size_t size) {
  double total = 0.0;
  for (std::size_t begin = 0; begin < size; begin += kSumChunk) {
    double chunk = 0.0;
    context.kernels.sum(x + begin, std::min(kSumChunk, size - begin), &chunk);
    total += chunk;
  }
  return total;
}

void sum_long_row(const Context& context, const float* x, std::size_t size, float* out) {
  thread_local core::Scratch scratch;
  const std::size_t chunks = (size + kSumChunk - 1) / kSumChunk;
  double* totals = scratch.get<double>(chunks);
  split(context, parts_for(context, size, kElementGrain), chunks, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c) {
      context.kernels.sum(x + c * kSumChunk, std::min(kSumChunk, size - c * kSumChunk), totals + c);
    }
  });
  double total = 0.0;
  for (std::size_t c = 0; c < chunks; ++c) total += totals[c];
  *out = static_cast<float>(total);
}

// body(o, begin, end): columns [begin, end) of block o, spread over threads by blocks or, when those are few, by
// columns.
template <typename Body>
void split_blocks(const Context& context, std::size_t outer, std::size_t size, std::size_t inner, const Body& body) {
  const std::size_t block = size * inner, parts = parts_for(context, outer * block, kElementGrain);
  if (outer >= parts) {
    split(context, parts, outer, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) body(o, std::size_t{0}, inner);
    });
  } else {
    split(context, parts, inner, 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = 0; o < outer; ++o) body(o, begin, end);
    });
  }
}

}  // namespace

void extreme_float(const Context& context, FloatIn x, FloatOut out, IndexOut index, std::size_t outer, std::size_t size,
                   std::size_t inner, bool largest) {
  const ExtremeKernel kernel = largest ? context.kernels.max_columns : context.kernels.min_columns;
  if (inner == 1) {
    split_rows(context, outer, size, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) {
        const Extreme best = extreme_of_row(kernel, x.data() + o * size, size, largest);
        out[o] = best.value;
        index[o] = best.index;
      }
    });
    return;
  }
  split_blocks(context, outer, size, inner, [&](std::size_t o, std::size_t begin, std::size_t end) {
    const std::size_t to = o * inner + begin;
    kernel(x.data() + o * size * inner + begin, size, inner, end - begin, out.data() + to, index.data() + to);
  });
}

void sum_float(const Context& context, FloatIn x, FloatOut out, std::size_t outer, std::size_t size,
               std::size_t inner) {
  const std::size_t results = outer * inner;
  if (results == 0 || size == 0) {  // outer may be huge and x null
    context.kernels.fill(0.0f, out.data(), results);
  } else if (inner == 1 && outer == 1) {
    sum_long_row(context, x.data(), size, out.data());
  } else if (inner == 1) {
    split_rows(context, outer, size, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) {
        out[o] = static_cast<float>(sum_of_row(context, x.data() + o * size, size));
      }
    });
  } else {
    split_blocks(context, outer, size, inner, [&](std::size_t o, std::size_t begin, std::size_t end) {
      context.kernels.sum_columns(x.data() + o * size * inner + begin, size, inner, end - begin,
                                  out.data() + o * inner + begin);
    });
  }
}

void sum(const Context& context, AnyConst x, AnyMutable out, std::size_t outer, std::size_t size, std::size_t inner) {
  const std::size_t results = checked_mul(outer, inner);
  check_length("sum", "x", x.size, checked_mul(results, size));
  check_length("sum", "out", out.size, results);
  check_same_dtype("sum", x, out);
  if (x.dtype == DType::kInt32) {
    sum_int(x.ints(), out.ints(), outer, size, inner);
  } else {
    sum_float(context, x.floats(), out.floats(), outer, size, inner);
  }
}

void extreme(const Context& context, AnyConst x, AnyMutable out, IndexOut index, std::size_t outer, std::size_t size,
             std::size_t inner, bool largest) {
  const std::size_t results = checked_mul(outer, inner);
  check_length("extreme", "x", x.size, checked_mul(results, size));
  check_length("extreme", "out", out.size, results);
  check_length("extreme", "index", index.size(), results);
  check_same_dtype("extreme", x, out);
  if (results == 0) return;
  if (size == 0 || size > std::size_t{INT32_MAX}) {
    refuse("extreme", "size", "must be in [1, 2147483647], got " + std::to_string(size));
  }
  if (x.dtype == DType::kInt32) {
    extreme_int(x.ints(), out.ints(), index, outer, size, inner, largest);
  } else {
    extreme_float(context, x.floats(), out.floats(), index, outer, size, inner, largest);
  }
}

}  // namespace lanewise::ops
