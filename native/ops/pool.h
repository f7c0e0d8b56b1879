// How pooling goes over images: planes by themselves, or channels side by side.
#pragma once

#include "../core/aligned.h"
#include "check.h"
#include "context.h"
#include "parallel.h"
#include "windows.h"

namespace lanewise::ops {

// Channels that are transposed together: whole cache lines.
inline constexpr std::size_t kPoolChannels = 16;

// Part of the images that a thread has at a time: channels of one image.
struct PoolBlock {
  std::size_t image, channel, channels;
};

// body(block, part) for all channels of all images, `most` channels at a time.
template <typename Body>
void each_pool_block(const Context& context, const WindowPlan& plan, std::size_t parts, std::size_t most,
                     const Body& body) {
  const std::size_t blocks = (plan.channels + most - 1) / most, total = plan.batch * blocks;
  run_parts(context, parts, [&](std::size_t part) {
    const std::size_t end = part_begin(part + 1, parts, total, 1);
    for (std::size_t b = part_begin(part, parts, total, 1); b < end; ++b) {
      const std::size_t channel = b % blocks * most;
      body(PoolBlock{b / blocks, channel, std::min(most, plan.channels - channel)}, part);
    }
  });
}

// Planes side by side, and back. Indices too: what the bits mean makes no difference.
inline void to_channels_last(const Context& context, const float* planes, std::size_t pixels, std::size_t channels,
                             float* out) {
  context.kernels.to_channels_last(planes, pixels, channels, pixels, 1, out, channels, 0);
}
inline void to_channels_first(const Context& context, const float* x, std::size_t pixels, std::size_t channels,
                              float* planes) {
  context.kernels.to_channels_first(x, channels, channels, pixels, planes, pixels);
}

// Where the pixels of a block lie: those of plane (n, c) from pointer + begin on, `stride` apart.
struct PoolPlace {
  std::size_t begin, stride;
};
inline PoolPlace place_of(const WindowPlan& plan, const PoolBlock& block, std::size_t pixels, bool channels_last) {
  if (channels_last) return {block.image * pixels * plan.channels + block.channel, plan.channels};
  return {(block.image * plan.channels + block.channel) * pixels, 1};
}

// Whether planes that lie apart are pooled one by one, rather than transposed to channels side by side: where their
// rows of windows fill vectors, or a transposed block would not fit into a cache.
inline bool prefers_planes(const WindowPlan& plan) {
  constexpr std::size_t kWidest = 6, kFewChannels = 4, kMostFloats = std::size_t{1} << 22;
  std::size_t widest = 0;
  for (const WindowRun& run : plan.runs) {
    if (run.step <= 2) widest = std::max(widest, run.windows);
  }
  return widest >= kWidest || plan.channels < kFewChannels || plan.pixels > kMostFloats / kPoolChannels;
}

// As many parts as the work of the plan is worth, at most one for each block.
inline std::size_t pool_parts(const Context& context, const WindowPlan& plan, std::size_t most_channels) {
  const std::size_t blocks = plan.batch * ((plan.channels + most_channels - 1) / most_channels);
  const std::size_t elements = core::checked_mul(plan.batch, plan.channels, std::max(plan.pixels, plan.windows));
  return std::min(std::max<std::size_t>(blocks, 1), parts_for(context, elements, kElementGrain));
}

// Channels for each block of images whose channels lie side by side: all, or fewer so that each thread has some.
inline std::size_t channels_at_once(const Context& context, const WindowPlan& plan) {
  if (plan.batch >= context.threads || plan.channels <= kPoolChannels) return std::max<std::size_t>(plan.channels, 1);
  return kPoolChannels;
}

// Row `r` of the windows of channels side by side, or of one plane; -Infinity and -1 where a window has no pixel. `out`
// and `index`, which may be null, are those of all windows.
void max_pool_row(const kernels::KernelTable& kernels, const WindowPlan& plan, std::size_t r, const float* x,
                  std::size_t x_stride, std::size_t channels, float* out, std::int32_t* index, std::size_t out_stride);

// Its gradient for all windows. What no window covers, and where they overlap all of `out`, has been filled with 0.
void max_pool_gradient(const kernels::KernelTable& kernels, const WindowPlan& plan, const float* grad,
                       const std::int32_t* index, std::size_t grad_stride, std::size_t channels, float* out,
                       std::size_t out_stride);

}  // namespace lanewise::ops
