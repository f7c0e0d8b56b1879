#include "conv_plan.h"

#include <algorithm>

namespace lanewise::ops {
namespace {

// Up to this width of the target, and where zeros would be most of a row, taps outside of a row are left out; else they
// meet zeros. By the shape alone, so that an infinite weight has the same effect everywhere.
constexpr std::size_t kClippedWidth = 8;

std::vector<PhaseDim> phases_of(const SpatialDim& dim, ConvDirection direction) {
  std::vector<PhaseDim> phases;
  if (direction == ConvDirection::kForward) {
    PhaseDim phase;
    phase.count = dim.out;
    phase.source_step = dim.stride;
    for (std::size_t t = 0; t < dim.kernel; ++t) {
      phase.taps.push_back({static_cast<std::ptrdiff_t>(t * dim.dilation) - static_cast<std::ptrdiff_t>(dim.low), t});
    }
    phases.push_back(std::move(phase));
    return phases;
  }
  // Input position q has tap t in output (q + low - t·dilation) / stride, where that divides.
  for (std::size_t r = 0; r < dim.stride; ++r) {
    PhaseDim phase;
    phase.first = (r + dim.stride - dim.low % dim.stride) % dim.stride;
    phase.step = dim.stride;
    if (phase.first >= dim.size) continue;
    phase.count = (dim.size - phase.first + dim.stride - 1) / dim.stride;
    for (std::size_t t = dim.kernel; t-- > 0;) {
      if (t * dim.dilation % dim.stride != r) continue;
      const auto distance =
          static_cast<std::ptrdiff_t>(phase.first + dim.low) - static_cast<std::ptrdiff_t>(t * dim.dilation);
      phase.taps.push_back({distance / static_cast<std::ptrdiff_t>(dim.stride), t});
    }
    phases.push_back(std::move(phase));
  }
  return phases;
}

// Sorts the outputs by which taps fall into [0, size). With `clip` off all taps do, as there are zeros around.
void classify(PhaseDim& phase, std::size_t size, bool clip) {
  const auto end = static_cast<std::ptrdiff_t>(size);
  for (std::size_t j = 0; j < phase.count; ++j) {
    std::size_t first = 0, last = phase.taps.size();
    if (clip) {
      const auto at = static_cast<std::ptrdiff_t>(j * phase.source_step);
      while (first < last && at + phase.taps[first].offset < 0) ++first;
      while (last > first && at + phase.taps[last - 1].offset >= end) --last;
      if (first == last) first = last = 0;
    }
    if (!phase.classes.empty()) {
      PhaseDim::Class& before = phase.classes.back();
      if (before.first_tap == first && before.last_tap == last) {
        before.end = j + 1;
        continue;
      }
    }
    phase.classes.push_back({j, j + 1, first, last});
  }
}

}  // namespace

ConvPlan::ConvPlan(const ConvGeometry& geometry, ConvDirection direction, bool skip, std::size_t pixels_of_band)
    : band_pixels(pixels_of_band) {
  const bool forward = direction == ConvDirection::kForward;
  groups = geometry.groups;
  source_channels = forward ? geometry.group_channels() : geometry.group_outs();
  target_channels = forward ? geometry.group_outs() : geometry.group_channels();
  std::array<std::vector<PhaseDim>, kSpatial> dims;
  std::array<std::size_t, kSpatial> from{}, kernels{};
  phases = 1;
  for (std::size_t d = 0; d < kSpatial; ++d) {
    dims[d] = phases_of(geometry.dims[d], direction);
    from[d] = forward ? geometry.dims[d].size : geometry.dims[d].out;
    target[d] = forward ? geometry.dims[d].out : geometry.dims[d].size;
    kernels[d] = geometry.dims[d].kernel;
    phases *= dims[d].size();
  }
  std::ptrdiff_t lowest = 0, highest = 0;
  for (const PhaseDim& phase : dims[2]) {
    if (phase.taps.empty() || phase.count == 0) continue;
    lowest = std::min(lowest, phase.taps.front().offset);
    highest = std::max(highest, static_cast<std::ptrdiff_t>((phase.count - 1) * phase.source_step) +
                                    phase.taps.back().offset + 1 - static_cast<std::ptrdiff_t>(from[2]));
  }
  const bool clip = skip || target[2] <= kClippedWidth || static_cast<std::size_t>(highest - lowest) > from[2];
  if (clip) lowest = highest = 0;
  for (std::size_t d = 0; d < kSpatial; ++d) {
    for (PhaseDim& phase : dims[d]) classify(phase, from[d], d + 1 < kSpatial || clip);
  }
  source = {from[0],
            from[1],
            from[2],
            static_cast<std::size_t>(-lowest),
            static_cast<std::size_t>(highest),
            source_channels * groups};
  for (const PhaseDim& planes : dims[0]) {
    for (const PhaseDim& rows : dims[1]) {
      for (const PhaseDim& columns : dims[2]) add_phase({&planes, &rows, &columns}, kernels);
    }
  }
}

void ConvPlan::add_phase(const std::array<const PhaseDim*, kSpatial>& dims,
                         const std::array<std::size_t, kSpatial>& kernels) {
  const auto& [planes, rows, columns] = dims;
  const std::size_t first_tap = tap_order.size();
  for (const PhaseDim::Tap& z : planes->taps) {
    for (const PhaseDim::Tap& y : rows->taps) {
      for (const PhaseDim::Tap& x : columns->taps) {
        tap_order.push_back((z.kernel * kernels[1] + y.kernel) * kernels[2] + x.kernel);
      }
    }
  }
  const std::size_t most = std::max<std::size_t>(1, band_pixels / std::max<std::size_t>(1, columns->count));
  for (const PhaseDim::Class& depths : planes->classes) {
    for (std::size_t depth = depths.begin; depth < depths.end; ++depth) {
      for (const PhaseDim::Class& row_class : rows->classes) {
        const std::size_t total = row_class.end - row_class.begin, parts = (total + most - 1) / most;
        for (std::size_t part = 0, row = row_class.begin; part < parts; ++part) {
          const std::size_t height = (row_class.end - row + parts - part - 1) / (parts - part);
          ConvBand band{regions.size(), columns->classes.size(), 0, height * columns->count};
          band.out = ((planes->first + depth * planes->step) * target[1] + rows->first + row * rows->step) * target[2];
          for (const PhaseDim::Class& column_class : columns->classes) {
            add_region(dims, depth, depths, row_class, row, height, column_class, first_tap);
          }
          bands.push_back(band);
          row += height;
        }
      }
    }
  }
}

void ConvPlan::add_region(const std::array<const PhaseDim*, kSpatial>& dims, std::size_t depth,
                          const PhaseDim::Class& planes, const PhaseDim::Class& rows, std::size_t row,
                          std::size_t height, const PhaseDim::Class& columns, std::size_t first_tap) {
  const auto& [z, y, x] = dims;
  const auto stride = [](std::size_t floats) { return static_cast<std::ptrdiff_t>(floats); };
  PlannedRegion region{};
  region.width = columns.end - columns.begin;
  region.height = height;
  region.out = ((z->first + depth * z->step) * target[1] + y->first + row * y->step) * target[2] + x->first +
               columns.begin * x->step;
  region.out_pixel = x->step;
  region.out_row = y->step * target[2];
  region.source_pixel = x->source_step * source.pixel;
  region.source_row = y->source_step * source.row();
  region.source = stride(depth * z->source_step * source.plane() + row * region.source_row +
                         columns.begin * region.source_pixel + source.low_margin * source.pixel);
  region.segments = segments.size();
  for (std::size_t tz = planes.first_tap; tz < planes.last_tap; ++tz) {
    for (std::size_t ty = rows.first_tap; ty < rows.last_tap; ++ty) {
      for (std::size_t tx = columns.first_tap; tx < columns.last_tap; ++tx) {
        const std::ptrdiff_t at = z->taps[tz].offset * stride(source.plane()) +
                                  y->taps[ty].offset * stride(source.row()) + x->taps[tx].offset * stride(source.pixel);
        const std::size_t line = (first_tap + (tz * y->taps.size() + ty) * x->taps.size() + tx) * source_channels;
        if (segments.size() > region.segments) {
          kernels::ConvSegment& last = segments.back();
          if (last.source + stride(last.k) == at && last.line + last.k == line) {
            last.k += source_channels;
            continue;
          }
        }
        segments.push_back({at, line, source_channels});
      }
    }
  }
  region.count = segments.size() - region.segments;
  regions.push_back(region);
}

}  // namespace lanewise::ops
