// The weight's gradient where each channel has a kernel: channels are lanes.
#include <cstring>

#include "../core/aligned.h"
#include "conv_plan.h"
#include "conv_weights_sums.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

constexpr std::size_t kBandPixels = 1024;  // long, as each band loads and stores its sums

class DepthwiseGradient {
 public:
  DepthwiseGradient(const Context& context, const ConvWeightCall& call)
      : context_(context),
        call_(call),
        g_(call.geometry),
        plan_(g_, ConvDirection::kForward, true, kBandPixels),
        line_(padded(g_.channels)),
        chunks_(g_, checked_mul(line_, checked_add(g_.taps(), 1))),
        parts_(std::min(chunks_.count, conv_parts(context, g_))) {
    x_floats_ = call.x_channels_last ? 0 : padded(g_.in_pixels() * g_.channels);
    const bool makes_grad = call.grad_images != nullptr;
    grad_floats_ = call.grad_channels_last && !makes_grad ? 0 : padded(g_.out_pixels() * g_.channels);
    part_floats_ = checked_add(x_floats_ + grad_floats_, padded(call.grad_workspace));
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    chunks_.sums =
        memory.get<float>(checked_add(checked_mul(chunks_.count, chunks_.floats), checked_mul(parts_, part_floats_)));
  }

  void run() {
    float* const scratch = chunks_.of(chunks_.count);
    run_parts(context_, parts_, [&](std::size_t part) {
      const std::size_t last = part_begin(part + 1, parts_, chunks_.count, 1);
      for (std::size_t chunk = part_begin(part, parts_, chunks_.count, 1); chunk < last; ++chunk) {
        add_chunk(chunk, scratch + part * part_floats_);
      }
    });
    chunks_.add_up(context_);
    const std::size_t taps = g_.taps();
    for (std::size_t c = 0; c < g_.channels; ++c) {
      for (std::size_t t = 0; t < taps; ++t) call_.out[c * taps + t] = chunks_.sums[t * line_ + c];
      if (call_.bias_grad != nullptr) call_.bias_grad[c] = chunks_.sums[taps * line_ + c];
    }
  }

 private:
  const float* channels_last(const float* from, bool is_last, std::size_t pixels, float* scratch) const {
    if (is_last) return from;
    context_.kernels.to_channels_last(from, pixels, g_.channels, pixels, 1, scratch, g_.channels, 0);
    return scratch;
  }

  const float* grad_of(std::size_t image, float* scratch) const {
    if (call_.grad_images != nullptr) {
      (*call_.grad_images)(image, scratch, scratch + grad_floats_);
      return scratch;
    }
    const std::size_t size = g_.out_pixels() * g_.channels;
    return channels_last(call_.grad + image * size, call_.grad_channels_last, g_.out_pixels(), scratch);
  }

  void add_chunk(std::size_t chunk, float* scratch) const {
    float* const sums = chunks_.of(chunk);
    std::memset(sums, 0, chunks_.floats * sizeof(float));
    const std::size_t in = g_.in_pixels() * g_.channels;
    for (std::size_t n = chunks_.begin(chunk); n < chunks_.begin(chunk + 1); ++n) {
      const float* const x = channels_last(call_.x + n * in, call_.x_channels_last, g_.in_pixels(), scratch);
      const float* const grad = grad_of(n, scratch + x_floats_);
      for (const PlannedRegion& planned : plan_.regions) {
        const kernels::ConvDepthwiseSums region{.source = x + planned.source,
                                                .source_pixel = planned.source_pixel,
                                                .source_row = planned.source_row,
                                                .grad = grad + planned.out * g_.channels,
                                                .grad_pixel = planned.out_pixel * g_.channels,
                                                .grad_row = planned.out_row * g_.channels,
                                                .width = planned.width,
                                                .height = planned.height,
                                                .segments = plan_.segments.data() + planned.segments,
                                                .count = planned.count,
                                                .sums = sums,
                                                .line = line_,
                                                .channels = g_.channels};
        context_.kernels.conv_depthwise_sums(&region);
      }
      if (call_.bias_grad != nullptr) {
        context_.kernels.add_columns(grad, g_.out_pixels(), g_.channels, g_.channels, sums + g_.taps() * line_);
      }
    }
  }

  const Context& context_;
  const ConvWeightCall& call_;
  const ConvGeometry& g_;
  ConvPlan plan_;
  std::size_t line_;
  ConvChunks chunks_;
  std::size_t parts_, x_floats_ = 0, grad_floats_ = 0, part_floats_ = 0;
};

}  // namespace

void depthwise_weight_gradient(const Context& context, const ConvWeightCall& call) {
  DepthwiseGradient(context, call).run();
}

}  // namespace lanewise::ops
