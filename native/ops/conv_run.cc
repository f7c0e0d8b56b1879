#include "conv_run.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "../core/aligned.h"
#include "conv_image.h"
#include "conv_weights.h"
#include "parallel.h"
#include "winograd_conv.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Images of few pixels go through the tiles together, as many as have kPixelsTogether pixels: the ends of rows and the
// corners, which have fewer taps, then fill tiles too, and a panel of weights serves all of them.
constexpr std::size_t kPixelsTogether = 256;
constexpr std::size_t kEpilogueRows = 24;
// Weights of all panels that stay in the first-level cache: their panels take turns for each band of outputs, which is
// then handed over while it is there too.
constexpr std::size_t kFewWeights = 4096;

class DirectConvolution {
 public:
  DirectConvolution(const Context& context, const ConvCall& call)
      : context_(context),
        kernels_(context.kernels),
        call_(call),
        depthwise_(call.geometry.depthwise()),
        plan_(call.geometry, call.direction, depthwise_),
        nr_(context.kernels.gemm_nr),
        channels_(plan_.groups * plan_.target_channels),
        line_(depthwise_ ? padded(channels_) : nr_),
        panels_(depthwise_ ? 1 : plan_.groups * panels_of_group(plan_, nr_)) {
    const std::size_t batch = call.geometry.batch;
    parts_ = parts_for(context, core::capped_mul(batch, call.geometry.image_work()), kMultiplyGrain);
    parts_ = std::min(parts_, std::max<std::size_t>(1, batch * units()));
    const std::size_t pixels = std::max<std::size_t>(1, plan_.target_pixels());
    if (call.pairs != nullptr) find_row_pairs();
    together_ = std::clamp<std::size_t>(kPixelsTogether / pixels, 1, std::max<std::size_t>(1, batch / parts_));
    if (!row_pairs_.empty()) together_ = 1;
    copies_source_ = !call.source_channels_last || !plan_.source.dense();
    panel_floats_ = checked_mul(plan_.lines(), line_);
    const std::size_t weights = padded(checked_mul(panels_, panel_floats_)), starts = padded(panels_ * line_);
    source_floats_ = copies_source_ ? padded(checked_mul(together_, plan_.source.size())) : 0;
    image_floats_ = call.source_images == nullptr ? 0 : padded(checked_mul(together_, source_image()));
    target_floats_ = call.target_channels_last && call.done == nullptr
                         ? 0
                         : padded(checked_mul(together_, plan_.target_pixels(), channels_));
    workspace_ = checked_add(checked_add(source_floats_, image_floats_), target_floats_);
    workspace_ = checked_add(workspace_, padded(std::max(call.epilogue_workspace, call.source_workspace)));
    thread_local core::Scratch memory;  // the calling thread's, for all parts
    const std::size_t own = call.kept_weight == nullptr ? weights : 0;
    weights_ = memory.get<float>(checked_add(checked_add(own, starts), checked_mul(parts_, workspace_)));
    starts_ = weights_ + own;
    scratch_ = starts_ + starts;
    if (call.kept_weight != nullptr) weights_ = call.kept_weight->get(weights);
  }

  void run() {
    if (call_.kept_weight == nullptr || !call_.kept_weight->is_made()) pack();
    if (call_.kept_weight != nullptr) call_.kept_weight->made();
    start();
    const std::size_t batch = call_.geometry.batch;
    if (by_images()) {
      run_parts(context_, parts_, [&](std::size_t part) {
        float* const scratch = scratch_ + part * workspace_;
        const std::size_t last = part_begin(part + 1, parts_, batch, 1);
        for (std::size_t n = part_begin(part, parts_, batch, 1); n < last; n += together_) {
          const Images images{n, std::min(together_, last - n), source_of(n, std::min(together_, last - n), scratch),
                              target_of(n, scratch)};
          if (!row_pairs_.empty()) {
            run_row_pairs(images);
            continue;
          }
          if (by_bands()) {
            run_bands(images, workspace_of(scratch));
            continue;
          }
          run_units(images, 0, units(), workspace_of(scratch));
          finish(images, workspace_of(scratch));
        }
      });
      return;
    }
    // The panels and bands of each image over all parts, from one copy of its source.
    for (std::size_t n = 0; n < batch; ++n) {
      const Images images{n, 1, source_of(n, 1, scratch_), target_of(n, scratch_)};
      run_parts(context_, parts_, [&](std::size_t part) {
        run_units(images, part_begin(part, parts_, units(), 1), part_begin(part + 1, parts_, units(), 1),
                  workspace_of(scratch_ + part * workspace_));
      });
      finish(images, workspace_of(scratch_));
    }
  }

 private:
  // Images from `first` on, where they are read and where sums go.
  struct Images {
    std::size_t first, count;
    const float* source;
    float* target;
  };

  // A row of windows: ConvWindows of any image and panel.
  struct RowPair {
    std::ptrdiff_t upper, lower;
    const kernels::ConvSegment *lower_segments, *segments;
    std::size_t lower_count, both_count, upper_count;
  };

  // Whether parts have whole images: not where there are so few that shares would differ by a good part, and each is
  // worth the threads.
  bool by_images() const {
    const std::size_t batch = call_.geometry.batch;
    if (batch < parts_) return false;
    return batch % parts_ == 0 || batch >= 4 * parts_ || call_.geometry.image_work() / parts_ < kMultiplyGrain;
  }

  // A unit is a band of a panel.
  std::size_t units() const { return panels_ * plan_.bands.size(); }

  void pack() {
    if (depthwise_) {
      pack_depthwise(call_, plan_, line_, weights_);
    } else {
      const std::size_t parts = std::min(
          {parts_, std::max<std::size_t>(1, panels_), parts_for(context_, panels_ * panel_floats_, kElementGrain)});
      const std::size_t of_group = panels_of_group(plan_, nr_);
      run_parts(context_, parts, [&](std::size_t part) {
        const std::size_t last = part_begin(part + 1, parts, panels_, 1);
        for (std::size_t p = part_begin(part, parts, panels_, 1); p < last; ++p) {
          pack_conv_panel(kernels_, call_, plan_, p / of_group, p % of_group, weights_ + p * panel_floats_);
        }
      });
    }
  }

  void start() {
    for (std::size_t p = 0; p < panels_; ++p) {
      for (std::size_t j = 0; j < line_; ++j) {
        const bool given = call_.bias != nullptr && j < columns_of(p);
        // -0 becomes 0, so that products with zeros outside of an image make no difference.
        starts_[p * line_ + j] = given ? call_.bias[column_of(p) + j] + 0.0f : 0.0f;
      }
    }
  }

  // The first channel of a panel, and how many it has.
  std::size_t column_of(std::size_t panel) const {
    if (depthwise_) return 0;
    const std::size_t of_group = panels_of_group(plan_, nr_);
    return panel / of_group * plan_.target_channels + panel % of_group * nr_;
  }
  std::size_t columns_of(std::size_t panel) const {
    if (depthwise_) return channels_;
    return std::min(nr_, plan_.target_channels - panel % panels_of_group(plan_, nr_) * nr_);
  }

  // Floats of an image of the source without margins.
  std::size_t source_image() const {
    return plan_.source.depth * plan_.source.height * plan_.source.width * plan_.source.pixel;
  }

  // Scratch of a part: copies of the source with their margins, images of it, the target, then a workspace.
  float* workspace_of(float* scratch) const { return scratch + source_floats_ + image_floats_ + target_floats_; }

  const float* source_of(std::size_t first, std::size_t count, float* scratch) const {
    const std::size_t size = source_image();
    float* const images = scratch + source_floats_;
    const float* const from = call_.source_images == nullptr ? call_.source + first * size : images;
    for (std::size_t i = 0; call_.source_images != nullptr && i < count; ++i) {
      (*call_.source_images)(first + i, images + i * size, workspace_of(scratch));
    }
    if (!copies_source_) return from;
    for (std::size_t i = 0; i < count; ++i) {
      copy_source(kernels_, plan_.source, from + i * size, call_.source_channels_last,
                  scratch + i * plan_.source.size());
    }
    return scratch;
  }

  float* target_of(std::size_t first, float* scratch) const {
    if (target_floats_ != 0) return scratch + source_floats_ + image_floats_;
    return call_.target + first * plan_.target_pixels() * channels_;
  }

  // Pairs of rows of outputs, whose windows go through a tile each: where a row is one region, and the taps of one row
  // are those of the other but for some at the ends, which a kernel reads as it does those of both. Else none.
  void find_row_pairs() {
    if (depthwise_ || plan_.phases != 1 || plan_.target[0] != 1) return;
    for (std::size_t r = 0; r < call_.pairs->rows; ++r) {
      const std::optional<RowPair> pair = row_pair(2 * r);
      if (!pair) return row_pairs_.clear();
      row_pairs_.push_back(*pair);
    }
  }
  std::optional<RowPair> row_pair(std::size_t row) const {
    const PlannedRegion *const upper = region_of_row(row), *const lower = region_of_row(row + 1);
    if (upper == nullptr || lower == nullptr) return std::nullopt;
    const kernels::ConvSegment* const first = plan_.segments.data() + upper->segments;
    const kernels::ConvSegment* const lower_first = plan_.segments.data() + lower->segments;
    // The taps of the lower row begin no later, and end no later.
    std::size_t own = 0;
    while (own < lower->count && (upper->count == 0 || lower_first[own].line < first->line)) ++own;
    const std::size_t both = lower->count - own;
    if (both > upper->count) return std::nullopt;
    for (std::size_t s = 0; s < both; ++s) {
      const kernels::ConvSegment &a = first[s], &b = lower_first[own + s];
      if (a.line != b.line || a.k != b.k || a.source != b.source) return std::nullopt;
    }
    return RowPair{source_of_row(*upper, row), source_of_row(*lower, row + 1), lower_first, first, own, both,
                   upper->count - both};
  }
  const PlannedRegion* region_of_row(std::size_t row) const {
    const std::size_t at = row * plan_.target[2];
    for (const ConvBand& band : plan_.bands) {
      if (at < band.out || at >= band.out + band.pixels) continue;
      return band.regions == 1 ? &plan_.regions[band.first_region] : nullptr;
    }
    return nullptr;
  }
  std::ptrdiff_t source_of_row(const PlannedRegion& region, std::size_t row) const {
    return region.source + static_cast<std::ptrdiff_t>((row - region.out / plan_.target[2]) * region.source_row);
  }

  void run_row_pairs(const Images& images) const {
    const ConvPairs& pairs = *call_.pairs;
    const std::size_t row_floats = pairs.windows * channels_;
    for (std::size_t r = 0; r < pairs.rows; ++r) {
      const RowPair& rows = row_pairs_[r];
      const std::size_t to = (images.first * pairs.rows + r) * row_floats;
      for (std::size_t panel = 0; panel < panels_; ++panel) {
        const float* const source = images.source + panel / panels_of_group(plan_, nr_) * plan_.source_channels;
        const kernels::ConvWindows windows{
            .upper = source + rows.upper,
            .lower = source + rows.lower,
            .source_pixel = plan_.regions.front().source_pixel,
            .lower_segments = rows.lower_segments,
            .segments = rows.segments,
            .lower_count = rows.lower_count,
            .both_count = rows.both_count,
            .upper_count = rows.upper_count,
            .panel = weights_ + panel * panel_floats_,
            .start = starts_ + panel * line_,
            .windows = pairs.windows,
            .relu = pairs.relu,
            .pixel = static_cast<std::int32_t>(2 * r * plan_.target[2]),
            .pixel_row = static_cast<std::int32_t>(plan_.target[2]),
            .out = pairs.out + to + column_of(panel),
            .index = pairs.index == nullptr ? nullptr : pairs.index + to + column_of(panel),
            .out_stride = channels_,
            .columns = columns_of(panel),
        };
        kernels_.conv_max_pool(&windows);
      }
    }
  }

  // All panels for each band in turn, which is handed over at once. Images that go together are handed over whole.
  bool by_bands() const {
    return call_.done != nullptr && plan_.phases == 1 && together_ == 1 && panels_ * panel_floats_ <= kFewWeights;
  }
  void run_bands(const Images& images, float* workspace) const {
    for (const ConvBand& band : plan_.bands) {
      for (std::size_t panel = 0; panel < panels_; ++panel) {
        for (std::size_t r = 0; r < band.regions; ++r) run_region(plan_.regions[band.first_region + r], images, panel);
      }
      (*call_.done)(images.first, images.target, band.out, band.out + band.pixels, workspace);
    }
  }

  void run_units(const Images& images, std::size_t begin, std::size_t end, float* workspace) const {
    const std::size_t bands = plan_.bands.size();
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t panel = unit / bands;
      const ConvBand& band = plan_.bands[unit % bands];
      for (std::size_t r = 0; r < band.regions; ++r) run_region(plan_.regions[band.first_region + r], images, panel);
      if (call_.epilogue == nullptr || plan_.phases > 1) continue;
      for (std::size_t i = 0; i < images.count; ++i) {
        (*call_.epilogue)(workspace, (images.first + i) * plan_.target_pixels() + band.out, band.pixels,
                          column_of(panel), columns_of(panel));
      }
    }
  }

  void run_region(const PlannedRegion& planned, const Images& images, std::size_t panel) const {
    const std::size_t group = depthwise_ ? 0 : panel / panels_of_group(plan_, nr_);
    const kernels::ConvRegion region{
        .source = images.source + planned.source + group * plan_.source_channels,
        .source_pixel = planned.source_pixel,
        .source_row = planned.source_row,
        .source_image = plan_.source.size(),
        .width = planned.width,
        .height = planned.height,
        .images = images.count,
        .segments = plan_.segments.data() + planned.segments,
        .count = planned.count,
        .panel = weights_ + panel * panel_floats_,
        .line = line_,
        .start = starts_ + panel * line_,
        .out = images.target + planned.out * channels_ + column_of(panel),
        .out_pixel = planned.out_pixel * channels_,
        .out_row = planned.out_row * channels_,
        .out_image = plan_.target_pixels() * channels_,
        .columns = columns_of(panel),
    };
    if (depthwise_) {
      kernels_.conv_depthwise(&region);
    } else {
      kernels_.conv_region(&region);
    }
  }

  // What follows once the sums of images are complete.
  void finish(const Images& images, float* workspace) const {
    const std::size_t pixels = plan_.target_pixels();
    if (call_.epilogue != nullptr && plan_.phases > 1) {
      for (std::size_t row = 0; row < images.count * pixels; row += kEpilogueRows) {
        const std::size_t rows = std::min(kEpilogueRows, images.count * pixels - row);
        (*call_.epilogue)(workspace, images.first* pixels + row, rows, 0, channels_);
      }
    }
    for (std::size_t i = 0; call_.done != nullptr && i < images.count; ++i) {
      (*call_.done)(images.first + i, images.target + i * pixels * channels_, 0, pixels, workspace);
    }
    if (call_.target_channels_last) return;
    for (std::size_t i = 0; i < images.count; ++i) {
      kernels_.to_channels_first(images.target + i * pixels * channels_, channels_, channels_, pixels,
                                 call_.target + (images.first + i) * pixels * channels_, pixels);
    }
  }

  const Context& context_;
  const kernels::KernelTable& kernels_;
  const ConvCall& call_;
  bool depthwise_;
  ConvPlan plan_;
  std::size_t nr_, channels_;
  std::size_t line_;    // floats of a line of a panel
  std::size_t panels_;  // of all groups
  std::size_t parts_ = 1, together_ = 1;
  std::vector<RowPair> row_pairs_;
  bool copies_source_ = false;
  std::size_t panel_floats_ = 0, source_floats_ = 0, image_floats_ = 0, target_floats_ = 0, workspace_ = 0;
  float *weights_ = nullptr, *starts_ = nullptr, *scratch_ = nullptr;
};

}  // namespace

void convolve(const Context& context, const ConvCall& call) {
  if (call.geometry.batch == 0) return;
  if (winograd_suits(call.geometry)) return winograd_convolve(context, call);
  DirectConvolution convolution(context, call);
  convolution.run();
}

}  // namespace lanewise::ops
