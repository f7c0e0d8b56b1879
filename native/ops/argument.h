// The types in which ops take their arguments. The binding converts JavaScript values to exactly these.
//
//   role in src/ops/ops.ts         C++ parameter
//   in, out, inout                 std::span<const float>, std::span<float>
//   in?, out?, index?, ...          std::optional of the span
//   index, indexOut, indexInout    std::span<const std::int32_t>, std::span<std::int32_t>
//   any, anyOut, anyInout          AnyConst, AnyMutable
//   layout                         Layout
//   size, int, flag                std::size_t, std::int32_t, bool
//   scalar, cell                   double
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace lanewise::ops {

enum class DType { kFloat32, kInt32 };

// Elements of 4 bytes of either dtype. `size` counts elements.
struct AnyConst {
  const void* data;
  std::size_t size;
  DType dtype;
};

struct AnyMutable {
  void* data;
  std::size_t size;
  DType dtype;
};

// The numbers of a Layout as they stand in JavaScript; ops/layout.h checks and decodes them.
using Layout = std::span<const double>;

}  // namespace lanewise::ops
