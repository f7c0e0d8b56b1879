#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../program/lock_lane.h"
#include "arguments.h"
#include "call.h"
#include "errors.h"
#include "instance.h"
#include "program.h"

namespace lanewise::binding {
namespace {

using program::DeviceBuffer;

std::span<std::byte> read_elements(const Argument& arg, const DeviceBuffer& buffer) {
  const napi_typedarray_type type = buffer.dtype() == ops::DType::kFloat32 ? napi_float32_array : napi_int32_array;
  const TypedArray array = read_typed_array_of(arg, type);
  return {static_cast<std::byte*>(array.data), array.length * DeviceBuffer::kElementBytes};
}

// The lock of the environment, had once no run that is away uses one of the buffers. Waits for a run in progress only
// where it may touch one of them, and not for the steps of another training.
class Turn {
 public:
  template <typename Pointers>
  Turn(napi_env env, const Pointers& buffers) {
    if (std::ranges::none_of(buffers, [](const auto& buffer) { return buffer->in_use(); })) return;
    lane_.emplace(*instance_of(env).lock);
    while (std::ranges::any_of(buffers, [](const auto& buffer) { return buffer->is_busy(); })) program::give_way();
  }

 private:
  std::optional<program::LockLane> lane_;
};

}  // namespace

napi_value create_device_buffer(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "createBuffer", [&] {
    const auto values = read_arguments<2>(env, info, nullptr);
    const std::size_t dtype = Read<std::size_t>::from({env, values[0], 0});
    const std::size_t length = Read<std::size_t>::from({env, values[1], 1});
    if (dtype > 1) throw std::invalid_argument("argument 0: expected 0 (float32) or 1 (int32)");
    std::shared_ptr<DeviceBuffer> buffer =
        DeviceBuffer::create(dtype == 0 ? ops::DType::kFloat32 : ops::DType::kInt32, length);
    const std::size_t bytes = buffer->bytes();
    return create_handle(env, std::move(buffer), bytes);
  });
}

napi_value device_buffer_copy_in(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "bufferCopyIn", [&]() -> napi_value {
    const auto values = read_arguments<3>(env, info, nullptr);
    DeviceBuffer& buffer = *read_handle<DeviceBuffer>({env, values[0], 0});
    const std::span<const std::byte> from = read_elements({env, values[1], 1}, buffer);
    const std::size_t offset = Read<std::size_t>::from({env, values[2], 2});
    const Turn turn(env, std::array{&buffer});
    buffer.copy_in(from, offset);
    return nullptr;
  });
}

napi_value device_buffer_copy_out(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "bufferCopyOut", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const DeviceBuffer& buffer = *read_handle<DeviceBuffer>({env, values[0], 0});
    const std::span<std::byte> to = read_elements({env, values[1], 1}, buffer);
    const Turn turn(env, std::array{&buffer});
    buffer.copy_out(to);
    return nullptr;
  });
}

napi_value device_buffer_copy_part(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "bufferCopyPart", [&]() -> napi_value {
    const auto values = read_arguments<3>(env, info, nullptr);
    const DeviceBuffer& buffer = *read_handle<DeviceBuffer>({env, values[0], 0});
    const std::span<std::byte> to = read_elements({env, values[1], 1}, buffer);
    const std::size_t offset = Read<std::size_t>::from({env, values[2], 2});
    const Turn turn(env, std::array{&buffer});
    buffer.copy_out(to, offset);
    return nullptr;
  });
}

napi_value device_buffers_copy_out(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "buffersCopyOut", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const std::vector<std::shared_ptr<DeviceBuffer>> buffers = read_buffers({env, values[0], 0});
    std::uint32_t count = 0;
    const napi_status status = napi_get_array_length(env, values[1], &count);
    if (status == napi_array_expected) throw WrongType("argument 1: expected an array of typed arrays");
    check(status);
    if (count != buffers.size()) throw std::invalid_argument("expected as many arrays as buffers");
    // An element may be a getter: all of them run before the first array is looked at.
    std::vector<napi_value> elements(count);
    for (std::uint32_t i = 0; i < count; ++i) check(napi_get_element(env, values[1], i, &elements[i]));
    std::vector<std::span<std::byte>> arrays(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      arrays[i] = read_elements({env, elements[i], 1}, *buffers[i]);
      if (arrays[i].size() != buffers[i]->bytes())
        throw std::invalid_argument("an array is not of its buffer's length");
    }
    const Turn turn(env, buffers);
    for (std::uint32_t i = 0; i < count; ++i) buffers[i]->copy_out(arrays[i]);
    return nullptr;
  });
}

napi_value free_device_buffer(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "freeBuffer", [&]() -> napi_value {
    const auto values = read_arguments<1>(env, info, nullptr);
    read_handle_or_released<DeviceBuffer>({env, values[0], 0}).release(env);
    return nullptr;
  });
}

}  // namespace lanewise::binding
