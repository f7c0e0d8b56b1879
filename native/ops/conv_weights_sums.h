// The gradient of a convolution's weight as sums over chunks of the batch, whose number depends on the geometry alone.
// Within a chunk images and pixels ascend; chunks are added in pairs.
#pragma once

#include <algorithm>
#include <cstddef>

#include "context.h"
#include "conv_geometry.h"
#include "conv_run.h"
#include "parallel.h"
#include "product.h"

namespace lanewise::ops {

// A call whose arguments have been checked.
struct ConvWeightCall {
  const ConvGeometry& geometry;
  const float* grad;
  bool grad_channels_last;
  const float* x;
  bool x_channels_last;
  float* out;
  float* bias_grad;                           // or null
  const SourceImages* grad_images = nullptr;  // in the place of `grad`
  std::size_t grad_workspace = 0;
};

// Any geometry, by what suits it.
void weight_gradient(const Context& context, const ConvWeightCall& call);

// `floats` sums for each chunk, from `sums` on.
struct ConvChunks {
  // As many as threads can share well, and fewer where their sums are large.
  static constexpr std::size_t kMost = 8;
  static constexpr std::size_t kMostFloats = std::size_t{1} << 18;

  std::size_t count, floats, batch;
  float* sums = nullptr;

  ConvChunks(const ConvGeometry& geometry, std::size_t floats_each)
      : count(std::clamp<std::size_t>(kMostFloats / std::max<std::size_t>(1, geometry.weight_size()), 1, kMost)),
        floats(floats_each),
        batch(geometry.batch) {
    count = std::max<std::size_t>(1, std::min(count, batch));
  }

  std::size_t begin(std::size_t chunk) const { return part_begin(chunk, count, batch, 1); }
  float* of(std::size_t chunk) const { return sums + chunk * floats; }

  // Leaves the sum of all in the first.
  void add_up(const Context& context) const {
    if (count == 1) return;
    split_elements(context, floats, [&](std::size_t first, std::size_t last) {
      for (std::size_t apart = 1; apart < count; apart *= 2) {
        for (std::size_t c = 0; c + apart < count; c += 2 * apart) {
          float* const to = of(c) + first;
          context.kernels.add(to, 1, of(c + apart) + first, 1, to, last - first);
        }
      }
    });
  }
};

// How many parts are worth their threads.
inline std::size_t conv_parts(const Context& context, const ConvGeometry& geometry) {
  return parts_for(context, core::capped_mul(geometry.batch, geometry.image_work()), kMultiplyGrain);
}

// How many panels of a chunk a thread takes at once: all, so that what is made of the chunk's images is made once,
// where each thread then has as many chunks; else one, since the thread with a chunk less would wait.
inline std::size_t panels_at_once(std::size_t chunks, std::size_t panels, std::size_t parts) {
  return chunks % parts == 0 ? panels : 1;
}

// A kernel for each channel.
void depthwise_weight_gradient(const Context& context, const ConvWeightCall& call);

}  // namespace lanewise::ops
