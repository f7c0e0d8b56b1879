// Layer, group, instance and RMS norm: rows of [outer, groups], each normalised while it is in cache.
#include <algorithm>

#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Parts of `outer` whose gradients of weight and bias are added up by themselves: their number depends on the sizes
// alone.
constexpr std::size_t kMostNormChunks = 8;

struct NormSizes {
  std::size_t outer, groups, channels, inner;
  std::size_t rows() const { return checked_mul(outer, groups); }
  std::size_t row() const { return checked_mul(channels, inner); }
  std::size_t weights() const { return checked_mul(groups, channels); }
};

template <typename Span>
void check_optional(const char* op, const char* name, const std::optional<Span>& span, std::size_t needed) {
  if (span) check_length(op, name, span->size(), needed);
}

}  // namespace

void layerNorm(const Context& context, FloatIn x, std::optional<FloatIn> weight, std::optional<FloatIn> bias,
               FloatOut out, FloatOut mean, FloatOut variance, std::size_t outer, std::size_t groups,
               std::size_t channels, std::size_t inner, double eps, bool centered) {
  const NormSizes sizes{outer, groups, channels, inner};
  const std::size_t rows = sizes.rows(), row = sizes.row(), n = checked_mul(rows, row);
  check_length("layerNorm", "x", x.size(), n);
  check_length("layerNorm", "out", out.size(), n);
  check_length("layerNorm", "mean", mean.size(), rows);
  check_length("layerNorm", "variance", variance.size(), rows);
  check_optional("layerNorm", "weight", weight, sizes.weights());
  check_optional("layerNorm", "bias", bias, sizes.weights());
  split_rows(context, rows, row, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      const std::size_t first = r % groups * channels;
      context.kernels.layer_norm(x.data() + r * row, channels, inner, centered, eps,
                                 weight ? weight->data() + first : nullptr, bias ? bias->data() + first : nullptr,
                                 out.data() + r * row, mean.data() + r, variance.data() + r);
    }
  });
}

void layerNormBackward(const Context& context, FloatIn grad, FloatIn x, std::optional<FloatIn> weight, FloatIn mean,
                       FloatIn variance, std::optional<FloatOut> out, std::optional<FloatOut> weightGrad,
                       std::optional<FloatOut> biasGrad, std::size_t outer, std::size_t groups, std::size_t channels,
                       std::size_t inner, double eps, bool centered) {
  const NormSizes sizes{outer, groups, channels, inner};
  const std::size_t rows = sizes.rows(), row = sizes.row(), weights = sizes.weights(), n = checked_mul(rows, row);
  check_length("layerNormBackward", "grad", grad.size(), n);
  check_length("layerNormBackward", "x", x.size(), n);
  check_length("layerNormBackward", "mean", mean.size(), rows);
  check_length("layerNormBackward", "variance", variance.size(), rows);
  check_optional("layerNormBackward", "weight", weight, weights);
  check_optional("layerNormBackward", "out", out, n);
  check_optional("layerNormBackward", "weightGrad", weightGrad, weights);
  check_optional("layerNormBackward", "biasGrad", biasGrad, weights);
  const std::size_t chunks = std::clamp<std::size_t>(outer, 1, kMostNormChunks), width = padded(weights);
  thread_local core::Scratch scratch;
  float* const partial = scratch.get<float>(checked_mul(2, chunks, width));
  context.kernels.fill(0.0f, partial, 2 * chunks * width);
  // Chunk by chunk where there are gradients to be added up; their borders depend on the sizes alone.
  split(context, std::min(chunks, parts_for(context, n, kElementGrain)), chunks, 1,
        [&](std::size_t begin, std::size_t end) {
          for (std::size_t chunk = begin; chunk < end; ++chunk) {
            float* const of_weight = weightGrad ? partial + 2 * chunk * width : nullptr;
            float* const of_bias = biasGrad ? partial + (2 * chunk + 1) * width : nullptr;
            const std::size_t last = part_begin(chunk + 1, chunks, outer, 1) * groups;
            for (std::size_t r = part_begin(chunk, chunks, outer, 1) * groups; r < last; ++r) {
              const std::size_t first = r % groups * channels;
              context.kernels.layer_norm_backward(grad.data() + r * row, x.data() + r * row, channels, inner, centered,
                                                  eps, weight ? weight->data() + first : nullptr, mean[r], variance[r],
                                                  out ? out->data() + r * row : nullptr,
                                                  of_weight == nullptr ? nullptr : of_weight + first,
                                                  of_bias == nullptr ? nullptr : of_bias + first);
            }
          }
        });
  for (std::size_t step = 1; step < chunks; step *= 2) {
    for (std::size_t c = 0; c + step < chunks; c += 2 * step) {
      context.kernels.add(partial + 2 * c * width, 1, partial + 2 * (c + step) * width, 1, partial + 2 * c * width,
                          2 * width);
    }
  }
  if (weightGrad) std::copy_n(partial, weights, weightGrad->data());
  if (biasGrad) std::copy_n(partial + width, weights, biasGrad->data());
}

}  // namespace lanewise::ops
