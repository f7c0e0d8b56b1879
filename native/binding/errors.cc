#include "errors.h"

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace lanewise::binding {

void throw_in_javascript(napi_env env, const char* name) noexcept {
  const auto message = [&](const std::exception& error) {
    const std::string prefix = std::string(name) + ":", what = error.what();
    return what.starts_with(prefix) ? what : prefix + " " + what;
  };
  try {
    try {
      throw;
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
}

}  // namespace lanewise::binding
