// What elements a pointwise program goes over, and how each input is walked through: a layout with as few dimensions as
// its strides allow.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "argument.h"

namespace lanewise::ops {

// How an input lies over the elements, counted row after row.
enum class Walk {
  kDense,     // element i at i
  kOne,       // one element for all
  kPeriodic,  // every row reads the same elements, `step` apart
  kStrided    // rows of elements `step` apart, wherever they begin
};

class PointwiseShape {
 public:
  // Sizes, then the strides of each input. Throws as ops::decode does.
  void decode(const char* op, Layout layout, std::size_t inputs);
  // Rows of `width` elements, each input dense, one row for all, one row for each image, or one element: by the lengths
  // of the arrays. An image is a run of rows; an input with k rows says that there are k of equal length, the same for
  // all inputs. Throws std::invalid_argument for another length.
  void decode(const char* op, std::size_t rows, std::size_t width, FloatIns inputs);

  std::size_t count() const { return count_; }
  // Elements of the last dimension; `count` where all inputs are dense or one element.
  std::size_t width() const { return width_; }
  Walk walk(std::size_t input) const { return inputs_[input].walk; }
  std::size_t step(std::size_t input) const { return inputs_[input].step; }
  // Elements that an input must hold.
  std::size_t reach(std::size_t input) const { return inputs_[input].reach; }

  // Of what was decoded as rows, how many that follow one another read the same row of an input: 1 where it is dense,
  // all of them where one row serves all.
  std::size_t shared_rows(std::size_t input) const { return inputs_[input].shared_rows; }

  // n elements of an input from number `first` on, one behind the other.
  void gather(std::size_t input, const float* data, std::size_t first, std::size_t n, float* out) const;
  // Where the first element of a row is.
  std::size_t offset(std::size_t input, std::size_t row) const;

 private:
  struct Input {
    Walk walk;
    std::size_t step;
    std::size_t reach;
    std::size_t shared_rows;
  };
  void collapse(std::size_t inputs);
  std::size_t* strides(std::size_t input) { return strides_.data() + input * rank_; }
  const std::size_t* strides(std::size_t input) const { return strides_.data() + input * rank_; }

  std::size_t count_ = 0, width_ = 0;
  std::size_t rank_ = 0, outer_ = 0;  // as given; and of the dimensions before the last, once collapsed
  std::vector<std::size_t> sizes_;    // [rank]
  std::vector<std::size_t> strides_;  // [inputs, rank]
  std::vector<Input> inputs_;
};

}  // namespace lanewise::ops
