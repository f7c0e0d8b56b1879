// An addon of the benchmark, which users do not get: fmaPeak(isa, threads, milliseconds) -> GFLOP/s.
#include <node_api.h>

#include <string>

#include "../../core/thread_pool.h"
#include "../fma_peak.h"

namespace {

using lanewise::core::ThreadPool;

napi_value refuse(napi_env env, const std::string& what) {
  napi_throw_range_error(env, nullptr, ("fmaPeak: " + what).c_str());
  return nullptr;
}

napi_value fma_peak(napi_env env, napi_callback_info info) {
  napi_value values[3];
  std::size_t count = 3, length = 0;
  char isa[32];
  std::uint32_t threads = 0;
  double milliseconds = 0;
  if (napi_get_cb_info(env, info, &count, values, nullptr, nullptr) != napi_ok || count != 3 ||
      napi_get_value_string_utf8(env, values[0], isa, sizeof(isa), &length) != napi_ok ||
      napi_get_value_uint32(env, values[1], &threads) != napi_ok ||
      napi_get_value_double(env, values[2], &milliseconds) != napi_ok) {
    return refuse(env, "expected the name of an instruction set and two numbers");
  }
  const auto* const chains = lanewise::bench::find_fma_chains({isa, length});
  if (chains == nullptr) return refuse(env, std::string("no such instruction set on this processor: ") + isa);
  if (threads < 1 || threads > ThreadPool::kMaxThreads) return refuse(env, "no such number of threads");
  if (!(milliseconds > 0 && milliseconds <= 10000)) return refuse(env, "expected from 0 to 10000 milliseconds");
  napi_value result = nullptr;
  napi_create_double(env, lanewise::bench::fma_peak(*chains, threads, milliseconds / 1e3), &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function = nullptr;
  if (napi_create_function(env, "fmaPeak", NAPI_AUTO_LENGTH, fma_peak, nullptr, &function) != napi_ok ||
      napi_set_named_property(env, exports, "fmaPeak", function) != napi_ok) {
    return nullptr;
  }
  return exports;
}
