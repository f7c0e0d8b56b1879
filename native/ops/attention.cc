// softmax(scale·query·keyᵀ + mask)·value, block by block: of the scores there is never more than a block of queries by
// a block of keys.
#include "attention.h"

#include <limits>

#include "../core/aligned.h"
#include "product.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

// A thread's room: keys and values of a head in panels, scores, sums of values, factors.
struct Room {
  Room(const kernels::KernelTable& kernels, const AttentionCall& call)
      : keys(checked_mul(panelled(kernels, call.keys), call.features)),
        values(checked_mul(call.keys, panelled(kernels, call.values))),
        sums(checked_mul(kQueryBlock, panelled(kernels, call.values))) {}
  std::size_t floats() const {
    return checked_add(checked_add(padded(keys), padded(values)),
                       checked_add(padded(sums), 2 * kQueryBlock * kKeyBlock + padded(kQueryBlock)));
  }
  std::size_t keys, values, sums;
};

class Forward {
 public:
  Forward(const kernels::KernelTable& kernels, const AttentionCall& call, const Room& room, float* memory)
      : kernels_(kernels),
        call_(call),
        keys_(memory),
        values_(keys_ + padded(room.keys)),
        sums_(values_ + padded(room.values)),
        scores_(sums_ + padded(room.sums)),
        noise_(scores_ + kQueryBlock * kKeyBlock),
        factor_(noise_ + kQueryBlock * kKeyBlock),
        line_(panelled(kernels, call.values)) {}

  void pack(const float* key, const float* value) {
    panels_of_rows(kernels_, key, call_.key.row, call_.keys, call_.features, keys_);
    panels_of_columns(kernels_, value, call_.value.row, call_.keys, call_.values, values_);
  }

  // `rows` queries of a head from `first` on; pointers are those of the first.
  void block(std::size_t b, std::size_t h, std::size_t first, std::size_t rows, const float* query, float* out,
             float* most, float* total) {
    kernels_.fill(-std::numeric_limits<float>::infinity(), most, rows);
    kernels_.fill(0.0f, total, rows);
    kernels_.fill(0.0f, sums_, rows * line_);
    for (std::size_t k = 0; k < call_.key_blocks() && !call_.is_hidden(first, rows, k); ++k) {
      const std::size_t keys = call_.keys_of(k);
      multiply(kernels_, {.a = query,
                          .a_row = call_.query.row,
                          .a_k = 1,
                          .rows = rows,
                          .panels = keys_ + k * kKeyBlock * call_.features,
                          .lines = call_.features,
                          .first = 0,
                          .k = call_.features,
                          .adds = false,
                          .c = scores_,
                          .c_stride = kKeyBlock,
                          .columns = keys});
      const kernels::AttentionBlock block = call_.block(scores_, b, h, first, rows, k);
      kernels_.attention_scores(&block, most, total, factor_);
      if (k != 0) kernels_.scale_lines(sums_, line_, factor_, sums_, line_, rows, call_.values);
      if (call_.drops) {
        call_.fill_noise(kernels_, noise_, b, h, first, rows, k);
        for (std::size_t r = 0; r < rows; ++r) {
          float* const s = scores_ + r * kKeyBlock;
          kernels_.mul(s, 1, noise_ + r * kKeyBlock, 1, s, keys);
        }
      }
      multiply(kernels_, {.a = scores_,
                          .a_row = kKeyBlock,
                          .a_k = 1,
                          .rows = rows,
                          .panels = values_,
                          .lines = call_.keys,
                          .first = k * kKeyBlock,
                          .k = keys,
                          .adds = true,
                          .c = sums_,
                          .c_stride = line_,
                          .columns = call_.values});
    }
    for (std::size_t r = 0; r < rows; ++r) factor_[r] = total[r] == 0.0f ? 0.0f : 1.0f / total[r];
    kernels_.scale_lines(sums_, line_, factor_, out, call_.out.row, rows, call_.values);
  }

 private:
  const kernels::KernelTable& kernels_;
  const AttentionCall& call_;
  float *const keys_, *const values_, *const sums_, *const scores_, *const noise_, *const factor_;
  const std::size_t line_;
};

}  // namespace

void attention(const Context& context, FloatIn query, FloatIn key, FloatIn value, std::optional<FloatIn> mask,
               std::optional<IndexIn> dropoutKey, FloatOut out, FloatOut most, FloatOut total, Numbers strides,
               std::size_t batch, std::size_t heads, std::size_t group, std::size_t queries, std::size_t keys,
               std::size_t features, std::size_t values, double scale, double p, bool causal) {
  const AttentionCall call = check_attention({.op = "attention",
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
  check_operand("attention", "out", out.size(), call.out, batch, heads, queries, values);
  const std::size_t lines = checked_mul(batch, heads, queries), blocks = call.query_blocks();
  check_length("attention", "most", most.size(), lines);
  check_length("attention", "total", total.size(), lines);
  // Blocks of queries, those of heads with the same keys one behind the other.
  const std::size_t units = checked_mul(batch, heads, blocks);
  if (units == 0) return;
  const std::size_t work = core::capped_mul(lines, std::max<std::size_t>(1, keys), checked_add(features, values));
  const std::size_t parts = std::min(units, parts_for(context, work, kMultiplyGrain));
  const Room room(context.kernels, call);
  thread_local core::Scratch scratch;
  float* const memory = scratch.get<float>(checked_mul(parts, room.floats()));
  run_parts(context, parts, [&](std::size_t part) {
    Forward forward(context.kernels, call, room, memory + part * room.floats());
    const std::size_t end = part_begin(part + 1, parts, units, 1);
    std::size_t packed = units;  // no head yet
    for (std::size_t unit = part_begin(part, parts, units, 1); unit < end; ++unit) {
      const std::size_t head = unit / blocks, b = head / heads, h = head % heads, first = unit % blocks * kQueryBlock;
      if (head / group != packed) {
        packed = head / group;
        forward.pack(part_of(key.data(), call.key, b, h / group), part_of(value.data(), call.value, b, h / group));
      }
      const std::size_t row = call.row_of(b, h) + first;
      forward.block(b, h, first, std::min(kQueryBlock, queries - first),
                    part_of(query.data(), call.query, b, h) + first * call.query.row,
                    part_of(out.data(), call.out, b, h) + first * call.out.row, most.data() + row, total.data() + row);
    }
  });
}

}  // namespace lanewise::ops
