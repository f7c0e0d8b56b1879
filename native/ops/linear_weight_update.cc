// The gradient of a linear layer for its weight, and the update that an optimizer makes of it, tile by tile: the
// gradient lives in a tile of scratch only.
#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "panels.h"
#include "parallel.h"
#include "product.h"
#include "update.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Chosen by measurement (README.md). Lines of k whose products are added up at once: so much of a panel stays in the
// first-level cache, and of a strip of A, as many rows, in the first or, packed, in the second. The panels of a group
// pass by for each strip: they come from further away when the batch is long, so strips are tall then.
constexpr std::size_t kLines = 256;
constexpr std::size_t kStripRows = 96;
constexpr std::size_t kPackedStripRows = 264;
constexpr std::size_t kGroupColumns = 512;
constexpr std::size_t kGroupFloats = 1 << 20;
// Lines of k from which on A is packed.
constexpr std::size_t kPackLines = 64;
// Borders between threads that own rows.
constexpr std::size_t kRowUnit = 8;

std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }

// The gradient, or its transpose for a weight in panels: [m, n] = aᵀ·b with a [k, m] and b [k, n]. Element (i, j)
// belongs to the weight's element i·n + j, or in panels to (j / nr)·m·nr + i·nr + j % nr.
struct Gradient {
  const float *a, *b;
  std::size_t m, n, k;
  bool panels;
};

struct WorkspaceSizes {
  bool pack_a;
  std::size_t lines;               // of k at a time
  std::size_t strip;               // rows of a strip
  std::size_t group;               // columns whose panels are packed together
  std::size_t b, a, sums, update;  // floats of packed b, packed a, sums of products, and what the update needs

  WorkspaceSizes(const Gradient& gradient, const Update& step, const kernels::KernelTable& kernels)
      : update(padded(step.room())) {
    const std::size_t nr = kernels.gemm_nr, mr = kernels.gemm_mr, k = std::max<std::size_t>(1, gradient.k);
    pack_a = k >= kPackLines;
    const std::size_t blocks = (k + kLines - 1) / kLines;
    lines = (k + blocks - 1) / blocks;
    strip = core::checked_round_up(std::min(pack_a ? kPackedStripRows : kStripRows, gradient.m), mr);
    group = std::clamp(kGroupFloats / k, nr, kGroupColumns) / nr * nr;
    group = std::min(group, core::checked_round_up(gradient.n, nr));
    b = padded(checked_mul(group, k));
    a = pack_a ? padded(checked_mul(strip / mr, checked_add(checked_mul(lines, mr), 16))) : 0;
    // Sums of one panel suffice where they are complete at once and lie as the weight does.
    sums = padded(checked_mul(strip, gradient.panels && blocks == 1 ? nr : group));
  }

  std::size_t total() const { return checked_add(checked_add(b, a), checked_add(sums, update)); }
};

struct Part {
  std::size_t row, rows, column, columns;
};

class Worker {
 public:
  Worker(const kernels::KernelTable& kernels, const Gradient& gradient, const WorkspaceSizes& sizes,
         const Update& update, float* scratch)
      : kernels_(kernels),
        gradient_(gradient),
        sizes_(sizes),
        update_(update),
        packed_b_(scratch),
        packed_a_(packed_b_ + sizes.b),
        sums_(packed_a_ + sizes.a),
        update_workspace_(sums_ + sizes.sums) {}

  void run(const Part& part) const {
    for (std::size_t j = 0; j < part.columns; j += sizes_.group) {
      const std::size_t columns = std::min(sizes_.group, part.columns - j), column = part.column + j;
      for (std::size_t c = 0; c < columns; c += kernels_.gemm_nr) {
        kernels_.pack_rows(gradient_.b + column + c, gradient_.n, gradient_.k, std::min(kernels_.gemm_nr, columns - c),
                           packed_b_ + c * gradient_.k);
      }
      for (std::size_t i = 0; i < part.rows; i += sizes_.strip) {
        strip({part.row + i, std::min(sizes_.strip, part.rows - i), column, columns});
      }
    }
  }

 private:
  void strip(const Part& part) const {
    std::size_t p = 0;
    do {  // once also for k = 0, which makes zeros
      const std::size_t lines = std::min(sizes_.lines, gradient_.k - p);
      const float* a = gradient_.a + p * gradient_.m + part.row;
      if (sizes_.pack_a) {
        kernels_.pack_tiles(a, gradient_.m, lines, part.rows, packed_a_);
        a = packed_a_;
      }
      const bool last = p + lines == gradient_.k;
      for (std::size_t c = 0; c < part.columns; c += kernels_.gemm_nr) {
        panel(part, a, c, p, lines, last);
      }
      if (last && !gradient_.panels) {
        for (std::size_t i = 0; i < part.rows; ++i) {
          update_.apply(update_workspace_, (part.row + i) * gradient_.n + part.column, part.columns,
                        sums_ + i * sizes_.group);
        }
      }
      p += lines;
    } while (p < gradient_.k);
  }

  // Lines [p, p + lines) for the panel of columns from c, and the update once its sums are complete and lie as the
  // weight.
  void panel(const Part& part, const float* a, std::size_t c, std::size_t p, std::size_t lines, bool last) const {
    const std::size_t nr = kernels_.gemm_nr, k = gradient_.k;
    const float* const packed = packed_b_ + c * k + p * nr;
    if (!gradient_.panels) {
      float* const sums = sums_ + c;
      kernels_.gemm_outer(a, gradient_.m, sizes_.pack_a, part.rows, packed, lines, p == 0 ? nullptr : sums, sums,
                          sizes_.group, nullptr);
      return;
    }
    float* const sums = sums_ + (lines == k ? 0 : c * sizes_.strip);
    const float* const start = p == 0 ? nullptr : sums;
    const std::size_t at = (part.column + c) * gradient_.m + part.row * nr;
    const float* const lr = last ? update_.plain_rate() : nullptr;
    kernels_.gemm_outer(a, gradient_.m, sizes_.pack_a, part.rows, packed, lines, start,
                        lr == nullptr ? sums : update_.plain_param() + at, nr, lr);
    if (last && lr == nullptr) update_.apply(update_workspace_, at, part.rows * nr, sums);
  }

  const kernels::KernelTable& kernels_;
  const Gradient& gradient_;
  const WorkspaceSizes& sizes_;
  const Update& update_;
  float *packed_b_, *packed_a_, *sums_, *update_workspace_;
};

// Packing an operand's element costs about as much as so many multiply-adds with it.
constexpr std::size_t kPackCost = 8;

// Whether threads had better own columns or rows, by their multiply-adds and what each packs.
bool by_columns(const Gradient& gradient, const WorkspaceSizes& sizes, std::size_t parts, std::size_t nr) {
  const std::size_t rows = (gradient.m + parts - 1) / parts, panels = (gradient.n + nr - 1) / nr;
  const std::size_t columns = (panels + parts - 1) / parts * nr;
  const std::size_t of_a = sizes.pack_a ? kPackCost : 0;
  const std::size_t columns_cost = columns * gradient.m + kPackCost * columns + of_a * gradient.m;
  const std::size_t rows_cost = panels * nr * rows + kPackCost * panels * nr + of_a * rows;
  return columns_cost <= rows_cost;
}

void run(const Context& context, const Gradient& gradient, const Update& update) {
  const std::size_t nr = context.kernels.gemm_nr;
  const std::size_t work = checked_mul(gradient.m, gradient.n, std::max<std::size_t>(1, gradient.k));
  const std::size_t parts = parts_for(context, work, kMultiplyGrain);
  const WorkspaceSizes sizes(gradient, update, context.kernels);
  const std::size_t workspace = sizes.total();
  thread_local core::Scratch memory;  // the calling thread's, for all parts
  float* const scratch = memory.get<float>(checked_mul(parts, workspace));
  const bool columns = by_columns(gradient, sizes, parts, nr);
  const auto share = [&](std::size_t part) {
    Part mine{0, gradient.m, 0, gradient.n};
    if (columns) {
      mine.column = part_begin(part, parts, gradient.n, nr);
      mine.columns = part_begin(part + 1, parts, gradient.n, nr) - mine.column;
    } else {
      mine.row = part_begin(part, parts, gradient.m, kRowUnit);
      mine.rows = part_begin(part + 1, parts, gradient.m, kRowUnit) - mine.row;
    }
    if (mine.rows != 0 && mine.columns != 0) {
      Worker(context.kernels, gradient, sizes, update, scratch + part * workspace).run(mine);
    }
  };
  if (work == 0) return;
  if (parts == 1) {
    share(0);
  } else {
    context.pool.run(parts, share);
  }
}

}  // namespace

void linearWeightUpdate(const Context& context, FloatIn grad, FloatIn x, ProgramIn program, FloatIns inputs,
                        Scalars scalars, FloatOuts outputs, std::optional<IndexOut> step, std::size_t rows,
                        std::size_t inFeatures, std::size_t outFeatures, bool packed) {
  constexpr const char* kOp = "linearWeightUpdate";
  const std::size_t length = weight_length(context, outFeatures, inFeatures, packed);
  check_length(kOp, "grad", grad.size(), checked_mul(rows, outFeatures));
  check_length(kOp, "x", x.size(), checked_mul(rows, inFeatures));
  ShortList<FloatIn> all;
  all.push_back({static_cast<const float*>(nullptr), length});  // the gradient, tile by tile
  for (const FloatIn input : inputs) all.push_back(input);
  thread_local BoundPointwise bound;  // its memory serves every call
  bound.bind(kOp, context.kernels, program, {all, {}, scalars, outputs, step, 1, 0}, 1, length);
  // Lines of a panel are inputs, its columns outputs; row-major it is the other way round.
  const Gradient gradient = packed ? Gradient{x.data(), grad.data(), inFeatures, outFeatures, rows, true}
                                   : Gradient{grad.data(), x.data(), outFeatures, inFeatures, rows, false};
  run(context, gradient, Update(bound, true));
  bound.finish();
}

}  // namespace lanewise::ops
