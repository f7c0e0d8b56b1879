// Decodes the Layout of strided ops: sizes, strides of the first operand, strides of the second.
#pragma once

#include <array>
#include <cstddef>

#include "argument.h"

namespace lanewise::ops {

inline constexpr std::size_t kMaxRank = 16;

struct Strided {
  std::size_t rank = 1;
  std::size_t count = 0;  // elements
  std::size_t rows = 0;   // count / last size: how often the last dimension is run through
  std::array<std::size_t, kMaxRank> size{};
  std::array<std::size_t, kMaxRank> first{};  // strides
  std::array<std::size_t, kMaxRank> second{};

  std::size_t last() const { return size[rank - 1]; }
  std::size_t first_step() const { return first[rank - 1]; }
  std::size_t second_step() const { return second[rank - 1]; }
};

// The number of dimensions of a layout of `columns` numbers for each, and one of its numbers. Throw
// std::invalid_argument for what is none.
std::size_t layout_rank(const char* op, Layout layout, std::size_t columns);
std::size_t layout_number(const char* op, double value);

// Throws std::invalid_argument for a layout that is none, std::overflow_error when its count does not fit.
Strided decode(const char* op, Layout layout);

// Elements that an operand must hold: one past the furthest that the strides reach from `offset`; 0 when there are
// none.
std::size_t reach(const Strided& shape, const std::array<std::size_t, kMaxRank>& strides, std::size_t offset);

// Walks over the rows of a layout, beginning at any of them.
class RowWalk {
 public:
  RowWalk(const Strided& shape, std::size_t row) : shape_(shape) {
    for (std::size_t d = shape.rank - 1; d-- > 0;) {
      index_[d] = row % shape.size[d];
      row /= shape.size[d];
      first_ += index_[d] * shape.first[d];
      second_ += index_[d] * shape.second[d];
    }
  }

  // Offsets of the row's first element in either operand.
  std::size_t first() const { return first_; }
  std::size_t second() const { return second_; }

  void next() {
    for (std::size_t d = shape_.rank - 1; d-- > 0;) {
      first_ += shape_.first[d];
      second_ += shape_.second[d];
      if (++index_[d] < shape_.size[d]) return;
      first_ -= shape_.first[d] * shape_.size[d];
      second_ -= shape_.second[d] * shape_.size[d];
      index_[d] = 0;
    }
  }

 private:
  const Strided& shape_;
  std::array<std::size_t, kMaxRank> index_{};
  std::size_t first_ = 0, second_ = 0;
};

}  // namespace lanewise::ops
