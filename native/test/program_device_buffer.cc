// Blocks: zeros at first, row-major to the outside, panels inside.
#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "../core/aligned.h"
#include "allocations.h"
#include "arithmetic.h"
#include "program_graphs.h"

namespace lanewise::test {
namespace {

using program::Panels;

TEST_CASE("buffer: zero-filled, aligned, of any length") {
  for (const std::size_t length : {0, 1, 7, 16, 1021}) {
    const auto buffer = DeviceBuffer::create(ops::DType::kInt32, length);
    CHECK(buffer->length() == length);
    CHECK(buffer->bytes() == 4 * length);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer->data()) % core::kCacheLine == 0);
    CHECK(read<std::int32_t>(*buffer) == std::vector<std::int32_t>(length, 0));
  }
}

TEST_CASE("buffer: parts are written, all is read, and nothing else is taken") {
  const auto buffer = buffer_of(std::vector<float>{1, 2, 3, 4, 5});
  const std::vector<float> two{-1, -2};
  buffer->copy_in(bytes(two), 3);
  CHECK(read(*buffer) == std::vector<float>{1, 2, 3, -1, -2});
  buffer->copy_in({}, 5);
  for (const std::size_t offset : {std::size_t{4}, std::size_t{6}, ~std::size_t{0}}) {
    CHECK_THROWS_AS(buffer->copy_in(bytes(two), offset), std::invalid_argument);
  }
  CHECK_THROWS_AS(buffer->copy_in(bytes(two).first(6)), std::invalid_argument);
  std::vector<float> four(4, 9.0f), six(6, 9.0f);
  CHECK_THROWS_AS(buffer->copy_out(writable(four)), std::invalid_argument);
  CHECK_THROWS_AS(buffer->copy_out(writable(six)), std::invalid_argument);
  CHECK(read(*buffer) == std::vector<float>{1, 2, 3, -1, -2});
}

TEST_CASE("buffer: parts are read, row-major and from panels, and nothing else") {
  const std::vector<float> values = Random(3).floats(7 * 5);
  const auto buffer = buffer_of(values);
  for (const bool panels : {false, true}) {
    if (panels) buffer->ensure(Panels{7, 5, 4});
    for (std::size_t offset = 0; offset <= values.size(); ++offset) {
      for (std::size_t count = 0; count <= values.size() - offset; count += 3) {
        std::vector<float> part(count, 9.0f);
        buffer->copy_out(writable(part), offset);
        CHECK(std::equal(part.begin(), part.end(), values.begin() + static_cast<std::ptrdiff_t>(offset)));
      }
    }
    std::vector<float> two(2, 9.0f);
    for (const std::size_t offset : {values.size() - 1, values.size() + 1, ~std::size_t{0}}) {
      CHECK_THROWS_AS(buffer->copy_out(writable(two), offset), std::invalid_argument);
    }
    CHECK(two == std::vector<float>(2, 9.0f));
  }
}

TEST_CASE("buffer: panels lie as GEMM reads them, padded with zeros, and back again") {
  for (const std::size_t nr : {1, 4, 16}) {
    for (const std::size_t out : {0, 1, 3, 4, 5, 16, 17, 33}) {
      for (const std::size_t in : {0, 1, 2, 7, 16, 31}) {
        CAPTURE(nr);
        CAPTURE(out);
        CAPTURE(in);
        const std::vector<float> values = Random(7).floats(out * in);
        const auto buffer = buffer_of(values);
        buffer->ensure(Panels{out, in, nr});
        REQUIRE(buffer->capacity() == (out + nr - 1) / nr * nr * in);
        const auto* panels = reinterpret_cast<const float*>(buffer->data());
        bool right = true;
        for (std::size_t o = 0; o < (out + nr - 1) / nr * nr; ++o) {
          for (std::size_t i = 0; i < in; ++i) {
            const float expected = o < out ? values[o * in + i] : 0.0f;
            right = right && panels[(o / nr) * in * nr + i * nr + o % nr] == expected;
          }
        }
        CHECK(right);
        CHECK(read(*buffer) == values);
        buffer->ensure(Panels{out, in, 3});
        CHECK(read(*buffer) == values);
        buffer->ensure(std::nullopt);
        CHECK(buffer->capacity() == out * in);
        CHECK(read(*buffer) == values);
      }
    }
  }
}

TEST_CASE("buffer: elements written into panels from any offset") {
  const std::size_t out = 5, in = 7;
  for (std::size_t begin = 0; begin <= out * in; ++begin) {
    for (std::size_t end = begin; end <= out * in; ++end) {
      std::vector<float> expected = Random(1).floats(out * in);
      const auto buffer = buffer_of(expected);
      buffer->ensure(Panels{out, in, 4});
      const std::vector<float> part = Random(2).floats(end - begin);
      buffer->copy_in(bytes(part), begin);
      std::ranges::copy(part, expected.begin() + static_cast<std::ptrdiff_t>(begin));
      REQUIRE(read(*buffer) == expected);
    }
  }
}

TEST_CASE("buffer: panels that do not fit are refused, and no memory leaves it as it was") {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const auto buffer = buffer_of(values);
  for (const Panels& wrong : {Panels{2, 2, 4}, Panels{3, 3, 4}, Panels{3, 2, 0}}) {
    CHECK_THROWS_AS(buffer->ensure(wrong), std::invalid_argument);
  }
  CHECK_THROWS_AS(buffer->ensure(Panels{std::size_t{1} << 40, std::size_t{1} << 40, 4}), std::overflow_error);
  CHECK_THROWS_AS(buffer_of(std::vector<std::int32_t>(6))->ensure(Panels{3, 2, 4}), std::invalid_argument);
  buffer->ensure(Panels{3, 2, 4});
  for (const std::size_t failing : {0, 1}) {
    const Allocations allocations(failing);
    CHECK_THROWS_AS(buffer->ensure(Panels{3, 2, 8}), std::bad_alloc);
  }
  CHECK(buffer->layout() == Panels{3, 2, 4});
  CHECK(read(*buffer) == values);
  CHECK_THROWS_AS(DeviceBuffer::create(ops::DType::kFloat32, ~std::size_t{0} / 2), std::overflow_error);
}

}  // namespace
}  // namespace lanewise::test
