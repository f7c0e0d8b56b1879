#include "conv_run.h"

#include <algorithm>
#include <cstring>

#include "../core/aligned.h"
#include "conv_image.h"
#include "conv_weights.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// What a part works on: images [image, last_image), and of each the bands [band, last_band).
struct Share {
  std::size_t image, last_image, band, last_band;
};

class Convolution {
 public:
  Convolution(const Context& context, const ConvCall& call)
      : context_(context),
        kernels_(context.kernels),
        call_(call),
        plan_(call.geometry, call.direction),
        nr_(context.kernels.gemm_nr),
        panels_(panels_of_group(plan_, nr_)) {
    const std::size_t batch = call.geometry.batch;
    parts_ = parts_for(context, checked_mul(batch, std::min(call.geometry.image_work(), kMostWork)), kMultiplyGrain);
    parts_ = std::min(parts_, std::max<std::size_t>(1, batch * plan_.bands.size()));
    copies_source_ = !call.source_channels_last || !plan_.source.dense();
    const std::size_t weights = checked_mul(plan_.groups, panels_, panel_size(plan_, nr_));
    const std::size_t starts = checked_mul(plan_.groups, panels_, nr_);
    source_floats_ = copies_source_ ? padded(plan_.source.size()) : 0;
    target_floats_ = call.target_channels_last ? 0 : padded(checked_mul(plan_.target_pixels(), channels()));
    workspace_ = source_floats_ + target_floats_ + padded(call.epilogue_workspace);
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    weights_ =
        memory.get<float>(checked_add(checked_add(padded(weights), padded(starts)), checked_mul(parts_, workspace_)));
    starts_ = weights_ + padded(weights);
    scratch_ = starts_ + padded(starts);
  }

  void run() {
    pack();
    const std::size_t batch = call_.geometry.batch;
    // Whole images where there are enough of them; else bands of each.
    const bool by_images = batch >= parts_;
    if (by_images || parts_ == 1) {
      run_parts(context_, parts_, [&](std::size_t part) {
        compute({part_begin(part, parts_, batch, 1), part_begin(part + 1, parts_, batch, 1), 0, plan_.bands.size()},
                scratch_ + part * workspace_);
      });
      return;
    }
    for (std::size_t image = 0; image < batch; ++image) run_image(image);
  }

 private:
  static constexpr std::size_t kMostWork = std::size_t{1} << 40;

  std::size_t channels() const { return plan_.groups * plan_.target_channels; }

  void pack() {
    const std::size_t count = plan_.groups * panels_, size = panel_size(plan_, nr_);
    run_parts(context_, std::min(parts_, std::max<std::size_t>(1, count)), [&](std::size_t part) {
      const std::size_t parts = std::min(parts_, std::max<std::size_t>(1, count));
      const std::size_t last = part_begin(part + 1, parts, count, 1);
      for (std::size_t p = part_begin(part, parts, count, 1); p < last; ++p) {
        pack_conv_panel(kernels_, call_, plan_, p / panels_, p % panels_, weights_ + p * size);
      }
    });
    for (std::size_t group = 0; group < plan_.groups; ++group) {
      for (std::size_t j = 0; j < panels_ * nr_; ++j) {
        const bool given = call_.bias != nullptr && j < plan_.target_channels;
        // -0 becomes 0, so that products with zero beside an image make no difference.
        starts_[group * panels_ * nr_ + j] = given ? call_.bias[group * plan_.target_channels + j] + 0.0f : 0.0f;
      }
    }
  }

  // The bands of one image over all parts, from one copy of its source.
  void run_image(std::size_t image) {
    const float* const source = source_of(image, scratch_);
    float* const target = target_of(image, scratch_);
    run_parts(context_, parts_, [&](std::size_t part) {
      float* const workspace = scratch_ + part * workspace_ + source_floats_ + target_floats_;
      const std::size_t bands = plan_.bands.size();
      bands_of(image, source, target, part_begin(part, parts_, bands, 1), part_begin(part + 1, parts_, bands, 1),
               workspace);
    });
    finish(image, target, scratch_ + source_floats_ + target_floats_);
  }

  void compute(const Share& share, float* scratch) {
    for (std::size_t image = share.image; image < share.last_image; ++image) {
      const float* const source = source_of(image, scratch);
      float* const target = target_of(image, scratch);
      float* const workspace = scratch + source_floats_ + target_floats_;
      bands_of(image, source, target, share.band, share.last_band, workspace);
      finish(image, target, workspace);
    }
  }

  const float* source_of(std::size_t image, float* scratch) const {
    const float* const from = call_.source + image * plan_.source.pixel * source_pixels();
    if (!copies_source_) return from;
    copy_source(kernels_, plan_.source, from, call_.source_channels_last, scratch);
    return scratch;
  }
  std::size_t source_pixels() const { return plan_.source.depth * plan_.source.height * plan_.source.width; }

  float* target_of(std::size_t image, float* scratch) const {
    if (!call_.target_channels_last) return scratch + source_floats_;
    return call_.target + image * plan_.target_pixels() * channels();
  }

  void bands_of(std::size_t image, const float* source, float* target, std::size_t begin, std::size_t end,
                float* workspace) const {
    const std::size_t pixels = plan_.target_pixels();
    for (std::size_t group = 0; group < plan_.groups; ++group) {
      for (std::size_t p = 0; p < panels_; ++p) {
        for (std::size_t b = begin; b < end; ++b) {
          const ConvBand& band = plan_.bands[b];
          for (std::size_t r = 0; r < band.regions; ++r) {
            run_region(plan_.regions[band.first_region + r], source, target, group, p);
          }
          if (call_.epilogue != nullptr && plan_.phases == 1) {
            (*call_.epilogue)(workspace, image* pixels + band.out, band.pixels, column_of(group, p), columns_of(p));
          }
        }
      }
    }
  }

  std::size_t column_of(std::size_t group, std::size_t panel) const {
    return group * plan_.target_channels + panel * nr_;
  }
  std::size_t columns_of(std::size_t panel) const { return std::min(nr_, plan_.target_channels - panel * nr_); }

  void run_region(const PlannedRegion& planned, const float* source, float* target, std::size_t group,
                  std::size_t panel) const {
    const std::size_t all = channels(), index = group * panels_ + panel;
    const kernels::ConvRegion region{
        .source = source + planned.source + group * plan_.source_channels,
        .source_pixel = planned.source_pixel,
        .source_row = planned.source_row,
        .width = planned.width,
        .height = planned.height,
        .segments = plan_.segments.data() + planned.segments,
        .count = planned.count,
        .panel = weights_ + index * panel_size(plan_, nr_),
        .start = starts_ + index * nr_,
        .out = target + planned.out * all + column_of(group, panel),
        .out_pixel = planned.out_pixel * all,
        .out_row = planned.out_row * all,
        .columns = columns_of(panel),
    };
    kernels_.conv_region(&region);
  }

  // What follows once an image's target is complete.
  void finish(std::size_t image, float* target, float* workspace) const {
    const std::size_t pixels = plan_.target_pixels();
    if (call_.epilogue != nullptr && plan_.phases > 1) {
      for (std::size_t row = 0; row < pixels; row += kEpilogueRows) {
        const std::size_t rows = std::min(kEpilogueRows, pixels - row);
        (*call_.epilogue)(workspace, image* pixels + row, rows, 0, channels());
      }
    }
    if (call_.target_channels_last) return;
    kernels_.to_channels_first(target, channels(), channels(), pixels, call_.target + image * pixels * channels(),
                               pixels);
  }
  static constexpr std::size_t kEpilogueRows = 24;

  const Context& context_;
  const kernels::KernelTable& kernels_;
  const ConvCall& call_;
  ConvPlan plan_;
  std::size_t nr_, panels_;
  std::size_t parts_ = 1;
  bool copies_source_ = false;
  std::size_t source_floats_ = 0, target_floats_ = 0, workspace_ = 0;
  float *weights_ = nullptr, *starts_ = nullptr, *scratch_ = nullptr;
};

}  // namespace

void convolve(const Context& context, const ConvCall& call) {
  if (call.geometry.batch == 0) return;
  Convolution convolution(context, call);
  convolution.run();
}

}  // namespace lanewise::ops
