// From numbers to the argument types of ops (ops/argument.h): how a call crosses from JavaScript, as native/binding's
// arguments.h for Node-API. The caller (src/ops/wasm-module.ts) is the library itself, so that numbers are of the right
// kind; whether sizes fit is checked by the ops.
//
//   memory                  address, elements, 0 float32 or 1 int32; where it may be null, -1 instead of all three
//   list of memories        how many, then these
//   layout, scalars         how many, then these
//   pointwise program       its number; -1 for none
//   size, int, flag, scalar the number
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "../ops/argument.h"
#include "../ops/pointwise_program.h"

namespace lanewise::wasm {

using Programs = std::vector<std::unique_ptr<const ops::PointwiseProgram>>;

class Words {
 public:
  Words(const double* at, const Programs& programs) : at_(at), programs_(programs) {}

  double next() { return *at_++; }
  // As integers do, modulo 2^32: the row offset of a mask is meant so, and for memory sizes like that there is none.
  std::size_t next_size() { return static_cast<std::size_t>(static_cast<std::uint64_t>(next())); }
  // Takes the next one only if it stands for null.
  bool next_is_null() {
    if (*at_ != -1) return false;
    ++at_;
    return true;
  }
  std::span<const double> next_numbers() {
    const std::size_t count = next_size();
    const std::span<const double> numbers(at_, count);
    at_ += count;
    return numbers;
  }
  const ops::PointwiseProgram& next_program() {
    const std::size_t number = next_size();
    if (number >= programs_.size() || programs_[number] == nullptr) throw std::invalid_argument("no such program");
    return *programs_[number];
  }

 private:
  const double* at_;
  const Programs& programs_;
};

struct Memory {
  void* data;
  std::size_t length;
  ops::DType dtype;
};

inline Memory next_memory(Words& words) {
  // The braces fix the order.
  return Memory{reinterpret_cast<void*>(words.next_size()), words.next_size(),
                words.next() == 0 ? ops::DType::kFloat32 : ops::DType::kInt32};
}

inline Memory next_memory_of(Words& words, ops::DType dtype) {
  const Memory memory = next_memory(words);
  if (memory.dtype != dtype)
    throw std::invalid_argument(dtype == ops::DType::kFloat32 ? "expected float32 memory, got int32"
                                                              : "expected int32 memory, got float32");
  return memory;
}

template <typename T>
inline constexpr ops::DType kDType = std::is_same_v<T, std::int32_t> ? ops::DType::kInt32 : ops::DType::kFloat32;

// What an argument is read to, which converts to what the op takes.
template <typename T>
struct Read;

template <typename T>
  requires std::same_as<T, double> || std::same_as<T, std::int32_t> || std::same_as<T, bool>
struct Read<T> {
  static T from(Words& words) { return static_cast<T>(words.next()); }
};

template <>
struct Read<std::size_t> {
  static std::size_t from(Words& words) { return words.next_size(); }
};

template <>
struct Read<std::span<const double>> {
  static std::span<const double> from(Words& words) { return words.next_numbers(); }
};

template <typename T>
struct Read<std::span<T>> {
  static std::span<T> from(Words& words) {
    const Memory memory = next_memory_of(words, kDType<std::remove_const_t<T>>);
    return {static_cast<T*>(memory.data), memory.length};
  }
};

template <>
struct Read<ops::KeepableWeight> {
  static ops::KeepableWeight from(Words& words) { return {Read<std::span<const float>>::from(words)}; }
};

template <typename T>
  requires std::same_as<T, ops::AnyConst> || std::same_as<T, ops::AnyMutable>
struct Read<T> {
  static T from(Words& words) {
    const Memory memory = next_memory(words);
    return {memory.data, memory.length, memory.dtype};
  }
};

template <typename T>
struct Read<std::optional<T>> {
  static std::optional<T> from(Words& words) {
    if (words.next_is_null()) return std::nullopt;
    return Read<T>::from(words);
  }
};

template <typename T>
struct ReadList {
  static ops::ShortList<std::span<T>> from(Words& words) {
    ops::ShortList<std::span<T>> result;
    for (std::size_t left = words.next_size(); left != 0; --left) result.push_back(Read<std::span<T>>::from(words));
    return result;
  }
};
template <>
struct Read<ops::FloatIns> : ReadList<const float> {};
template <>
struct Read<ops::FloatOuts> : ReadList<float> {};
template <>
struct Read<ops::IndexIns> : ReadList<const std::int32_t> {};

template <>
struct Read<ops::Scalars> {
  static ops::Scalars from(Words& words) { return {words.next_numbers()}; }
};

template <>
struct Read<ops::ProgramIn> {
  static ops::ProgramIn from(Words& words) { return words.next_program(); }
};

}  // namespace lanewise::wasm
