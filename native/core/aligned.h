// Memory on cache-line boundaries, for packed panels and scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "checked.h"

namespace lanewise::core {

inline constexpr std::size_t kCacheLine = 64;

// Owns `size` elements of uninitialised memory, 64-byte aligned. Throws std::bad_alloc or std::overflow_error.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size)
      : data_(size == 0 ? nullptr : static_cast<T*>(allocate(checked_mul(size, sizeof(T))))), size_(size) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() {
    if (data_ != nullptr) ::operator delete(data_, std::align_val_t{kCacheLine});
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static void* allocate(std::size_t bytes) {
    // More than a processor of today can address. Sanitizers end the process when they are asked for that.
    constexpr std::uint64_t kAddressable = std::uint64_t{1} << 47;
    if (bytes > kAddressable) throw std::bad_alloc();
    return ::operator new(bytes, std::align_val_t{kCacheLine});
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// Scratch that an op keeps between calls: `thread_local Scratch scratch;` in the op, one for each purpose. It only
// grows, and its contents are undefined after get(). get() may throw, so the calling thread asks for the scratch of all
// parts before it enters ThreadPool::run, whose body must not throw.
class Scratch {
 public:
  // Room for `count` elements, valid until the next get() or the end of the thread.
  template <typename T>
  T* get(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    const std::size_t bytes = checked_mul(count, sizeof(T));
    if (bytes > buffer_.size()) {
      buffer_ = AlignedBuffer<std::byte>();  // the old one goes first: both at once would raise the peak
      buffer_ = AlignedBuffer<std::byte>(checked_round_up(bytes, kCacheLine));
    }
    return reinterpret_cast<T*>(buffer_.data());
  }

 private:
  AlignedBuffer<std::byte> buffer_;
};

}  // namespace lanewise::core
