// The gradients of max and average pooling.
#include "ops.h"
#include "pool.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// `pool(grad, index, grad_stride, channels, out, out_stride)` over channels side by side, or one plane; what no window
// covers is filled with 0 before. `index` may be null.
template <typename Pool>
void backward(const Context& context, const WindowPlan& plan, const float* grad, const std::int32_t* index, float* out,
              bool grad_last, bool out_last, const Pool& pool) {
  if (plan.batch * plan.channels * plan.pixels == 0) return;
  const bool fills = plan.overlaps || !plan.covers;
  // Planes of windows side by side, pairs of pixels each, are written by vectors; others only where transposing does
  // not pay.
  const bool has_pairs = !plan.overlaps && std::ranges::any_of(plan.runs, [](const WindowRun& run) {
    return run.step == 2 && run.taps == 2 && run.windows >= 6;
  });
  WindowPlan const& own = plan;
  if (!grad_last && !out_last && (has_pairs || plan.channels < 4 || plan.pixels > std::size_t{1} << 18)) {
    each_pool_block(context, own, pool_parts(context, own, 1), 1, [&](const PoolBlock& block, std::size_t) {
      const std::size_t from = place_of(own, block, own.windows, false).begin;
      const std::size_t to = place_of(own, block, own.pixels, false).begin;
      if (fills) context.kernels.fill(0.0f, out + to, own.pixels);
      pool(grad + from, index == nullptr ? nullptr : index + from, 1, 1, out + to, 1);
    });
    return;
  }
  const bool is_direct = grad_last && out_last;
  const std::size_t most = is_direct ? channels_at_once(context, plan) : kPoolChannels;
  const std::size_t parts = pool_parts(context, plan, most);
  thread_local core::Scratch scratch;
  const std::size_t before = grad_last ? 0 : padded(checked_mul(plan.windows, kPoolChannels));
  const std::size_t behind = out_last ? 0 : padded(checked_mul(plan.pixels, kPoolChannels));
  const std::size_t room = 2 * before + behind;
  float* const rooms = scratch.get<float>(checked_mul(parts, room));
  each_pool_block(context, plan, parts, most, [&](const PoolBlock& block, std::size_t part) {
    const PoolPlace from = place_of(own, block, own.windows, grad_last);
    const PoolPlace to = place_of(own, block, own.pixels, out_last);
    float* const room_of_grad = rooms + part * room;
    float* const room_of_index = room_of_grad + before;
    float* const room_of_out = room_of_index + before;
    const float* source = grad + from.begin;
    const std::int32_t* where = index == nullptr ? nullptr : index + from.begin;
    std::size_t stride = from.stride;
    if (!grad_last) {
      to_channels_last(context, source, own.windows, block.channels, room_of_grad);
      source = room_of_grad;
      if (where != nullptr) {
        to_channels_last(context, reinterpret_cast<const float*>(where), own.windows, block.channels, room_of_index);
        where = reinterpret_cast<const std::int32_t*>(room_of_index);
      }
      stride = block.channels;
    }
    float* const target = out_last ? out + to.begin : room_of_out;
    const std::size_t target_stride = out_last ? to.stride : block.channels;
    if (fills) {
      if (target_stride == block.channels) {
        context.kernels.fill(0.0f, target, own.pixels * block.channels);
      } else {
        for (std::size_t p = 0; p < own.pixels; ++p) {
          context.kernels.fill(0.0f, target + p * target_stride, block.channels);
        }
      }
    }
    pool(source, where, stride, block.channels, target, target_stride);
    if (!out_last) {
      to_channels_first(context, room_of_out, own.pixels, block.channels, out + to.begin);
    }
  });
}

// Whether position `at` of a plane is in window `w` of a run. No branch depends on the position.
bool is_in_window(const kernels::WindowRow& run, std::size_t w, std::size_t at) {
  const std::size_t reach = (run.taps - 1) * run.tap_step;
  bool is_in = false;
  for (std::size_t r = 0; r < run.row_count; ++r) {
    // What lies before the window wraps around.
    const std::size_t distance = at - static_cast<std::size_t>(run.rows[r]) - w * run.step;
    is_in |= distance <= reach && (run.tap_step == 1 || distance % run.tap_step == 0);
  }
  return is_in;
}

void scatter_plane(const WindowPlan& plan, const float* grad, const std::int32_t* index, float* to) {
  for (std::size_t r = 0; r < plan.rows; ++r) {
    plan.each_run(r, [&](const kernels::WindowRow& run, std::size_t first, double) {
      for (std::size_t w = 0; w < run.windows; ++w) {
        const auto at = static_cast<std::size_t>(index[first + w]);
        if (is_in_window(run, w, at)) to[at] += grad[first + w];
      }
    });
  }
}

// Plane by plane, windows ascending: an element for each window costs less than to transpose its pixels. What no window
// names as its largest is 0; a position outside of its window is left out.
void max_planes(const Context& context, const WindowPlan& plan, const float* grad, const std::int32_t* index,
                float* out) {
  const std::size_t planes = plan.batch * plan.channels;
  if (planes * plan.pixels == 0) return;
  const bool is_squares = plan.is_squares();
  // Windows side by side of two pixels a row go in vectors, which write all their pixels.
  const bool in_vectors = !plan.overlaps && std::ranges::all_of(plan.runs, [](const WindowRun& run) {
    return run.step == 2 && run.taps == 2;
  });
  const std::size_t parts = parts_for(context, checked_mul(planes, plan.pixels), kElementGrain);
  split(context, parts, planes, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t plane = begin; plane < end; ++plane) {
      float* const to = out + plane * plan.pixels;
      const float* const from = grad + plane * plan.windows;
      const std::int32_t* const where = index + plane * plan.windows;
      if (is_squares) {
        context.kernels.max_pool_squares_backward(from, where, plan.rows, plan.row_windows, to);
        continue;
      }
      if (!in_vectors || !plan.covers) context.kernels.fill(0.0f, to, plan.pixels);
      if (!in_vectors) {
        scatter_plane(plan, from, where, to);
        continue;
      }
      max_pool_gradient(context.kernels, plan, from, where, 1, 1, to, 1);
    }
  });
}

void check_pool_backward(const char* op, const WindowPlan& plan, std::size_t grad, std::size_t out) {
  const std::size_t planes = checked_mul(plan.batch, plan.channels);
  check_length(op, "grad", grad, checked_mul(planes, plan.windows));
  check_length(op, "out", out, checked_mul(planes, plan.pixels));
}

}  // namespace

void max_pool_gradient(const kernels::KernelTable& kernels, const WindowPlan& plan, const float* grad,
                       const std::int32_t* index, std::size_t grad_stride, std::size_t channels, float* out,
                       std::size_t out_stride) {
  for (std::size_t r = 0; r < plan.rows; ++r) {
    plan.each_run(r, [&](const kernels::WindowRow& run, std::size_t w, double) {
      kernels.max_pool_backward(grad + w * grad_stride, index + w * grad_stride, grad_stride, channels, &run, out,
                                out_stride, plan.overlaps);
    });
  }
}

void maxPoolBackward(const Context& context, FloatIn grad, IndexIn index, FloatOut out, Numbers windows,
                     bool gradChannelsLast, bool outChannelsLast) {
  thread_local WindowPlan plan;
  plan.read("maxPoolBackward", windows);
  check_pool_backward("maxPoolBackward", plan, grad.size(), out.size());
  check_length("maxPoolBackward", "index", index.size(), checked_mul(plan.batch, plan.channels, plan.windows));
  plan.build();
  if (!gradChannelsLast && !outChannelsLast) {
    max_planes(context, plan, grad.data(), index.data(), out.data());
    return;
  }
  const WindowPlan& own = plan;
  backward(context, own, grad.data(), index.data(), out.data(), gradChannelsLast, outChannelsLast,
           [&](const float* from, const std::int32_t* where, std::size_t from_stride, std::size_t channels, float* to,
               std::size_t to_stride) {
             max_pool_gradient(context.kernels, own, from, where, from_stride, channels, to, to_stride);
           });
}

void avgPoolBackward(const Context& context, FloatIn grad, FloatOut out, Numbers windows, bool gradChannelsLast,
                     bool outChannelsLast) {
  thread_local WindowPlan plan;
  plan.read("avgPoolBackward", windows);
  check_pool_backward("avgPoolBackward", plan, grad.size(), out.size());
  plan.build();
  const WindowPlan& own = plan;
  backward(context, own, grad.data(), nullptr, out.data(), gradChannelsLast, outChannelsLast,
           [&](const float* from, const std::int32_t*, std::size_t from_stride, std::size_t channels, float* to,
               std::size_t to_stride) {
             for (std::size_t r = 0; r < own.rows; ++r) {
               own.each_run(r, [&](const kernels::WindowRow& run, std::size_t w, double divisor) {
                 context.kernels.avg_pool_backward(from + w * from_stride, from_stride, channels, &run,
                                                   static_cast<float>(divisor), to, to_stride, own.overlaps);
               });
             }
           });
}

}  // namespace lanewise::ops
