// The kernels of one instruction set: a struct of function pointers, one per line of kernels.inc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise::kernels {

// A dropout mask for a tensor of `columns` columns whose first row is row number first_row; see generic/dropout-inl.h.
struct Mask {
  std::uint32_t k0, k1;
  std::int32_t threshold;  // from 0, which keeps nothing, to 65536
  float scale;
  std::size_t columns;
  std::size_t first_row;
};

// Where the elements of a value are. Steps of 1 read a range, steps of 0 repeat one element; from one piece of a range
// to the next a chain goes on by `advance` times as many elements: 0 for a room that each piece uses again.
struct Slot {
  float* data;
  std::size_t step, advance;
};

// What a chain can do to its running value. Of links with several operands there is one code for each place where the
// running value can stand: name + place.
enum class LinkCode : std::uint32_t {
  load,    // the running value becomes that of the slot
  store,   // and the slot's that of the running value
  square,  // the running value times itself
#define LINK(name, operands, function) name, name##_last = name + operands - 1,
#include "links.inc"
#undef LINK
};

inline constexpr std::size_t kMostLinks = 96;  // of a chain

struct Link {
  LinkCode code;
  std::uint32_t slots[3];  // of the operands that are not the running value, in order
};

// A run of products of a convolution that lie one behind the other in both operands: `k` floats from `source` on,
// counted from an output's source pixel, times as many lines of the panel.
struct ConvSegment {
  std::ptrdiff_t source;
  std::size_t line, k;
};

// Outputs [images][height][width] that see the same taps, for a panel of channels. Output (n, y, x) starts at `start`
// [gemm_nr] and goes through the segments in order.
struct ConvRegion {
  const float* source;  // the source pixel of output (0, 0, 0)
  std::size_t source_pixel, source_row, source_image;
  std::size_t width, height, images;
  const ConvSegment* segments;
  std::size_t count;
  const float* panel;  // lines of gemm_nr; depthwise: a line for each tap, `line` floats apart
  std::size_t line;
  const float* start;
  float* out;
  std::size_t out_pixel, out_row, out_image;
  std::size_t columns;  // at most gemm_nr; depthwise: all channels
};

// A row of max pool windows of 2x2 outputs of a convolution, for a panel of channels: outputs (2r, x) and (2r + 1, x).
// Each starts at `start` and goes through its segments in order: the lower ones through `lower_segments` first, then
// both through `both_count` of `segments`, then the upper ones through the `upper_count` behind those.
struct ConvWindows {
  const float *upper, *lower;  // the source pixels of outputs (2r, 0) and (2r + 1, 0)
  std::size_t source_pixel;
  const ConvSegment *lower_segments, *segments;
  std::size_t lower_count, both_count, upper_count;
  const float* panel;
  const float* start;
  std::size_t windows;
  bool relu;                      // of the outputs, before the pool
  std::int32_t pixel, pixel_row;  // the number of output (2r, 0); outputs of a row
  float* out;
  std::int32_t* index;     // or null
  std::size_t out_stride;  // of both
  std::size_t columns;     // at most gemm_nr
};

// Sums over pixels of a weight's gradient: `k` pixels from `a` and `b` on.
struct ConvRun {
  std::size_t a, b, k;
};
// sums[i·gemm_nr + j] += Σ a(i)·b(j) over the pixels of the runs, in order, one accumulator each; i < rows. From one
// pixel to the next a moves by a_step and b, whole lines of gemm_nr, by b_step. Row i is at a[i] or, where there are
// places, at a[places[i]]; then bias[j] += Σ b(j) goes along.
struct ConvOuter {
  const float* a;
  std::size_t a_step, rows;
  const std::size_t* places;  // or null
  float* bias;                // or null
  const float* b;
  std::size_t b_step;
  const ConvRun* runs;
  std::size_t count;
  float* sums;
  std::size_t columns;  // that are of use: at most gemm_nr
};

// sums[segment.line·line + c] += Σ source[segment.source + c]·grad[c] over the pixels of a region, for c < channels.
struct ConvDepthwiseSums {
  const float* source;
  std::size_t source_pixel, source_row;
  const float* grad;
  std::size_t grad_pixel, grad_row;
  std::size_t width, height;
  const ConvSegment* segments;
  std::size_t count;
  float* sums;
  std::size_t line, channels;
};

// A block of a recurrent cell's units for some rows at one step (op `recurrent`). Strides are from row to row.
struct CellBlock {
  const float* gates;      // what the products gave: a gate's units, then the next gate's, `gate_apart` apart
  const float* candidate;  // of a GRU: what the product of x gave for n; its third gate is that of h
  std::size_t gate_apart, gates_stride;
  const float* hidden;  // before the step
  float* cell;          // of an LSTM, in place
  std::size_t state_stride;
  float* out;
  std::size_t out_stride;
  float* saved;  // null: not kept; lines `saved_apart` apart
  std::size_t saved_apart, saved_stride;
};

// Its gradient (op `recurrentBackward`).
struct CellGradient {
  const float *grad, *next;  // of out, and of the hidden state that the next step takes
  float* cell;               // gradient of an LSTM's cell state, in place
  float* direct;             // of a GRU: what goes to the hidden state before without a product
  std::size_t grad_stride, state_stride;
  const float *saved, *previous, *out;
  std::size_t saved_apart, saved_stride, out_stride;
  float *gates, *hidden_gates;  // hidden_gates: of a GRU only
  std::size_t gate_apart, gates_stride;
};

// Windows of one plane that are alike. Window w takes the pixels rows[r] + t·tap_step + w·step for r < row_count and
// t < taps, in this order.
struct WindowRow {
  const std::int32_t* rows;
  std::size_t row_count, taps, tap_step;
  std::size_t windows, step;
};

// Scores of some queries and keys: query r of key j at scores[r·stride + j], at first query·key.
struct AttentionBlock {
  float* scores;
  std::size_t stride, rows, keys;
  float scale;
  const float* mask;               // added to scaled scores; null: none
  std::size_t mask_row, mask_key;  // steps; mask_key is 0 or 1
  bool causal;                     // query r takes the first `seen` + r keys
  std::ptrdiff_t seen;
};

struct KernelTable {
  const char* name;         // as in isas.inc; the backend is called native:<name>
  std::size_t gemm_mr;      // rows of a GEMM tile
  std::size_t gemm_nr;      // columns of a GEMM tile, and the width of a panel of B
  std::size_t chain_piece;  // elements that a chain has in registers

#define KERNEL(name, parameters) void(*name) parameters;
#include "kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels
