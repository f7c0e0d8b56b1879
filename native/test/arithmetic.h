// What the tests of kernels and ops share: memory with guards, reproducible numbers, distances in ulp.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "../core/thread_pool.h"
#include "../kernels/select.h"
#include "../ops/context.h"

namespace lanewise::test {

using kernels::KernelTable;

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

#if defined(LANEWISE_EMULATED)
inline constexpr bool kIsEmulated = true;
#else
inline constexpr bool kIsEmulated = false;
#endif

// Runs body(table) on every instruction set that this machine has, and names it in failures. Under an emulator, where
// all takes ten times as long, on the one that there is no other way to run.
template <typename Body>
void on_each_isa(const Body& body) {
  for (const KernelTable* table : kernels::available()) {
    if (kIsEmulated && table != kernels::available().back()) continue;
    CAPTURE(std::string(table->name));
    body(*table);
  }
}

// Numbers of threads that results must not depend on. Under an emulator two of them: how work is split is the same on
// every instruction set, and each run costs ten times as much.
#if defined(LANEWISE_EMULATED)
inline constexpr std::size_t kThreadCounts[] = {1, 3};
#else
inline constexpr std::size_t kThreadCounts[] = {1, 2, 3};
#endif

inline bool has_fma(const KernelTable& table) { return std::string(table.name) != "scalar"; }

inline ops::Context context_of(const KernelTable& table, std::size_t threads = 1) {
  return {table, core::ThreadPool::instance(), threads};
}

// n elements between guards, at an address that is a multiple of 4 and of nothing more. Outputs start as NaN.
template <typename T>
class Guarded {
 public:
  explicit Guarded(std::size_t n) : size_(n), memory_(n + 2 * kGuard + 16, guard()) {
    start_ = kGuard;
    while (reinterpret_cast<std::uintptr_t>(memory_.data() + start_) % 64 != 4) ++start_;
    for (T& x : span()) x = initial();
  }
  explicit Guarded(const std::vector<T>& values) : Guarded(values.size()) {
    for (std::size_t i = 0; i < size_; ++i) (*this)[i] = values[i];
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T* data() { return memory_.data() + start_; }
  std::size_t size() const { return size_; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> in() { return {data(), size_}; }
  T& operator[](std::size_t i) { return data()[i]; }
  std::vector<T> values() { return {data(), data() + size_}; }

  // Whether nothing was written before or behind.
  bool guards_intact() const {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      const bool inside = i >= start_ && i < start_ + size_;
      if (!inside && std::memcmp(&memory_[i], &kPattern, sizeof(T)) != 0) return false;
    }
    return true;
  }
  // Whether an output is as it was made.
  bool untouched() {
    for (const T& x : span()) {
      const T fresh = initial();
      if (std::memcmp(&x, &fresh, sizeof(T)) != 0) return false;
    }
    return guards_intact();
  }

 private:
  static_assert(sizeof(T) == 4);
  static constexpr std::size_t kGuard = 48;
  static constexpr std::uint32_t kPattern = 0x7fc0beef;  // a NaN with a payload
  static T guard() { return std::bit_cast<T>(kPattern); }
  static T initial() {
    if constexpr (std::is_floating_point_v<T>) return kNan;
    return static_cast<T>(-77);
  }

  std::size_t size_;
  std::vector<T> memory_;
  std::size_t start_;
};

using Floats = Guarded<float>;
using Ints = Guarded<std::int32_t>;

// The same numbers on every machine: 24 random bits each.
class Random {
 public:
  explicit Random(std::uint32_t seed) : state_(seed * 2654435761u + 12345u) {}
  std::uint32_t bits() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  float uniform(float low, float high) { return low + (high - low) * (static_cast<float>(bits() >> 8) * 0x1p-24f); }
  std::vector<float> floats(std::size_t n, float low = -1.0f, float high = 1.0f) {
    std::vector<float> result(n);
    for (float& x : result) x = uniform(low, high);
    return result;
  }
  std::vector<std::int32_t> ints(std::size_t n, std::int32_t limit) {
    std::vector<std::int32_t> result(n);
    for (std::int32_t& x : result) x = static_cast<std::int32_t>(bits() % static_cast<std::uint32_t>(limit));
    return result;
  }

 private:
  std::uint32_t state_;
};

// How many steps of a float near `expected` lie between the two; 0 for two NaNs. Denormals count as zero.
inline double ulps(float actual, double expected) {
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual) ? 0.0 : kInf;
  const float rounded = static_cast<float>(expected);
  if (std::isinf(rounded) || std::isinf(actual)) return rounded == actual ? 0.0 : kInf;
  constexpr double kSmallest = std::numeric_limits<float>::min();
  if (std::fabs(expected) < kSmallest && std::fabs(actual) < kSmallest) return 0.0;
  const int exponent = std::max(std::ilogb(expected == 0.0 ? kSmallest : expected), -126);
  return std::fabs(static_cast<double>(actual) - expected) / std::ldexp(1.0, exponent - 23);
}

inline bool same_bits(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

// Around every vector width and unrolling, and primes.
inline const std::vector<std::size_t>& odd_sizes() {
  static const std::vector<std::size_t> sizes{0,  1,  2,  3,  4,  5,  7,  8,  9,  11, 13,  15,  16,  17,
                                              23, 31, 32, 33, 47, 48, 63, 64, 65, 97, 101, 127, 257, 1031};
  return sizes;
}

}  // namespace lanewise::test
