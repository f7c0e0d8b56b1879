// The gradient of a linear layer for its weight, and the optimizer's step with it, tile by tile: the gradient lives in
// a tile of scratch only.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "optimizers.h"
#include "panels.h"
#include "parallel.h"
#include "product.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Chosen by measurement (README.md). Floats of the packed operands: B's stay in the second-level cache while the strips
// of A pass by, or in the third; a strip of A stays while the panels pass by.
constexpr std::size_t kGroupFloats = 262144;
constexpr std::size_t kStripFloats = 24576;
constexpr std::size_t kStripRows = 96;
// Lines of k from which on A is packed, and that are worked through at once.
constexpr std::size_t kPackLines = 64;
constexpr std::size_t kLines = 256;
// Columns of a tile whose rows lie apart in memory.
constexpr std::size_t kTileColumns = 256;

std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }

// The gradient, or its transpose for a weight in panels: [m, n] = aᵀ·b with a [k, m] and b [k, n]. Element (i, j)
// belongs to the weight's element i·row_step + j, or in panels to (j / nr)·m·nr + i·nr + j % nr.
struct Gradient {
  const float *a, *b;
  std::size_t m, n, k;
  bool panels;
};

struct Rooms {
  std::size_t group;  // columns whose panels are packed together
  std::size_t strip;  // rows of a strip
  std::size_t width;  // columns of a tile
  bool pack_a;

  Rooms(const Gradient& gradient, const kernels::KernelTable& kernels) {
    const std::size_t nr = kernels.gemm_nr, mr = kernels.gemm_mr, k = std::max<std::size_t>(1, gradient.k);
    const std::size_t whole = core::checked_round_up(gradient.n, nr);
    group = std::min(whole, std::max(nr, kGroupFloats / k / nr * nr));
    strip = std::min(std::max(2 * mr, std::min(kStripRows, kStripFloats / k) / mr * mr), padded(gradient.m));
    width = gradient.panels ? nr : std::min(group, kTileColumns);
    pack_a = k >= kPackLines;
  }

  // Lines of packed A: 16 more than the rows, so that they do not all fall into the same cache sets.
  std::size_t a_stride() const { return padded(strip) + 16; }
  std::size_t of_b(std::size_t k) const { return padded(checked_mul(group, k)); }
  std::size_t of_a(std::size_t k) const { return pack_a ? checked_mul(a_stride(), k) : 0; }
  std::size_t of_tile() const { return padded(checked_mul(strip, width)); }
  std::size_t total(std::size_t k) const { return checked_add(checked_add(of_b(k), of_a(k)), of_tile()); }
};

struct Part {
  std::size_t row, rows, column, columns;
};

template <typename Step>
class Worker {
 public:
  Worker(const kernels::KernelTable& kernels, const Gradient& gradient, const Rooms& rooms, const Step& step,
         float* scratch)
      : kernels_(kernels),
        gradient_(gradient),
        rooms_(rooms),
        step_(step),
        packed_b_(scratch),
        packed_a_(packed_b_ + rooms.of_b(gradient.k)),
        tile_(packed_a_ + rooms.of_a(gradient.k)) {}

  void run(const Part& part) const {
    for (std::size_t j = 0; j < part.columns; j += rooms_.group) {
      const std::size_t columns = std::min(rooms_.group, part.columns - j), column = part.column + j;
      for (std::size_t c = 0; c < columns; c += kernels_.gemm_nr) {
        kernels_.pack_rows(gradient_.b + column + c, gradient_.n, gradient_.k, std::min(kernels_.gemm_nr, columns - c),
                           packed_b_ + c * gradient_.k);
      }
      for (std::size_t i = 0; i < part.rows; i += rooms_.strip) {
        strip(part.row + i, std::min(rooms_.strip, part.rows - i), column, columns);
      }
    }
  }

 private:
  void strip(std::size_t row, std::size_t rows, std::size_t column, std::size_t columns) const {
    const float* a = gradient_.a + row;
    std::size_t a_k = gradient_.m;
    if (rooms_.pack_a) {
      a_k = rooms_.a_stride();
      for (std::size_t line = 0; line < gradient_.k; ++line) {
        std::copy_n(a + line * gradient_.m, rows, packed_a_ + line * a_k);
      }
      a = packed_a_;
    }
    for (std::size_t c = 0; c < columns; c += rooms_.width) {
      const std::size_t width = std::min(rooms_.width, columns - c);
      tile(a, a_k, rows, c, width);
      update(row, rows, column + c, width);
    }
  }

  // The gradient for `rows` rows and the packed columns [c, c + width), into the tile.
  void tile(const float* a, std::size_t a_k, std::size_t rows, std::size_t c, std::size_t width) const {
    const std::size_t nr = kernels_.gemm_nr, k = gradient_.k;
    for (std::size_t j = 0; j < width; j += nr) {
      float* const sums = tile_ + j;
      std::size_t p = 0;
      do {  // once also for k = 0, which writes zeros
        const std::size_t lines = std::min(kLines, k - p);
        kernels_.gemm_panel(a + p * a_k, 1, a_k, rows, packed_b_ + (c + j) * k + p * nr, nr, lines,
                            p == 0 ? nullptr : sums, rooms_.width, sums, rooms_.width, nr);
        p += kLines;
      } while (p < k);
    }
  }

  void update(std::size_t row, std::size_t rows, std::size_t column, std::size_t width) const {
    const std::size_t nr = kernels_.gemm_nr;
    if (gradient_.panels) {  // whole lines of the panel, one behind the other
      step_.apply(kernels_, column * gradient_.m + row * nr, tile_, rows * nr);
      return;
    }
    for (std::size_t i = 0; i < rows; ++i) {
      step_.apply(kernels_, (row + i) * gradient_.n + column, tile_ + i * rooms_.width, width);
    }
  }

  const kernels::KernelTable& kernels_;
  const Gradient& gradient_;
  const Rooms& rooms_;
  const Step& step_;
  float *packed_b_, *packed_a_, *tile_;
};

template <typename Step>
void update(const Context& context, FloatIn grad, FloatIn x, std::size_t rows, std::size_t in, std::size_t out,
            bool packed, const Step& step) {
  // Lines of a panel are inputs, its columns outputs; row-major it is the other way round.
  const Gradient gradient = packed ? Gradient{x.data(), grad.data(), in, out, rows, true}
                                   : Gradient{grad.data(), x.data(), out, in, rows, false};
  const std::size_t nr = context.kernels.gemm_nr, mr = context.kernels.gemm_mr;
  const std::size_t work = checked_mul(in, out, std::max<std::size_t>(1, rows));
  const std::size_t parts = parts_for(context, work, kMultiplyGrain);
  const Rooms rooms(gradient, context.kernels);
  const std::size_t room = rooms.total(rows);
  thread_local core::Scratch memory;  // the calling thread's, for all parts
  float* const scratch = memory.get<float>(checked_mul(parts, room));
  const bool columns = by_columns(gradient.m, gradient.n, parts, nr);
  const auto share = [&](std::size_t part) {
    Part mine{0, gradient.m, 0, gradient.n};
    if (columns) {
      mine.column = part_begin(part, parts, gradient.n, nr);
      mine.columns = part_begin(part + 1, parts, gradient.n, nr) - mine.column;
    } else {
      mine.row = part_begin(part, parts, gradient.m, mr);
      mine.rows = part_begin(part + 1, parts, gradient.m, mr) - mine.row;
    }
    if (mine.rows != 0 && mine.columns != 0) {
      Worker<Step>(context.kernels, gradient, rooms, step, scratch + part * room).run(mine);
    }
  };
  if (work != 0) {
    if (parts == 1) {
      share(0);
    } else {
      context.pool.run(parts, share);
    }
  }
  step.finish();
}

void check_operands(const char* op, FloatIn grad, FloatIn x, FloatOut weight, std::size_t length, std::size_t rows,
                    std::size_t in, std::size_t out) {
  check_length(op, "grad", grad.size(), checked_mul(rows, out));
  check_length(op, "x", x.size(), checked_mul(rows, in));
  check_length(op, "weight", weight.size(), length);
}

}  // namespace

void linearWeightSgd(const Context& context, FloatIn grad, FloatIn x, FloatOut weight, std::optional<FloatOut> buffer,
                     std::optional<IndexOut> step, std::size_t rows, std::size_t inFeatures, std::size_t outFeatures,
                     double lr, double momentum, double dampening, double weightDecay, bool nesterov, bool packed) {
  constexpr const char* kOp = "linearWeightSgd";
  const std::size_t length = weight_length(context, outFeatures, inFeatures, packed);
  check_operands(kOp, grad, x, weight, length, rows, inFeatures, outFeatures);
  const SgdStep one(kOp, weight, buffer, step, length, {lr, momentum, dampening, weightDecay, nesterov});
  update(context, grad, x, rows, inFeatures, outFeatures, packed, one);
}

void linearWeightAdam(const Context& context, FloatIn grad, FloatIn x, FloatOut weight, FloatOut m, FloatOut v,
                      std::optional<FloatOut> maxV, IndexOut step, std::size_t rows, std::size_t inFeatures,
                      std::size_t outFeatures, double lr, double beta1, double beta2, double eps, double weightDecay,
                      bool decoupled, bool packed) {
  constexpr const char* kOp = "linearWeightAdam";
  const std::size_t length = weight_length(context, outFeatures, inFeatures, packed);
  check_operands(kOp, grad, x, weight, length, rows, inFeatures, outFeatures);
  const AdamStep one(kOp, weight, m, v, maxV, step, length, {lr, beta1, beta2, eps, weightDecay, decoupled});
  update(context, grad, x, rows, inFeatures, outFeatures, packed, one);
}

}  // namespace lanewise::ops
