// Work off the event loop, seen from JavaScript. Jobs are known by numbers; src/ops/load.ts describes the functions in
// TypeScript.
#pragma once

#include <node_api.h>

namespace lanewise::binding {

// openJobs(wake): before all others; wake() says that a job is over and no settleJob() is to come for it.
napi_value open_jobs(napi_env env, napi_callback_info info) noexcept;
// settleJob(comesAgain) -> whether there was a job that is over; calls `settle` of the one that has been over for
// longest. It is to be called again after one that there was; after none, unless comesAgain, wake() announces the next.
napi_value settle_job(napi_env env, napi_callback_info info) noexcept;
// createSequence() -> sequence
napi_value create_sequence(napi_env env, napi_callback_info info) noexcept;
// submitJob(program, inputs, outputs, dynamic scalars, keys, times, counter or null, threads or null, background,
// sequence or null, settle, sums to go on from or null) -> id
napi_value submit_job(napi_env env, napi_callback_info info) noexcept;
// submitShuffle(buffer, seed, settle) -> id; the low 32 bits of a seed are all that counts.
napi_value submit_shuffle(napi_env env, napi_callback_info info) noexcept;
// jobProgress(id, sums) -> runs
napi_value job_progress(napi_env env, napi_callback_info info) noexcept;
// jobOutputs(id, outputs): only in `settle`.
napi_value job_outputs(napi_env env, napi_callback_info info) noexcept;
napi_value stop_job(napi_env env, napi_callback_info info) noexcept;
// Stops all jobs of this environment.
napi_value stop_jobs(napi_env env, napi_callback_info info) noexcept;

}  // namespace lanewise::binding
