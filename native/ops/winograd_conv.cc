#include "winograd_conv.h"

#include <algorithm>

#include "../core/aligned.h"
#include "parallel.h"
#include "winograd.h"
#include "winograd_shape.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Fewer channels than this leave the transforms too large a share.
constexpr std::size_t kLeastChannels = 32;

// Positions of the kernel that see the image, over all outputs of a dimension.
std::size_t taps_inside(const SpatialDim& dim) {
  std::size_t taps = 0;
  for (std::size_t t = 0; t < dim.kernel; ++t) {
    const std::size_t first = dim.low > t ? dim.low - t : 0;  // of the outputs
    const std::size_t last = std::min(dim.out, dim.size + dim.low > t ? dim.size + dim.low - t : 0);
    taps += last > first ? last - first : 0;
  }
  return taps;
}

bool three_by_one_step(const SpatialDim& dim) {
  return dim.kernel == 3 && dim.stride == 1 && dim.dilation == 1 && dim.low <= 2 && dim.out != 0 && dim.size != 0;
}

class WinogradConvolution {
 public:
  WinogradConvolution(const Context& context, const ConvCall& call)
      : context_(context),
        kernels_(context.kernels),
        call_(call),
        rotated_(call.direction == ConvDirection::kInputGradient),
        shape_(rotated_ ? winograd_shape(call.geometry).input_gradient() : winograd_shape(call.geometry)),
        layout_(context.kernels, shape_),
        forward_(context.kernels, shape_),
        rows_(call.geometry.batch * shape_.tile_rows()) {
    parts_ = std::min(rows_, conv_parts(context, call.geometry));
    // An image that is taken over whole is made whole.
    unit_ = call.done == nullptr ? 1 : shape_.tile_rows();
    parts_ = std::min(parts_, rows_ / unit_);
    source_floats_ = call.source_channels_last && call.source_images == nullptr ? 0 : padded(in_image());
    const bool is_direct = call.target_channels_last && call.done == nullptr;
    target_floats_ = is_direct ? 0 : checked_mul(forward_.images_at_once(), padded(out_image()));
    part_floats_ = padded(forward_.workspace());
    const std::size_t workspace = padded(std::max(call.epilogue_workspace, call.source_workspace));
    for (const std::size_t more : {source_floats_, target_floats_, workspace}) {
      part_floats_ = checked_add(part_floats_, more);
    }
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    const std::size_t weights = padded(layout_.size()), own = call.kept_weight == nullptr ? weights : 0;
    weights_ = memory.get<float>(checked_add(own, checked_mul(parts_, part_floats_)));
    scratch_ = weights_ + own;
    if (call.kept_weight != nullptr) weights_ = call.kept_weight->get(weights);
  }

  void run() {
    if (call_.kept_weight == nullptr || !call_.kept_weight->is_made()) transform_weights();
    if (call_.kept_weight != nullptr) call_.kept_weight->made();
    run_parts(context_, parts_, [&](std::size_t part) {
      compute(part_begin(part, parts_, rows_, unit_), part_begin(part + 1, parts_, rows_, unit_),
              scratch_ + part * part_floats_);
    });
  }

 private:
  void transform_weights() {
    const std::size_t lines = layout_.panels * shape_.channels;
    split(context_, parts_, lines, 1, [&](std::size_t begin, std::size_t end) {
      each_panel(begin, end, shape_.channels, [&](std::size_t panel, std::size_t first, std::size_t last) {
        layout_.transform(kernels_, call_.weight, rotated_, panel, first, last, weights_);
      });
    });
  }

  std::size_t in_image() const { return shape_.height * shape_.width * shape_.channels; }
  std::size_t out_image() const { return shape_.out_height * shape_.out_width * shape_.outs; }

  // Rows of tiles [begin, end).
  void compute(std::size_t begin, std::size_t end, float* scratch) const {
    float* const source = scratch + padded(forward_.workspace());
    float* const target = source + source_floats_;
    float* const epilogue_workspace = target + target_floats_;
    std::size_t at_hand = call_.geometry.batch;  // the image in `source`
    const auto in = [&](std::size_t image) -> const float* {
      if (source_floats_ == 0) return call_.source + image * in_image();
      if (at_hand == image) return source;
      at_hand = image;
      if (call_.source_images != nullptr) {
        (*call_.source_images)(image, source, epilogue_workspace);
      } else {
        copy_source(call_.source + image * in_image(), first_row(image, begin), last_row(image, end), source);
      }
      return source;
    };
    const auto out = [&](std::size_t image) -> float* {
      if (target_floats_ == 0) return call_.target + image * out_image();
      return target + image % forward_.images_at_once() * padded(out_image());
    };
    const auto done = [&](std::size_t image, std::size_t row, std::size_t rows, std::size_t column,
                          std::size_t columns) {
      if (call_.epilogue != nullptr) {
        const std::size_t width = shape_.out_width;
        (*call_.epilogue)(epilogue_workspace, (image * shape_.out_height + row) * width, rows * width, column, columns);
      }
      if (target_floats_ == 0 || column + columns != shape_.outs) return;
      if (call_.done != nullptr) {
        (*call_.done)(image, out(image), row* shape_.out_width, (row + rows) * shape_.out_width, epilogue_workspace);
        return;
      }
      const std::size_t last = std::min(shape_.out_height, 2 * last_row(image, end));
      if (row + rows == last) copy_target(out(image), image, 2 * first_row(image, begin), last);
    };
    forward_.run(begin, end, weights_, call_.bias, in, out, done, scratch);
  }

  // Which rows of tiles of an image are in [begin, end) of all.
  std::size_t first_row(std::size_t image, std::size_t begin) const {
    const std::size_t before = image * shape_.tile_rows();
    return begin > before ? begin - before : 0;
  }
  std::size_t last_row(std::size_t image, std::size_t end) const {
    return std::min(shape_.tile_rows(), end - image * shape_.tile_rows());
  }

  // What the tiles in rows [first, last) see of an image with its channels first.
  void copy_source(const float* from, std::size_t first, std::size_t last, float* to) const {
    const std::size_t low = std::max(2 * first, shape_.pad_top) - shape_.pad_top;
    const std::size_t reach = 2 * last + 2,
                      high = std::min(shape_.height, std::max(reach, shape_.pad_top) - shape_.pad_top);
    if (low >= high) return;
    const std::size_t pixels = (high - low) * shape_.width;
    kernels_.to_channels_last(from + low * shape_.width, shape_.height * shape_.width, shape_.channels, pixels, 1,
                              to + low * shape_.width * shape_.channels, shape_.channels, 0);
  }

  void copy_target(const float* from, std::size_t image, std::size_t first, std::size_t last) const {
    const std::size_t width = shape_.out_width, all = shape_.out_height * width;
    kernels_.to_channels_first(from + first * width * shape_.outs, shape_.outs, shape_.outs, (last - first) * width,
                               call_.target + image * out_image() + first * width, all);
  }

  const Context& context_;
  const kernels::KernelTable& kernels_;
  const ConvCall& call_;
  bool rotated_;
  WinogradShape shape_;
  WinogradWeights layout_;
  WinogradForward forward_;
  std::size_t rows_;      // of tiles, of all images
  std::size_t unit_ = 1;  // rows that a part has at least
  std::size_t parts_ = 1, source_floats_ = 0, target_floats_ = 0, part_floats_ = 0;
  float *weights_ = nullptr, *scratch_ = nullptr;
};

}  // namespace

bool winograd_suits(const ConvGeometry& geometry) {
  const auto& [planes, rows, columns] = geometry.dims;
  if (planes.size != 1 || planes.out != 1 || planes.kernel != 1) return false;
  if (geometry.groups != 1 || std::min(geometry.channels, geometry.out_channels) < kLeastChannels) return false;
  if (!three_by_one_step(rows) || !three_by_one_step(columns)) return false;
  // Of small images, kernels and tiles mostly lie outside.
  const WinogradShape shape = winograd_shape(geometry);
  const double products = 16.0 * static_cast<double>(shape.tile_rows()) * static_cast<double>(shape.tile_columns());
  const double direct = static_cast<double>(taps_inside(rows)) * static_cast<double>(taps_inside(columns));
  return products * 1.2 <= direct;
}

void winograd_convolve(const Context& context, const ConvCall& call) {
  if (call.geometry.batch == 0) return;
  WinogradConvolution(context, call).run();
}

}  // namespace lanewise::ops
