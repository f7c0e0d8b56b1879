// From JavaScript values to the argument types of ops (ops/argument.h).
//
// Nothing here but list_elements runs JavaScript: no getter, no valueOf, no proxy trap. So once a length has been read
// it holds until the op is done, and the length is the engine's own, whatever a subclass of a typed array says about
// itself.
#pragma once

#include <node_api.h>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "../kernels/kernel_table.h"
#include "../kernels/select.h"
#include "../ops/argument.h"
#include "../ops/pointwise_program.h"
#include "errors.h"

namespace lanewise::binding {

inline constexpr double kMaxSafeInteger = 9007199254740991.0;

// What stands for long arguments of an op, where reading them one by one would take most of a small op's time: a number
// in their place says how many of what follows here are theirs, in the order of the arguments; a program's number is
// its own.
struct Crossing {
  std::span<const double> numbers;     // of lists of numbers
  std::span<const napi_value> arrays;  // of lists of arrays: the arguments behind the op's own
  std::span<const std::unique_ptr<const ops::PointwiseProgram>> programs;
};

struct Argument {
  napi_env env;
  napi_value value;
  std::size_t index;
  Crossing* crossing = nullptr;

  std::string location() const { return "argument " + std::to_string(index) + ": "; }
};

inline const char* name_of(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return "Float32Array";
    case napi_float64_array:
      return "Float64Array";
    case napi_int32_array:
      return "Int32Array";
    case napi_uint32_array:
      return "Uint32Array";
    default:
      return "another typed array";
  }
}

struct TypedArray {
  napi_typedarray_type type;
  void* data;
  std::size_t length;
};

// `expected` is for messages.
inline TypedArray read_typed_array(const Argument& arg, const char* expected) {
  TypedArray array{};
  napi_value buffer = nullptr;
  const napi_status status =
      napi_get_typedarray_info(arg.env, arg.value, &array.type, &array.length, &array.data, &buffer, nullptr);
  if (status == napi_invalid_arg) throw WrongType(arg.location() + "expected " + expected);
  check(status);
  bool is_array_buffer = false;
  check(napi_is_arraybuffer(arg.env, buffer, &is_array_buffer));
  if (!is_array_buffer) {  // another thread may write to it, or grow it, while the op runs
    throw WrongType(arg.location() + "expected " + expected + ", got one over a SharedArrayBuffer");
  }
  if (array.length == 0) {
    bool detached = false;
    check(napi_is_detached_arraybuffer(arg.env, buffer, &detached));
    if (detached) throw WrongType(arg.location() + "expected " + expected + ", got one whose buffer is detached");
    array.data = nullptr;
  }
  return array;
}

inline TypedArray read_typed_array_of(const Argument& arg, napi_typedarray_type type) {
  const TypedArray array = read_typed_array(arg, name_of(type));
  if (array.type != type)
    throw WrongType(arg.location() + "expected " + name_of(type) + ", got " + name_of(array.type));
  return array;
}

inline double read_number(const Argument& arg, const char* expected) {
  double value = 0;
  const napi_status status = napi_get_value_double(arg.env, arg.value, &value);
  if (status == napi_number_expected) throw WrongType(arg.location() + "expected " + expected);
  check(status);
  return value;
}

template <typename T>
struct Read;

template <>
struct Read<double> {
  static double from(const Argument& arg) { return read_number(arg, "a number"); }
};

template <>
struct Read<std::size_t> {
  static std::size_t from(const Argument& arg) { return from(arg, read_number(arg, "a size")); }
  static std::size_t from(const Argument& arg, double value) {
    if (!(value >= 0 && value <= kMaxSafeInteger && std::trunc(value) == value)) {
      throw std::invalid_argument(arg.location() + "expected a size, a non-negative safe integer, got " +
                                  std::to_string(value));
    }
    return static_cast<std::size_t>(value);
  }
};

template <>
struct Read<std::int32_t> {
  static std::int32_t from(const Argument& arg) {
    using Limits = std::numeric_limits<std::int32_t>;
    const double value = read_number(arg, "an integer");
    if (!(value >= Limits::min() && value <= Limits::max() && std::trunc(value) == value)) {
      throw std::invalid_argument(arg.location() + "expected a 32-bit integer, got " + std::to_string(value));
    }
    return static_cast<std::int32_t>(value);
  }
};

template <>
struct Read<bool> {
  static bool from(const Argument& arg) {
    bool value = false;
    const napi_status status = napi_get_value_bool(arg.env, arg.value, &value);
    if (status == napi_boolean_expected) throw WrongType(arg.location() + "expected a boolean");
    check(status);
    return value;
  }
};

template <typename T>
inline constexpr napi_typedarray_type kArrayType = napi_float32_array;
template <>
inline constexpr napi_typedarray_type kArrayType<std::int32_t> = napi_int32_array;
template <>
inline constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;

// The number that stands for a list, if it is one.
inline std::optional<std::size_t> as_count(const Argument& arg) {
  double value = 0;
  if (arg.crossing == nullptr || napi_get_value_double(arg.env, arg.value, &value) != napi_ok) return std::nullopt;
  return Read<std::size_t>::from(arg, value);
}

// The next `count` items of what stands for the lists of an op.
template <typename T>
std::span<const T> taken(const Argument& arg, std::span<const T>& from, std::size_t count) {
  if (count > from.size()) throw std::invalid_argument(arg.location() + "more elements than were given");
  const std::span<const T> result = from.first(count);
  from = from.subspan(count);
  return result;
}

template <typename T>
struct Read<std::span<T>> {
  static std::span<T> from(const Argument& arg) {
    if constexpr (std::same_as<T, const double>) {
      if (const auto count = as_count(arg)) return taken(arg, arg.crossing->numbers, *count);
    }
    const TypedArray array = read_typed_array_of(arg, kArrayType<std::remove_const_t<T>>);
    return {static_cast<T*>(array.data), array.length};
  }
};

// Of an eager call nothing is kept: its weight may be another one the next time.
template <>
struct Read<ops::KeepableWeight> {
  static ops::KeepableWeight from(const Argument& arg) { return {Read<std::span<const float>>::from(arg)}; }
};

template <typename T>
struct Read<std::optional<T>> {
  static std::optional<T> from(const Argument& arg) {
    napi_valuetype type = napi_undefined;
    check(napi_typeof(arg.env, arg.value, &type));
    if (type == napi_null) return std::nullopt;
    return Read<T>::from(arg);
  }
};

template <typename T>
  requires std::same_as<T, ops::AnyConst> || std::same_as<T, ops::AnyMutable>
struct Read<T> {
  static T from(const Argument& arg) {
    const TypedArray array = read_typed_array(arg, "Float32Array or Int32Array");
    if (array.type == napi_float32_array) return {array.data, array.length, ops::DType::kFloat32};
    if (array.type == napi_int32_array) return {array.data, array.length, ops::DType::kInt32};
    throw WrongType(arg.location() + "expected Float32Array or Int32Array, got " + name_of(array.type));
  }
};

// The elements of an array, as `Lists` reads them before any argument is.
using Elements = ops::ShortList<napi_value>;

// A list of arrays: its elements have been read, which may have run JavaScript (a getter, a proxy).
template <typename T>
struct ReadList {
  static ops::ShortList<std::span<T>> from(const Argument& arg, const Elements& elements) {
    ops::ShortList<std::span<T>> result;
    for (const napi_value value : elements.items()) {
      result.push_back(Read<std::span<T>>::from(Argument{arg.env, value, arg.index}));
    }
    return result;
  }
};
template <>
struct Read<ops::FloatIns> : ReadList<const float> {};
template <>
struct Read<ops::FloatOuts> : ReadList<float> {};
template <>
struct Read<ops::IndexIns> : ReadList<const std::int32_t> {};

template <typename T>
concept IsList = std::same_as<T, ops::FloatIns> || std::same_as<T, ops::FloatOuts> || std::same_as<T, ops::IndexIns>;

// More elements than any op can take.
inline constexpr std::uint32_t kMaxElements = 65536;

inline Elements list_elements(const Argument& arg) {
  if (const auto given = as_count(arg)) {
    Elements elements;
    for (const napi_value value : taken(arg, arg.crossing->arrays, *given)) elements.push_back(value);
    return elements;
  }
  std::uint32_t count = 0;
  const napi_status status = napi_get_array_length(arg.env, arg.value, &count);
  if (status == napi_array_expected) throw WrongType(arg.location() + "expected an array of typed arrays");
  check(status);
  if (count > kMaxElements) throw std::invalid_argument(arg.location() + "too many elements");
  Elements elements;
  for (std::uint32_t i = 0; i < count; ++i) {
    napi_value value = nullptr;
    check(napi_get_element(arg.env, arg.value, i, &value));
    elements.push_back(value);
  }
  return elements;
}

template <>
struct Read<ops::Scalars> {
  static ops::Scalars from(const Argument& arg) { return {Read<std::span<const double>>::from(arg)}; }
};

template <>
struct Read<ops::ProgramIn> {
  static ops::ProgramIn from(const Argument& arg) {
    const auto number = as_count(arg);
    if (!number) return ops::decoded_program(Read<std::span<const double>>::from(arg));
    const auto& programs = arg.crossing->programs;
    if (*number >= programs.size() || programs[*number] == nullptr)
      throw std::invalid_argument(arg.location() + "no such program");
    return *programs[*number];
  }
};

// The table of an instruction set that this processor can run, by its name.
inline const kernels::KernelTable& read_kernels(const Argument& arg) {
  std::array<char, 32> text{};
  std::size_t length = 0;
  const napi_status status = napi_get_value_string_utf8(arg.env, arg.value, text.data(), text.size(), &length);
  if (status == napi_string_expected) throw WrongType(arg.location() + "expected the name of an instruction set");
  check(status);
  const kernels::KernelTable* table = kernels::find(std::string_view(text.data(), length));
  if (table == nullptr) throw std::invalid_argument(arg.location() + "no such instruction set on this processor");
  return *table;
}

}  // namespace lanewise::binding
