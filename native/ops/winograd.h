// Convolutions of 3×3 with stride 1 by Winograd's F(2×2, 3×3): 16 matrix products over tiles of 2×2 outputs with 4/9 of
// the multiplications. Images are channels last, [height][width][channels]; kernels/generic/winograd-inl.h has the
// maths.
#pragma once

#include <cstddef>

#include "../core/function_ref.h"
#include "../kernels/kernel_table.h"

namespace lanewise::ops {

// A convolution of images [height, width, channels] to [out_height, out_width, outs]: output (y, x) sees the inputs
// from (y - pad_top, x - pad_left) on, zeros where there are none.
struct WinogradShape {
  std::size_t channels, outs;
  std::size_t height, width;
  std::size_t out_height, out_width;
  std::size_t pad_top, pad_left;

  std::size_t tile_rows() const { return (out_height + 1) / 2; }
  std::size_t tile_columns() const { return (out_width + 1) / 2; }
  // The convolution that makes the input gradient from that of the output; its weights are rotated. Paddings are at
  // most 2.
  WinogradShape input_gradient() const {
    return {outs, channels, out_height, out_width, height, width, 2 - pad_top, 2 - pad_left};
  }
};

// Weights G g Gᵀ in panels: [outs / nr][16][channels][nr], with a gap behind each of the 16.
struct WinogradWeights {
  WinogradWeights(const kernels::KernelTable& kernels, const WinogradShape& shape);

  std::size_t panel_size() const { return 16 * apart; }
  std::size_t size() const { return panels * panel_size(); }
  // Transforms channels [begin, end) of a panel from weights [outs, channels, 3, 3], or, for an input gradient, from
  // [channels, outs, 3, 3].
  void transform(const kernels::KernelTable& kernels, const float* weight, bool input_gradient, std::size_t panel,
                 std::size_t begin, std::size_t end, float* to) const;

  std::size_t nr, panels, channels, outs;
  std::size_t apart;  // from one of the 16 matrices to the next
};

// Where image n begins, channels last; valid until the next call for another image.
using ImageIn = core::FunctionRef<const float*(std::size_t image)>;
using ImageOut = core::FunctionRef<float*(std::size_t image)>;
// Called when columns [column, column + columns) of the output rows [row, row + rows) of an image are complete, while
// they are in cache.
using BandDone = core::FunctionRef<void(std::size_t image, std::size_t row, std::size_t rows, std::size_t column,
                                        std::size_t columns)>;

// Makes rows of tiles, numbered through all images: number r is row r % tile_rows() of image r / tile_rows().
class WinogradForward {
 public:
  WinogradForward(const kernels::KernelTable& kernels, const WinogradShape& shape);

  // Floats of scratch that each thread needs.
  std::size_t workspace() const;
  // Images that are worked on at the same time, at most.
  std::size_t images_at_once() const { return (block_rows_ + shape_.tile_rows() - 2) / shape_.tile_rows() + 1; }
  // Rows of tiles [begin, end) in order, each band of an image from its first column to its last one. `bias` is [outs]
  // or null.
  void run(std::size_t begin, std::size_t end, const float* weights, const float* bias, const ImageIn& in,
           const ImageOut& out, const BandDone& done, float* scratch) const;

 private:
  void transform_input(std::size_t row, std::size_t rows, const ImageIn& in, float* scratch) const;
  void multiply_panel(std::size_t rows, const float* panel, float* scratch) const;
  void transform_output(std::size_t row, std::size_t rows, std::size_t panel, const float* bias, const ImageOut& out,
                        const BandDone& done, const float* scratch) const;

  const kernels::KernelTable& kernels_;
  WinogradShape shape_;
  WinogradWeights weights_;
  std::size_t block_rows_;            // of tiles, at a time
  std::size_t line_;                  // from tile to tile of the transformed input
  std::size_t in_apart_, out_apart_;  // from one of the 16 matrices to the next
};

// Sums over images of what Gᵀ makes the gradient of the weights of; they lie as WinogradWeights do.
class WinogradWeightGradient {
 public:
  WinogradWeightGradient(const kernels::KernelTable& kernels, const WinogradShape& shape);

  std::size_t panels() const { return weights_.panels; }
  std::size_t size() const { return weights_.size(); }
  // Floats of scratch that each thread needs for `panels` panels.
  std::size_t workspace(std::size_t panels) const;

  // Some panels of output channels, and where images of the gradient have these, in pixels grad_pixel floats apart.
  // Where `gradient` is not null the sums are all that there are: finish() is done for each panel while its sums are in
  // cache, and they are not kept.
  struct Part {
    std::size_t first_panel, last_panel, grad_pixel;
    float* gradient = nullptr;
  };
  // sums = the sums over images [begin, end), in order, for a part of the panels.
  void run(std::size_t begin, std::size_t end, const Part& part, const ImageIn& in, const ImageIn& grad, float* sums,
           float* scratch) const;
  // sums += others, for channels [begin, end) of a panel.
  void add(float* sums, const float* others, std::size_t panel, std::size_t begin, std::size_t end) const;
  // gradient [outs, channels, 3, 3] = Gᵀ sums G, for channels [begin, end) of a panel.
  void finish(const float* sums, std::size_t panel, std::size_t begin, std::size_t end, float* gradient) const;

 private:
  // finish() of the sums of one panel.
  void finish_panel(const float* sums, std::size_t panel, std::size_t begin, std::size_t end, float* gradient) const;

  const kernels::KernelTable& kernels_;
  WinogradShape shape_;
  WinogradWeights weights_;
  std::size_t block_rows_;  // of tiles, at a time
  std::size_t line_;        // from tile to tile of the transformed input
  std::size_t in_apart_;    // from one of its 16 matrices to the next
  std::size_t grad_panel_;  // from panel to panel of the transformed gradient
};

}  // namespace lanewise::ops
