// Max and average pooling.
#include "pool.h"

#include <limits>

#include "ops.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Runs a pool: `block(x, x_stride, channels, out, index, out_stride)` over channels side by side, or one plane. `index`
// may be null.
template <typename Pool>
void forward(const Context& context, const WindowPlan& plan, const float* x, float* out, std::int32_t* index,
             bool x_last, bool out_last, const Pool& pool) {
  if (plan.batch * plan.channels * plan.windows == 0) return;
  if (!x_last && !out_last && prefers_planes(plan)) {
    each_pool_block(context, plan, pool_parts(context, plan, 1), 1, [&](const PoolBlock& block, std::size_t) {
      const std::size_t from = place_of(plan, block, plan.pixels, false).begin;
      const std::size_t to = place_of(plan, block, plan.windows, false).begin;
      pool(x + from, 1, 1, out + to, index == nullptr ? nullptr : index + to, 1);
    });
    return;
  }
  const bool is_direct = x_last && out_last;
  const std::size_t most = is_direct ? channels_at_once(context, plan) : kPoolChannels;
  const std::size_t parts = pool_parts(context, plan, most);
  // Images side by side in channels, before and behind.
  thread_local core::Scratch scratch;
  const std::size_t before = x_last ? 0 : padded(checked_mul(plan.pixels, kPoolChannels));
  const std::size_t behind = out_last ? 0 : padded(checked_mul(plan.windows, kPoolChannels));
  const std::size_t room = before + 2 * behind;
  float* const rooms = scratch.get<float>(checked_mul(parts, room));
  each_pool_block(context, plan, parts, most, [&](const PoolBlock& block, std::size_t part) {
    const PoolPlace from = place_of(plan, block, plan.pixels, x_last);
    const PoolPlace to = place_of(plan, block, plan.windows, out_last);
    float* const room_of_x = rooms + part * room;
    float* const room_of_out = room_of_x + before;
    auto* const room_of_index = index == nullptr ? nullptr : reinterpret_cast<std::int32_t*>(room_of_out + behind);
    const float* source = x + from.begin;
    std::size_t stride = from.stride;
    if (!x_last) {
      to_channels_last(context, source, plan.pixels, block.channels, room_of_x);
      source = room_of_x;
      stride = block.channels;
    }
    if (out_last) {
      pool(source, stride, block.channels, out + to.begin, index == nullptr ? nullptr : index + to.begin, to.stride);
      return;
    }
    pool(source, stride, block.channels, room_of_out, room_of_index, block.channels);
    to_channels_first(context, room_of_out, plan.windows, block.channels, out + to.begin);
    if (index == nullptr) return;
    to_channels_first(context, reinterpret_cast<const float*>(room_of_index), plan.windows, block.channels,
                      reinterpret_cast<float*>(index + to.begin));
  });
}

void check_pool(const char* op, const WindowPlan& plan, std::size_t x, std::size_t out) {
  const std::size_t planes = checked_mul(plan.batch, plan.channels);
  check_length(op, "x", x, checked_mul(planes, plan.pixels));
  check_length(op, "out", out, checked_mul(planes, plan.windows));
}

}  // namespace

void max_pool_row(const kernels::KernelTable& kernels, const WindowPlan& plan, std::size_t r, const float* x,
                  std::size_t x_stride, std::size_t channels, float* out, std::int32_t* index, std::size_t out_stride) {
  plan.each_run(r, [&](const kernels::WindowRow& run, std::size_t w, double) {
    std::int32_t* const where = index == nullptr ? nullptr : index + w * out_stride;
    if (run.row_count != 0) {
      kernels.max_pool(x, x_stride, channels, &run, out + w * out_stride, where, out_stride);
      return;
    }
    for (std::size_t i = 0; i < run.windows * out_stride; i += out_stride) {
      std::fill_n(out + w * out_stride + i, channels, -std::numeric_limits<float>::infinity());
      if (where != nullptr) std::fill_n(where + i, channels, -1);
    }
  });
}

void maxPool(const Context& context, FloatIn x, FloatOut out, std::optional<IndexOut> index, Numbers windows,
             bool xChannelsLast, bool outChannelsLast) {
  thread_local WindowPlan plan;
  plan.read("maxPool", windows);
  check_pool("maxPool", plan, x.size(), out.size());
  if (index) check_length("maxPool", "index", index->size(), checked_mul(plan.batch, plan.channels, plan.windows));
  plan.build();
  const WindowPlan& own = plan;
  const bool is_squares = own.is_squares();
  forward(context, own, x.data(), out.data(), index ? index->data() : nullptr, xChannelsLast, outChannelsLast,
          [&](const float* from, std::size_t from_stride, std::size_t channels, float* to, std::int32_t* index_to,
              std::size_t to_stride) {
            if (is_squares && channels == 1 && from_stride == 1 && to_stride == 1) {
              context.kernels.max_pool_squares(from, own.rows, own.row_windows, to, index_to);
              return;
            }
            for (std::size_t r = 0; r < own.rows; ++r) {
              max_pool_row(context.kernels, own, r, from, from_stride, channels, to, index_to, to_stride);
            }
          });
}

void avgPool(const Context& context, FloatIn x, FloatOut out, Numbers windows, bool xChannelsLast,
             bool outChannelsLast) {
  thread_local WindowPlan plan;
  plan.read("avgPool", windows);
  check_pool("avgPool", plan, x.size(), out.size());
  plan.build();
  const WindowPlan& own = plan;
  forward(context, own, x.data(), out.data(), nullptr, xChannelsLast, outChannelsLast,
          [&](const float* from, std::size_t from_stride, std::size_t channels, float* to, std::int32_t*,
              std::size_t to_stride) {
            for (std::size_t r = 0; r < own.rows; ++r) {
              own.each_run(r, [&](const kernels::WindowRow& run, std::size_t w, double divisor) {
                context.kernels.avg_pool(from, from_stride, channels, &run, static_cast<float>(divisor),
                                         to + w * to_stride, to_stride);
              });
            }
          });
}

}  // namespace lanewise::ops
