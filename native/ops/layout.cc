#include "layout.h"

#include "check.h"

namespace lanewise::ops {

std::size_t layout_number(const char* op, double value) {
  constexpr double kLargest = 9007199254740991.0;  // of JavaScript's safe integers
  if (!(value >= 0.0 && value <= kLargest) || value != static_cast<double>(static_cast<std::size_t>(value))) {
    refuse(op, "layout", "must hold non-negative safe integers, got " + std::to_string(value));
  }
  return static_cast<std::size_t>(value);
}

std::size_t layout_rank(const char* op, Layout layout, std::size_t columns) {
  const std::size_t rank = layout.size() / columns;
  if (layout.size() % columns != 0 || rank < 1 || rank > kMaxRank) {
    refuse(op, "layout",
           "must be " + std::to_string(columns) + " numbers for each of 1 to 16 dimensions, got " +
               std::to_string(layout.size()));
  }
  return rank;
}

Strided decode(const char* op, Layout layout) {
  const std::size_t rank = layout_rank(op, layout, 3);
  Strided shape;
  shape.rank = rank;
  for (std::size_t d = 0; d < rank; ++d) {
    shape.size[d] = layout_number(op, layout[d]);
    shape.first[d] = layout_number(op, layout[rank + d]);
    shape.second[d] = layout_number(op, layout[2 * rank + d]);
  }
  bool empty = false;
  for (std::size_t d = 0; d < rank; ++d) empty = empty || shape.size[d] == 0;
  if (empty) return shape;
  shape.rows = 1;
  for (std::size_t d = 0; d + 1 < rank; ++d) shape.rows = core::checked_mul(shape.rows, shape.size[d]);
  shape.count = core::checked_mul(shape.rows, shape.last());
  return shape;
}

std::size_t reach(const Strided& shape, const std::array<std::size_t, kMaxRank>& strides, std::size_t offset) {
  if (shape.count == 0) return 0;
  std::size_t furthest = offset;
  for (std::size_t d = 0; d < shape.rank; ++d) {
    furthest = core::checked_add(furthest, core::checked_mul(shape.size[d] - 1, strides[d]));
  }
  return core::checked_add(furthest, 1);
}

}  // namespace lanewise::ops
