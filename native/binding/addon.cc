// The addon: the list of what JavaScript sees. src/ops/load.ts describes the same in TypeScript.
#include <node_api.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/thread_count.h"
#include "../core/thread_pool.h"
#include "../kernels/select.h"
#include "../ops/ops.h"
#include "../ops/pointwise_program.h"
#include "../program/decode.h"
#include "call.h"
#include "errors.h"
#include "group.h"
#include "instance.h"
#include "job.h"
#include "machine.h"
#include "program.h"

namespace lanewise::binding {
namespace {

struct NamedCallback {
  const char* name;
  napi_callback callback;
};

constexpr NamedCallback kOps[] = {
#define OP(name) {#name, Call<#name, &ops::name>::callback},
#include "../ops/ops.inc"
#undef OP
};

constexpr NamedCallback kMachine[] = {
    {"threads", threads},
    {"setThreads", set_threads},
    {"threadSource", thread_source},
};

// Makes a pointwise program known to the environment until it is forgotten: its number.
napi_value pointwise_program(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "pointwiseProgram", [&] {
    const auto values = read_arguments<1>(env, info, nullptr);
    auto& [programs, free] = instance_of(env).pointwise;
    auto program =
        std::make_unique<const ops::PointwiseProgram>(Read<std::span<const double>>::from({env, values[0], 0}));
    if (free.empty()) {
      free.reserve(programs.size() + 1);  // so that forgetting asks for no memory
      programs.push_back(nullptr);
      free.push_back(programs.size() - 1);
    }
    const std::size_t index = free.back();
    napi_value number = nullptr;
    check(napi_create_double(env, static_cast<double>(index), &number));
    free.pop_back();
    programs[index] = std::move(program);
    return number;
  });
}

// Frees a pointwise program that JavaScript has no more use for. Another one may get its number.
napi_value forget_pointwise_program(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "forgetPointwiseProgram", [&]() -> napi_value {
    const auto values = read_arguments<1>(env, info, nullptr);
    auto& [programs, free] = instance_of(env).pointwise;
    const Argument argument{env, values[0], 0};
    const auto number = Read<std::size_t>::from(argument);
    if (number >= programs.size() || programs[number] == nullptr)
      throw std::invalid_argument(argument.location() + "no such program");
    free.push_back(number);
    programs[number].reset();
    return nullptr;
  });
}

template <typename Text = const char*>
napi_value names(napi_env env, std::span<const std::type_identity_t<Text>> list) {
  napi_value array = nullptr;
  check(napi_create_array(env, &array));
  std::uint32_t index = 0;
  for (const std::string_view name : list) {
    napi_value text = nullptr;
    check(napi_create_string_utf8(env, name.data(), name.size(), &text));
    check(napi_set_element(env, array, index++, text));
  }
  return array;
}

// The kinds of each op's parameters by its name, a question mark behind those that may be null.
napi_value op_parameters(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "opParameters", [&] {
    read_arguments<0>(env, info, nullptr);
    napi_value result = nullptr;
    check(napi_create_object(env, &result));
    const std::span<const char* const> ops = program::opcodes();
    for (std::size_t opcode = 0; opcode < ops.size(); ++opcode) {
      std::vector<std::string> kinds;
      for (const program::Parameter& parameter : program::parameters(opcode)) {
        kinds.push_back(std::string(parameter.kind) + (parameter.optional ? "?" : ""));
      }
      check(napi_set_named_property(env, result, ops[opcode], names<std::string>(env, kinds)));
    }
    return result;
  });
}

constexpr NamedCallback kPrograms[] = {
    {"reclaim", reclaim},
    {"createBuffer", create_device_buffer},
    {"bufferCopyIn", device_buffer_copy_in},
    {"bufferCopyOut", device_buffer_copy_out},
    {"bufferCopyPart", device_buffer_copy_part},
    {"buffersCopyOut", device_buffers_copy_out},
    {"freeBuffer", free_device_buffer},
    {"createProgram", create_program},
    {"arenaBytes", arena_bytes},
    {"programNumber", program_number},
    {"disposeProgram", dispose_program},
    {"pointwiseProgram", pointwise_program},
    {"forgetPointwiseProgram", forget_pointwise_program},
    {"opParameters", op_parameters},
};

constexpr NamedCallback kJobs[] = {
    {"createSequence", create_sequence},
    {"openJobs", open_jobs},
    {"settleJob", settle_job},
    {"submitJob", submit_job},
    {"submitShuffle", submit_shuffle},
    {"jobProgress", job_progress},
    {"jobOutputs", job_outputs},
    {"stopJob", stop_job},
    {"stopJobs", stop_jobs},
};

constexpr NamedCallback kGroup[] = {
    {"groupOpen", group_open}, {"groupInfo", group_info},   {"groupPlace", group_place}, {"groupSubmit", group_submit},
    {"groupTake", group_take}, {"groupAbort", group_abort}, {"groupLeave", group_leave},
};

void add_function(napi_env env, napi_value object, const NamedCallback& entry, void* data) {
  napi_value function = nullptr;
  check(napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.callback, data, &function));
  check(napi_set_named_property(env, object, entry.name, function));
}

napi_value instruction_sets(napi_env env, Instance& instance) {
  napi_value sets = nullptr;
  check(napi_create_object(env, &sets));
  for (const kernels::KernelTable* table : kernels::available()) {
    napi_value functions = nullptr;
    check(napi_create_object(env, &functions));
    BoundOp& bound = instance.ops.emplace_back(BoundOp{instance, *table});
    for (const NamedCallback& entry : kOps) add_function(env, functions, entry, &bound);
    check(napi_set_named_property(env, sets, table->name, functions));
  }
  return sets;
}

// The frame as an array over memory of the instance, so that it stays whatever becomes of the array; where an engine
// allows no such thing, lists cross as arrays: an empty frame.
napi_value frame(napi_env env, Instance& instance) {
  const auto keep = [](napi_env, void*, void*) {};
  napi_value buffer = nullptr, array = nullptr;
  const napi_status status =
      napi_create_external_arraybuffer(env, instance.frame.data(), sizeof(instance.frame), keep, nullptr, &buffer);
  const bool external = status == napi_ok;
  if (!external) {
    void* memory = nullptr;
    check(napi_create_arraybuffer(env, 0, &memory, &buffer));
  }
  const std::size_t length = external ? instance.frame.size() : 0;
  check(napi_create_typedarray(env, napi_float64_array, length, buffer, 0, &array));
  return array;
}

napi_value create_exports(napi_env env, napi_value exports) {
  const std::size_t threads = std::min(core::default_thread_count().count, core::ThreadPool::kMaxThreads);
  auto owner = std::make_unique<Instance>(threads);
  Instance& instance = *owner;
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<Instance*>(data); };
  check(napi_set_instance_data(env, &instance, destroy, nullptr));
  owner.release();  // the environment owns it from here on

  check(napi_set_named_property(env, exports, "instructionSets", instruction_sets(env, instance)));
  check(napi_set_named_property(env, exports, "compiled", names(env, kernels::compiled())));
  check(napi_set_named_property(env, exports, "opcodes", names(env, program::opcodes())));
  check(napi_set_named_property(env, exports, "pointwiseNodes", names(env, ops::node_names())));
  check(napi_set_named_property(env, exports, "frame", frame(env, instance)));
  napi_value version = nullptr;
  check(napi_create_string_utf8(env, LANEWISE_VERSION, NAPI_AUTO_LENGTH, &version));
  check(napi_set_named_property(env, exports, "version", version));
  napi_value max_threads = nullptr;
  check(napi_create_double(env, static_cast<double>(core::ThreadPool::kMaxThreads), &max_threads));
  check(napi_set_named_property(env, exports, "maxThreads", max_threads));
  for (const NamedCallback& entry : kMachine) add_function(env, exports, entry, nullptr);
  for (const NamedCallback& entry : kPrograms) add_function(env, exports, entry, nullptr);
  add_function(env, exports, {"runProgram", run_program}, &instance);
  for (const NamedCallback& entry : kJobs) add_function(env, exports, entry, nullptr);
  for (const NamedCallback& entry : kGroup) add_function(env, exports, entry, nullptr);
  return exports;
}

}  // namespace
}  // namespace lanewise::binding

NAPI_MODULE_INIT() {
  return lanewise::binding::guarded(env, "lanewise", [&] { return lanewise::binding::create_exports(env, exports); });
}
