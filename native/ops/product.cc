// Matrix products: how a block of C is worked through.
#include "product.h"

#include "../core/aligned.h"
#include "../core/checked.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Blocking, chosen by measurement (README.md). Lines of k that are worked through at once, their sums carried through
// C; with a transposed A, which is packed, fewer.
constexpr std::size_t kDenseLines = 1024;
constexpr std::size_t kPackedLines = 256;
// Floats of A that are kept in the second-level cache while the panels pass by, and columns packed for them.
constexpr std::size_t kBlockOfA = 60000;
constexpr std::size_t kGroupColumns = 512;
// Packing a panel costs about as much as this many rows of it.
constexpr std::size_t kPackRows = 8;
// Tiles whose epilogues run together: few enough for their rows to be in the first-level cache still.
constexpr std::size_t kEpilogueTiles = 4;

// How one part works through its block of C.
struct Blocking {
  bool pack_a;
  std::size_t lines;    // of k, at most
  std::size_t rows;     // of C at a time
  std::size_t columns;  // whose panels are kept packed while the rows pass by: one panel if all rows are one block
  std::size_t panel_workspace;  // floats for the panels, and for packed A
  std::size_t a_workspace;
  std::size_t epilogue_workspace;

  Blocking(const Product& product, const kernels::KernelTable& kernels) {
    const std::size_t mr = kernels.gemm_mr, nr = kernels.gemm_nr;
    pack_a = product.a_k != 1 && product.n > 2 * nr && product.bias == nullptr && product.epilogue == nullptr;
    const std::size_t most = pack_a ? kPackedLines : kDenseLines;
    const std::size_t blocks = std::max<std::size_t>(1, (product.k + most - 1) / most);
    // Whole panels of k, should B lie in such.
    lines = core::checked_round_up((product.k + blocks - 1) / blocks, nr);
    rows = std::max(8 * mr, kBlockOfA / std::max<std::size_t>(1, lines) / mr * mr);
    if (product.m < 2 * rows) rows = std::max<std::size_t>(1, product.m);
    const bool one_block = product.m <= rows;
    columns = one_block ? nr : std::min(kGroupColumns / nr * nr, (product.n + nr - 1) / nr * nr);
    panel_workspace = product.b_layout == OperandLayout::kPanels ? 0 : padded(checked_mul(columns, lines));
    a_workspace = pack_a ? padded(checked_mul((rows + mr - 1) / mr, checked_mul(lines, mr) + 16)) : 0;
    epilogue_workspace = padded(product.epilogue_workspace);
  }

  std::size_t workspace() const {
    return core::checked_add(core::checked_add(panel_workspace, a_workspace), epilogue_workspace);
  }
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
        packed_a_(scratch + blocking.panel_workspace),
        epilogue_workspace_(packed_a_ + blocking.a_workspace) {}

  void run() const {
    if (block_.rows == 1 && product_.b_layout == OperandLayout::kPanels && product_.a_k == 1) return run_row();
    std::size_t p = 0;
    do {  // once also for k = 0, which writes the start
      const std::size_t lines = std::min(blocking_.lines, product_.k - p);
      // Panels that are packed once for all rows are kept; a single block of rows takes them one after the other.
      const std::size_t group = blocking_.columns == kernels_.gemm_nr ? block_.columns : blocking_.columns;
      for (std::size_t column = 0; column < block_.columns; column += group) {
        const std::size_t columns = std::min(group, block_.columns - column);
        for (std::size_t row = 0; row < block_.rows; row += blocking_.rows) {
          const std::size_t rows = std::min(blocking_.rows, block_.rows - row);
          multiply_block({block_.row + row, rows, block_.column + column, columns}, p, lines, row == 0);
        }
      }
      p += blocking_.lines;
    } while (p < product_.k);
  }

 private:
  struct Panel {
    const float* data;
    std::size_t stride;
  };

  // One row: all of k at once, as its sums stay in registers; a last panel that is not whole is a tile.
  void run_row() const {
    const std::size_t nr = kernels_.gemm_nr, whole = block_.columns / nr, rest = block_.columns % nr;
    const float* const a = product_.a + block_.row * product_.a_row;
    const float* const panels = product_.b + block_.column * product_.k;
    const float* const bias = product_.bias == nullptr ? nullptr : product_.bias + block_.column;
    float* const c = product_.c + block_.row * product_.n + block_.column;
    kernels_.gemm_row(a, panels, whole, product_.k, bias, c);
    if (rest != 0) {
      const std::size_t done = whole * nr;
      kernels_.gemm_panel(a, 1, 1, 1, panels + done * product_.k, nr, product_.k,
                          bias == nullptr ? nullptr : bias + done, 0, c + done, product_.n, rest);
    }
    if (product_.epilogue != nullptr)
      (*product_.epilogue)(epilogue_workspace_, block_.row, 1, block_.column, block_.columns);
  }

  // Lines [p, p + lines) for a block of C; `pack`: its panels are not packed yet.
  void multiply_block(const Block& block, std::size_t p, std::size_t lines, bool pack) const {
    const std::size_t nr = kernels_.gemm_nr;
    const float* const a = product_.a + block.row * product_.a_row + p * product_.a_k;
    if (blocking_.pack_a) kernels_.pack_tiles(a, product_.a_k, lines, block.rows, packed_a_);
    const bool keep = blocking_.columns != nr;
    for (std::size_t j = 0; j < block.columns; j += nr) {
      const std::size_t width = std::min(nr, block.columns - j), column = block.column + j;
      const Panel panel = panel_of(column, width, block.rows, p, lines, panels_ + (keep ? j * lines : 0), pack);
      const Block part{block.row, block.rows, column, width};
      if (blocking_.pack_a && panel.stride == nr && width == nr) {
        multiply_packed(part, panel, p, lines);
      } else {
        multiply_panel(part, a, panel, p, lines);
      }
    }
  }

  // With A in tiles; its rows have no bias and nothing follows.
  void multiply_packed(const Block& block, Panel panel, std::size_t p, std::size_t lines) const {
    float* const c = product_.c + block.row * product_.n + block.column;
    kernels_.gemm_outer(packed_a_, 0, true, block.rows, panel.data, lines, p == 0 ? nullptr : c, c, product_.n,
                        nullptr);
  }

  void multiply_panel(Block block, const float* a, Panel panel, std::size_t p, std::size_t lines) const {
    const bool last = p + lines >= product_.k && product_.epilogue != nullptr;
    // As many rows as whole tiles, in the shares that the kernel makes of them.
    std::size_t tiles = (block.rows + kernels_.gemm_mr - 1) / kernels_.gemm_mr;
    while (block.rows != 0) {
      std::size_t rows = block.rows;
      if (last && tiles > kEpilogueTiles) {
        rows = (block.rows + tiles - 1) / tiles * kEpilogueTiles;
        tiles -= kEpilogueTiles;
      }
      float* c = product_.c + block.row * product_.n + block.column;
      const float* start = p != 0 ? c : product_.bias == nullptr ? nullptr : product_.bias + block.column;
      kernels_.gemm_panel(a, product_.a_row, product_.a_k, rows, panel.data, panel.stride, lines, start,
                          p != 0 ? product_.n : 0, c, product_.n, block.columns);
      if (last) (*product_.epilogue)(epilogue_workspace_, block.row, rows, block.column, block.columns);
      a += rows * product_.a_row;
      block.row += rows;
      block.rows -= rows;
    }
  }

  // A panel of B, where it stands or packed into `slot`.
  Panel panel_of(std::size_t column, std::size_t width, std::size_t rows, std::size_t p, std::size_t lines, float* slot,
                 bool pack) const {
    const std::size_t nr = kernels_.gemm_nr, stride = product_.b_stride;
    const float* const b = product_.b;
    switch (product_.b_layout) {
      case OperandLayout::kPanels:
        return {b + column * product_.k + p * nr, nr};
      case OperandLayout::kRows:
        // Read once or twice only, so not worth packing.
        if (rows <= 2 * kernels_.gemm_mr && width == nr) return {b + p * stride + column, stride};
        if (pack) kernels_.pack_rows(b + p * stride + column, stride, lines, width, slot);
        break;
      case OperandLayout::kColumns:
        if (pack) kernels_.pack_columns(b + column * stride + p, stride, lines, width, slot);
        break;
      case OperandLayout::kPanelsAcross:
        for (std::size_t line = 0; pack && line < lines; line += nr) {
          kernels_.pack_columns(b + (p + line) * product_.n + column * nr, nr, std::min(nr, lines - line), width,
                                slot + line * nr);
        }
        break;
    }
    return {slot, nr};
  }

  const kernels::KernelTable& kernels_;
  const Product& product_;
  const Blocking& blocking_;
  Block block_;
  float* panels_;
  float* packed_a_;
  float* epilogue_workspace_;
};

void multiply_one(const Context& context, const Product& product, const Blocking& blocking, std::size_t parts,
                  float* scratch) {
  const std::size_t nr = context.kernels.gemm_nr, mr = context.kernels.gemm_mr;
  const bool columns = by_columns(product.m, product.n, parts, nr);
  run_parts(context, parts, [&](std::size_t part) {
    const Block block = block_of(part, parts, product.m, product.n, columns, mr, nr);
    if (block.rows == 0 || block.columns == 0) return;
    BlockProduct(context.kernels, product, blocking, block, scratch + part * blocking.workspace()).run();
  });
}

}  // namespace

bool by_columns(std::size_t m, std::size_t n, std::size_t parts, std::size_t nr) {
  const std::size_t panels = (n + nr - 1) / nr;
  const std::size_t columns_cost = (panels + parts - 1) / parts * (m + kPackRows);
  const std::size_t rows_cost = panels * ((m + parts - 1) / parts + kPackRows);
  return columns_cost <= rows_cost;
}

void multiply(const Context& context, const Product& first, std::size_t batch, std::size_t a_step, std::size_t b_step) {
  const std::size_t of_c = checked_mul(first.m, first.n);
  const auto product = [&](std::size_t g) {
    Product result = first;
    result.a += g * a_step;
    result.b += g * b_step;
    result.c += g * of_c;
    return result;
  };
  const std::size_t work = core::capped_mul(of_c, std::max<std::size_t>(first.k, 1));
  const std::size_t parts = parts_for(context, core::capped_mul(batch, work), kMultiplyGrain);
  const Blocking blocking(first, context.kernels);
  thread_local core::Scratch memory;  // the calling thread's, for all parts
  float* const scratch = memory.get<float>(checked_mul(parts, blocking.workspace()));
  if (batch >= parts && parts > 1) {
    context.pool.run(parts, [&](std::size_t part) {
      const std::size_t end = part_begin(part + 1, parts, batch, 1);
      for (std::size_t g = part_begin(part, parts, batch, 1); g < end; ++g) {
        const Product one = product(g);
        const Block whole{0, one.m, 0, one.n};
        BlockProduct(context.kernels, one, blocking, whole, scratch + part * blocking.workspace()).run();
      }
    });
    return;
  }
  for (std::size_t g = 0; g < batch; ++g) {
    multiply_one(context, product(g), blocking, std::min(parts, parts_for(context, work, kMultiplyGrain)), scratch);
  }
}

}  // namespace lanewise::ops
