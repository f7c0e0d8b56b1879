#include "machine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "../core/thread_count.h"
#include "../core/thread_pool.h"
#include "../kernels/select.h"
#include "arguments.h"
#include "call.h"
#include "errors.h"
#include "instance.h"

namespace lanewise::binding {
namespace {

double measure_fma_peak(const kernels::KernelTable& kernels, std::size_t threads, double milliseconds) {
  using Clock = std::chrono::steady_clock;
  core::ThreadPool& pool = core::ThreadPool::instance();
  const auto deadline = Clock::now() + std::chrono::duration<double, std::milli>(milliseconds);
  double best = 0;
  std::size_t iterations = 1 << 10;
  do {
    const auto start = Clock::now();
    pool.run(threads, [&](std::size_t) {
      float sum = 0;  // the kernel writes it, so that its work cannot be left out
      kernels.fma_chains(iterations, &sum);
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double flops = kernels.fma_chain_flops * static_cast<double>(iterations) * static_cast<double>(threads);
    // Runs of about a millisecond: long against starting a job, short against the moments when a shared core slows
    // down.
    if (seconds < 0.0005) {
      iterations *= 2;
    } else {
      best = std::max(best, flops / seconds / 1e9);
    }
  } while (Clock::now() < deadline || best == 0);
  return best;
}

}  // namespace

std::size_t read_thread_count(const Argument& arg) {
  const std::size_t count = Read<std::size_t>::from(arg);
  if (count < 1 || count > core::ThreadPool::kMaxThreads) {
    throw std::invalid_argument(arg.location() + "expected from 1 to " + std::to_string(core::ThreadPool::kMaxThreads) +
                                " threads, got " + std::to_string(count));
  }
  return count;
}

napi_value threads(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "threads", [&] {
    read_arguments<0>(env, info, nullptr);
    napi_value result = nullptr;
    check(napi_create_double(env, static_cast<double>(instance_of(env).threads), &result));
    return result;
  });
}

napi_value set_threads(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "setThreads", [&]() -> napi_value {
    const auto values = read_arguments<1>(env, info, nullptr);
    instance_of(env).threads = read_thread_count({env, values[0], 0});
    return nullptr;
  });
}

napi_value thread_source(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "threadSource", [&] {
    read_arguments<0>(env, info, nullptr);
    const std::string& text = core::default_thread_count().explanation;
    napi_value result = nullptr;
    check(napi_create_string_utf8(env, text.c_str(), text.size(), &result));
    return result;
  });
}

napi_value fma_peak(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "fmaPeak", [&] {
    const auto values = read_arguments<3>(env, info, nullptr);
    const kernels::KernelTable& kernels = read_kernels({env, values[0], 0});
    const std::size_t threads = read_thread_count({env, values[1], 1});
    const Argument time{env, values[2], 2};
    const double milliseconds = Read<double>::from(time);
    if (!(milliseconds > 0 && milliseconds <= 10000)) {
      throw std::invalid_argument(time.location() + "expected from 0 to 10000 milliseconds");
    }
    napi_value result = nullptr;
    check(napi_create_double(env, measure_fma_peak(kernels, threads, milliseconds), &result));
    return result;
  });
}

}  // namespace lanewise::binding
