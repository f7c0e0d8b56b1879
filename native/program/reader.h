// Reads the arguments of one instruction after another, and keeps what is to be checked about them together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph.h"

namespace lanewise::program {

// A value that an instruction names.
struct Use {
  std::size_t argument;
  std::size_t value;
  bool writes;
};

// Every method throws std::invalid_argument, naming the instruction and the argument, for what is not in order.
class Reader {
 public:
  Reader(const FlatGraph& graph, std::span<const ValueSpec> values) : graph_(graph), values_(values) {}

  bool done() const { return position_ == graph_.code.size(); }
  // The opcode of the next instruction. `names` are those of all ops.
  std::size_t begin(std::span<const char* const> names);

  // An argument each. kNoValue: null, where it may be. dtype: nullopt for either.
  std::size_t value(std::optional<ops::DType> dtype, bool writes, bool nullable);
  ops::DType dtype(std::size_t value) const { return values_[value].dtype; }
  std::vector<std::size_t> values(ops::DType dtype, bool writes);
  std::vector<double> numbers(const char* what);
  std::vector<double> layout();
  std::size_t size();
  std::int32_t integer();
  bool flag();
  std::size_t key_source();
  struct Scalar {
    bool is_dynamic;
    double value;       // when it is none
    std::size_t index;  // when it is one
  };
  Scalar scalar();
  std::vector<Scalar> scalars();

  // A hash of what has been read that is the same on all ranks of a job: values, ops and numbers that are baked in, but
  // no sizes, since ranks have other rows.
  std::uint64_t hash() const { return hash_; }
  // FNV-1a, by words.
  static std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) { return (hash ^ word) * 0x100000001b3u; }
  // Whether a collective has been read.
  bool has_collectives() const { return has_collectives_; }

  // About the instruction read last.
  const char* op() const { return op_; }
  const std::vector<Use>& uses() const { return uses_; }
  // The first number of each argument.
  const std::vector<double>& arguments() const { return arguments_; }
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  double next();
  double next_argument();
  std::size_t next_count(std::size_t numbers_each, const char* what);
  std::size_t use(double number, std::optional<ops::DType> dtype, bool writes);
  Scalar scalar(double tag);

  void mix(std::uint64_t word) { hash_ = mixed(hash_, word); }

  const FlatGraph& graph_;
  std::span<const ValueSpec> values_;
  std::size_t position_ = 0, instruction_ = 0;
  const char* op_ = "";
  std::vector<Use> uses_;
  std::vector<double> arguments_;
  std::uint64_t hash_ = 0xcbf29ce484222325u;
  bool has_collectives_ = false;
  std::size_t layout_columns_ = 0;  // numbers for each dimension
};

}  // namespace lanewise::program
