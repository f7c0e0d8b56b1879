// Filling, copying and converting memory of any dtype. All dtypes have elements of four bytes.
#include <cmath>
#include <cstring>

#include "check.h"
#include "layout.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

// Columns and rows that a transposing copy handles together: a cache line of elements.
constexpr std::size_t kTile = 16;

using Byte = unsigned char;

Byte* byte_at(void* data, std::size_t index) { return static_cast<Byte*>(data) + index * kElementBytes; }
const Byte* byte_at(const void* data, std::size_t index) {
  return static_cast<const Byte*>(data) + index * kElementBytes;
}

void copy_row(const Byte* x, std::size_t x_step, Byte* out, std::size_t out_step, std::size_t n) {
  if (x_step == 1 && out_step == 1) {
    std::memcpy(out, x, n * kElementBytes);
    return;
  }
  for (std::size_t i = 0; i < n; ++i)
    std::memcpy(out + i * out_step * kElementBytes, x + i * x_step * kElementBytes, kElementBytes);
}

// Rows [begin, end) of a matrix of which one side is dense along the rows and the other along the columns.
void transpose_rows(const Strided& shape, const Byte* x, Byte* out, std::size_t begin, std::size_t end) {
  const std::size_t columns = shape.size[1];
  for (std::size_t r0 = begin; r0 < end; r0 += kTile) {
    const std::size_t r1 = std::min(end, r0 + kTile);
    for (std::size_t c0 = 0; c0 < columns; c0 += kTile) {
      const std::size_t c1 = std::min(columns, c0 + kTile);
      for (std::size_t r = r0; r < r1; ++r) {
        copy_row(byte_at(x, r * shape.first[0] + c0 * shape.first[1]), shape.first[1],
                 byte_at(out, r * shape.second[0] + c0 * shape.second[1]), shape.second[1], c1 - c0);
      }
    }
  }
}

bool writes_twice(const Strided& shape) {
  for (std::size_t d = 0; d < shape.rank; ++d) {
    if (shape.second[d] == 0 && shape.size[d] > 1) return true;
  }
  return false;
}

}  // namespace

void fill(const Context& context, AnyMutable out, double value, std::size_t n) {
  check_length("fill", "out", out.size, n);
  if (out.dtype == DType::kFloat32) {
    float* data = static_cast<float*>(out.data);
    split_elements(context, n, [&](std::size_t begin, std::size_t end) {
      context.kernels.fill(static_cast<float>(value), data + begin, end - begin);
    });
    return;
  }
  if (!(value >= -2147483648.0 && value <= 2147483647.0) || value != std::trunc(value)) {
    refuse("fill", "value", "must be a 32-bit integer for int32 memory, got " + std::to_string(value));
  }
  std::int32_t* data = static_cast<std::int32_t*>(out.data);
  std::fill_n(data, n, static_cast<std::int32_t>(value));
}

void copy(const Context& context, AnyConst x, AnyMutable out, Layout layout, std::size_t xOffset,
          std::size_t outOffset) {
  check_same_dtype("copy", x, out);
  const Strided shape = decode("copy", layout);
  check_length("copy", "x", x.size, reach(shape, shape.first, xOffset));
  check_length("copy", "out", out.size, reach(shape, shape.second, outOffset));
  if (shape.count == 0) return;
  const Byte* from = byte_at(x.data, xOffset);
  Byte* to = byte_at(out.data, outOffset);
  const std::size_t width = shape.last(), x_step = shape.first_step(), out_step = shape.second_step();
  const std::size_t parts = writes_twice(shape) ? 1 : parts_for(context, shape.count, kElementGrain);
  if (shape.rows == 1) {
    split(context, parts, width, 16, [&](std::size_t begin, std::size_t end) {
      copy_row(byte_at(from, begin * x_step), x_step, byte_at(to, begin * out_step), out_step, end - begin);
    });
    return;
  }
  if (shape.rank == 2 && (x_step != 1 || out_step != 1)) {
    split(context, parts, shape.rows, kTile,
          [&](std::size_t begin, std::size_t end) { transpose_rows(shape, from, to, begin, end); });
    return;
  }
  split(context, parts, shape.rows, 1, [&](std::size_t begin, std::size_t end) {
    RowWalk walk(shape, begin);
    for (std::size_t r = begin; r < end; ++r, walk.next()) {
      copy_row(byte_at(from, walk.first()), x_step, byte_at(to, walk.second()), out_step, width);
    }
  });
}

void cast(const Context& context, AnyConst x, AnyMutable out, std::size_t n) {
  check_length("cast", "x", x.size, n);
  check_length("cast", "out", out.size, n);
  split_elements(context, n, [&](std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    if (x.dtype == out.dtype) {
      std::memmove(byte_at(out.data, begin), byte_at(x.data, begin), count * kElementBytes);
    } else if (x.dtype == DType::kFloat32) {
      context.kernels.to_int(static_cast<const float*>(x.data) + begin, static_cast<std::int32_t*>(out.data) + begin,
                             count);
    } else {
      context.kernels.to_float(static_cast<const std::int32_t*>(x.data) + begin, static_cast<float*>(out.data) + begin,
                               count);
    }
  });
}

}  // namespace lanewise::ops
