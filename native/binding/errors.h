// From C++ failures to JavaScript exceptions. No C++ exception leaves the addon.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace lanewise::binding {

// A JavaScript exception that is already pending, or an environment that is shutting down: unwind and return.
struct Pending {};

// An argument of the wrong JavaScript type: TypeError.
class WrongType : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// When there is no memory: told apart by its code.
inline constexpr const char* kNoMemory = "lanewise: out of memory";
inline constexpr const char* kNoMemoryCode = "ERR_LANEWISE_NO_MEMORY";

// A call into Node-API that fails for no fault of the caller's arguments.
inline void check(napi_status status) {
  if (status != napi_ok) throw Pending{};
}

// Runs body and turns what it throws into a JavaScript exception whose message begins with the function's name.
template <typename Body>
napi_value guarded(napi_env env, const char* name, Body body) noexcept {
  const auto message = [&](const std::exception& error) {
    const std::string prefix = std::string(name) + ":", what = error.what();
    return what.starts_with(prefix) ? what : prefix + " " + what;
  };
  try {
    try {
      return body();
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const WrongType& error) {
      napi_throw_type_error(env, nullptr, message(error).c_str());
    } catch (const std::invalid_argument& error) {
      napi_throw_range_error(env, nullptr, message(error).c_str());
    } catch (const std::overflow_error& error) {
      napi_throw_range_error(env, nullptr, message(error).c_str());
    } catch (const std::exception& error) {
      napi_throw_error(env, nullptr, message(error).c_str());
    }
  } catch (const std::bad_alloc&) {  // also when there is no memory for the message
    napi_throw_error(env, kNoMemoryCode, kNoMemory);
  } catch (...) {
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) {
      napi_throw_error(env, nullptr, "lanewise: Node-API refused a call");
    }
  }
  return nullptr;
}

}  // namespace lanewise::binding
