#include "machine.h"

#include <cstddef>
#include <stdexcept>
#include <string>

#include "../core/thread_count.h"
#include "../core/thread_pool.h"
#include "arguments.h"
#include "call.h"
#include "errors.h"
#include "instance.h"

namespace lanewise::binding {

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

}  // namespace lanewise::binding
