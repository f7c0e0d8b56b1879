#include "windows.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "check.h"
#include "layout.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

constexpr double kMostPixels = INT32_MAX;

// Reads numbers one behind the other.
class NumberList {
 public:
  NumberList(const char* op, Layout from) : op_(op), from_(from) {}
  double next() {
    if (at_ == from_.size()) refuse(op_, "windows", "ends too early");
    return from_[at_++];
  }
  std::size_t size() { return layout_number(op_, next()); }
  std::span<const double> list(std::size_t count) {
    if (count > from_.size() - at_) refuse(op_, "windows", "ends too early");
    at_ += count;
    return from_.subspan(at_ - count, count);
  }
  bool at_end() const { return at_ == from_.size(); }

 private:
  const char* op_;
  Layout from_;
  std::size_t at_ = 0;
};

double whole(const char* op, double value) {
  if (!(std::fabs(value) <= kMostPixels) || std::trunc(value) != value) {
    refuse(op, "windows", "needs whole numbers below 2147483648, got " + std::to_string(value));
  }
  return value;
}

WindowDimension read_dimension(const char* op, NumberList& numbers) {
  WindowDimension dimension;
  dimension.size = numbers.size();
  const std::size_t windows = numbers.size();
  whole(op, static_cast<double>(dimension.size));
  const std::span<const double> starts = numbers.list(windows), ends = numbers.list(windows);
  dimension.dilation = numbers.size();
  if (dimension.dilation == 0 || dimension.dilation > std::size_t{INT32_MAX}) {
    refuse(op, "windows", "needs dilations from 1 to 2147483647");
  }
  const std::span<const double> divisors = numbers.list(windows);
  const auto dilation = static_cast<std::int64_t>(dimension.dilation);
  dimension.spans.reserve(windows);
  for (std::size_t w = 0; w < windows; ++w) {
    auto begin = static_cast<std::int64_t>(whole(op, starts[w]));
    const auto end = std::min(static_cast<std::int64_t>(whole(op, ends[w])), static_cast<std::int64_t>(dimension.size));
    if (begin < 0) begin += (-begin + dilation - 1) / dilation * dilation;
    const std::int64_t taps = end > begin ? (end - begin + dilation - 1) / dilation : 0;
    dimension.spans.push_back(
        {taps == 0 ? 0 : static_cast<std::size_t>(begin), static_cast<std::size_t>(taps), divisors[w]});
  }
  return dimension;
}

// Windows one behind the other with as many taps, evenly apart.
std::vector<WindowRun> runs_of(const WindowDimension& dimension) {
  std::vector<WindowRun> runs;
  for (std::size_t w = 0; w < dimension.spans.size(); ++w) {
    const WindowSpan& span = dimension.spans[w];
    if (!runs.empty()) {
      WindowRun& last = runs.back();
      const std::size_t before = dimension.spans[w - 1].first, step = span.first - before;
      const bool is_alike = last.taps == span.taps && last.divisor == span.divisor && span.first >= before;
      if (is_alike && (last.windows == 1 || last.step == step)) {
        last.step = step;
        ++last.windows;
        continue;
      }
    }
    runs.push_back({w, 1, 1, span.first, span.taps, span.divisor});
  }
  return runs;
}

// Whether some pixel is in two windows, and whether each is in one. Of windows with gaps or out of order it is taken
// that some are shared and some are left out.
struct Cover {
  bool overlaps, covers;
};
Cover cover_of(const WindowDimension& dimension) {
  std::size_t end = 0;
  bool overlaps = false, covers = true;
  for (const WindowSpan& span : dimension.spans) {
    if (span.taps == 0) continue;
    overlaps = overlaps || span.first < end || (dimension.dilation > 1 && dimension.spans.size() > 1);
    covers = covers && span.first == end && (dimension.dilation == 1 || span.taps == 1);
    end = span.first + (span.taps - 1) * dimension.dilation + 1;
  }
  return {overlaps, covers && end == dimension.size};
}

}  // namespace

void WindowPlan::read(const char* op, Layout layout) {
  NumberList numbers(op, layout);
  batch = numbers.size();
  channels = numbers.size();
  const std::size_t count = numbers.size();
  if (count < 1 || count > kMostDimensions) refuse(op, "windows", "needs 1 to 3 dimensions");
  for (std::size_t d = 0; d < kMostDimensions - count; ++d) dims_[d] = {1, 1, {{0, 1, 1.0}}};
  for (std::size_t d = kMostDimensions - count; d < kMostDimensions; ++d) dims_[d] = read_dimension(op, numbers);
  if (!numbers.at_end()) refuse(op, "windows", "goes on behind its last dimension");
  const auto& [depth, height, width] = dims_;
  pixels = checked_mul(depth.size, height.size, width.size);
  if (pixels > std::size_t{INT32_MAX}) refuse(op, "windows", "needs planes below 2147483648 pixels");
  rows = checked_mul(depth.spans.size(), height.spans.size());
  row_windows = width.spans.size();
  windows = checked_mul(rows, row_windows);
  overlaps = false;
  covers = true;
  for (const WindowDimension& dimension : dims_) {
    const Cover cover = cover_of(dimension);
    overlaps = overlaps || cover.overlaps;
    covers = covers && cover.covers;
  }
}

bool WindowPlan::is_pairs() const {
  const auto pairs = [](const WindowDimension& dimension) {
    for (std::size_t w = 0; w < dimension.spans.size(); ++w) {
      if (dimension.spans[w].first != 2 * w || dimension.spans[w].taps != 2) return false;
    }
    return dimension.dilation == 1;
  };
  return dims_[0].size == 1 && dims_[0].spans.size() == 1 && dims_[0].spans[0].taps == 1 && pairs(dims_[1]) &&
         pairs(dims_[2]);
}

void WindowPlan::build() {
  const auto& [depth, height, width] = dims_;
  runs = runs_of(width);
  rows_.clear();
  starts_.clear();
  if (windows == 0) {
    rows = 0;
    return;
  }
  for (const WindowSpan& z : depth.spans) {
    for (const WindowSpan& y : height.spans) {
      rows_.push_back({starts_.size(), z.taps * y.taps, z.divisor * y.divisor});
      for (const WindowRun& run : runs) {
        for (std::size_t i = 0; i < z.taps; ++i) {
          for (std::size_t j = 0; j < y.taps; ++j) {
            const std::size_t line = (z.first + i * depth.dilation) * height.size + y.first + j * height.dilation;
            starts_.push_back(static_cast<std::int32_t>(line * width.size + run.first));
          }
        }
      }
    }
  }
}

}  // namespace lanewise::ops
