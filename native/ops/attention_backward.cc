// The gradient of attention: weights are made again from the scores, block by block. Each sum goes over queries or keys
// in order in one accumulator, so that threads may own heads, or queries and then keys, with the same bits.
#include "attention.h"

#include "../core/aligned.h"
#include "product.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// What the op was given.
struct GradientOperands {
  const float *grad, *query, *key, *value, *out, *most, *total;
  float *query_grad, *key_grad, *value_grad;
};

// Of keys that are packed together: what all queries go through while it stays in a core's second cache.
constexpr std::size_t kKeyBytes = std::size_t{256} << 10;

// A thread's room.
struct GradientWorkspace {
  GradientWorkspace(const kernels::KernelTable& kernels, const AttentionCall& call)
      : of_features(panelled(kernels, call.features)),
        of_values(panelled(kernels, call.values)),
        blocks(blocks_at_once(call)),
        deltas(checked_mul(checked_mul(call.group, call.query_blocks()), kQueryBlock)) {
    const std::size_t keys = std::min(call.keys, blocks * kKeyBlock);
    key_rows = checked_mul(panelled(kernels, keys), call.features);
    value_rows = checked_mul(panelled(kernels, keys), call.values);
    key_columns = checked_mul(keys, of_features);
    value_sums = checked_mul(keys, of_values);
  }
  std::size_t floats() const {
    std::size_t all = 0;
    for (const std::size_t count : {key_rows, value_rows, key_columns, key_columns, value_sums}) {
      all = checked_add(all, padded(count));
    }
    const std::size_t of_block = checked_mul(kQueryBlock, checked_add(2 * of_features, of_values));
    return checked_add(all, checked_add(padded(of_block), checked_add(3 * kQueryBlock * kKeyBlock, padded(deltas))));
  }
  std::size_t of_features, of_values;
  std::size_t blocks;  // of keys that are packed together
  std::size_t deltas, key_rows, value_rows, key_columns, value_sums;

 private:
  std::size_t blocks_at_once(const AttentionCall& call) const {
    // A line of keys and values in each of the panels and sums.
    const std::size_t line =
        checked_add(checked_mul(2, call.features), checked_add(call.values, checked_add(of_features, of_values)));
    return std::max<std::size_t>(1, kKeyBytes / checked_mul(kKeyBlock * sizeof(float), std::max<std::size_t>(1, line)));
  }
};

class Backward {
 public:
  Backward(const kernels::KernelTable& kernels, const AttentionCall& call, const GradientOperands& operands,
           const GradientWorkspace& room, float* memory)
      : kernels_(kernels),
        call_(call),
        of_(operands),
        room_(room),
        features_(room.of_features),
        values_(room.of_values) {
    const auto take = [&memory](std::size_t count) {
      float* const at = memory;
      memory += padded(count);
      return at;
    };
    key_rows_ = take(room.key_rows);
    value_rows_ = take(room.value_rows);
    key_columns_ = take(room.key_columns);
    key_sums_ = take(room.key_columns);
    value_sums_ = take(room.value_sums);
    scores_ = take(kQueryBlock * kKeyBlock);
    products_ = take(kQueryBlock * kKeyBlock);
    noise_ = take(kQueryBlock * kKeyBlock);
    deltas_ = take(room.deltas);
    query_panels_ = take(kQueryBlock * (2 * features_ + values_));
    query_sums_ = query_panels_ + kQueryBlock * features_;
    grad_panels_ = query_sums_ + kQueryBlock * features_;
  }

  // Blocks of queries [first, last) of the group of heads that has key head `head`, and blocks of keys [from, to):
  // gradients of these queries, of these keys, or of both, which then are all. Keys are taken a part at a time, and
  // sums over keys wait in the gradient of the queries for the next part.
  void run(std::size_t head, std::size_t first, std::size_t last, std::size_t from, std::size_t to, bool of_queries,
           bool of_keys) {
    std::size_t begin = from;
    do {
      const std::size_t end = std::min(to, begin + room_.blocks);
      run_part(head, first, last, {begin, end, begin == from}, of_queries, of_keys);
      begin = end;
    } while (begin < to);
  }

 private:
  // Blocks of keys.
  struct Part {
    std::size_t from, to;
    bool is_first;
  };

  void run_part(std::size_t head, std::size_t first, std::size_t last, const Part& part, bool of_queries,
                bool of_keys) {
    const std::size_t b = head / call_.key_heads(), key_head = head % call_.key_heads();
    const std::size_t row = part.from * kKeyBlock, rows = std::min(call_.keys, part.to * kKeyBlock) - row;
    const float* const key = part_of(of_.key, call_.key, b, key_head) + row * call_.key.row;
    const float* const value = part_of(of_.value, call_.value, b, key_head) + row * call_.value.row;
    panels_of_rows(kernels_, key, call_.key.row, rows, call_.features, key_rows_);
    panels_of_rows(kernels_, value, call_.value.row, rows, call_.values, value_rows_);
    if (of_queries) panels_of_columns(kernels_, key, call_.key.row, rows, call_.features, key_columns_);
    if (of_keys) {
      kernels_.fill(0.0f, key_sums_, rows * features_);
      kernels_.fill(0.0f, value_sums_, rows * values_);
    }
    lines_ = rows;
    for (std::size_t unit = first; unit < last; ++unit) {
      const std::size_t h = key_head * call_.group + unit / call_.query_blocks();
      queries(b, h, unit % call_.query_blocks() * kQueryBlock, deltas_ + (unit - first) * kQueryBlock, part, of_queries,
              of_keys);
    }
    if (!of_keys) return;
    copy_lines(key_sums_, features_, part_of(of_.key_grad, call_.key, b, key_head) + row * call_.key.row, call_.key.row,
               rows, call_.features);
    copy_lines(value_sums_, values_, part_of(of_.value_grad, call_.value, b, key_head) + row * call_.value.row,
               call_.value.row, rows, call_.values);
  }

  void queries(std::size_t b, std::size_t h, std::size_t first, float* delta, const Part& part, bool of_queries,
               bool of_keys) {
    const std::size_t rows = std::min(kQueryBlock, call_.queries - first), line = call_.row_of(b, h) + first;
    const float* const query = part_of(of_.query, call_.query, b, h) + first * call_.query.row;
    const float* const grad = part_of(of_.grad, call_.out, b, h) + first * call_.out.row;
    const float* const out = part_of(of_.out, call_.out, b, h) + first * call_.out.row;
    if (part.is_first) kernels_.dot_lines(grad, call_.out.row, out, call_.out.row, rows, call_.values, delta);
    if (!part.is_first && call_.is_hidden(first, rows, part.from)) return;
    if (of_keys) {
      panels_of_columns(kernels_, query, call_.query.row, rows, call_.features, query_panels_);
      panels_of_columns(kernels_, grad, call_.out.row, rows, call_.values, grad_panels_);
    }
    float* const query_grad = part_of(of_.query_grad, call_.query, b, h) + first * call_.query.row;
    if (of_queries) {
      kernels_.fill(0.0f, query_sums_, rows * features_);
      if (!part.is_first) copy_lines(query_grad, call_.query.row, query_sums_, features_, rows, call_.features);
    }
    for (std::size_t k = part.from; k < part.to && !call_.is_hidden(first, rows, k); ++k) {
      const std::size_t at = (k - part.from) * kKeyBlock, keys = call_.keys_of(k);
      multiply(kernels_, {query, call_.query.row, 1, rows, key_rows_ + at * call_.features, call_.features, 0,
                          call_.features, false, scores_, kKeyBlock, keys});
      multiply(kernels_, {grad, call_.out.row, 1, rows, value_rows_ + at * call_.values, call_.values, 0, call_.values,
                          false, products_, kKeyBlock, keys});
      if (call_.drops) call_.fill_noise(kernels_, noise_, b, h, first, rows, k);
      const kernels::AttentionBlock block = call_.block(scores_, b, h, first, rows, k);
      kernels_.attention_gradient(&block, of_.most + line, of_.total + line, delta, call_.drops ? noise_ : nullptr,
                                  products_);
      if (of_keys) {
        multiply(kernels_, {scores_, 1, kKeyBlock, keys, grad_panels_, rows, 0, rows, true, value_sums_ + at * values_,
                            values_, call_.values});
        multiply(kernels_, {products_, 1, kKeyBlock, keys, query_panels_, rows, 0, rows, true,
                            key_sums_ + at * features_, features_, call_.features});
      }
      if (of_queries) {
        multiply(kernels_, {products_, kKeyBlock, 1, rows, key_columns_, lines_, at, keys, true, query_sums_, features_,
                            call_.features});
      }
    }
    if (of_queries) copy_lines(query_sums_, features_, query_grad, call_.query.row, rows, call_.features);
  }

  static void copy_lines(const float* from, std::size_t stride, float* to, std::size_t to_stride, std::size_t rows,
                         std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r) std::copy_n(from + r * stride, columns, to + r * to_stride);
  }

  const kernels::KernelTable& kernels_;
  const AttentionCall& call_;
  const GradientOperands& of_;
  const GradientWorkspace& room_;
  const std::size_t features_, values_;  // columns of panels
  float *key_rows_, *value_rows_, *key_columns_, *key_sums_, *value_sums_, *scores_, *products_, *noise_, *deltas_;
  float *query_panels_, *query_sums_, *grad_panels_;
  std::size_t lines_ = 0;  // keys that are packed
};

}  // namespace

void attentionBackward(const Context& context, FloatIn grad, FloatIn query, FloatIn key, FloatIn value,
                       std::optional<FloatIn> mask, std::optional<IndexIn> dropoutKey, FloatIn out, FloatIn most,
                       FloatIn total, FloatOut queryGrad, FloatOut keyGrad, FloatOut valueGrad, Numbers strides,
                       std::size_t batch, std::size_t heads, std::size_t group, std::size_t queries, std::size_t keys,
                       std::size_t features, std::size_t values, double scale, double p, bool causal) {
  constexpr const char* kOp = "attentionBackward";
  const AttentionCall call = check_attention({.op = kOp,
                                              .query = query,
                                              .key = key,
                                              .value = value,
                                              .mask = mask,
                                              .dropout_key = dropoutKey,
                                              .strides = strides,
                                              .batch = batch,
                                              .heads = heads,
                                              .group = group,
                                              .queries = queries,
                                              .keys = keys,
                                              .features = features,
                                              .values = values,
                                              .scale = scale,
                                              .p = p,
                                              .causal = causal});
  const std::size_t key_heads = call.key_heads(), lines = checked_mul(batch, heads, queries);
  check_operand(kOp, "grad", grad.size(), call.out, batch, heads, queries, values);
  check_operand(kOp, "out", out.size(), call.out, batch, heads, queries, values);
  check_length(kOp, "most", most.size(), lines);
  check_length(kOp, "total", total.size(), lines);
  check_operand(kOp, "queryGrad", queryGrad.size(), call.query, batch, heads, queries, features);
  check_operand(kOp, "keyGrad", keyGrad.size(), call.key, batch, key_heads, keys, features);
  check_operand(kOp, "valueGrad", valueGrad.size(), call.value, batch, key_heads, keys, values);
  const GradientOperands operands{grad.data(), query.data(), key.data(),       value.data(),   out.data(),
                                  most.data(), total.data(), queryGrad.data(), keyGrad.data(), valueGrad.data()};
  const std::size_t owners = checked_mul(batch, key_heads), key_blocks = call.key_blocks();
  const std::size_t query_blocks = checked_mul(group, call.query_blocks());
  if (owners == 0) return;
  const std::size_t work = core::capped_mul(std::max<std::size_t>(1, lines), std::max<std::size_t>(1, keys), 3,
                                            checked_add(features, values));
  const std::size_t parts = parts_for(context, work, kMultiplyGrain);
  const GradientWorkspace room(context.kernels, call);
  thread_local core::Scratch scratch;
  float* const memory = scratch.get<float>(checked_mul(parts, room.floats()));
  // What a part has of `total` units that each owner has `each` of: run(owner, first, last).
  const auto share = [&](std::size_t part, std::size_t each, const auto& run) {
    const std::size_t end = part_begin(part + 1, parts, owners * each, 1);
    for (std::size_t unit = part_begin(part, parts, owners * each, 1); unit < end;) {
      const std::size_t owner = unit / each, last = std::min(end, (owner + 1) * each);
      run(owner, unit - owner * each, last - owner * each);
      unit = last;
    }
  };
  const auto backward = [&](std::size_t part) {
    return Backward(context.kernels, call, operands, room, memory + part * room.floats());
  };
  // Heads that share evenly are owned whole, which makes each weight once.
  if (owners % parts == 0 || owners >= 4 * parts) {
    run_parts(context, parts, [&](std::size_t part) {
      share(part, 1, [&](std::size_t owner, std::size_t, std::size_t) {
        backward(part).run(owner, 0, query_blocks, 0, key_blocks, true, true);
      });
    });
    return;
  }
  run_parts(context, parts, [&](std::size_t part) {
    share(part, query_blocks, [&](std::size_t owner, std::size_t first, std::size_t last) {
      backward(part).run(owner, first, last, 0, key_blocks, true, false);
    });
  });
  run_parts(context, parts, [&](std::size_t part) {
    share(part, key_blocks, [&](std::size_t owner, std::size_t first, std::size_t last) {
      backward(part).run(owner, 0, query_blocks, first, last, false, true);
    });
  });
}

}  // namespace lanewise::ops
