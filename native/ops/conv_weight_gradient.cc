// The gradients of a convolution for its weight and its bias: for each tap, channels of x times channels of the
// gradient, summed over the pixels that the tap sees.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "../core/aligned.h"
#include "check.h"
#include "conv_tap_places.h"
#include "conv_weights_sums.h"
#include "ops.h"
#include "winograd_conv.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;
using kernels::ConvRun;

// Pixels that a tile's sums are worth being loaded for: images of fewer go together.
constexpr std::size_t kGradientPixelsTogether = 160;

// The outputs of one dimension whose tap lies in the input: [begin, end).
struct Range {
  std::size_t begin, end;
  std::size_t count() const { return end - begin; }
};
Range range_of(const SpatialDim& dim, std::size_t tap) {
  const std::size_t at = tap * dim.dilation;
  const std::size_t begin = at >= dim.low ? 0 : std::min(dim.out, (dim.low - at + dim.stride - 1) / dim.stride);
  const std::size_t limit = checked_add(dim.size, dim.low);
  const std::size_t end = at >= limit ? 0 : std::min(dim.out, (limit - at + dim.stride - 1) / dim.stride);
  return {begin, std::max(begin, end)};
}

class DirectWeightGradient {
 public:
  DirectWeightGradient(const Context& context, const ConvWeightCall& call)
      : context_(context),
        kernels_(context.kernels),
        call_(call),
        g_(call.geometry),
        nr_(context.kernels.gemm_nr),
        of_group_((g_.group_outs() + nr_ - 1) / nr_),
        panels_(g_.groups * of_group_),
        lines_(checked_mul(g_.taps(), g_.group_channels())),
        chunks_(g_, checked_mul(panels_, checked_mul(lines_ + 1, nr_))),
        places_(g_),
        placed_(places_.applies()) {
    const std::size_t pixels = std::max<std::size_t>(1, g_.out_pixels());
    together_ = placed_ ? 1
                        : std::clamp<std::size_t>((kGradientPixelsTogether + pixels - 1) / pixels, 1,
                                                  std::max<std::size_t>(1, g_.batch / chunks_.count));
    makes_grad_ = call.grad_images != nullptr;
    copies_grad_ = !(call.grad_channels_last || makes_grad_) || g_.group_outs() % nr_ != 0;
    copies_x_ = !call.x_channels_last && !placed_;
    b_step_ = copies_grad_ ? nr_ : g_.out_channels;
    x_floats_ = placed_     ? padded(places_.size())
                : copies_x_ ? padded(checked_mul(together_, g_.in_pixels() * g_.channels))
                            : 0;
    grad_floats_ = copies_grad_ ? padded(checked_mul(together_, pixels, checked_mul(panels_, nr_))) : 0;
    image_floats_ = makes_grad_ ? padded(checked_mul(together_, g_.out_pixels() * g_.out_channels)) : 0;
    part_floats_ =
        checked_add(checked_add(x_floats_, grad_floats_), checked_add(image_floats_, padded(call.grad_workspace)));
    parts_ = std::min(conv_parts(context, g_), chunks_.count * std::max<std::size_t>(1, panels_));
    for (std::size_t d = 0; d < kSpatial; ++d) {
      for (std::size_t t = 0; t < g_.dims[d].kernel; ++t) ranges_[d].push_back(range_of(g_.dims[d], t));
    }
    if (placed_) {
      plan_rows();
    } else {
      plan_runs();
    }
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    chunks_.sums =
        memory.get<float>(checked_add(checked_mul(chunks_.count, chunks_.floats), checked_mul(parts_, part_floats_)));
  }

  void run() {
    float* const scratch = chunks_.of(chunks_.count);
    const std::size_t units = chunks_.count * panels_, at_once = panels_at_once(chunks_.count, panels_, parts_);
    run_parts(context_, parts_, [&](std::size_t part) {
      const std::size_t last = part_begin(part + 1, parts_, units, at_once);
      std::size_t unit = part_begin(part, parts_, units, at_once);
      while (unit < last) {
        const std::size_t chunk = unit / panels_, end = std::min(last, (chunk + 1) * panels_);
        add_chunk(chunk, unit % panels_, unit % panels_ + end - unit, scratch + part * part_floats_);
        unit = end;
      }
    });
    chunks_.add_up(context_);
    split(context_, std::min(parts_, panels_), panels_, 1, [&](std::size_t first, std::size_t last) {
      for (std::size_t panel = first; panel < last; ++panel) write(panel);
    });
  }

 private:
  std::size_t column_of(std::size_t panel) const {
    return panel / of_group_ * g_.group_outs() + panel % of_group_ * nr_;
  }
  std::size_t columns_of(std::size_t panel) const { return std::min(nr_, g_.group_outs() - panel % of_group_ * nr_); }
  // The sums of a panel are [tap][channel][nr], then [nr] of the bias.
  std::size_t panel_floats() const { return (lines_ + 1) * nr_; }

  // For each tap the runs of pixels of `together_` images.
  void plan_runs() {
    const auto& [planes, rows, columns] = g_.dims;
    for (std::size_t tz = 0; tz < planes.kernel; ++tz) {
      for (std::size_t ty = 0; ty < rows.kernel; ++ty) {
        for (std::size_t tx = 0; tx < columns.kernel; ++tx) {
          first_run_.push_back(runs_.size());
          for (std::size_t i = 0; i < together_; ++i) plan_image({tz, ty, tx}, i);
        }
      }
    }
    first_run_.push_back(runs_.size());
  }

  void plan_image(const std::array<std::size_t, kSpatial>& tap, std::size_t image) {
    std::array<Range, kSpatial> range;
    for (std::size_t d = 0; d < kSpatial; ++d) range[d] = ranges_[d][tap[d]];
    if (range[2].count() == 0) return;
    const auto at = [&](std::size_t d, std::size_t o) {
      return o * g_.dims[d].stride + tap[d] * g_.dims[d].dilation - g_.dims[d].low;
    };
    const std::size_t a_step = g_.dims[2].stride * g_.channels, first = runs_.size();
    for (std::size_t z = range[0].begin; z < range[0].end; ++z) {
      for (std::size_t y = range[1].begin; y < range[1].end; ++y) {
        const std::size_t from = (at(0, z) * g_.dims[1].size + at(1, y)) * g_.dims[2].size + at(2, range[2].begin);
        const std::size_t to = (z * g_.dims[1].out + y) * g_.dims[2].out + range[2].begin;
        const ConvRun run{(image * g_.in_pixels() + from) * g_.channels, (image * g_.out_pixels() + to) * b_step_,
                          range[2].count()};
        if (runs_.size() > first) {
          ConvRun& last = runs_.back();
          if (last.a + last.k * a_step == run.a && last.b + last.k * b_step_ == run.b) {
            last.k += run.k;
            continue;
          }
        }
        runs_.push_back(run);
      }
    }
  }

  // All taps of a row of outputs.
  void plan_rows() {
    const std::size_t width = g_.dims[2].out;
    for (std::size_t r = 0; r < g_.dims[0].out * g_.dims[1].out; ++r) {
      runs_.push_back({places_.row(r), r * width * b_step_, width});
    }
  }

  void add_chunk(std::size_t chunk, std::size_t panel, std::size_t last_panel, float* scratch) const {
    float* const sums = chunks_.of(chunk) + panel * panel_floats();
    std::memset(sums, 0, (last_panel - panel) * panel_floats() * sizeof(float));
    const std::size_t last = chunks_.begin(chunk + 1);
    for (std::size_t n = chunks_.begin(chunk); n < last; n += together_) {
      const std::size_t images = std::min(together_, last - n);
      const float* const x = x_of(n, images, scratch);
      float* const grads = scratch + x_floats_;
      if (makes_grad_) make_grads(n, images, scratch);
      if (placed_) places_.read(kernels_, x, call_.x_channels_last, scratch);
      for (std::size_t p = panel; p < last_panel; ++p) {
        const float* const grad = grad_of(grads_from(n, scratch), images, p, grads);
        float* const to = chunks_.of(chunk) + p * panel_floats();
        if (placed_) {
          add_placed(scratch, grad, p, to);
          continue;
        }
        if (call_.bias_grad != nullptr) {
          kernels_.add_columns(grad, images * g_.out_pixels(), b_step_, columns_of(p), to + lines_ * nr_);
        }
        add_taps(x + p / of_group_ * g_.group_channels(), grad, images, p, to);
      }
    }
  }

  void add_taps(const float* x, const float* grad, std::size_t images, std::size_t panel, float* sums) const {
    for (std::size_t t = 0; t < g_.taps(); ++t) {
      const std::size_t count = (first_run_[t + 1] - first_run_[t]) / together_ * images;
      const kernels::ConvOuter outer{.a = x,
                                     .a_step = g_.dims[2].stride * g_.channels,
                                     .rows = g_.group_channels(),
                                     .places = nullptr,
                                     .bias = nullptr,
                                     .b = grad,
                                     .b_step = b_step_,
                                     .runs = runs_.data() + first_run_[t],
                                     .count = count,
                                     .sums = sums + t * g_.group_channels() * nr_,
                                     .columns = columns_of(panel)};
      kernels_.conv_outer(&outer);
    }
  }

  // All taps are the rows of one product; some rows of outputs at a time, so that their gradients stay in the
  // first-level cache while the tiles pass.
  void add_placed(const float* image, const float* grad, std::size_t panel, float* sums) const {
    const std::size_t rows = runs_.size(), width = g_.dims[2].out;
    const std::size_t together = std::max<std::size_t>(1, kGradientPixelsTogether / std::max<std::size_t>(1, width));
    for (std::size_t row = 0; row < rows; row += together) {
      const std::size_t taken = std::min(together, rows - row);
      const kernels::ConvOuter outer{.a = image,
                                     .a_step = places_.step(),
                                     .rows = lines_,
                                     .places = places_.taps(),
                                     .bias = call_.bias_grad == nullptr ? nullptr : sums + lines_ * nr_,
                                     .b = grad,
                                     .b_step = b_step_,
                                     .runs = runs_.data() + row,
                                     .count = taken,
                                     .sums = sums,
                                     .columns = columns_of(panel)};
      kernels_.conv_outer(&outer);
    }
  }

  const float* x_of(std::size_t first, std::size_t images, float* scratch) const {
    const std::size_t size = g_.in_pixels() * g_.channels;
    const float* const from = call_.x + first * size;
    if (!copies_x_) return from;
    for (std::size_t i = 0; i < images; ++i) {
      kernels_.to_channels_last(from + i * size, g_.in_pixels(), g_.channels, g_.in_pixels(), 1, scratch + i * size,
                                g_.channels, 0);
    }
    return scratch;
  }

  void make_grads(std::size_t first, std::size_t images, float* scratch) const {
    float *const to = scratch + x_floats_ + grad_floats_, *const workspace = to + image_floats_;
    for (std::size_t i = 0; i < images; ++i) {
      (*call_.grad_images)(first + i, to + i * g_.out_pixels() * g_.out_channels, workspace);
    }
  }

  // Where the gradients of images from `first` on are.
  const float* grads_from(std::size_t first, const float* scratch) const {
    if (makes_grad_) return scratch + x_floats_ + grad_floats_;
    return call_.grad + first * g_.out_pixels() * g_.out_channels;
  }

  // A panel of the gradient, lines b_step_ apart: where it stands, or copied to its place in scratch.
  const float* grad_of(const float* from, std::size_t images, std::size_t panel, float* scratch) const {
    const std::size_t pixels = g_.out_pixels(), column = column_of(panel), columns = columns_of(panel);
    if (!copies_grad_) return from + column;
    float* const to = scratch + panel * together_ * pixels * nr_;
    if (columns < nr_) std::memset(to, 0, images * pixels * nr_ * sizeof(float));
    for (std::size_t i = 0; i < images; ++i) {
      if (!call_.grad_channels_last && !makes_grad_) {
        kernels_.to_channels_last(from + (i * g_.out_channels + column) * pixels, pixels, columns, pixels, 1,
                                  to + i * pixels * nr_, nr_, 0);
      } else {
        for (std::size_t p = i * pixels; p < (i + 1) * pixels; ++p) {
          std::memcpy(to + p * nr_, from + p * g_.out_channels + column, columns * sizeof(float));
        }
      }
    }
    return to;
  }

  // From [tap][channel][nr] to [column][channel][tap].
  void write(std::size_t panel) const {
    const float* const sums = chunks_.sums + panel * panel_floats();
    const std::size_t taps = g_.taps(), channels = g_.group_channels(), columns = columns_of(panel);
    float* const out = call_.out + column_of(panel) * lines_;
    if (taps == 1) {
      kernels_.to_channels_first(sums, nr_, columns, channels, out, lines_);
    } else {
      for (std::size_t c = 0; c < channels; ++c) {
        kernels_.to_channels_first(sums + c * nr_, channels * nr_, columns, taps, out + c * taps, lines_);
      }
    }
    if (call_.bias_grad != nullptr) {
      std::memcpy(call_.bias_grad + column_of(panel), sums + lines_ * nr_, columns * sizeof(float));
    }
  }

  const Context& context_;
  const kernels::KernelTable& kernels_;
  const ConvWeightCall& call_;
  const ConvGeometry& g_;
  std::size_t nr_, of_group_, panels_, lines_;
  ConvChunks chunks_;
  TapPlaces places_;
  bool placed_, makes_grad_ = false, copies_grad_ = false, copies_x_ = false;
  std::size_t together_ = 1, b_step_ = 0;
  std::size_t x_floats_ = 0, grad_floats_ = 0, image_floats_ = 0, part_floats_ = 0, parts_ = 1;
  std::array<std::vector<Range>, kSpatial> ranges_;  // of each tap
  std::vector<ConvRun> runs_;
  std::vector<std::size_t> first_run_;
};

}  // namespace

void weight_gradient(const Context& context, const ConvWeightCall& call) {
  if (call.geometry.out_channels == 0) return;
  if (call.geometry.depthwise()) return depthwise_weight_gradient(context, call);
  if (winograd_suits(call.geometry)) return winograd_weight_gradient(context, call);
  DirectWeightGradient(context, call).run();
}

void convWeightGradient(const Context& context, FloatIn grad, FloatIn x, FloatOut out, std::optional<FloatOut> biasGrad,
                        Numbers geometry, bool gradChannelsLast, bool xChannelsLast) {
  constexpr const char* kOp = "convWeightGradient";
  const ConvGeometry sizes = decode_geometry(kOp, geometry);
  check_length(kOp, "grad", grad.size(), sizes.out_size());
  check_length(kOp, "x", x.size(), sizes.in_size());
  check_length(kOp, "out", out.size(), sizes.weight_size());
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), sizes.out_channels);
  weight_gradient(context, {sizes, grad.data(), gradChannelsLast, x.data(), xChannelsLast, out.data(),
                            biasGrad ? biasGrad->data() : nullptr});
}

}  // namespace lanewise::ops
