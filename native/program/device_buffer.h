// Memory that outlives programs: a parameter, an optimizer's state, a dataset. Several programs may share one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "../core/aligned.h"
#include "../ops/argument.h"
#include "../ops/panels.h"

namespace lanewise::program {

using ops::Panels;

// nullopt: row-major.
using BufferLayout = std::optional<Panels>;

// Not synchronised: a reader or writer holds the lock of its environment. The environment's thread, which
// alone submits jobs, can do without while no job uses the buffer.
class DeviceBuffer {
 public:
  // Zero-filled, row-major. Throws std::bad_alloc or std::overflow_error.
  static std::shared_ptr<DeviceBuffer> create(ops::DType dtype, std::size_t length);

  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  ops::DType dtype() const { return dtype_; }
  // Elements, without padding.
  std::size_t length() const { return length_; }
  std::size_t bytes() const { return length_ * kElementBytes; }
  const BufferLayout& layout() const { return layout_; }
  // Elements in memory, with padding.
  std::size_t capacity() const { return memory_.size() / kElementBytes; }
  // 64-byte aligned, null without elements; valid until ensure() changes the layout.
  std::byte* data() { return memory_.data(); }

  // Lays the elements out like this; when they lie like this already it does nothing. Panels must be of `length`
  // float32 elements. Throws std::invalid_argument or std::bad_alloc, the buffer being as it was.
  void ensure(const BufferLayout& layout);

  // Writes row-major elements, aligned as such, to those from `offset`. Throws std::invalid_argument unless they fit.
  void copy_in(std::span<const std::byte> from, std::size_t offset = 0);
  // Reads all elements, row-major, into memory aligned for them. Throws std::invalid_argument unless `to` is of their
  // size.
  void copy_out(std::span<std::byte> to) const;
  // The same for as many elements as `to` takes, from `offset` on. Throws std::invalid_argument unless there are as
  // many.
  void copy_out(std::span<std::byte> to, std::size_t offset) const;

  // Another number, never 0, whenever elements of float32 may have changed: by copy_in(), or as a writer to data()
  // says.
  std::uint64_t version() const { return version_; }
  void changed() { ++version_; }

  // Whether a run that may be away (Lane) uses it: nothing else may read or write it until that run is over.
  bool is_busy() const { return is_busy_.load(std::memory_order_acquire); }
  void set_busy(bool busy) { is_busy_.store(busy, std::memory_order_release); }

  // Whether there is a BufferUse.
  bool in_use() const { return uses_.load(std::memory_order_acquire) != 0; }

  static constexpr std::size_t kElementBytes = ops::kElementBytes;

 private:
  friend class BufferUse;

  DeviceBuffer(ops::DType dtype, std::size_t length);

  ops::DType dtype_;
  std::size_t length_;
  BufferLayout layout_;
  std::uint64_t version_ = 1;
  core::AlignedBuffer<std::byte> memory_;
  std::atomic<std::size_t> uses_{0};
  std::atomic<bool> is_busy_{false};
};

// Held by a job for as long as it may touch a buffer.
class BufferUse {
 public:
  explicit BufferUse(std::shared_ptr<DeviceBuffer> buffer) : buffer_(std::move(buffer)) {
    buffer_->uses_.fetch_add(1, std::memory_order_relaxed);
  }
  BufferUse(BufferUse&& other) noexcept = default;
  BufferUse(const BufferUse&) = delete;
  BufferUse& operator=(const BufferUse&) = delete;
  ~BufferUse() {
    if (buffer_ != nullptr) buffer_->uses_.fetch_sub(1, std::memory_order_release);
  }

  DeviceBuffer& operator*() const { return *buffer_; }

 private:
  std::shared_ptr<DeviceBuffer> buffer_;
};

}  // namespace lanewise::program
