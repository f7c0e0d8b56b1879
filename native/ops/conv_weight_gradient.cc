// The gradients of a convolution for its weight and its bias. The batch is cut into chunks whose number depends on the
// shape alone; each has sums of its own, which are added in pairs.
#include <algorithm>
#include <cstring>

#include "../core/aligned.h"
#include "check.h"
#include "conv_geometry.h"
#include "conv_image.h"
#include "ops.h"
#include "parallel.h"
#include "product.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Chunks are as many as threads can share well, and fewer where their sums are large.
constexpr std::size_t kMostChunks = 8;
constexpr std::size_t kMostSums = std::size_t{1} << 18;

// The outputs of one dimension whose tap lies in the input: [begin, end).
struct Range {
  std::size_t begin, end;
};
Range range_of(const SpatialDim& dim, std::size_t tap) {
  const std::size_t at = tap * dim.dilation;
  const std::size_t begin = at >= dim.low ? 0 : (dim.low - at + dim.stride - 1) / dim.stride;
  const std::size_t limit = checked_add(dim.size, dim.low);
  const std::size_t end = at >= limit ? 0 : std::min(dim.out, (limit - at + dim.stride - 1) / dim.stride);
  return {begin, std::max(begin, end)};
}

class WeightGradient {
 public:
  WeightGradient(const Context& context, const ConvGeometry& geometry, const float* grad, bool grad_last,
                 const float* x, bool x_last)
      : context_(context),
        kernels_(context.kernels),
        g_(geometry),
        grad_(grad),
        x_(x),
        grad_last_(grad_last),
        x_last_(x_last),
        sums_(geometry.weight_size()) {
    chunks_ = std::clamp<std::size_t>(kMostSums / std::max<std::size_t>(1, sums_), 1, kMostChunks);
    chunks_ = std::max<std::size_t>(1, std::min(chunks_, g_.batch));
    parts_ = std::min(chunks_,
                      parts_for(context, checked_mul(g_.batch, std::min(g_.image_work(), kMostWork)), kMultiplyGrain));
    grad_floats_ = padded(checked_add(checked_mul(g_.out_pixels(), g_.out_channels), context.kernels.gemm_nr));
    x_floats_ = x_last ? 0 : padded(checked_mul(g_.in_pixels(), g_.channels));
    chunk_floats_ = padded(checked_add(sums_, g_.out_channels));
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    sum_memory_ = memory.get<float>(
        checked_add(checked_mul(chunks_, chunk_floats_), checked_mul(parts_, checked_add(grad_floats_, x_floats_))));
    images_ = sum_memory_ + chunks_ * chunk_floats_;
  }

  void run(float* out, float* bias_grad) {
    run_parts(context_, parts_, [&](std::size_t part) {
      const std::size_t last = part_begin(part + 1, parts_, chunks_, 1);
      for (std::size_t chunk = part_begin(part, parts_, chunks_, 1); chunk < last; ++chunk) {
        add_chunk(chunk, images_ + part * (grad_floats_ + x_floats_), bias_grad != nullptr);
      }
    });
    for (std::size_t apart = 1; apart < chunks_; apart *= 2) {
      for (std::size_t c = 0; c + apart < chunks_; c += 2 * apart) {
        float* const to = sum_memory_ + c * chunk_floats_;
        kernels_.add(to, 1, sum_memory_ + (c + apart) * chunk_floats_, 1, to, sums_ + g_.out_channels);
      }
    }
    write(out);
    if (bias_grad != nullptr) std::memcpy(bias_grad, sum_memory_ + sums_, g_.out_channels * sizeof(float));
  }

 private:
  static constexpr std::size_t kMostWork = std::size_t{1} << 40;

  // Sums are [group][tap][channel][out channel of the group], then those of the bias.
  void add_chunk(std::size_t chunk, float* scratch, bool with_bias) const {
    float* const sums = sum_memory_ + chunk * chunk_floats_;
    std::memset(sums, 0, (sums_ + g_.out_channels) * sizeof(float));
    const std::size_t last = part_begin(chunk + 1, chunks_, g_.batch, 1);
    for (std::size_t n = part_begin(chunk, chunks_, g_.batch, 1); n < last; ++n) {
      const float* x = x_ + n * g_.channels * g_.in_pixels();
      if (!x_last_) {
        kernels_.to_channels_last(x, g_.in_pixels(), g_.channels, g_.in_pixels(), 1, scratch + grad_floats_,
                                  g_.channels, 0);
        x = scratch + grad_floats_;
      }
      const float* const grad = grad_ + n * g_.out_channels * g_.out_pixels();
      if (grad_last_) {
        std::memcpy(scratch, grad, g_.out_pixels() * g_.out_channels * sizeof(float));
      } else {
        kernels_.to_channels_last(grad, g_.out_pixels(), g_.out_channels, g_.out_pixels(), 1, scratch, g_.out_channels,
                                  0);
      }
      add_image(x, scratch, sums);
      for (std::size_t p = 0; with_bias && p < g_.out_pixels(); ++p) {
        kernels_.add(sums + sums_, 1, scratch + p * g_.out_channels, 1, sums + sums_, g_.out_channels);
      }
    }
  }

  void add_image(const float* x, const float* grad, float* sums) const {
    const auto& [planes, rows, columns] = g_.dims;
    const std::size_t channels = g_.group_channels(), outs = g_.group_outs();
    for (std::size_t group = 0; group < g_.groups; ++group) {
      for (std::size_t tz = 0; tz < planes.kernel; ++tz) {
        for (std::size_t ty = 0; ty < rows.kernel; ++ty) {
          for (std::size_t tx = 0; tx < columns.kernel; ++tx) {
            add_tap(x + group * channels, grad + group * outs, {tz, ty, tx}, sums);
            sums += channels * outs;
          }
        }
      }
    }
  }

  void add_tap(const float* x, const float* grad, const std::array<std::size_t, kSpatial>& tap, float* sums) const {
    std::array<Range, kSpatial> range;
    for (std::size_t d = 0; d < kSpatial; ++d) range[d] = range_of(g_.dims[d], tap[d]);
    const auto at = [&](std::size_t d, std::size_t o) {
      return o * g_.dims[d].stride + tap[d] * g_.dims[d].dilation - g_.dims[d].low;
    };
    const std::size_t count = range[2].end - range[2].begin, nr = kernels_.gemm_nr, outs = g_.group_outs();
    if (count == 0) return;
    for (std::size_t z = range[0].begin; z < range[0].end; ++z) {
      for (std::size_t y = range[1].begin; y < range[1].end; ++y) {
        const std::size_t from = (at(0, z) * g_.dims[1].size + at(1, y)) * g_.dims[2].size + at(2, range[2].begin);
        const std::size_t to = (z * g_.dims[1].out + y) * g_.dims[2].out + range[2].begin;
        for (std::size_t o = 0; o < outs; o += nr) {
          kernels_.gemm_panel(x + from * g_.channels, 1, g_.dims[2].stride * g_.channels, g_.group_channels(),
                              grad + to * g_.out_channels + o, g_.out_channels, count, sums + o, outs, sums + o, outs,
                              std::min(nr, outs - o));
        }
      }
    }
  }

  // From [group][tap][channel][out channel] to [out channel][channel][tap].
  void write(float* out) const {
    const std::size_t taps = g_.taps(), channels = g_.group_channels(), outs = g_.group_outs();
    for (std::size_t o = 0; o < g_.out_channels; ++o) {
      const float* const group = sum_memory_ + o / outs * taps * channels * outs + o % outs;
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t t = 0; t < taps; ++t) *out++ = group[(t * channels + c) * outs];
      }
    }
  }

  const Context& context_;
  const kernels::KernelTable& kernels_;
  const ConvGeometry& g_;
  const float *grad_, *x_;
  bool grad_last_, x_last_;
  std::size_t sums_, chunks_ = 1, parts_ = 1;
  std::size_t grad_floats_ = 0, x_floats_ = 0, chunk_floats_ = 0;
  float *sum_memory_ = nullptr, *images_ = nullptr;
};

}  // namespace

void convWeightGradient(const Context& context, FloatIn grad, FloatIn x, FloatOut out, std::optional<FloatOut> biasGrad,
                        Layout geometry, bool gradChannelsLast, bool xChannelsLast) {
  constexpr const char* kOp = "convWeightGradient";
  const ConvGeometry sizes = decode_geometry(kOp, geometry);
  check_length(kOp, "grad", grad.size(), sizes.out_size());
  check_length(kOp, "x", x.size(), sizes.in_size());
  check_length(kOp, "out", out.size(), sizes.weight_size());
  if (biasGrad) check_length(kOp, "biasGrad", biasGrad->size(), sizes.out_channels);
  if (sizes.out_channels == 0) return;
  WeightGradient gradient(context, sizes, grad.data(), gradChannelsLast, x.data(), xChannelsLast);
  gradient.run(out.data(), biasGrad ? biasGrad->data() : nullptr);
}

}  // namespace lanewise::ops
