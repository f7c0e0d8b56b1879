// How many threads ops use.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "arguments.h"

namespace lanewise::binding {

// threads() -> number; setThreads(n); threadSource() -> string: where the default number comes from.
napi_value threads(napi_env env, napi_callback_info info) noexcept;
napi_value set_threads(napi_env env, napi_callback_info info) noexcept;
napi_value thread_source(napi_env env, napi_callback_info info) noexcept;

// From 1 to as many as the pool can have. Throws std::invalid_argument.
std::size_t read_thread_count(const Argument& arg);

}  // namespace lanewise::binding
