// Runs a convolution, or its gradient for the input, image by image.
#pragma once

#include <cstddef>

#include "../core/function_ref.h"
#include "context.h"
#include "conv_plan.h"
#include "kept_weight.h"
#include "product.h"

namespace lanewise::ops {

// Writes image `image` to `to`, channels last and without margins. `workspace` is scratch of the calling thread.
using SourceImages = core::FunctionRef<void(std::size_t image, float* to, float* workspace)>;
// Takes over pixels [from, to) of image `image` of the target, which are complete, channels last, in scratch that has
// the pixels before them as they were left. Ascending from 0 to the last pixel, on one thread.
using PixelsDone =
    core::FunctionRef<void(std::size_t image, float* target, std::size_t from, std::size_t to, float* workspace)>;

// Max pool windows of 2x2 behind a convolution of images, channels last: what `done` would make of them.
struct ConvPairs {
  bool relu;  // first
  std::size_t rows, windows;
  float* out;
  std::int32_t* index;  // or null
};

// A call whose arguments have been checked. Forward: x and the result; of the gradient: the result's gradient and x's.
struct ConvCall {
  const ConvGeometry& geometry;
  ConvDirection direction;
  const float* source;
  bool source_channels_last;
  const float* weight;                // [out_channels, group_channels, taps]
  KeptWeight* kept_weight = nullptr;  // where the weight in panels outlives the call
  const float* bias;                  // of the target's channels, or null
  float* target;
  bool target_channels_last;
  const Epilogue* epilogue;  // over rows (image, pixel) and channels of the target; its channels are last then
  std::size_t epilogue_workspace;
  const SourceImages* source_images = nullptr;  // in the place of `source`
  std::size_t source_workspace = 0;
  const PixelsDone* done = nullptr;  // in the place of `target` and `epilogue`, with the epilogue's workspace
  const ConvPairs* pairs = nullptr;  // in the place of `done` where the tiles can do it
};

// Any geometry, directly: no im2col, sums in registers. Asks for all memory before it writes.
void convolve(const Context& context, const ConvCall& call);

}  // namespace lanewise::ops
