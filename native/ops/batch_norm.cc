// Batch normalisation: statistics block by block while a block is in cache, merged in a tree that depends on the sizes
// alone; then one pass that normalises.
#include <algorithm>
#include <cmath>
#include <vector>

#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Pixels of an image whose statistics are computed together.
constexpr std::size_t kBlockPixels = 1024;

struct Images {
  std::size_t batch, channels, pixels;
  bool channels_last;

  // With one pixel both layouts are the same: the batch is an image whose channels lie side by side.
  Images(std::size_t images, std::size_t of_channels, std::size_t of_pixels, bool last)
      : batch(of_pixels == 1 ? 1 : images),
        channels(of_channels),
        pixels(of_pixels == 1 ? images : of_pixels),
        channels_last(last || of_pixels == 1) {}

  std::size_t each() const { return batch * pixels; }  // elements of a channel
  std::size_t chunks() const { return (pixels + kBlockPixels - 1) / kBlockPixels; }
  std::size_t blocks() const { return batch * chunks(); }
  std::size_t stride() const { return channels_last ? channels : pixels; }
  std::size_t block_pixels(std::size_t block) const {
    return std::min(kBlockPixels, pixels - block % chunks() * kBlockPixels);
  }
  std::size_t block_begin(std::size_t block) const {
    const std::size_t first = block % chunks() * kBlockPixels;
    return block / chunks() * channels * pixels + (channels_last ? first * channels : first);
  }
};

std::size_t check_batch_norm(const char* op, std::size_t batch, std::size_t channels, std::size_t pixels,
                             std::size_t x) {
  const std::size_t n = checked_mul(batch, channels, pixels);
  check_length(op, "x", x, n);
  return n;
}

template <typename Span>
void check_channels(const char* op, const char* name, const std::optional<Span>& span, std::size_t channels) {
  if (span) check_length(op, name, span->size(), channels);
}

// body(begin, end) over the blocks.
template <typename Body>
void each_block(const Context& context, const Images& images, const Body& body) {
  split_rows(context, images.blocks(), images.channels * std::min(kBlockPixels, images.pixels), body);
}

// combine(into, other, blocks of into, ...) of neighbours, twice as far apart each time: body(to, from, first,
// columns).
template <typename Body>
void tree(const Context& context, std::size_t blocks, std::size_t channels, const Body& body) {
  split(context, parts_for(context, blocks * channels, kElementGrain), channels, 16,
        [&](std::size_t begin, std::size_t end) {
          for (std::size_t step = 1; step < blocks; step *= 2) {
            for (std::size_t b = 0; b + step < blocks; b += 2 * step) body(b, b + step, step, begin, end - begin);
          }
        });
}

// body(first element, rows, columns, by_row, first channel) over all elements, a range of rows at a time.
template <typename Body>
void each_row(const Context& context, const Images& images, const Body& body) {
  if (images.channels_last) {
    split_rows(context, images.each(), images.channels, [&](std::size_t begin, std::size_t end) {
      body(begin * images.channels, end - begin, images.channels, false, std::size_t{0});
    });
    return;
  }
  split_rows(context, images.batch * images.channels, images.pixels, [&](std::size_t begin, std::size_t end) {
    while (begin < end) {
      const std::size_t channel = begin % images.channels, rows = std::min(images.channels - channel, end - begin);
      body(begin * images.pixels, rows, images.pixels, true, channel);
      begin += rows;
    }
  });
}

double rstd_of(float variance, double eps) { return 1.0 / std::sqrt(static_cast<double>(variance) + eps); }

}  // namespace

void batchNorm(const Context& context, FloatIn x, std::optional<FloatIn> weight, std::optional<FloatIn> bias,
               FloatOut out, FloatOut mean, FloatOut variance, std::size_t batch, std::size_t channels,
               std::size_t pixels, double eps, bool channelsLast) {
  const std::size_t n = check_batch_norm("batchNorm", batch, channels, pixels, x.size());
  check_length("batchNorm", "out", out.size(), n);
  check_length("batchNorm", "mean", mean.size(), channels);
  check_length("batchNorm", "variance", variance.size(), channels);
  check_channels("batchNorm", "weight", weight, channels);
  check_channels("batchNorm", "bias", bias, channels);
  const Images images(batch, channels, pixels, channelsLast);
  if (n == 0) {  // as 0 / 0
    context.kernels.fill(std::nanf(""), mean.data(), channels);
    context.kernels.fill(std::nanf(""), variance.data(), channels);
    return;
  }
  thread_local core::Scratch scratch;
  const std::size_t blocks = images.blocks(), width = padded(channels);
  float* const means = scratch.get<float>(checked_mul(core::checked_add(checked_mul(2, blocks), 2), width));
  float* const squares = means + blocks * width;
  float* const scale = squares + blocks * width;
  float* const shift = scale + width;
  each_block(context, images, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      context.kernels.moments(x.data() + images.block_begin(b), images.stride(), images.block_pixels(b), channels,
                              !images.channels_last, means + b * width, squares + b * width);
    }
  });
  // Elements of the blocks from `b` on, `count` of them.
  const auto elements = [&](std::size_t b, std::size_t count) {
    const auto before = [&](std::size_t block) {
      const std::size_t clipped = std::min(block, blocks);
      return clipped / images.chunks() * images.pixels + clipped % images.chunks() * kBlockPixels;
    };
    return static_cast<double>(before(b + count) - before(b));
  };
  tree(context, blocks, channels,
       [&](std::size_t to, std::size_t from, std::size_t step, std::size_t begin, std::size_t columns) {
         const double own = elements(to, step), other = elements(from, step), share = other / (own + other);
         context.kernels.merge_moments(means + to * width + begin, squares + to * width + begin,
                                       means + from * width + begin, squares + from * width + begin,
                                       static_cast<float>(share), static_cast<float>(own * share), columns);
       });
  const double each = static_cast<double>(images.each());
  for (std::size_t c = 0; c < channels; ++c) {
    mean[c] = means[c];
    variance[c] = static_cast<float>(static_cast<double>(squares[c]) / each);
    const double w = weight ? static_cast<double>((*weight)[c]) : 1.0;
    scale[c] = static_cast<float>(w * rstd_of(variance[c], eps));
    shift[c] = bias ? (*bias)[c] : 0.0f;
  }
  each_row(context, images,
           [&](std::size_t at, std::size_t rows, std::size_t columns, bool by_row, std::size_t channel) {
             context.kernels.normalize(x.data() + at, rows, columns, by_row, means + channel, scale + channel,
                                       shift + channel, out.data() + at);
           });
}

void batchNormBackward(const Context& context, FloatIn grad, FloatIn x, std::optional<FloatIn> weight, FloatIn mean,
                       FloatIn variance, std::optional<FloatOut> out, std::optional<FloatOut> weightGrad,
                       std::optional<FloatOut> biasGrad, std::size_t batch, std::size_t channels, std::size_t pixels,
                       double eps, bool channelsLast) {
  const std::size_t n = check_batch_norm("batchNormBackward", batch, channels, pixels, x.size());
  check_length("batchNormBackward", "grad", grad.size(), n);
  check_length("batchNormBackward", "mean", mean.size(), channels);
  check_length("batchNormBackward", "variance", variance.size(), channels);
  check_channels("batchNormBackward", "weight", weight, channels);
  check_channels("batchNormBackward", "weightGrad", weightGrad, channels);
  check_channels("batchNormBackward", "biasGrad", biasGrad, channels);
  if (out) check_length("batchNormBackward", "out", out->size(), n);
  const Images images(batch, channels, pixels, channelsLast);
  if (n == 0) {
    if (weightGrad) context.kernels.fill(0.0f, weightGrad->data(), channels);
    if (biasGrad) context.kernels.fill(0.0f, biasGrad->data(), channels);
    return;
  }
  thread_local core::Scratch scratch;
  const std::size_t blocks = images.blocks(), width = padded(channels);
  float* const sums = scratch.get<float>(checked_mul(core::checked_add(checked_mul(2, blocks), 3), width));
  float* const products = sums + blocks * width;
  float* const scale = products + blocks * width;
  float* const slope = scale + width;
  float* const shift = slope + width;
  each_block(context, images, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t at = images.block_begin(b);
      context.kernels.gradient_sums(grad.data() + at, x.data() + at, images.stride(), images.block_pixels(b), channels,
                                    !images.channels_last, mean.data(), sums + b * width, products + b * width);
    }
  });
  tree(context, blocks, channels,
       [&](std::size_t to, std::size_t from, std::size_t, std::size_t begin, std::size_t columns) {
         for (float* const each : {sums, products}) {
           float* const into = each + to * width + begin;
           context.kernels.add(into, 1, each + from * width + begin, 1, into, columns);
         }
       });
  const double each = static_cast<double>(images.each());
  for (std::size_t c = 0; c < channels; ++c) {
    const double rstd = rstd_of(variance[c], eps), w = weight ? static_cast<double>((*weight)[c]) : 1.0;
    const double sum = static_cast<double>(sums[c]), product = static_cast<double>(products[c]) * rstd;
    if (weightGrad) (*weightGrad)[c] = static_cast<float>(product);
    if (biasGrad) (*biasGrad)[c] = sums[c];
    scale[c] = static_cast<float>(w * rstd);
    // What cancels does so before it is multiplied by rstd, which is large where the spread is small.
    slope[c] = static_cast<float>(rstd * product / each);
    shift[c] = static_cast<float>(sum / each);
  }
  if (!out) return;
  each_row(context, images,
           [&](std::size_t at, std::size_t rows, std::size_t columns, bool by_row, std::size_t channel) {
             context.kernels.normalize_backward(grad.data() + at, x.data() + at, rows, columns, by_row,
                                                mean.data() + channel, scale + channel, slope + channel,
                                                shift + channel, out->data() + at);
           });
}

}  // namespace lanewise::ops
