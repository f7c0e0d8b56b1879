// From C++ failures to JavaScript exceptions. No C++ exception leaves the addon.
#pragma once

#include <node_api.h>

#include <stdexcept>

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

// Turns the exception that is being handled into a JavaScript one whose message begins with the function's name.
void throw_in_javascript(napi_env env, const char* name) noexcept;

// Runs body and turns what it throws into a JavaScript exception.
template <typename Body>
napi_value guarded(napi_env env, const char* name, Body body) noexcept {
  try {
    return body();
  } catch (...) {  // told apart elsewhere, once for all functions: it takes most of a small one's code
    throw_in_javascript(env, name);
    return nullptr;
  }
}

}  // namespace lanewise::binding
