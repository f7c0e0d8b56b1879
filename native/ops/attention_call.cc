// What the ops of attention share: see attention.h.
#include "attention.h"
#include "layout.h"
#include "mask.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// Strides of query, key, value and out, then those of the mask for batch, head, query and key.
constexpr std::size_t kStrides = 16;

AttentionStrides strides_at(const char* op, Layout from, std::size_t at) {
  return {layout_number(op, from[at]), layout_number(op, from[at + 1]), layout_number(op, from[at + 2])};
}

// Elements from the first to one past the last.
std::size_t operand_reach(const AttentionStrides& strides, std::size_t batch, std::size_t heads, std::size_t rows,
                          std::size_t last) {
  if (batch == 0 || heads == 0 || rows == 0 || last == 0) return 0;
  const std::size_t row = checked_add(checked_mul(rows - 1, strides.row), last);
  return checked_add(checked_mul(batch - 1, strides.batch), checked_add(checked_mul(heads - 1, strides.head), row));
}

}  // namespace

void check_operand(const char* op, const char* name, std::size_t length, const AttentionStrides& strides,
                   std::size_t batch, std::size_t heads, std::size_t rows, std::size_t columns) {
  check_length(op, name, length, operand_reach(strides, batch, heads, rows, columns));
}

AttentionCall check_attention(const AttentionArguments& of) {
  const char* const op = of.op;
  if (of.strides.size() != kStrides)
    refuse(op, "strides", "must be 16 numbers, got " + std::to_string(of.strides.size()));
  if (of.group == 0 || of.heads % of.group != 0) refuse(op, "group", "must divide the heads");
  AttentionCall call{};
  call.batch = of.batch;
  call.heads = of.heads;
  call.group = of.group;
  call.queries = of.queries;
  call.keys = of.keys;
  call.features = of.features;
  call.values = of.values;
  call.query = strides_at(op, of.strides, 0);
  call.key = strides_at(op, of.strides, 3);
  call.value = strides_at(op, of.strides, 6);
  call.out = strides_at(op, of.strides, 9);
  const AttentionStrides mask = strides_at(op, of.strides, 12);
  call.mask_batch = mask.batch;
  call.mask_head = mask.head;
  call.mask_row = mask.row;
  call.mask_key = layout_number(op, of.strides[15]);
  if (call.mask_key > 1) refuse(op, "strides", "must step from key to key of the mask by 0 or 1");
  check_operand(op, "query", of.query.size(), call.query, of.batch, of.heads, of.queries, of.features);
  check_operand(op, "key", of.key.size(), call.key, of.batch, call.key_heads(), of.keys, of.features);
  check_operand(op, "value", of.value.size(), call.value, of.batch, call.key_heads(), of.keys, of.values);
  if (of.mask) {
    const std::size_t last = of.keys == 0 ? 0 : call.mask_key * (of.keys - 1) + 1;
    check_operand(op, "mask", of.mask->size(), mask, of.batch, of.heads, of.queries, last);
    call.mask_data = of.mask->data();
  }
  checked_mul(of.batch, of.heads, of.queries, std::max<std::size_t>(1, of.keys));
  call.scale = static_cast<float>(of.scale);
  call.causal = of.causal;
  call.drops = of.dropout_key.has_value();
  if (call.drops) call.noise = make_mask(op, *of.dropout_key, of.p, of.keys, 0);
  return call;
}

kernels::AttentionBlock AttentionCall::block(float* scores, std::size_t b, std::size_t h, std::size_t first,
                                             std::size_t rows, std::size_t key_block) const {
  const std::size_t key = key_block * kKeyBlock;
  const float* const of_mask =
      mask_data == nullptr ? nullptr : mask_data + b * mask_batch + h * mask_head + first * mask_row + key * mask_key;
  return {.scores = scores,
          .stride = kKeyBlock,
          .rows = rows,
          .keys = keys_of(key_block),
          .scale = scale,
          .mask = of_mask,
          .mask_row = mask_row,
          .mask_key = mask_key,
          .causal = causal,
          .seen = static_cast<std::ptrdiff_t>(first) + 1 - static_cast<std::ptrdiff_t>(key)};
}

void AttentionCall::fill_noise(const kernels::KernelTable& kernels, float* factors, std::size_t b, std::size_t h,
                               std::size_t first, std::size_t rows, std::size_t key_block) const {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t element = (row_of(b, h) + first + r) * keys + key_block * kKeyBlock;
    kernels.mask_factor(factors + r * kKeyBlock, keys_of(key_block), element, &noise);
  }
}

void panels_of_columns(const kernels::KernelTable& kernels, const float* x, std::size_t stride, std::size_t rows,
                       std::size_t columns, float* panels) {
  const std::size_t nr = kernels.gemm_nr;
  for (std::size_t j = 0; j < columns; j += nr) {
    kernels.pack_rows(x + j, stride, rows, std::min(nr, columns - j), panels + j * rows);
  }
}

void panels_of_rows(const kernels::KernelTable& kernels, const float* x, std::size_t stride, std::size_t rows,
                    std::size_t columns, float* panels) {
  const std::size_t nr = kernels.gemm_nr;
  for (std::size_t j = 0; j < rows; j += nr) {
    kernels.pack_columns(x + j * stride, stride, columns, std::min(nr, rows - j), panels + j * columns);
  }
}

void multiply(const kernels::KernelTable& kernels, const PanelProduct& of) {
  const std::size_t nr = kernels.gemm_nr;
  for (std::size_t j = 0; j < of.columns; j += nr) {
    float* const c = of.c + j;
    kernels.gemm_panel(of.a, of.a_row, of.a_k, of.rows, of.panels + j * of.lines + of.first * nr, nr, of.k,
                       of.adds ? c : nullptr, of.c_stride, c, of.c_stride, nr);
  }
}

}  // namespace lanewise::ops
