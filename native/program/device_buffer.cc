#include "device_buffer.h"

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "../core/checked.h"

namespace lanewise::program {
namespace {

core::AlignedBuffer<std::byte> zeros(std::size_t elements) {
  core::AlignedBuffer<std::byte> memory(core::checked_mul(elements, DeviceBuffer::kElementBytes));
  if (memory.size() != 0) std::memset(memory.data(), 0, memory.size());
  return memory;
}

}  // namespace

std::shared_ptr<DeviceBuffer> DeviceBuffer::create(ops::DType dtype, std::size_t length) {
  return std::shared_ptr<DeviceBuffer>(new DeviceBuffer(dtype, length));
}

DeviceBuffer::DeviceBuffer(ops::DType dtype, std::size_t length)
    : dtype_(dtype), length_(length), memory_(zeros(length)) {}

void DeviceBuffer::ensure(const BufferLayout& layout) {
  if (layout == layout_) return;
  if (layout &&
      (dtype_ != ops::DType::kFloat32 || layout->nr == 0 || core::checked_mul(layout->out, layout->in) != length_)) {
    throw std::invalid_argument("device buffer: panels of " + std::to_string(layout->out) + " x " +
                                std::to_string(layout->in) + " do not hold " + std::to_string(length_) +
                                " float32 elements");
  }
  // By way of row-major: from panels to other panels happens only where two instruction sets share a parameter.
  core::AlignedBuffer<std::byte> next;
  if (layout_) {
    next = zeros(length_);
    ops::unpack(*layout_, reinterpret_cast<const float*>(memory_.data()), 0, length_,
                reinterpret_cast<float*>(next.data()));
  }
  if (layout) {
    core::AlignedBuffer<std::byte> packed = zeros(layout->capacity());
    const std::byte* rows = layout_ ? next.data() : memory_.data();
    ops::pack(*layout, reinterpret_cast<const float*>(rows), 0, length_, reinterpret_cast<float*>(packed.data()));
    next = std::move(packed);
  }
  memory_ = std::move(next);
  layout_ = layout;
}

void DeviceBuffer::copy_in(std::span<const std::byte> from, std::size_t offset) {
  const std::size_t count = from.size() / kElementBytes;
  if (from.size() % kElementBytes != 0 || offset > length_ || count > length_ - offset) {
    throw std::invalid_argument("device buffer: expected at most " + std::to_string(length_) +
                                " elements from offset 0, got " + std::to_string(count) + " from offset " +
                                std::to_string(offset));
  }
  if (count == 0) return;
  changed();
  if (layout_) {
    ops::pack(*layout_, reinterpret_cast<const float*>(from.data()), offset, offset + count,
              reinterpret_cast<float*>(memory_.data()));
  } else {
    std::memcpy(memory_.data() + offset * kElementBytes, from.data(), from.size());
  }
}

void DeviceBuffer::copy_out(std::span<std::byte> to) const {
  if (to.size() != bytes()) {
    throw std::invalid_argument("device buffer: expected memory of " + std::to_string(length_) + " elements, got " +
                                std::to_string(to.size() / kElementBytes));
  }
  copy_out(to, 0);
}

void DeviceBuffer::copy_out(std::span<std::byte> to, std::size_t offset) const {
  const std::size_t count = to.size() / kElementBytes;
  if (to.size() % kElementBytes != 0 || offset > length_ || count > length_ - offset) {
    throw std::invalid_argument("device buffer: there are " + std::to_string(length_) + " elements, asked for " +
                                std::to_string(count) + " from offset " + std::to_string(offset));
  }
  if (count == 0) return;
  if (layout_) {
    ops::unpack(*layout_, reinterpret_cast<const float*>(memory_.data()), offset, offset + count,
                reinterpret_cast<float*>(to.data()));
  } else {
    std::memcpy(to.data(), memory_.data() + offset * kElementBytes, to.size());
  }
}

}  // namespace lanewise::program
