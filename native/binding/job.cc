#include "job.h"

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../program/program_job.h"
#include "../program/shuffle_job.h"
#include "arguments.h"
#include "call.h"
#include "errors.h"
#include "handle.h"
#include "jobs.h"
#include "machine.h"
#include "program.h"

namespace lanewise::binding {

template <>
struct HandleKind<program::Sequence> {
  static constexpr napi_type_tag kTag = {0x6c616e6577697365, 0x5e90};
  static constexpr const char* kName = "sequence";
};

namespace {

using program::DeviceBuffer;
using program::Program;

// The elements of a JavaScript array. They may have getters, so this runs JavaScript; what it gives does not.
std::vector<napi_value> read_array_elements(const Argument& arg) {
  std::uint32_t count = 0;
  const napi_status status = napi_get_array_length(arg.env, arg.value, &count);
  if (status == napi_array_expected) throw WrongType(arg.location() + "expected an array of typed arrays");
  check(status);
  if (count > program::kMaxArrays) throw std::invalid_argument(arg.location() + "too many elements");
  std::vector<napi_value> elements(count);
  for (std::uint32_t i = 0; i < count; ++i) check(napi_get_element(arg.env, arg.value, i, &elements[i]));
  return elements;
}

napi_value read_function(const Argument& arg) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(arg.env, arg.value, &type));
  if (type != napi_function) throw WrongType(arg.location() + "expected a function");
  return arg.value;
}

struct Bytes {
  std::span<std::byte> bytes;
  ops::DType dtype;
};

// A typed array that is to be bound to that value of the program, if the program has one for it.
Bytes read_bytes(const Argument& arg, const Program& program, const std::vector<std::size_t>& values, std::size_t i) {
  if (i < values.size() && values[i] != program::kNoValue) {
    return {read_program_array(arg, program, values[i]), program.values()[values[i]].dtype};
  }
  const auto any = Read<ops::AnyMutable>::from(arg);
  return {{static_cast<std::byte*>(any.data), any.size * DeviceBuffer::kElementBytes}, any.dtype};
}

std::vector<std::uint32_t> read_keys(const Argument& arg) {
  const TypedArray keys = read_typed_array_of(arg, napi_uint32_array);
  const auto* words = static_cast<const std::uint32_t*>(keys.data);
  return {words, words + keys.length};
}

// From arguments 1 to 7 and 11 of submitJob.
program::ProgramJob::Request read_request(napi_env env, std::span<const napi_value> values, const Program& program) {
  const std::vector<napi_value> inputs = read_array_elements({env, values[1], 1}),
                                outputs = read_array_elements({env, values[2], 2});
  // From here on nothing runs JavaScript, so the arrays hold until they have been copied.
  program::ProgramJob::Request request{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    request.call.inputs.push_back(read_bytes({env, inputs[i], 1}, program, program.input_values(), i).bytes);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Bytes output = read_bytes({env, outputs[i], 2}, program, program.output_values(), i);
    request.call.outputs.push_back(output.bytes);
    request.output_dtypes.push_back(output.dtype);
  }
  const auto scalars = Read<std::span<const double>>::from({env, values[3], 3});
  request.call.dynamic_scalars.assign(scalars.begin(), scalars.end());
  const auto sums = Read<std::optional<std::span<const double>>>::from({env, values[11], 11});
  if (sums) request.sums.assign(sums->begin(), sums->end());
  request.call.keys = read_keys({env, values[4], 4});
  request.times = Read<std::size_t>::from({env, values[5], 5});
  request.counter = Read<std::optional<std::size_t>>::from({env, values[6], 6});
  const Argument threads{env, values[7], 7};
  const bool given = Read<std::optional<double>>::from(threads).has_value();
  request.threads = given ? read_thread_count(threads) : instance_of(env).threads;
  return request;
}

std::shared_ptr<program::Sequence> read_sequence(const Argument& arg) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(arg.env, arg.value, &type));
  return type == napi_null ? nullptr : read_handle<program::Sequence>(arg).owned();
}

napi_value id_value(napi_env env, std::uint64_t id) {
  napi_value result = nullptr;
  check(napi_create_double(env, static_cast<double>(id), &result));
  return result;
}

program::Job& read_job(const Argument& arg) { return Jobs::of(arg.env).find(Read<std::size_t>::from(arg)); }

}  // namespace

napi_value open_jobs(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "openJobs", [&]() -> napi_value {
    const auto values = read_arguments<1>(env, info, nullptr);
    Jobs::open(env, read_function({env, values[0], 0}));
    return nullptr;
  });
}

napi_value settle_job(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "settleJob", [&] {
    const auto values = read_arguments<1>(env, info, nullptr);
    const bool comes_again = Read<bool>::from({env, values[0], 0});
    napi_value result = nullptr;
    check(napi_get_boolean(env, Jobs::of(env).settle_next(comes_again), &result));
    return result;
  });
}

napi_value create_sequence(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "createSequence", [&] {
    read_arguments<0>(env, info, nullptr);
    return create_handle(env, std::make_shared<program::Sequence>(), 0);
  });
}

napi_value submit_job(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "submitJob", [&] {
    const auto values = read_arguments<12>(env, info, nullptr);
    const std::shared_ptr<Program> program = read_handle<Program>({env, values[0], 0}).owned();
    auto job = std::make_shared<program::ProgramJob>(program, read_request(env, values, *program));
    const bool background = Read<bool>::from({env, values[8], 8});
    job->join(read_sequence({env, values[9], 9}));
    return id_value(env, Jobs::of(env).submit(std::move(job), background, read_function({env, values[10], 10})));
  });
}

napi_value submit_shuffle(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "submitShuffle", [&] {
    const auto values = read_arguments<3>(env, info, nullptr);
    const std::shared_ptr<DeviceBuffer> order = read_handle<DeviceBuffer>({env, values[0], 0}).owned();
    const std::size_t seed = Read<std::size_t>::from({env, values[1], 1});
    auto job = std::make_shared<program::ShuffleJob>(order, seed);
    return id_value(env, Jobs::of(env).submit(std::move(job), false, read_function({env, values[2], 2})));
  });
}

napi_value job_progress(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "jobProgress", [&] {
    const auto values = read_arguments<2>(env, info, nullptr);
    const program::Job& job = read_job({env, values[0], 0});
    const Argument arg{env, values[1], 1};
    const auto sums = Read<std::span<double>>::from(arg);
    if (sums.size() != job.sum_count()) {
      throw std::invalid_argument(arg.location() + "expected " + std::to_string(job.sum_count()) + " elements, got " +
                                  std::to_string(sums.size()));
    }
    return id_value(env, job.progress(sums));
  });
}

napi_value job_outputs(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "jobOutputs", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const std::vector<napi_value> elements = read_array_elements({env, values[1], 1});
    const program::Job& job = Jobs::of(env).find_over(Read<std::size_t>::from({env, values[0], 0}));
    std::vector<std::span<std::byte>> outputs;
    for (const napi_value element : elements) {
      const auto any = Read<ops::AnyMutable>::from({env, element, 1});
      outputs.emplace_back(static_cast<std::byte*>(any.data), any.size * DeviceBuffer::kElementBytes);
    }
    job.copy_outputs(outputs);
    return nullptr;
  });
}

napi_value stop_job(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "stopJob", [&]() -> napi_value {
    const auto values = read_arguments<1>(env, info, nullptr);
    Jobs::of(env).stop(Read<std::size_t>::from({env, values[0], 0}));
    return nullptr;
  });
}

napi_value stop_jobs(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "stopJobs", [&]() -> napi_value {
    read_arguments<0>(env, info, nullptr);
    if (Instance& instance = instance_of(env); instance.jobs != nullptr) instance.jobs->stop();
    return nullptr;
  });
}

}  // namespace lanewise::binding
