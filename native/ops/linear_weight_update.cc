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

// Chosen by measurement (README.md). Lines of k whose products are added up at once: the lines of a panel stay in the
// first-level cache, and those of a strip of A in the first or, packed, in the second. The panels of a group pass by
// for each strip: they come from further away when the batch is long, so strips are tall then.
constexpr std::size_t kLines = 256;
constexpr std::size_t kStripRows = 96;
constexpr std::size_t kPackedStripRows = 264;
constexpr std::size_t kUpdateGroupColumns = 512;
constexpr std::size_t kGroupFloats = 1 << 20;
// Lines of k from which on A is packed.
constexpr std::size_t kPackLines = 64;
// Borders between threads that own rows.
constexpr std::size_t kRowUnit = 8;
// Packing an operand's element costs about as much as this many multiply-adds with it.
constexpr std::size_t kPackCost = 8;

// The gradient, or its transpose for a weight in panels: [m, n] = aᵀ·b with a [k, m] and b [k, n]. Element (i, j)
// belongs to the weight's element i·n + j, or in panels to (j / nr)·m·nr + i·nr + j % nr.
struct Gradient {
  const float *a, *b;
  std::size_t m, n, k;
  bool panels;
};

// How one part works through its block of the gradient.
struct UpdateBlocking {
  bool pack_a;
  std::size_t lines;  // of k at a time
  std::size_t strip;  // rows of a strip
  std::size_t group;  // columns whose panels are packed together
  // Floats for packed b, packed a, sums of products, and what the update needs.
  std::size_t b_workspace, a_workspace, sums_workspace, update_workspace;

  UpdateBlocking(const Gradient& gradient, const Update& update, const kernels::KernelTable& kernels)
      : update_workspace(padded(update.workspace())) {
    const std::size_t nr = kernels.gemm_nr, mr = kernels.gemm_mr, k = std::max<std::size_t>(1, gradient.k);
    pack_a = k >= kPackLines;
    const std::size_t blocks = (k + kLines - 1) / kLines;
    lines = (k + blocks - 1) / blocks;
    strip = core::checked_round_up(std::min(pack_a ? kPackedStripRows : kStripRows, gradient.m), mr);
    group = std::clamp(kGroupFloats / k, nr, kUpdateGroupColumns) / nr * nr;
    group = std::min(group, core::checked_round_up(gradient.n, nr));
    b_workspace = padded(checked_mul(group, k));
    a_workspace = pack_a ? padded(checked_mul(strip / mr, checked_add(checked_mul(lines, mr), 16))) : 0;
    // Sums of one panel suffice where they are complete at once and lie as the weight does.
    sums_workspace = padded(checked_mul(strip, gradient.panels && blocks == 1 ? nr : group));
  }

  std::size_t workspace() const {
    return checked_add(checked_add(b_workspace, a_workspace), checked_add(sums_workspace, update_workspace));
  }
};

class BlockUpdate {
 public:
  BlockUpdate(const kernels::KernelTable& kernels, const Gradient& gradient, const UpdateBlocking& blocking,
              const Update& update, float* scratch)
      : kernels_(kernels),
        gradient_(gradient),
        blocking_(blocking),
        update_(update),
        packed_b_(scratch),
        packed_a_(packed_b_ + blocking.b_workspace),
        sums_(packed_a_ + blocking.a_workspace),
        update_workspace_(sums_ + blocking.sums_workspace) {}

  void run(const Block& block) const {
    const std::size_t nr = kernels_.gemm_nr;
    for (std::size_t j = 0; j < block.columns; j += blocking_.group) {
      const std::size_t columns = std::min(blocking_.group, block.columns - j), column = block.column + j;
      for (std::size_t c = 0; c < columns; c += nr) {
        kernels_.pack_rows(gradient_.b + column + c, gradient_.n, gradient_.k, std::min(nr, columns - c),
                           packed_b_ + c * gradient_.k);
      }
      for (std::size_t i = 0; i < block.rows; i += blocking_.strip) {
        update_strip({block.row + i, std::min(blocking_.strip, block.rows - i), column, columns});
      }
    }
  }

 private:
  // The panels of a group for the rows of a strip.
  void update_strip(const Block& strip) const {
    std::size_t p = 0;
    do {  // once also for k = 0, which makes zeros
      const std::size_t lines = std::min(blocking_.lines, gradient_.k - p);
      const float* a = gradient_.a + p * gradient_.m + strip.row;
      if (blocking_.pack_a) {
        kernels_.pack_tiles(a, gradient_.m, lines, strip.rows, packed_a_);
        a = packed_a_;
      }
      for (std::size_t c = 0; c < strip.columns; c += kernels_.gemm_nr) {
        if (gradient_.panels) {
          update_panel(strip, a, c, p, lines);
        } else {
          float* const sums = sums_ + c;
          multiply(strip, a, c, p, lines, sums, sums, blocking_.group, nullptr);
        }
      }
      p += lines;
    } while (p < gradient_.k);
    if (gradient_.panels) return;
    for (std::size_t i = 0; i < strip.rows; ++i) {
      update_.apply(update_workspace_, (strip.row + i) * gradient_.n + strip.column, strip.columns,
                    sums_ + i * blocking_.group);
    }
  }

  // Lines [p, p + lines) for the panel of columns from c, and its update once the sums are complete.
  void update_panel(const Block& strip, const float* a, std::size_t c, std::size_t p, std::size_t lines) const {
    const std::size_t nr = kernels_.gemm_nr, at = (strip.column + c) * gradient_.m + strip.row * nr;
    const bool last = p + lines == gradient_.k;
    float* const sums = sums_ + (lines == gradient_.k ? 0 : c * blocking_.strip);
    const float* const rate = last ? update_.plain_rate() : nullptr;
    multiply(strip, a, c, p, lines, sums, rate == nullptr ? sums : update_.plain_param() + at, nr, rate);
    if (last && rate == nullptr) update_.apply(update_workspace_, at, strip.rows * nr, sums);
  }

  // Adds the products of lines [p, p + lines) to `sums`, or begins them: to `out`, or with a rate as the step of SGD.
  void multiply(const Block& strip, const float* a, std::size_t c, std::size_t p, std::size_t lines, const float* sums,
                float* out, std::size_t stride, const float* rate) const {
    const float* const b = packed_b_ + c * gradient_.k + p * kernels_.gemm_nr;
    kernels_.gemm_outer(a, gradient_.m, blocking_.pack_a, strip.rows, b, lines, p == 0 ? nullptr : sums, out, stride,
                        rate);
  }

  const kernels::KernelTable& kernels_;
  const Gradient& gradient_;
  const UpdateBlocking& blocking_;
  const Update& update_;
  float *packed_b_, *packed_a_, *sums_, *update_workspace_;
};

// Whether threads had better own columns or rows, by their multiply-adds and what each packs.
bool owns_columns(const Gradient& gradient, const UpdateBlocking& blocking, std::size_t parts, std::size_t nr) {
  const std::size_t rows = (gradient.m + parts - 1) / parts, panels = (gradient.n + nr - 1) / nr;
  const std::size_t columns = (panels + parts - 1) / parts * nr;
  const std::size_t cost_of_a = blocking.pack_a ? kPackCost : 0;
  const std::size_t columns_cost = columns * gradient.m + kPackCost * columns + cost_of_a * gradient.m;
  const std::size_t rows_cost = panels * nr * rows + kPackCost * panels * nr + cost_of_a * rows;
  return columns_cost <= rows_cost;
}

void run_update(const Context& context, const Gradient& gradient, const Update& update) {
  const std::size_t nr = context.kernels.gemm_nr;
  const std::size_t work = core::capped_mul(gradient.m, gradient.n, std::max<std::size_t>(1, gradient.k));
  if (work == 0) return;
  const std::size_t parts = parts_for(context, work, kMultiplyGrain);
  const UpdateBlocking blocking(gradient, update, context.kernels);
  thread_local core::Scratch memory;  // the calling thread's, for all parts
  float* const scratch = memory.get<float>(checked_mul(parts, blocking.workspace()));
  const bool columns = owns_columns(gradient, blocking, parts, nr);
  run_parts(context, parts, [&](std::size_t part) {
    const Block block = block_of(part, parts, gradient.m, gradient.n, columns, kRowUnit, nr);
    if (block.rows == 0 || block.columns == 0) return;
    BlockUpdate(context.kernels, gradient, blocking, update, scratch + part * blocking.workspace()).run(block);
  });
}

}  // namespace

void linearWeightUpdate(const Context& context, FloatIn grad, FloatIn x, ProgramIn program, Weight<FloatIns> inputs,
                        Scalars scalars, Weight<FloatOuts> outputs, std::optional<IndexOut> step, std::size_t rows,
                        std::size_t inFeatures, std::size_t outFeatures, PackedFlag packed) {
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
  run_update(context, gradient, Update(bound, true));
  bound.finish();
}

}  // namespace lanewise::ops
