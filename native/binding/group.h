// The process group, seen from JavaScript: collectives over the ranks of a job. There is one in a process, and it
// belongs to the environment that opened it. src/ops/load.ts describes the functions in TypeScript.
#pragma once

#include <node_api.h>

namespace lanewise::binding {

// groupOpen(library, timeout in seconds, settle): settle(id, error or null) is called on the event loop for each task
// that is over, with id 0 for the connection itself.
napi_value group_open(napi_env env, napi_callback_info info) noexcept;
// groupInfo() -> {rank, size, engine}
napi_value group_info(napi_env env, napi_callback_info info) noexcept;
// groupPlace(CPUs of each rank of this host, whether all ranks are on it)
napi_value group_place(napi_env env, napi_callback_info info) noexcept;
// groupSubmit(kind, op, divisor, parts, root, arrays) -> id
napi_value group_submit(napi_env env, napi_callback_info info) noexcept;
// groupTake(id, arrays): only in `settle`; copies the result out.
napi_value group_take(napi_env env, napi_callback_info info) noexcept;
// groupAbort(message, code): ends the job. Does not return.
napi_value group_abort(napi_env env, napi_callback_info info) noexcept;
// groupLeave(message, code): the process is about to exit; the same, unless the group has been closed.
napi_value group_leave(napi_env env, napi_callback_info info) noexcept;

}  // namespace lanewise::binding
