#include "device_buffer.h"

#include <algorithm>
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

// Calls visit(source, target, count) for what belongs together: elements [begin, begin + count) of a row-major matrix,
// of one row, and where the first of them lies in the panels.
template <typename Visit>
void visit_rows(const Panels& panels, std::size_t begin, std::size_t end, const Visit& visit) {
  while (begin < end) {
    const std::size_t row = begin / panels.in, column = begin % panels.in;
    const std::size_t count = std::min(end - begin, panels.in - column);
    visit(begin, panels.at(row, column), count);
    begin += count;
  }
}

void pack(const Panels& panels, const float* rows, std::size_t begin, std::size_t end, float* to) {
  visit_rows(panels, begin, end, [&](std::size_t from, std::size_t at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[at + i * panels.nr] = rows[from - begin + i];
  });
}

void unpack(const Panels& panels, const float* from, float* rows) {
  visit_rows(panels, 0, panels.out * panels.in, [&](std::size_t to, std::size_t at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) rows[to + i] = from[at + i * panels.nr];
  });
}

}  // namespace

std::size_t Panels::capacity() const { return core::checked_mul(core::checked_round_up(out, nr), in); }

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
    unpack(*layout_, reinterpret_cast<const float*>(memory_.data()), reinterpret_cast<float*>(next.data()));
  }
  if (layout) {
    core::AlignedBuffer<std::byte> packed = zeros(layout->capacity());
    const std::byte* rows = layout_ ? next.data() : memory_.data();
    pack(*layout, reinterpret_cast<const float*>(rows), 0, length_, reinterpret_cast<float*>(packed.data()));
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
  if (layout_) {
    pack(*layout_, reinterpret_cast<const float*>(from.data()), offset, offset + count,
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
  if (to.empty()) return;
  if (layout_) {
    unpack(*layout_, reinterpret_cast<const float*>(memory_.data()), reinterpret_cast<float*>(to.data()));
  } else {
    std::memcpy(to.data(), memory_.data(), to.size());
  }
}

}  // namespace lanewise::program
