// Blocks and programs as JavaScript handles. src/ops/load.ts describes the functions in TypeScript.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "../program/device_buffer.h"
#include "../program/program.h"
#include "handle.h"

namespace lanewise::binding {

template <>
struct HandleKind<program::DeviceBuffer> {
  static constexpr napi_type_tag kTag = {0x6c616e6577697365, 0xb10c};
  static constexpr const char* kName = "device buffer";
};

template <>
struct HandleKind<program::Program> {
  static constexpr napi_type_tag kTag = {0x6c616e6577697365, 0x9706};
  static constexpr const char* kName = "program";
};

template <>
inline void visit_borrowed_by(const program::Program& program, core::FunctionRef<void(const void*)> visit) {
  for (const auto& buffer : program.buffers()) visit(buffer.get());
}

// reclaim(all) -> buffers, once for each program that had them and was collected, not disposed of. Frees what collected
// buffers and programs hold; unless `all`, only when enough have been made since the last time.
napi_value reclaim(napi_env env, napi_callback_info info) noexcept;
// createBuffer(dtype, length) -> buffer, zero-filled; dtype 0 float32, 1 int32.
napi_value create_device_buffer(napi_env env, napi_callback_info info) noexcept;
// bufferCopyIn(buffer, array, offset), bufferCopyOut(buffer, array), bufferCopyPart(buffer, array, offset): all wait
// for a run in progress if the buffer is used by a job.
napi_value device_buffer_copy_in(napi_env env, napi_callback_info info) noexcept;
napi_value device_buffer_copy_out(napi_env env, napi_callback_info info) noexcept;
napi_value device_buffer_copy_part(napi_env env, napi_callback_info info) noexcept;
// buffersCopyOut(buffers, arrays): all of them between the same two runs.
napi_value device_buffers_copy_out(napi_env env, napi_callback_info info) noexcept;
// freeBuffer(buffer): programs that have it keep its memory. Twice is once.
napi_value free_device_buffer(napi_env env, napi_callback_info info) noexcept;

// createProgram(isa, values, code, arena, dynamicScalars, keySources, buffers) -> program; numbers as in
// program/graph.h.
napi_value create_program(napi_env env, napi_callback_info info) noexcept;
// arenaBytes(program) -> number
napi_value arena_bytes(napi_env env, napi_callback_info info) noexcept;
// programNumber(program) -> the number by which runProgram knows it.
napi_value program_number(napi_env env, napi_callback_info info) noexcept;
// runProgram(number, scalars, keys, inputs, ...arrays): the count of inputs, then inputs and outputs; null: no dynamic
// scalars, no keys. It waits for a run in progress. The data of the function is the instance.
napi_value run_program(napi_env env, napi_callback_info info) noexcept;
// disposeProgram(program): jobs that have it keep it. Twice is once.
napi_value dispose_program(napi_env env, napi_callback_info info) noexcept;

// What a program failed with, as a JavaScript error with the message as it is: for NotFinite with a property `layer`.
napi_value program_error(napi_env env, const std::exception_ptr& failure);

// Throws WrongType unless it is an array of buffers.
std::vector<std::shared_ptr<program::DeviceBuffer>> read_buffers(const Argument& arg);

// The bytes of a typed array that is to be bound to that value of the program, checked for its dtype. kNoMemory: none.
std::span<std::byte> read_program_array(const Argument& arg, const program::Program& program, std::size_t value);

}  // namespace lanewise::binding
