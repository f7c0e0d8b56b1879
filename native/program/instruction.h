// An instruction: an op with its arguments decoded. The C++ signature of the op says how each argument is read from a
// graph and what it is when it runs, as native/binding/arguments.h does for JavaScript values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../ops/argument.h"
#include "../ops/context.h"
#include "../ops/pointwise_program.h"
#include "call.h"
#include "host_ops.h"
#include "reader.h"

namespace lanewise::program {

// Where a value lies during a run.
struct Bound {
  void* data;
  std::size_t length;     // elements, with the padding of panels
  std::uint64_t version;  // of state that no instruction of the program writes; of all else 0
};

struct Bindings {
  std::span<const Bound> values;
  Call& call;
};

class Instruction {
 public:
  Instruction() = default;
  Instruction(const Instruction&) = delete;
  Instruction& operator=(const Instruction&) = delete;
  virtual ~Instruction() = default;
  virtual void run(const ops::Context& context, const Bindings& bindings) const = 0;
};

// A parameter of an op. Its kind is named as the roles of src/ops/ops.ts that cross as its C++ type.
struct Parameter {
  const char* kind;
  bool optional = false;
  ops::Mark mark = ops::Mark::kNone;
};

// What an instruction keeps of an argument of type T: `decode` reads it, `resolve` gives what the op takes.
template <typename T>
struct Field;

template <typename T>
inline constexpr ops::DType kDType = ops::DType::kFloat32;
template <>
inline constexpr ops::DType kDType<std::int32_t> = ops::DType::kInt32;

template <typename T>
struct Field<std::span<T>> {
  static constexpr bool kIsFloat = std::is_same_v<std::remove_const_t<T>, float>, kIsRead = std::is_const_v<T>;
  static constexpr Parameter kParameter{kIsFloat ? (kIsRead ? "in" : "out") : (kIsRead ? "index" : "indexOut")};
  std::size_t value;
  static Field decode(Reader& reader, bool nullable = false) {
    return {reader.value(kDType<std::remove_const_t<T>>, !std::is_const_v<T>, nullable)};
  }
  std::span<T> resolve(const Bindings& bindings) const {
    const Bound& bound = bindings.values[value];
    return {static_cast<T*>(bound.data), bound.length};
  }
};

template <typename T>
struct Field<std::optional<std::span<T>>> {
  static constexpr Parameter kParameter{Field<std::span<T>>::kParameter.kind, true};
  Field<std::span<T>> given;
  static Field decode(Reader& reader) { return {Field<std::span<T>>::decode(reader, true)}; }
  std::optional<std::span<T>> resolve(const Bindings& bindings) const {
    if (given.value == kNoValue) return std::nullopt;
    return given.resolve(bindings);
  }
};

// What is made of state that the program only reads is kept from run to run.
template <>
struct Field<ops::KeepableWeight> {
  static constexpr Parameter kParameter{"in"};
  Field<std::span<const float>> given;
  std::unique_ptr<ops::KeptWeight> kept;
  static Field decode(Reader& reader) {
    return {Field<std::span<const float>>::decode(reader), std::make_unique<ops::KeptWeight>()};
  }
  ops::KeepableWeight resolve(const Bindings& bindings) const {
    const std::uint64_t version = bindings.values[given.value].version;
    if (version == 0) return {given.resolve(bindings)};
    kept->expect(version);
    return {given.resolve(bindings), kept.get()};
  }
};

template <typename T>
  requires std::is_same_v<T, ops::AnyConst> || std::is_same_v<T, ops::AnyMutable>
struct Field<T> {
  static constexpr Parameter kParameter{std::is_same_v<T, ops::AnyMutable> ? "anyOut" : "any"};
  std::size_t value;
  ops::DType dtype;
  static Field decode(Reader& reader) {
    const std::size_t id = reader.value(std::nullopt, std::is_same_v<T, ops::AnyMutable>, false);
    return {id, reader.dtype(id)};
  }
  T resolve(const Bindings& bindings) const {
    const Bound& bound = bindings.values[value];
    return {bound.data, bound.length, dtype};
  }
};

template <>
struct Field<ops::Layout> {
  static constexpr Parameter kParameter{"layout"};
  std::vector<double> numbers;
  static Field decode(Reader& reader) { return {reader.layout()}; }
  ops::Layout resolve(const Bindings&) const { return numbers; }
};

template <>
struct Field<std::size_t> {
  static constexpr Parameter kParameter{"size"};
  std::size_t value;
  static Field decode(Reader& reader) { return {reader.size()}; }
  std::size_t resolve(const Bindings&) const { return value; }
};

template <>
struct Field<std::int32_t> {
  static constexpr Parameter kParameter{"int"};
  std::int32_t value;
  static Field decode(Reader& reader) { return {reader.integer()}; }
  std::int32_t resolve(const Bindings&) const { return value; }
};

template <>
struct Field<bool> {
  static constexpr Parameter kParameter{"flag"};
  bool value;
  static Field decode(Reader& reader) { return {reader.flag()}; }
  bool resolve(const Bindings&) const { return value; }
};

// A number, or a dynamic scalar.
template <>
struct Field<double> {
  static constexpr Parameter kParameter{"scalar"};
  Reader::Scalar scalar;
  static Field decode(Reader& reader) { return {reader.scalar()}; }
  double resolve(const Bindings& bindings) const {
    return scalar.is_dynamic ? bindings.call.dynamic_scalars[scalar.index] : scalar.value;
  }
};

// A list of values.
template <typename T>
struct ValuesField {
  std::vector<std::size_t> values;
  static ValuesField decode(Reader& reader) {
    return {reader.values(kDType<std::remove_const_t<T>>, !std::is_const_v<T>)};
  }
  ops::ShortList<std::span<T>> resolve(const Bindings& bindings) const {
    ops::ShortList<std::span<T>> result;
    for (const std::size_t value : values) result.push_back(Field<std::span<T>>{value}.resolve(bindings));
    return result;
  }
};

template <>
struct Field<ops::FloatIns> : ValuesField<const float> {
  static constexpr Parameter kParameter{"ins"};
  static Field decode(Reader& reader) { return {ValuesField::decode(reader)}; }
};
template <>
struct Field<ops::FloatOuts> : ValuesField<float> {
  static constexpr Parameter kParameter{"outs"};
  static Field decode(Reader& reader) { return {ValuesField::decode(reader)}; }
};
template <>
struct Field<ops::IndexIns> : ValuesField<const std::int32_t> {
  static constexpr Parameter kParameter{"indexes"};
  static Field decode(Reader& reader) { return {ValuesField::decode(reader)}; }
};

template <>
struct Field<ops::Scalars> {
  static constexpr Parameter kParameter{"scalars"};
  std::vector<Reader::Scalar> scalars;
  static Field decode(Reader& reader) { return {reader.scalars()}; }
  // Converts to what the op takes.
  struct Values {
    ops::ShortList<double> list;
    operator ops::Scalars() const { return {list}; }  // NOLINT(google-explicit-constructor)
  };
  Values resolve(const Bindings& bindings) const {
    Values result;
    for (const Reader::Scalar& scalar : scalars) result.list.push_back(Field<double>{scalar}.resolve(bindings));
    return result;
  }
};

template <>
struct Field<ops::ProgramIn> {
  static constexpr Parameter kParameter{"program"};
  std::unique_ptr<const ops::PointwiseProgram> program;
  static Field decode(Reader& reader) {
    return {std::make_unique<const ops::PointwiseProgram>(reader.numbers("a pointwise program"))};
  }
  ops::ProgramIn resolve(const Bindings&) const { return *program; }
};

// null: no numbers.
template <>
struct Field<std::optional<ops::ProgramIn>> {
  static constexpr Parameter kParameter{"program", true};
  std::unique_ptr<const ops::PointwiseProgram> program;
  static Field decode(Reader& reader) {
    const std::vector<double> numbers = reader.numbers("a pointwise program");
    return {numbers.empty() ? nullptr : std::make_unique<const ops::PointwiseProgram>(numbers)};
  }
  std::optional<ops::ProgramIn> resolve(const Bindings&) const {
    return program == nullptr ? std::nullopt : std::optional<ops::ProgramIn>(*program);
  }
};

template <>
struct Field<KeySource> {
  static constexpr Parameter kParameter{"keySource"};
  std::size_t index;
  static Field decode(Reader& reader) { return {reader.key_source()}; }
  KeySource resolve(const Bindings& bindings) const {
    return {KeySourceWords(bindings.call.keys.data() + index * kKeySourceWords, kKeySourceWords)};
  }
};

template <auto op>
class OpInstruction;

template <typename... Args, void (*op)(const ops::Context&, Args...)>
class OpInstruction<op> final : public Instruction {
 public:
  // The braces fix the order.
  explicit OpInstruction(Reader& reader) : fields_{decode<Args>(reader)...} {}

  void run(const ops::Context& context, const Bindings& bindings) const override {
    std::apply([&](const Field<ops::Plain<Args>>&... fields) { op(context, fields.resolve(bindings)...); }, fields_);
  }

 private:
  template <typename Arg>
  static Field<ops::Plain<Arg>> decode(Reader& reader) {
    if constexpr (ops::Marked<Arg>::kMark == ops::Mark::kNumbers) {
      return {reader.numbers("a list of numbers")};
    } else {
      return Field<ops::Plain<Arg>>::decode(reader);
    }
  }
  std::tuple<Field<ops::Plain<Args>>...> fields_;
};

template <auto op>
std::unique_ptr<const Instruction> make_instruction(Reader& reader) {
  return std::make_unique<const OpInstruction<op>>(reader);
}

template <typename... Args>
constexpr std::array<Parameter, sizeof...(Args)> parameters_of(void (*)(const ops::Context&, Args...)) {
  const auto marked = [](Parameter parameter, ops::Mark mark) {
    parameter.mark = mark;
    return parameter;
  };
  return {marked(Field<ops::Plain<Args>>::kParameter, ops::Marked<Args>::kMark)...};
}

}  // namespace lanewise::program
