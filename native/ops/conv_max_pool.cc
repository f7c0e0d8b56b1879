// A convolution, what follows it and a max pool, an image at a time: what lies between them stays in cache and is not
// kept.
#include <algorithm>

#include "check.h"
#include "conv_pool.h"
#include "conv_run.h"
#include "ops.h"
#include "pool.h"
#include "post_op.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Makes an image of the pool from one of the convolution, as far as that has come.
class ImagePool {
 public:
  ImagePool(const kernels::KernelTable& kernels, const WindowPlan& plan, const PostOp& post_op, float* out,
            std::int32_t* index, bool channels_last)
      : kernels_(kernels), plan_(plan), post_op_(post_op), out_(out), index_(index), last_(channels_last) {}

  // Floats of scratch for each thread: of the post-op, and of pooled rows that are yet to be transposed.
  std::size_t workspace() const { return padded(post_op_.workspace()) + (last_ ? 0 : 2 * room()); }

  // The post-op of pixels [from, to) and the rows of windows whose last pixel is among them, all in the first-level
  // cache; with the last pixels also what is transposed.
  void operator()(std::size_t image, float* product, std::size_t from, std::size_t to, float* workspace) const {
    const std::size_t channels = plan_.channels, at = image * plan_.windows * channels;
    float* const rows = workspace + padded(post_op_.workspace());
    float* const out = last_ ? out_ + at : rows;
    std::int32_t* const own_index = last_ ? index_ + at : reinterpret_cast<std::int32_t*>(rows + room());
    std::int32_t* const index = index_ == nullptr ? nullptr : own_index;
    // Post-op and pool take turns where there is more than a row of windows.
    std::size_t followed = from;
    const auto follow = [&](std::size_t end) {
      if (end <= followed) return;
      post_op_.apply_rows(product + followed * channels, image * plan_.pixels + followed, end - followed, workspace);
      followed = end;
    };
    for (std::size_t r = 0; r < plan_.rows; ++r) {
      const std::size_t end = plan_.row_end(r);
      if (end > to || (end <= from && (end != 0 || from != 0))) continue;
      follow(end);
      max_pool_row(kernels_, plan_, r, product, channels, channels, out, index, channels);
    }
    follow(to);
    if (last_ || to != plan_.pixels) return;
    kernels_.to_channels_first(out, channels, channels, plan_.windows, out_ + at, plan_.windows);
    if (index == nullptr) return;
    kernels_.to_channels_first(reinterpret_cast<const float*>(index), channels, channels, plan_.windows,
                               reinterpret_cast<float*>(index_ + at), plan_.windows);
  }

 private:
  std::size_t room() const { return padded(checked_mul(plan_.windows, plan_.channels)); }

  const kernels::KernelTable& kernels_;
  const WindowPlan& plan_;
  const PostOp& post_op_;
  float* out_;
  std::int32_t* index_;
  bool last_;
};

}  // namespace

void convMaxPool(const Context& context, FloatIn x, KeepableWeight weight, std::optional<FloatIn> bias, FloatOut out,
                 std::optional<IndexOut> index, Numbers geometry, Numbers windows, bool xChannelsLast,
                 bool outChannelsLast, std::optional<ProgramIn> program, FloatIns inputs, IndexIns keys,
                 Scalars scalars, FloatOuts outputs, std::size_t rowOffset) {
  constexpr const char* kOp = "convMaxPool";
  const ConvGeometry sizes = decode_geometry(kOp, geometry);
  check_length(kOp, "x", x.size(), sizes.in_size());
  check_length(kOp, "weight", weight.size(), sizes.weight_size());
  if (bias) check_length(kOp, "bias", bias->size(), sizes.out_channels);
  thread_local WindowPlan plan;
  const WindowPlan& own = read_pool_of(kOp, windows, sizes, plan);
  const std::size_t pooled = checked_mul(own.batch, own.channels, own.windows);
  check_length(kOp, "out", out.size(), pooled);
  if (index) check_length(kOp, "index", index->size(), pooled);
  const PostOp post_op(kOp, context, sizes.batch * sizes.out_pixels(), sizes.out_channels,
                       {program, inputs, keys, scalars, outputs, rowOffset});
  plan.build();
  const ImagePool pool(context.kernels, own, post_op, out.data(), index ? index->data() : nullptr, outChannelsLast);
  const PixelsDone done(pool);
  const std::optional<bool> relu = post_op.only_relu();
  const ConvPairs pairs{relu.value_or(false), own.rows, own.row_windows, out.data(), index ? index->data() : nullptr};
  const bool in_tiles = relu && outChannelsLast && own.is_pairs();
  convolve(context, {.geometry = sizes,
                     .direction = ConvDirection::kForward,
                     .source = x.data(),
                     .source_channels_last = xChannelsLast,
                     .weight = weight.data(),
                     .kept_weight = weight.kept,
                     .bias = bias ? bias->data() : nullptr,
                     .target = nullptr,
                     .target_channels_last = true,
                     .epilogue = nullptr,
                     .epilogue_workspace = pool.workspace(),
                     .done = &done,
                     .pairs = in_tiles ? &pairs : nullptr});
}

}  // namespace lanewise::ops
