// Matrix products: blocks of k, panels of columns, and the split over threads.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Below this many multiply-adds a thread, waking it costs more than it saves.
constexpr std::size_t kMultiplyGrain = 60000;
// Lines of a panel that are worked through at once, its sums carried through C: see README.md for the measurements.
constexpr std::size_t kDenseRowsK = 1024;
// The same for a transposed A, of which this many rows are packed at a time.
constexpr std::size_t kPackedK = 256;
constexpr std::size_t kPackedRows = 120;
// Packing a panel costs about as much as this many rows of it.
constexpr std::size_t kPackRows = 8;

// out [m, n] = start + op(a)·op(b), as seen by the kernels.
struct Product {
  const float* a;
  std::size_t a_row, a_k;  // strides; one of them is 1
  const float* b;
  std::size_t b_stride;
  bool b_transposed;
  const float* bias;  // [n] or null
  float* c;
  std::size_t m, n, k;
};

struct Block {
  std::size_t row, rows, column, columns;
};

bool packs_a(const Product& product, std::size_t nr) { return product.a_k != 1 && product.n > 2 * nr; }

std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }
// Of packed A: lines of at most kPackedRows rows, and 16 more so that they do not all fall into the same cache sets.
std::size_t packed_stride(std::size_t rows) { return padded(std::min(rows, kPackedRows)) + 16; }

std::size_t panel_room(const Product& product, std::size_t nr) {
  return checked_mul(nr, std::min(product.k, packs_a(product, nr) ? kPackedK : kDenseRowsK));
}

// Floats that one part needs.
std::size_t scratch_room(const Product& product, std::size_t nr) {
  const std::size_t a = packs_a(product, nr) ? std::min(product.k, kPackedK) * packed_stride(product.m) : 0;
  return padded(panel_room(product, nr)) + a;
}

class BlockProduct {
 public:
  BlockProduct(const kernels::KernelTable& kernels, const Product& product, const Block& block, float* scratch)
      : kernels_(kernels), product_(product), block_(block), panel_(scratch) {
    packed_a_ = scratch + padded(panel_room(product, kernels.gemm_nr));
  }

  void run() const {
    const bool pack = packs_a(product_, kernels_.gemm_nr);
    const std::size_t k_step = pack ? kPackedK : kDenseRowsK, row_step = pack ? kPackedRows : block_.rows;
    std::size_t p = 0;
    do {  // once also for k = 0, which writes the start
      const std::size_t lines = std::min(k_step, product_.k - p);
      for (std::size_t row = 0; row < block_.rows; row += row_step) {
        const std::size_t rows = std::min(row_step, block_.rows - row);
        const float* a = product_.a + (block_.row + row) * product_.a_row + p * product_.a_k;
        std::size_t a_k = product_.a_k;
        if (pack) {
          a_k = packed_stride(rows);
          for (std::size_t line = 0; line < lines; ++line) {
            std::copy_n(a + line * product_.a_k, rows, packed_a_ + line * a_k);
          }
          a = packed_a_;
        }
        columns(a, a_k, block_.row + row, rows, p, lines);
      }
      p += k_step;
    } while (p < product_.k);
  }

 private:
  void columns(const float* a, std::size_t a_k, std::size_t row, std::size_t rows, std::size_t p,
               std::size_t lines) const {
    const std::size_t nr = kernels_.gemm_nr, end = block_.column + block_.columns;
    for (std::size_t column = block_.column; column < end; column += nr) {
      const std::size_t width = std::min(nr, end - column);
      const float* panel = panel_;
      std::size_t panel_stride = nr;
      if (product_.b_transposed) {
        kernels_.pack_columns(product_.b + column * product_.b_stride + p, product_.b_stride, lines, width, panel_);
      } else if (rows <= kernels_.gemm_mr && width == nr) {
        // Read once only, so not worth packing.
        panel = product_.b + p * product_.b_stride + column;
        panel_stride = product_.b_stride;
      } else {
        kernels_.pack_rows(product_.b + p * product_.b_stride + column, product_.b_stride, lines, width, panel_);
      }
      float* c = product_.c + row * product_.n + column;
      const float* start = p != 0 ? c : product_.bias == nullptr ? nullptr : product_.bias + column;
      kernels_.gemm_panel(a, product_.a_row, a_k, rows, panel, panel_stride, lines, start, p != 0 ? product_.n : 0, c,
                          product_.n, width);
    }
  }

  const kernels::KernelTable& kernels_;
  const Product& product_;
  Block block_;
  float* panel_;
  float* packed_a_;
};

// Threads own columns, whole panels of them; or rows where that shares the work better (few or odd panels).
bool by_columns(const Product& product, std::size_t parts, std::size_t nr) {
  const std::size_t panels = (product.n + nr - 1) / nr;
  const std::size_t columns_cost = (panels + parts - 1) / parts * (product.m + kPackRows);
  const std::size_t rows_cost = panels * ((product.m + parts - 1) / parts + kPackRows);
  return columns_cost <= rows_cost;
}

void multiply(const Context& context, const Product& product, std::size_t parts, float* scratch) {
  const std::size_t nr = context.kernels.gemm_nr, mr = context.kernels.gemm_mr, room = scratch_room(product, nr);
  if (parts == 1) {
    BlockProduct(context.kernels, product, {0, product.m, 0, product.n}, scratch).run();
    return;
  }
  const bool columns = by_columns(product, parts, nr);
  context.pool.run(parts, [&](std::size_t part) {
    Block block{0, product.m, 0, product.n};
    if (columns) {
      block.column = part_begin(part, parts, product.n, nr);
      block.columns = part_begin(part + 1, parts, product.n, nr) - block.column;
    } else {
      block.row = part_begin(part, parts, product.m, mr);
      block.rows = part_begin(part + 1, parts, product.m, mr) - block.row;
    }
    if (block.rows != 0 && block.columns != 0) {
      BlockProduct(context.kernels, product, block, scratch + part * room).run();
    }
  });
}

// The calling thread's, for all parts.
float* scratch_for(const Product& product, std::size_t parts, std::size_t nr) {
  thread_local core::Scratch scratch;
  return scratch.get<float>(checked_mul(parts, scratch_room(product, nr)));
}

}  // namespace

void matmul(const Context& context, FloatIn a, FloatIn b, FloatOut out, std::size_t batch, std::size_t m,
            std::size_t n, std::size_t k, bool transA, bool transB, std::size_t aStride, std::size_t bStride) {
  const std::size_t of_a = checked_mul(m, k), of_b = checked_mul(k, n), of_c = checked_mul(m, n);
  check_length("matmul", "out", out.size(), checked_mul(batch, of_c));
  if (batch == 0 || of_c == 0) return;
  if (of_a != 0) check_length("matmul", "a", a.size(), checked_add(checked_mul(batch - 1, aStride), of_a));
  if (of_b != 0) check_length("matmul", "b", b.size(), checked_add(checked_mul(batch - 1, bStride), of_b));

  const std::size_t nr = context.kernels.gemm_nr;
  Product first{a.data(), transA ? 1 : k, transA ? m : 1, b.data(), transB ? k : n, transB, nullptr, out.data(),
                m, n, k};
  const auto product = [&](std::size_t g) {
    Product result = first;
    result.a += k == 0 ? 0 : g * aStride;
    result.b += k == 0 ? 0 : g * bStride;
    result.c += g * of_c;
    return result;
  };
  const std::size_t work = checked_mul(of_c, std::max<std::size_t>(k, 1));
  const std::size_t parts = parts_for(context, checked_mul(batch, work), kMultiplyGrain);
  float* const scratch = scratch_for(first, parts, nr);
  if (batch >= parts && parts > 1) {
    const std::size_t room = scratch_room(first, nr);
    context.pool.run(parts, [&](std::size_t part) {
      const std::size_t end = part_begin(part + 1, parts, batch, 1);
      for (std::size_t g = part_begin(part, parts, batch, 1); g < end; ++g) {
        BlockProduct(context.kernels, product(g), {0, m, 0, n}, scratch + part * room).run();
      }
    });
    return;
  }
  for (std::size_t g = 0; g < batch; ++g) {
    multiply(context, product(g), std::min(parts, parts_for(context, work, kMultiplyGrain)), scratch);
  }
}

void linear(const Context& context, FloatIn x, FloatIn weight, std::optional<FloatIn> bias, FloatOut out,
            std::size_t rows, std::size_t inFeatures, std::size_t outFeatures) {
  const std::size_t of_out = checked_mul(rows, outFeatures);
  check_length("linear", "x", x.size(), checked_mul(rows, inFeatures));
  check_length("linear", "weight", weight.size(), checked_mul(outFeatures, inFeatures));
  if (bias) check_length("linear", "bias", bias->size(), outFeatures);
  check_length("linear", "out", out.size(), of_out);
  if (of_out == 0) return;
  const Product product{x.data(), inFeatures, 1, weight.data(), inFeatures, true, bias ? bias->data() : nullptr,
                        out.data(), rows, outFeatures, inFeatures};
  const std::size_t work = checked_mul(of_out, std::max<std::size_t>(inFeatures, 1));
  const std::size_t parts = parts_for(context, work, kMultiplyGrain);
  multiply(context, product, parts, scratch_for(product, parts, context.kernels.gemm_nr));
}

}  // namespace lanewise::ops
