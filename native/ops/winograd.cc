#include "winograd.h"

#include <algorithm>

#include "parallel.h"

namespace lanewise::ops {
namespace {

// Tiles that are worked through at a time: their transforms stay in the second-level cache (README.md).
constexpr std::size_t kForwardTiles = 32;
constexpr std::size_t kGradientTiles = 64;

// Lines a multiple of 256 bytes apart would share few sets of the first-level cache.
std::size_t line_of(std::size_t channels) { return channels % 64 == 0 ? channels + 16 : channels; }
// So would the 16 matrices, whose elements are written together.
std::size_t apart_of(std::size_t floats) {
  const std::size_t whole = padded(floats);
  return whole % 64 == 0 ? whole + 16 : whole;
}

std::ptrdiff_t signed_of(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }

}  // namespace

WinogradWeights::WinogradWeights(const kernels::KernelTable& kernels, const WinogradShape& shape)
    : nr(kernels.gemm_nr),
      panels((shape.outs + nr - 1) / nr),
      channels(shape.channels),
      outs(shape.outs),
      apart(apart_of(shape.channels * nr)) {}

void WinogradWeights::transform(const kernels::KernelTable& kernels, const float* weight, bool input_gradient,
                                std::size_t panel, std::size_t begin, std::size_t end, float* to) const {
  const std::size_t out = panel * nr, lane_step = input_gradient ? 9 : 9 * channels;
  const std::size_t line_step = input_gradient ? 9 * outs : 9;
  kernels.winograd_weights(weight + out * lane_step + begin * line_step, lane_step, line_step, input_gradient,
                           end - begin, std::min(nr, outs - out), to + panel * panel_size() + begin * nr, apart);
}

WinogradForward::WinogradForward(const kernels::KernelTable& kernels, const WinogradShape& shape)
    : kernels_(kernels),
      shape_(shape),
      weights_(kernels, shape),
      block_rows_(std::max<std::size_t>(1, kForwardTiles / std::max<std::size_t>(1, shape.tile_columns()))),
      line_(line_of(shape.channels)) {
  const std::size_t tiles = block_rows_ * shape.tile_columns();
  in_apart_ = apart_of(tiles * line_);
  out_apart_ = apart_of(tiles * kernels.gemm_nr);
}

std::size_t WinogradForward::workspace() const { return 16 * (in_apart_ + out_apart_); }

void WinogradForward::run(std::size_t begin, std::size_t end, const float* weights, const float* bias,
                          const ImageIn& in, const ImageOut& out, const BandDone& done, float* scratch) const {
  for (std::size_t row = begin; row < end; row += block_rows_) {
    const std::size_t rows = std::min(block_rows_, end - row);
    transform_input(row, rows, in, scratch);
    for (std::size_t panel = 0; panel < weights_.panels; ++panel) {
      multiply_panel(rows, weights + panel * weights_.panel_size(), scratch);
      transform_output(row, rows, panel, bias, out, done, scratch);
    }
  }
}

void WinogradForward::transform_input(std::size_t row, std::size_t rows, const ImageIn& in, float* scratch) const {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t image = (row + r) / shape_.tile_rows(), y = (row + r) % shape_.tile_rows();
    kernels_.winograd_input(in(image), shape_.height, shape_.width, shape_.channels,
                            signed_of(2 * y) - signed_of(shape_.pad_top), -signed_of(shape_.pad_left),
                            shape_.tile_columns(), scratch + r * shape_.tile_columns() * line_, line_, in_apart_);
  }
}

void WinogradForward::multiply_panel(std::size_t rows, const float* panel, float* scratch) const {
  const std::size_t nr = weights_.nr;
  const float* v = scratch;
  float* m = scratch + 16 * in_apart_;
  for (std::size_t i = 0; i < 16; ++i) {
    kernels_.gemm_panel(v, line_, 1, rows * shape_.tile_columns(), panel, nr, shape_.channels, nullptr, 0, m, nr, nr);
    v += in_apart_;
    m += out_apart_;
    panel += weights_.apart;
  }
}

void WinogradForward::transform_output(std::size_t row, std::size_t rows, std::size_t panel, const float* bias,
                                       const ImageOut& out, const BandDone& done, const float* scratch) const {
  const std::size_t nr = weights_.nr, column = panel * nr, columns = std::min(nr, shape_.outs - column);
  const std::size_t row_step = shape_.out_width * shape_.outs;
  const float* m = scratch + 16 * in_apart_;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t image = (row + r) / shape_.tile_rows(), y = 2 * ((row + r) % shape_.tile_rows());
    const std::size_t high = std::min<std::size_t>(2, shape_.out_height - y);
    kernels_.winograd_output(m, out_apart_, bias == nullptr ? nullptr : bias + column,
                             out(image) + y * row_step + column, row_step, shape_.outs, high, shape_.out_width,
                             columns);
    done(image, y, high, column, columns);
    m += shape_.tile_columns() * nr;
  }
}

WinogradWeightGradient::WinogradWeightGradient(const kernels::KernelTable& kernels, const WinogradShape& shape)
    : kernels_(kernels),
      shape_(shape),
      weights_(kernels, shape),
      block_rows_(std::max<std::size_t>(1, kGradientTiles / std::max<std::size_t>(1, shape.tile_columns()))),
      line_(line_of(shape.channels)) {
  in_apart_ = apart_of(block_rows_ * shape.tile_columns() * line_);
  grad_panel_ = block_rows_ * shape.tile_columns() * weights_.nr;
}

std::size_t WinogradWeightGradient::workspace(std::size_t panels) const {
  return 16 * (in_apart_ + apart_of(panels * grad_panel_));
}

void WinogradWeightGradient::run(std::size_t begin, std::size_t end, const Part& part, const ImageIn& in,
                                 const ImageIn& grad, float* sums, float* scratch) const {
  const std::size_t columns = shape_.tile_columns(), nr = weights_.nr, panels = part.last_panel - part.first_panel;
  const std::size_t outs = std::min(panels * nr, shape_.outs - part.first_panel * nr);
  const std::size_t first = begin * shape_.tile_rows(), last = end * shape_.tile_rows();
  const std::size_t grad_apart = apart_of(panels * grad_panel_);
  const bool is_one = part.gradient != nullptr && last - first <= block_rows_;
  float* const y = scratch + 16 * in_apart_;
  for (std::size_t row = first; row < last; row += block_rows_) {
    const std::size_t rows = std::min(block_rows_, last - row);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t image = (row + r) / shape_.tile_rows(), at = 2 * ((row + r) % shape_.tile_rows());
      kernels_.winograd_input(in(image), shape_.height, shape_.width, shape_.channels,
                              signed_of(at) - signed_of(shape_.pad_top), -signed_of(shape_.pad_left), columns,
                              scratch + r * columns * line_, line_, in_apart_);
      kernels_.winograd_gradient(grad(image), shape_.out_height, shape_.out_width, part.grad_pixel, outs, at,
                                 y + r * columns * nr, grad_panel_, grad_apart);
    }
    for (std::size_t panel = 0; panel < panels; ++panel) {
      const std::size_t at = part.first_panel + panel;
      // Of one block the sums of one panel after the other may lie at the same place, which stays in cache.
      float* const panel_sums = sums + (is_one ? part.first_panel : at) * weights_.panel_size();
      for (std::size_t i = 0; i < 16; ++i) {
        float* const sum = panel_sums + i * weights_.apart;
        kernels_.gemm_outer(scratch + i * in_apart_, line_, false, shape_.channels,
                            y + i * grad_apart + panel * grad_panel_, rows * columns, row == first ? nullptr : sum, sum,
                            nr, nullptr);
      }
      if (part.gradient != nullptr && row + rows == last) {
        finish_panel(panel_sums, at, 0, shape_.channels, part.gradient);
      }
    }
  }
}

void WinogradWeightGradient::add(float* sums, const float* others, std::size_t panel, std::size_t begin,
                                 std::size_t end) const {
  const std::size_t nr = weights_.nr;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t at = panel * weights_.panel_size() + i * weights_.apart + begin * nr;
    kernels_.add(sums + at, 1, others + at, 1, sums + at, (end - begin) * nr);
  }
}

void WinogradWeightGradient::finish(const float* sums, std::size_t panel, std::size_t begin, std::size_t end,
                                    float* gradient) const {
  finish_panel(sums + panel * weights_.panel_size(), panel, begin, end, gradient);
}

void WinogradWeightGradient::finish_panel(const float* sums, std::size_t panel, std::size_t begin, std::size_t end,
                                          float* gradient) const {
  const std::size_t nr = weights_.nr, channels = shape_.channels, out = panel * nr;
  kernels_.winograd_weight_gradient(sums + begin * nr, weights_.apart, end - begin, std::min(nr, shape_.outs - out),
                                    gradient + (out * channels + begin) * 9, channels * 9, 9);
}

}  // namespace lanewise::ops
