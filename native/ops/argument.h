// The types in which ops take their arguments. The binding converts JavaScript values to exactly these.
//
//   role in src/ops/ops.ts         C++ parameter
//   in, out, inout                 std::span<const float>, std::span<float>
//   in?, out?, index?, ...          std::optional of the span
//   index, indexOut, indexInout    std::span<const std::int32_t>, std::span<std::int32_t>
//   any, anyOut, anyInout          AnyConst, AnyMutable
//   in, where a copy is kept       KeepableWeight
//   layout                         Layout, or Numbers where these are no sizes and strides
//   size, int, flag                std::size_t, std::int32_t, bool
//   scalar, cell                   double
//   program, program?              ProgramIn, std::optional of it
//   ins, outs, inouts, indexes     FloatIns, FloatOuts, FloatOuts, IndexIns
//   scalars                        Scalars
//
// Some of these are marked: Elementwise, Weight and PackedFlag say what else an argument may be.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "kept_weight.h"

namespace lanewise::ops {

enum class DType { kFloat32, kInt32 };

// Of either dtype.
inline constexpr std::size_t kElementBytes = 4;

// Elements of 4 bytes of either dtype. `size` counts elements.
struct AnyConst {
  AnyConst() = default;
  AnyConst(const void* of, std::size_t elements, DType type) : data(of), size(elements), dtype(type) {}
  AnyConst(std::span<const float> of) : AnyConst(of.data(), of.size(), DType::kFloat32) {}       // NOLINT: a view
  AnyConst(std::span<const std::int32_t> of) : AnyConst(of.data(), of.size(), DType::kInt32) {}  // NOLINT: a view

  std::span<const float> floats() const { return {static_cast<const float*>(data), size}; }
  std::span<const std::int32_t> ints() const { return {static_cast<const std::int32_t*>(data), size}; }

  const void* data = nullptr;
  std::size_t size = 0;
  DType dtype = DType::kFloat32;
};

struct AnyMutable {
  AnyMutable() = default;
  AnyMutable(void* of, std::size_t elements, DType type) : data(of), size(elements), dtype(type) {}
  AnyMutable(std::span<float> of) : AnyMutable(of.data(), of.size(), DType::kFloat32) {}       // NOLINT: a view
  AnyMutable(std::span<std::int32_t> of) : AnyMutable(of.data(), of.size(), DType::kInt32) {}  // NOLINT: a view

  std::span<float> floats() const { return {static_cast<float*>(data), size}; }
  std::span<std::int32_t> ints() const { return {static_cast<std::int32_t*>(data), size}; }

  void* data = nullptr;
  std::size_t size = 0;
  DType dtype = DType::kFloat32;
};

// The numbers of a Layout as they stand in JavaScript; ops/layout.h checks and decodes them.
using Layout = std::span<const double>;

// Lists of arrays.
using FloatIns = std::span<const std::span<const float>>;
using FloatOuts = std::span<const std::span<float>>;
using IndexIns = std::span<const std::span<const std::int32_t>>;

// A list of numbers, each given with the call or changed between runs.
struct Scalars {
  std::span<const double> values;
};

// A decoded pointwise program (pointwise_program.h).
class PointwiseProgram;
using ProgramIn = std::reference_wrapper<const PointwiseProgram>;

// What a parameter says beyond its type, in the type itself.
enum class Mark { kNone, kElementwise, kWeight, kPackedFlag, kNumbers };

template <typename T, Mark mark>
struct MarkedAs : T {
  using T::T;
  MarkedAs() = default;
  MarkedAs(const T& of) : T(of) {}  // NOLINT(google-explicit-constructor): as callers have it
};

// An operand of elementwise arithmetic: what is written may lie where one that is read lies.
template <typename T>
using Elementwise = MarkedAs<T, Mark::kElementwise>;

// A list of numbers under the role of a layout that are no sizes and strides: the geometry of a convolution, the
// windows of pooling.
using Numbers = MarkedAs<Layout, Mark::kNumbers>;

// A weight [outFeatures, inFeatures], or of its sizes, and elementwise: in panels (panels.h) if the PackedFlag says so.
template <typename T>
using Weight = MarkedAs<T, Mark::kWeight>;

// Whether weights lie in panels. The arguments before it are inFeatures and outFeatures.
struct PackedFlag {
  PackedFlag(bool of) : value(of) {}       // NOLINT(google-explicit-constructor): as callers have it
  operator bool() const { return value; }  // NOLINT(google-explicit-constructor): as ops use it
  bool value;
};

// A type without its mark, and the mark.
template <typename T>
struct Marked {
  using Plain = T;
  static constexpr Mark kMark = Mark::kNone;
};
template <typename T, Mark mark>
struct Marked<MarkedAs<T, mark>> {
  using Plain = T;
  static constexpr Mark kMark = mark;
};
template <>
struct Marked<PackedFlag> {
  using Plain = bool;
  static constexpr Mark kMark = Mark::kPackedFlag;
};
template <typename T>
using Plain = typename Marked<T>::Plain;

// What a list is gathered in: no allocation as long as it is short.
template <typename T>
class ShortList {
 public:
  void push_back(const T& item) {
    if (size_ < few_.size()) {
      few_[size_++] = item;
      return;
    }
    if (size_ == few_.size()) many_.assign(few_.begin(), few_.end());
    many_.push_back(item);
    ++size_;
  }
  std::size_t size() const { return size_; }
  const T& operator[](std::size_t i) const { return items()[i]; }
  std::span<const T> items() const { return {size_ <= few_.size() ? few_.data() : many_.data(), size_}; }
  // To the span, marked or not. NOLINTNEXTLINE(google-explicit-constructor): as ops take it
  template <std::derived_from<std::span<const T>> Span>
  operator Span() const {
    return Span(items());
  }

 private:
  std::array<T, 8> few_{};
  std::vector<T> many_;
  std::size_t size_ = 0;
};

}  // namespace lanewise::ops
