// The weight gradient of a convolution by Winograd. The batch is cut into chunks, their number depending on the shape
// alone; each has sums, which are added in pairs before Gᵀ makes them the gradient.
#include <algorithm>
#include <cstring>

#include "../core/aligned.h"
#include "parallel.h"
#include "product.h"
#include "winograd.h"
#include "winograd_conv.h"
#include "winograd_shape.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// A chunk has enough tiles that adding up its sums costs little, and the sums of all chunks stay small.
constexpr std::size_t kChunkTiles = 384;
constexpr std::size_t kMostSums = std::size_t{1} << 20;
constexpr std::size_t kMostGradientChunks = 8;

std::size_t chunks_of(const WinogradShape& shape, std::size_t batch) {
  const std::size_t tiles = batch * shape.tile_rows() * shape.tile_columns();
  const std::size_t limit = kMostSums / std::min(kMostSums, 16 * shape.channels * shape.outs);
  return std::max<std::size_t>(1, std::min({tiles / kChunkTiles, limit, kMostGradientChunks, batch}));
}

class GradientPass {
 public:
  GradientPass(const Context& context, const ConvWeightCall& call)
      : context_(context),
        kernels_(context.kernels),
        call_(call),
        shape_(winograd_shape(call.geometry)),
        pass_(context.kernels, shape_),
        batch_(call.geometry.batch),
        chunks_(chunks_of(shape_, batch_)) {
    const std::size_t wanted = conv_parts(context, call.geometry);
    parts_ = std::min(wanted, chunks_ * pass_.panels());
    unit_ = panels_at_once(chunks_, pass_.panels(), parts_);
    x_floats_ = call.x_channels_last ? 0 : padded(in_image());
    // Lines of the gradient have all outputs but where they are transposed for some panels.
    grad_last_ = call.grad_channels_last || call.grad_images != nullptr;
    grad_floats_ = call.grad_channels_last && call.grad_images == nullptr ? 0 : padded(out_image());
    part_floats_ = padded(pass_.workspace(pass_.panels()));
    for (const std::size_t more : {x_floats_, grad_floats_, padded(shape_.outs), padded(call.grad_workspace)}) {
      part_floats_ = checked_add(part_floats_, more);
    }
    chunk_floats_ = checked_add(padded(pass_.size()), padded(shape_.outs));
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    sums_ = memory.get<float>(checked_add(checked_mul(chunks_, chunk_floats_), checked_mul(parts_, part_floats_)));
    scratch_ = sums_ + chunks_ * chunk_floats_;
  }

  void run() const {
    const std::size_t panels = pass_.panels();
    run_parts(context_, parts_, [&](std::size_t part) {
      const std::size_t begin = part_begin(part, parts_, chunks_ * panels, unit_);
      const std::size_t end = part_begin(part + 1, parts_, chunks_ * panels, unit_);
      each_panel(begin, end, panels, [&](std::size_t chunk, std::size_t first, std::size_t last) {
        add_chunk(chunk, first, last, scratch_ + part * part_floats_, call_.bias_grad != nullptr);
      });
    });
    const std::size_t lines = chunks_ == 1 ? 0 : panels * shape_.channels;  // of one chunk all is done
    split(context_, parts_, lines, 1, [&](std::size_t begin, std::size_t end) {
      each_panel(begin, end, shape_.channels, [&](std::size_t panel, std::size_t first, std::size_t last) {
        in_pairs([&](float* sums, const float* others) { pass_.add(sums, others, panel, first, last); });
        pass_.finish(sums_, panel, first, last, call_.out);
      });
    });
    if (call_.bias_grad == nullptr) return;
    const std::size_t at = padded(pass_.size());
    in_pairs(
        [&](float* sums, const float* others) { kernels_.add(sums + at, 1, others + at, 1, sums + at, shape_.outs); });
    std::memcpy(call_.bias_grad, sums_ + at, shape_.outs * sizeof(float));
  }

 private:
  std::size_t in_image() const { return shape_.height * shape_.width * shape_.channels; }
  std::size_t out_image() const { return shape_.out_height * shape_.out_width * shape_.outs; }

  // add(sums, others) of chunks in pairs, until the first has the sums of all.
  template <typename Add>
  void in_pairs(const Add& add) const {
    for (std::size_t apart = 1; apart < chunks_; apart *= 2) {
      for (std::size_t c = 0; c + apart < chunks_; c += 2 * apart) {
        add(sums_ + c * chunk_floats_, sums_ + (c + apart) * chunk_floats_);
      }
    }
  }

  // The sums of a chunk for panels [first, last).
  void add_chunk(std::size_t chunk, std::size_t first, std::size_t last, float* scratch, bool with_bias) const {
    const std::size_t nr = kernels_.gemm_nr, begin_out = first * nr,
                      outs = std::min(last * nr, shape_.outs) - begin_out;
    const std::size_t pixels = shape_.out_height * shape_.out_width, begin = part_begin(chunk, chunks_, batch_, 1);
    float* const x = scratch + padded(pass_.workspace(pass_.panels()));
    float *const grad = x + x_floats_, *const bias_of_image = grad + grad_floats_;
    float* const sums = sums_ + chunk * chunk_floats_;
    float* const bias = sums + padded(pass_.size()) + begin_out;
    std::size_t x_at_hand = batch_, grad_at_hand = batch_;
    const auto in = [&](std::size_t image) -> const float* {
      const float* const from = call_.x + image * in_image();
      if (call_.x_channels_last) return from;
      if (x_at_hand != image) {
        const std::size_t all = shape_.height * shape_.width;
        kernels_.to_channels_last(from, all, shape_.channels, all, 1, x, shape_.channels, 0);
        x_at_hand = image;
      }
      return x;
    };
    const auto grad_of = [&](std::size_t image) -> const float* {
      const float* at = grad + (call_.grad_images == nullptr ? 0 : begin_out);
      if (call_.grad_images != nullptr) {
        if (grad_at_hand != image) (*call_.grad_images)(image, grad, bias_of_image + padded(shape_.outs));
      } else if (grad_last_) {
        at = call_.grad + image * out_image() + begin_out;
      } else if (grad_at_hand != image) {
        kernels_.to_channels_last(call_.grad + image * out_image() + begin_out * pixels, pixels, outs, pixels, 1, grad,
                                  outs, 0);
      }
      if (with_bias && grad_at_hand != image) {
        kernels_.sum_columns(at, pixels, grad_last_ ? shape_.outs : outs, outs, image == begin ? bias : bias_of_image);
        if (image != begin) kernels_.add(bias, 1, bias_of_image, 1, bias, outs);
      }
      grad_at_hand = image;
      return at;
    };
    const WinogradWeightGradient::Part part{first, last, grad_last_ ? shape_.outs : outs,
                                            chunks_ == 1 ? call_.out : nullptr};
    pass_.run(begin, part_begin(chunk + 1, chunks_, batch_, 1), part, in, grad_of, sums, scratch);
  }

  const Context& context_;
  const kernels::KernelTable& kernels_;
  const ConvWeightCall& call_;
  WinogradShape shape_;
  WinogradWeightGradient pass_;
  std::size_t batch_, chunks_;
  bool grad_last_ = false;
  std::size_t unit_ = 1, parts_ = 1;
  std::size_t x_floats_ = 0, grad_floats_ = 0, part_floats_ = 0, chunk_floats_ = 0;
  float *sums_ = nullptr, *scratch_ = nullptr;
};

}  // namespace

void winograd_weight_gradient(const Context& context, const ConvWeightCall& call) {
  if (call.geometry.batch == 0) {
    std::fill_n(call.out, call.geometry.weight_size(), 0.0f);
    if (call.bias_grad != nullptr) std::fill_n(call.bias_grad, call.geometry.out_channels, 0.0f);
    return;
  }
  GradientPass(context, call).run();
}

}  // namespace lanewise::ops
