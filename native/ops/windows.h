// Decodes the windows of pooling (src/ops/windows.ts) into rows of windows that are alike, as kernels take them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../kernels/kernel_table.h"
#include "argument.h"

namespace lanewise::ops {

inline constexpr std::size_t kMostDimensions = 3;

// A window of one dimension: its pixels are first, first + dilation, ..., `taps` of them.
struct WindowSpan {
  std::size_t first, taps;
  double divisor;
};

struct WindowDimension {
  std::size_t size = 1, dilation = 1;
  std::vector<WindowSpan> spans;
};

// Windows along the last dimension, one behind the other, that take as many pixels each and lie evenly apart.
struct WindowRun {
  std::size_t begin, windows, step;
  std::size_t first, taps;  // the first pixel of the first window
  double divisor;
};

// The windows of a plane. A row of them shares the pixels along all but the last dimension.
class WindowPlan {
 public:
  // Throws std::invalid_argument for windows that are none, std::overflow_error for sizes that do not fit.
  void read(const char* op, Layout windows);
  // Makes rows and runs, which may need much memory: once the memory of the operands has been checked.
  void build();

  std::size_t batch = 0, channels = 0;
  std::size_t pixels = 0;   // of a plane
  std::size_t windows = 0;  // of a plane
  std::size_t rows = 0, row_windows = 0;
  bool overlaps = false;  // some pixel is in two windows
  bool covers = false;    // each pixel is in one
  std::vector<WindowRun> runs;

  // Whether its windows are of 2x2 pixels, side by side from the first on, in planes of two dimensions.
  bool is_pairs() const;
  // Whether such windows fill the planes.
  bool is_squares() const { return covers && is_pairs(); }

  // Calls body(run, first window, divisor) for the runs of row `r`. Windows without a pixel have row_count 0.
  template <typename Body>
  void each_run(std::size_t r, const Body& body) const {
    const Row& row = rows_[r];
    for (const WindowRun& run : runs) {
      // The list of starts is that of the run's first pixel: kernels add nothing to it.
      const std::int32_t* starts = starts_.data() + row.starts + (&run - runs.data()) * row.count;
      const bool is_empty = row.count == 0 || run.taps == 0;
      const kernels::WindowRow alike{starts,  is_empty ? 0 : row.count, run.taps, dims_.back().dilation, run.windows,
                                     run.step};
      body(alike, r * row_windows + run.begin, row.divisor * run.divisor);
    }
  }

  // The pixels from the first of the plane to the last one that row `r` needs.
  std::size_t row_end(std::size_t r) const {
    std::size_t end = 0;
    each_run(r, [&](const kernels::WindowRow& run, std::size_t, double) {
      if (run.row_count == 0) return;
      const auto first = static_cast<std::size_t>(run.rows[run.row_count - 1]);
      end = std::max(end, first + (run.windows - 1) * run.step + (run.taps - 1) * run.tap_step + 1);
    });
    return end;
  }

 private:
  struct Row {
    std::size_t starts, count;  // where its list of starts begins; how long it is for each run
    double divisor;
  };
  std::array<WindowDimension, kMostDimensions> dims_;  // missing ones are the first, with one window of one pixel
  std::vector<Row> rows_;
  std::vector<std::int32_t> starts_;
};

}  // namespace lanewise::ops
