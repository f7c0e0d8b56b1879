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
// Blocking, chosen by measurement (README.md). Lines of k that are worked through at once, their sums carried through
// C; with a transposed A, which is packed, fewer.
constexpr std::size_t kDenseLines = 1024;
constexpr std::size_t kPackedLines = 256;
// Floats of A that are kept in the second-level cache while the panels pass by, and columns packed for them.
constexpr std::size_t kBlockOfA = 60000;
constexpr std::size_t kGroupColumns = 512;
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

std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }

// How one part works through its block of C.
struct Blocking {
  bool pack_a;
  std::size_t lines;       // of k, at most
  std::size_t rows;        // of C at a time
  std::size_t columns;     // whose panels are kept packed while the rows pass by: one panel if all rows are one block
  std::size_t panel_room;  // floats for the panels, and for packed A
  std::size_t a_room;

  Blocking(const Product& product, std::size_t rows_of_c, const kernels::KernelTable& kernels) {
    const std::size_t mr = kernels.gemm_mr, nr = kernels.gemm_nr;
    pack_a = product.a_k != 1 && product.n > 2 * nr;
    const std::size_t most = pack_a ? kPackedLines : kDenseLines;
    const std::size_t blocks = std::max<std::size_t>(1, (product.k + most - 1) / most);
    lines = (product.k + blocks - 1) / blocks;
    rows = std::max(8 * mr, kBlockOfA / std::max<std::size_t>(1, lines) / mr * mr);
    if (rows_of_c < 2 * rows) rows = std::max<std::size_t>(1, rows_of_c);
    const bool one_block = rows_of_c <= rows;
    columns = one_block ? nr : std::min(kGroupColumns / nr * nr, (product.n + nr - 1) / nr * nr);
    panel_room = padded(core::checked_mul(columns, lines));
    a_room = pack_a ? core::checked_mul(lines, a_stride()) : 0;
  }

  // Lines of packed A: 16 more than the rows, so that they do not all fall into the same cache sets.
  std::size_t a_stride() const { return padded(rows) + 16; }
  std::size_t room() const { return core::checked_add(panel_room, a_room); }
};

class BlockProduct {
 public:
  BlockProduct(const kernels::KernelTable& kernels, const Product& product, const Blocking& blocking,
               const Block& block, float* scratch)
      : kernels_(kernels),
        product_(product),
        blocking_(blocking),
        block_(block),
        panels_(scratch),
        packed_a_(scratch + blocking.panel_room) {}

  void run() const {
    std::size_t p = 0;
    do {  // once also for k = 0, which writes the start
      const std::size_t lines = std::min(blocking_.lines, product_.k - p);
      // Panels that are packed once for all rows are kept; a single block of rows takes them one after the other.
      const std::size_t group = blocking_.columns == kernels_.gemm_nr ? block_.columns : blocking_.columns;
      for (std::size_t column = 0; column < block_.columns; column += group) {
        const std::size_t columns = std::min(group, block_.columns - column);
        for (std::size_t row = 0; row < block_.rows; row += blocking_.rows) {
          const std::size_t rows = std::min(blocking_.rows, block_.rows - row);
          multiply(block_.row + row, rows, block_.column + column, columns, p, lines, row == 0);
        }
      }
      p += blocking_.lines;
    } while (p < product_.k);
  }

 private:
  void multiply(std::size_t row, std::size_t rows, std::size_t column, std::size_t columns, std::size_t p,
                std::size_t lines, bool pack) const {
    const std::size_t nr = kernels_.gemm_nr;
    const float* a = product_.a + row * product_.a_row + p * product_.a_k;
    std::size_t a_k = product_.a_k;
    if (blocking_.pack_a) {
      a_k = blocking_.a_stride();
      for (std::size_t line = 0; line < lines; ++line) {
        std::copy_n(a + line * product_.a_k, rows, packed_a_ + line * a_k);
      }
      a = packed_a_;
    }
    const bool keep = blocking_.columns != nr;
    for (std::size_t j = 0; j < columns; j += nr) {
      const std::size_t width = std::min(nr, columns - j);
      float* const slot = panels_ + (keep ? j * lines : 0);
      const float* panel = slot;
      std::size_t panel_stride = nr;
      if (!product_.b_transposed && rows <= kernels_.gemm_mr && width == nr) {
        // Read once only, so not worth packing.
        panel = product_.b + p * product_.b_stride + column + j;
        panel_stride = product_.b_stride;
      } else if (pack) {
        pack_panel(column + j, width, p, lines, slot);
      }
      float* c = product_.c + row * product_.n + column + j;
      const float* start = p != 0 ? c : product_.bias == nullptr ? nullptr : product_.bias + column + j;
      kernels_.gemm_panel(a, product_.a_row, a_k, rows, panel, panel_stride, lines, start, p != 0 ? product_.n : 0, c,
                          product_.n, width);
    }
  }

  void pack_panel(std::size_t column, std::size_t width, std::size_t p, std::size_t lines, float* panel) const {
    const std::size_t stride = product_.b_stride;
    if (product_.b_transposed) {
      kernels_.pack_columns(product_.b + column * stride + p, stride, lines, width, panel);
    } else {
      kernels_.pack_rows(product_.b + p * stride + column, stride, lines, width, panel);
    }
  }

  const kernels::KernelTable& kernels_;
  const Product& product_;
  const Blocking& blocking_;
  Block block_;
  float* panels_;
  float* packed_a_;
};

// Threads own columns, whole panels of them; or rows where that shares the work better (few or odd panels).
bool by_columns(const Product& product, std::size_t parts, std::size_t nr) {
  const std::size_t panels = (product.n + nr - 1) / nr;
  const std::size_t columns_cost = (panels + parts - 1) / parts * (product.m + kPackRows);
  const std::size_t rows_cost = panels * ((product.m + parts - 1) / parts + kPackRows);
  return columns_cost <= rows_cost;
}

void multiply(const Context& context, const Product& product, const Blocking& blocking, std::size_t parts,
              float* scratch) {
  const std::size_t nr = context.kernels.gemm_nr, mr = context.kernels.gemm_mr;
  const bool columns = by_columns(product, parts, nr);
  const auto share = [&](std::size_t part) {
    Block block{0, product.m, 0, product.n};
    if (columns) {
      block.column = part_begin(part, parts, product.n, nr);
      block.columns = part_begin(part + 1, parts, product.n, nr) - block.column;
    } else {
      block.row = part_begin(part, parts, product.m, mr);
      block.rows = part_begin(part + 1, parts, product.m, mr) - block.row;
    }
    if (block.rows == 0 || block.columns == 0) return;
    BlockProduct(context.kernels, product, blocking, block, scratch + part * blocking.room()).run();
  };
  if (parts == 1) {
    share(0);
  } else {
    context.pool.run(parts, share);
  }
}

// The calling thread's, for all parts.
float* scratch_for(const Blocking& blocking, std::size_t parts) {
  thread_local core::Scratch scratch;
  return scratch.get<float>(checked_mul(parts, blocking.room()));
}

}  // namespace

void matmul(const Context& context, FloatIn a, FloatIn b, FloatOut out, std::size_t batch, std::size_t m, std::size_t n,
            std::size_t k, bool transA, bool transB, std::size_t aStride, std::size_t bStride) {
  const std::size_t of_a = checked_mul(m, k), of_b = checked_mul(k, n), of_c = checked_mul(m, n);
  check_length("matmul", "out", out.size(), checked_mul(batch, of_c));
  if (batch == 0 || of_c == 0) return;
  if (k == 0) {  // the operands may be null, which leaves nothing to compute addresses from
    context.kernels.fill(0.0f, out.data(), batch * of_c);
    return;
  }
  check_length("matmul", "a", a.size(), checked_add(checked_mul(batch - 1, aStride), of_a));
  check_length("matmul", "b", b.size(), checked_add(checked_mul(batch - 1, bStride), of_b));

  const Product first{
      a.data(), transA ? 1 : k, transA ? m : 1, b.data(), transB ? k : n, transB, nullptr, out.data(), m, n, k};
  const auto product = [&](std::size_t g) {
    Product result = first;
    result.a += g * aStride;
    result.b += g * bStride;
    result.c += g * of_c;
    return result;
  };
  const std::size_t work = checked_mul(of_c, k);
  const std::size_t parts = parts_for(context, checked_mul(batch, work), kMultiplyGrain);
  const Blocking blocking(first, m, context.kernels);
  float* const scratch = scratch_for(blocking, parts);
  if (batch >= parts && parts > 1) {
    context.pool.run(parts, [&](std::size_t part) {
      const std::size_t end = part_begin(part + 1, parts, batch, 1);
      for (std::size_t g = part_begin(part, parts, batch, 1); g < end; ++g) {
        const Product one = product(g);
        BlockProduct(context.kernels, one, blocking, {0, m, 0, n}, scratch + part * blocking.room()).run();
      }
    });
    return;
  }
  for (std::size_t g = 0; g < batch; ++g) {
    multiply(context, product(g), blocking, std::min(parts, parts_for(context, work, kMultiplyGrain)), scratch);
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
  const Product product{
      x.data(),   inFeatures, 1,           weight.data(), inFeatures, true, bias ? bias->data() : nullptr,
      out.data(), rows,       outFeatures, inFeatures};
  const std::size_t work = checked_mul(of_out, std::max<std::size_t>(inFeatures, 1));
  const std::size_t parts = parts_for(context, work, kMultiplyGrain);
  const Blocking blocking(product, rows, context.kernels);
  multiply(context, product, blocking, parts, scratch_for(blocking, parts));
}

}  // namespace lanewise::ops
