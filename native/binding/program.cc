#include "program.h"

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "../core/denormals.h"
#include "../core/thread_pool.h"
#include "../program/lock_lane.h"
#include "arguments.h"
#include "call.h"
#include "errors.h"
#include "instance.h"

namespace lanewise::binding {
using program::DeviceBuffer;
using program::Program;

std::vector<std::shared_ptr<DeviceBuffer>> read_buffers(const Argument& arg) {
  std::uint32_t count = 0;
  const napi_status status = napi_get_array_length(arg.env, arg.value, &count);
  if (status == napi_array_expected) throw WrongType(arg.location() + "expected an array of buffers");
  check(status);
  if (count > program::kMaxArrays) throw std::invalid_argument(arg.location() + "too many elements");
  std::vector<std::shared_ptr<DeviceBuffer>> buffers;
  buffers.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    napi_value value = nullptr;
    check(napi_get_element(arg.env, arg.value, i, &value));
    buffers.push_back(read_handle<DeviceBuffer>({arg.env, value, arg.index}).owned());
  }
  return buffers;
}

namespace {

std::span<const double> read_numbers(const Argument& arg) { return Read<std::span<const double>>::from(arg); }

// The arguments of a call, however many there are, and the function's data pointer.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, void** data) : env_(env) {
    check(napi_get_cb_info(env, info, &count_, few_.data(), nullptr, data));
    if (count_ <= few_.size()) return;
    many_.resize(count_);
    check(napi_get_cb_info(env, info, &count_, many_.data(), nullptr, nullptr));
  }

  std::size_t size() const { return count_; }
  Argument operator[](std::size_t i) const { return {env_, many_.empty() ? few_[i] : many_[i], i}; }

 private:
  napi_env env_;
  std::array<napi_value, 32> few_{};
  std::vector<napi_value> many_;
  std::size_t count_ = std::tuple_size_v<decltype(few_)>;
};

// The arguments of runProgram before its arrays.
constexpr std::size_t kFixed = 4;

bool is_null(const Argument& arg) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(arg.env, arg.value, &type));
  return type == napi_null;
}

std::size_t value_of(const std::vector<std::size_t>& values, std::size_t i) {
  return i < values.size() ? values[i] : program::kNoValue;
}

// Points the call to the arrays. Nothing here runs JavaScript, so they hold until the run is over.
void bind_call(program::Call& call, const Program& program, const Arguments& arguments) {
  call.dynamic_scalars.clear();
  if (!is_null(arguments[1])) {
    const std::span<const double> scalars = read_numbers(arguments[1]);
    call.dynamic_scalars.assign(scalars.begin(), scalars.end());
  }
  call.keys.clear();
  if (!is_null(arguments[2])) {
    const TypedArray keys = read_typed_array_of(arguments[2], napi_uint32_array);
    const auto* words = static_cast<const std::uint32_t*>(keys.data);
    call.keys.assign(words, words + keys.length);
  }

  const std::size_t arrays = arguments.size() - kFixed;
  const std::size_t inputs = Read<std::size_t>::from(arguments[3]);
  if (inputs > arrays) {
    throw WrongType("expected " + std::to_string(inputs) + " inputs, got " + std::to_string(arrays) + " arrays");
  }
  call.inputs.clear();
  call.outputs.clear();
  for (std::size_t i = 0; i < inputs; ++i) {
    call.inputs.push_back(read_program_array(arguments[kFixed + i], program, value_of(program.input_values(), i)));
  }
  for (std::size_t i = 0; i < arrays - inputs; ++i) {
    call.outputs.push_back(
        read_program_array(arguments[kFixed + inputs + i], program, value_of(program.output_values(), i)));
  }
}

void run_locked(Instance& instance, Program& program) {
  program::LockLane lane(*instance.lock);
  const core::FlushDenormals flush;
  const ops::Context context{program.kernels(), core::ThreadPool::instance(), instance.threads};
  program.run(context, instance.call);
}

// The program with that number.
std::shared_ptr<Program> find_program(const Instance& instance, const Argument& number) {
  const AnyHandle* handle = instance.handles.find(Read<std::size_t>::from(number));
  if (handle == nullptr || handle->kind() != &HandleKind<Program>::kTag) throw_released<Program>(number);
  std::shared_ptr<Program> program = static_cast<const Handle<Program>*>(handle)->owned();
  if (program == nullptr) throw_released<Program>(number);
  return program;
}

}  // namespace

std::span<std::byte> read_program_array(const Argument& arg, const Program& program, std::size_t value) {
  if (value == program::kNoValue) return {};
  const bool is_float = program.values()[value].dtype == ops::DType::kFloat32;
  const TypedArray array = read_typed_array_of(arg, is_float ? napi_float32_array : napi_int32_array);
  return {static_cast<std::byte*>(array.data), array.length * DeviceBuffer::kElementBytes};
}

napi_value reclaim(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "reclaim", [&] {
    const auto values = read_arguments<1>(env, info, nullptr);
    Handles& handles = instance_of(env).handles;
    handles.sweep(env, Read<bool>::from({env, values[0], 0}));
    napi_value buffers = nullptr;
    check(napi_create_array(env, &buffers));
    std::uint32_t index = 0;
    for (const napi_value buffer : handles.take_bereft(env)) check(napi_set_element(env, buffers, index++, buffer));
    return buffers;
  });
}

napi_value create_program(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "createProgram", [&] {
    const auto values = read_arguments<7>(env, info, nullptr);
    const kernels::KernelTable& kernels = read_kernels({env, values[0], 0});
    std::vector<std::shared_ptr<DeviceBuffer>> buffers = read_buffers({env, values[6], 6});
    // An array may have getters; from here on nothing runs JavaScript.
    const program::FlatGraph graph{
        read_numbers({env, values[1], 1}),
        read_numbers({env, values[2], 2}),
        Read<std::size_t>::from({env, values[3], 3}),
        Read<std::size_t>::from({env, values[4], 4}),
        Read<std::size_t>::from({env, values[5], 5}),
    };
    auto program = std::make_shared<Program>(kernels, graph, std::move(buffers), env);
    const std::size_t bytes = program->arena_bytes();
    return create_handle(env, std::move(program), bytes);
  });
}

napi_value arena_bytes(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "arenaBytes", [&] {
    const auto values = read_arguments<1>(env, info, nullptr);
    const Handle<Program>& handle = read_handle<Program>({env, values[0], 0});
    napi_value result = nullptr;
    check(napi_create_double(env, static_cast<double>(handle->arena_bytes()), &result));
    return result;
  });
}

napi_value program_number(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "programNumber", [&] {
    const auto values = read_arguments<1>(env, info, nullptr);
    const Handle<Program>& handle = read_handle<Program>({env, values[0], 0});
    napi_value result = nullptr;
    check(napi_create_double(env, static_cast<double>(handle.number()), &result));
    return result;
  });
}

napi_value run_program(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "runProgram", [&]() -> napi_value {
    void* data = nullptr;
    const Arguments arguments(env, info, &data);
    if (arguments.size() < kFixed) throw WrongType("expected at least " + std::to_string(kFixed) + " arguments");
    Instance& instance = *static_cast<Instance*>(data);
    const std::shared_ptr<Program> program = find_program(instance, arguments[0]);
    bind_call(instance.call, *program, arguments);
    try {
      run_locked(instance, *program);
    } catch (...) {
      check(napi_throw(env, program_error(env, std::current_exception())));
    }
    return nullptr;
  });
}

napi_value dispose_program(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "disposeProgram", [&]() -> napi_value {
    const auto values = read_arguments<1>(env, info, nullptr);
    read_handle_or_released<Program>({env, values[0], 0}).release(env);
    return nullptr;
  });
}

}  // namespace lanewise::binding
