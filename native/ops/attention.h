// What the ops of attention share: shapes, operands with strides, panels of keys and values, blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {

// Queries and keys of a block. A sum over keys is rescaled from block to block, so that the number of keys is part of
// the result's bits; both are multiples of every tile.
inline constexpr std::size_t kQueryBlock = 48, kKeyBlock = 64;

// Elements from one batch, head and row to the next.
struct AttentionStrides {
  std::size_t batch, head, row;
};

// A call whose arguments have been checked.
struct AttentionCall {
  std::size_t batch, heads, group, queries, keys, features, values;
  AttentionStrides query, key, value, out;
  std::size_t mask_batch, mask_head, mask_row, mask_key;
  const float* mask_data;  // or null
  float scale;
  bool causal, drops;
  kernels::Mask noise;

  std::size_t key_heads() const { return heads / group; }
  std::size_t query_blocks() const { return (queries + kQueryBlock - 1) / kQueryBlock; }
  std::size_t key_blocks() const { return (keys + kKeyBlock - 1) / kKeyBlock; }
  // Of the block of keys.
  std::size_t keys_of(std::size_t block) const { return std::min(kKeyBlock, keys - block * kKeyBlock); }
  // Of the first query of a head in most and total.
  std::size_t row_of(std::size_t b, std::size_t h) const { return (b * heads + h) * queries; }
  // The scores of queries from `first` on and of a block of keys.
  kernels::AttentionBlock block(float* scores, std::size_t b, std::size_t h, std::size_t first, std::size_t rows,
                                std::size_t key_block) const;
  // Factors of dropout for the same, lines kKeyBlock apart.
  void fill_noise(const kernels::KernelTable& kernels, float* noise, std::size_t b, std::size_t h, std::size_t first,
                  std::size_t rows, std::size_t key_block) const;
  // Whether none of the queries sees a key of the block.
  bool is_hidden(std::size_t first, std::size_t rows, std::size_t key_block) const {
    return causal && key_block * kKeyBlock > first + rows - 1;
  }
};

// The part of an operand that a batch and head has.
template <typename T>
T* part_of(T* data, const AttentionStrides& strides, std::size_t b, std::size_t h) {
  return data + b * strides.batch + h * strides.head;
}

// Columns rounded up to whole panels.
inline std::size_t panelled(const kernels::KernelTable& kernels, std::size_t columns) {
  return (columns + kernels.gemm_nr - 1) / kernels.gemm_nr * kernels.gemm_nr;
}

// rows [rows, columns] as panels of columns, each [rows, nr]; and as panels of rows, each [columns, nr].
void panels_of_columns(const kernels::KernelTable& kernels, const float* x, std::size_t stride, std::size_t rows,
                       std::size_t columns, float* panels);
void panels_of_rows(const kernels::KernelTable& kernels, const float* x, std::size_t stride, std::size_t rows,
                    std::size_t columns, float* panels);

// c[i, j] (+)= Σ_p a(i, p)·b(p, j) for panels of b that are `lines` long, of which `k` from line `first` on count; c in
// whole panels.
struct PanelProduct {
  const float* a;
  std::size_t a_row, a_k, rows;
  const float* panels;
  std::size_t lines, first, k;
  bool adds;
  float* c;
  std::size_t c_stride, columns;
};
void multiply(const kernels::KernelTable& kernels, const PanelProduct& of);

// What both ops are given.
struct AttentionArguments {
  const char* op;
  FloatIn query, key, value;
  std::optional<FloatIn> mask;
  std::optional<IndexIn> dropout_key;
  Layout strides;
  std::size_t batch, heads, group, queries, keys, features, values;
  double scale, p;
  bool causal;
};
AttentionCall check_attention(const AttentionArguments& of);
// Memory that is laid out as an operand must hold it.
void check_operand(const char* op, const char* name, std::size_t length, const AttentionStrides& strides,
                   std::size_t batch, std::size_t heads, std::size_t rows, std::size_t columns);

}  // namespace lanewise::ops
