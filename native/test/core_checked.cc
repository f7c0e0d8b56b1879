// core/checked.h and core/aligned.h.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>

#include "../core/aligned.h"
#include "../core/checked.h"

namespace lanewise::core {
namespace {

constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();

TEST_CASE("checked sizes: exact at the edge, an exception beyond it") {
  CHECK(checked_mul(0, kMax) == 0);
  CHECK(checked_mul(kMax, 0) == 0);
  CHECK(checked_mul(1, kMax) == kMax);
  CHECK(checked_mul(kMax / 3, 3) == kMax);
  CHECK_THROWS_AS(checked_mul(kMax / 3 + 1, 3), std::overflow_error);
  CHECK_THROWS_AS(checked_mul(std::size_t{1} << 32, std::size_t{1} << 32), std::overflow_error);
  CHECK(checked_mul(2, 3, 5, 7) == 210);
  CHECK_THROWS_AS(checked_mul(std::size_t{1} << 31, std::size_t{1} << 31, 4), std::overflow_error);
  CHECK(checked_add(kMax - 1, 1) == kMax);
  CHECK_THROWS_AS(checked_add(kMax, 1), std::overflow_error);
  CHECK(checked_round_up(0, 16) == 0);
  CHECK(checked_round_up(1, 16) == 16);
  CHECK(checked_round_up(16, 16) == 16);
  CHECK_THROWS_AS(checked_round_up(kMax - 3, 16), std::overflow_error);
}

TEST_CASE("capped sizes: exact at the edge, the largest number beyond it") {
  CHECK(capped_mul(0, kMax) == 0);
  CHECK(capped_mul(kMax / 3, 3) == kMax / 3 * 3);
  CHECK(capped_mul(kMax / 3 + 1, 3) == kMax);
  CHECK(capped_mul(2, 3, 5, 7) == 210);
  CHECK(capped_mul(kMax, 2, 3) == kMax);
  CHECK(capped_mul(kMax, 2, 0) == 0);
}

bool aligned(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % kCacheLine == 0; }

TEST_CASE("aligned buffers start on a cache line and move") {
  AlignedBuffer<float> buffer(3);
  REQUIRE(aligned(buffer.data()));
  buffer.data()[2] = 5;
  AlignedBuffer<float> other = std::move(buffer);
  CHECK(other.data()[2] == 5);
  CHECK(other.size() == 3);
  CHECK(buffer.data() == nullptr);  // NOLINT(bugprone-use-after-move): what is left is part of the contract
  CHECK(AlignedBuffer<float>(0).data() == nullptr);
  CHECK_THROWS_AS(AlignedBuffer<float>(kMax / 2), std::overflow_error);
}

TEST_CASE("scratch grows, keeps what it has, and survives a failed allocation") {
  Scratch scratch;
  float* const small = scratch.get<float>(100);
  REQUIRE(aligned(small));
  CHECK(scratch.get<double>(50) == static_cast<void*>(small));
  double* const large = scratch.get<double>(10000);
  REQUIRE(aligned(large));
  large[9999] = 1;
  CHECK_THROWS_AS(scratch.get<double>(kMax / 4), std::overflow_error);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they end the process instead
  CHECK_THROWS_AS(scratch.get<char>(kMax / 4), std::bad_alloc);
#endif
  scratch.get<float>(10)[9] = 1;
}

}  // namespace
}  // namespace lanewise::core
