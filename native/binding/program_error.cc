// What went wrong in a run, as a JavaScript error.
#include <new>
#include <stdexcept>
#include <string>

#include "../distributed/collectives.h"
#include "errors.h"
#include "program.h"

namespace lanewise::binding {
namespace {

using Create = napi_status (*)(napi_env, napi_value code, napi_value message, napi_value* result);

napi_value create(napi_env env, Create kind, const char* text, const char* code = nullptr) {
  napi_value message = nullptr, code_value = nullptr, error = nullptr;
  check(napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message));
  if (code != nullptr) check(napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &code_value));
  check(kind(env, code_value, message, &error));
  return error;
}

}  // namespace

napi_value program_error(napi_env env, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const program::NotFinite& error) {
    napi_value result = create(env, napi_create_error, error.what()), layer = nullptr;
    check(napi_create_double(env, static_cast<double>(error.layer), &layer));
    check(napi_set_named_property(env, result, "layer", layer));
    return result;
  } catch (const std::bad_alloc&) {
    return create(env, napi_create_error, kNoMemory, kNoMemoryCode);
  } catch (const distributed::Disagreement& error) {
    return create(env, napi_create_error, error.what(), "ERR_LANEWISE_STATE");
  } catch (const std::invalid_argument& error) {
    return create(env, napi_create_range_error, error.what());
  } catch (const std::overflow_error& error) {
    return create(env, napi_create_range_error, error.what());
  } catch (const std::exception& error) {
    return create(env, napi_create_error, error.what());
  }
}

}  // namespace lanewise::binding
