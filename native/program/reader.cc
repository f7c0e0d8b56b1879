#include "reader.h"

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "../ops/layout.h"
#include "number.h"

namespace lanewise::program {

void Reader::refuse(const std::string& what) const {
  std::string location = "program: instruction " + std::to_string(instruction_ - 1) + " (" + op_ + ")";
  if (!arguments_.empty()) location += ", argument " + std::to_string(arguments_.size() - 1);
  throw std::invalid_argument(location + ": " + what);
}

double Reader::next() {
  if (done()) refuse("the graph ends here");
  return graph_.code[position_++];
}

double Reader::next_argument() {
  const double value = next();
  arguments_.push_back(value);
  return value;
}

std::size_t Reader::begin(std::span<const char* const> names) {
  ++instruction_;
  op_ = "?";
  layout_columns_ = 3;  // sizes and the strides of two operands, unless the op takes a list of them
  uses_.clear();
  arguments_.clear();
  const auto opcode = to_size(next());
  if (!opcode || *opcode >= names.size()) refuse("no such op");
  op_ = names[*opcode];
  mix(*opcode);
  has_collectives_ = has_collectives_ || std::string_view(op_).starts_with("allReduce");
  return *opcode;
}

std::size_t Reader::value(std::optional<ops::DType> dtype, bool writes, bool nullable) {
  const double number = next_argument();
  if (number == -1 && nullable) return kNoValue;
  return use(number, dtype, writes);
}

std::size_t Reader::use(double number, std::optional<ops::DType> dtype, bool writes) {
  const auto id = to_size(number);
  if (!id || *id >= values_.size()) refuse("no such value");
  const ValueSpec& spec = values_[*id];
  if (dtype && spec.dtype != *dtype) refuse("value of another dtype");
  if (writes && spec.kind == ValueKind::kInput) refuse("inputs are only read");
  mix(*id);
  mix(spec.length);
  uses_.push_back({arguments_.size() - 1, *id, writes});
  return *id;
}

// A list: how many items, for each of which the graph has at least numbers_each more numbers.
std::size_t Reader::next_count(std::size_t numbers_each, const char* what) {
  const auto count = to_size(next_argument());
  if (!count || *count > (graph_.code.size() - position_) / numbers_each) {
    refuse(std::string("the graph ends within ") + what);
  }
  return *count;
}

std::vector<std::size_t> Reader::values(ops::DType dtype, bool writes) {
  std::vector<std::size_t> result(next_count(1, "a list"));
  for (std::size_t& value : result) value = use(next(), dtype, writes);
  if (!writes && dtype == ops::DType::kFloat32) layout_columns_ = 1 + result.size();
  return result;
}

std::vector<double> Reader::numbers(const char* what) {
  const std::size_t count = next_count(1, what);
  const std::span<const double> numbers = graph_.code.subspan(position_, count);
  position_ += count;
  return {numbers.begin(), numbers.end()};
}

std::vector<double> Reader::layout() {
  std::vector<double> result = numbers("a layout");
  ops::layout_rank(op_, result, layout_columns_);
  for (const double number : result) ops::layout_number(op_, number);
  return result;
}

std::size_t Reader::size() {
  if (const auto value = to_size(next_argument())) return *value;
  refuse("expected a non-negative safe integer");
}

std::int32_t Reader::integer() {
  using Limits = std::numeric_limits<std::int32_t>;
  const double value = next_argument();
  if (!(value >= Limits::min() && value <= Limits::max() && std::trunc(value) == value)) {
    refuse("expected a 32-bit integer");
  }
  return static_cast<std::int32_t>(value);
}

bool Reader::flag() {
  const double value = next_argument();
  if (value != 0 && value != 1) refuse("expected a flag");
  return value == 1;
}

std::size_t Reader::key_source() {
  const auto index = to_size(next_argument());
  if (!index || *index >= graph_.key_sources) refuse("no such key source");
  return *index;
}

Reader::Scalar Reader::scalar() { return scalar(next_argument()); }

std::vector<Reader::Scalar> Reader::scalars() {
  std::vector<Scalar> result(next_count(2, "a list"));
  for (Scalar& item : result) item = scalar(next());
  return result;
}

Reader::Scalar Reader::scalar(double tag) {
  if (tag == 0) {
    const double value = next();
    mix(std::bit_cast<std::uint64_t>(value));
    return {false, value, 0};
  }
  const auto index = to_size(next());
  if (tag != 1 || !index || *index >= graph_.dynamic_scalars) refuse("no such dynamic scalar");
  return {true, 0, *index};
}

}  // namespace lanewise::program
