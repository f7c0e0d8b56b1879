// What Node-API answers in Electron, where memory of an addon may not become a buffer of JavaScript. A test renames the
// addon's symbol to this one, since a function of the executable itself cannot be replaced by a preloaded one.
#include <node_api.h>

extern "C" __attribute__((visibility("default"))) napi_status lanewise_no_external_arraybuffer(  //
    napi_env, void*, size_t, napi_finalize, void*, napi_value*) {
  return napi_no_external_buffers_allowed;
}
