#include "pointwise_shape.h"

#include <algorithm>

#include "check.h"
#include "layout.h"

namespace lanewise::ops {

void PointwiseShape::decode(const char* op, Layout layout, std::size_t inputs) {
  rank_ = layout_rank(op, layout, 1 + inputs);
  sizes_.resize(rank_);
  strides_.resize(inputs * rank_);
  count_ = 1;
  bool empty = false;
  for (std::size_t d = 0; d < rank_; ++d) {
    sizes_[d] = layout_number(op, layout[d]);
    empty = empty || sizes_[d] == 0;
  }
  for (std::size_t s = 0; s < strides_.size(); ++s) strides_[s] = layout_number(op, layout[rank_ + s]);
  for (std::size_t d = 0; d < rank_; ++d) count_ = empty ? 0 : core::checked_mul(count_, sizes_[d]);
  inputs_.assign(inputs, {Walk::kDense, 1, 0, 1});
  width_ = count_;
  if (count_ == 0) return;
  for (std::size_t i = 0; i < inputs; ++i) {
    std::size_t furthest = 0;
    for (std::size_t d = 0; d < rank_; ++d) {
      furthest = core::checked_add(furthest, core::checked_mul(sizes_[d] - 1, strides(i)[d]));
    }
    inputs_[i].reach = core::checked_add(furthest, 1);
  }
  collapse(inputs);
}

void PointwiseShape::decode(const char* op, std::size_t rows, std::size_t width, FloatIns inputs) {
  count_ = core::checked_mul(rows, width);
  width_ = count_;
  const auto is_dense = [&](std::size_t length) { return length == count_; };
  std::size_t runs = 1;
  for (const std::span<const float> input : inputs) {
    const std::size_t length = input.size();
    const bool known = is_dense(length) || length == width || length == 1;
    const bool some = !known && width != 0 && length % width == 0 && (runs == 1 || length == runs * width);
    if (some && length != 0 && rows % (length / width) == 0) runs = length / width;
  }
  rank_ = 3;
  sizes_ = {runs, rows / runs, width};
  strides_.resize(inputs.size() * rank_);
  inputs_.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t length = inputs[i].size();
    const bool dense = is_dense(length), row = length == width, run = length == runs * width;
    if (!dense && !row && !run && length != 1) {
      refuse(op, ("inputs[" + std::to_string(i) + "]").c_str(),
             "must have " + std::to_string(count_) + ", " + std::to_string(width) +
                 " or 1 elements, or as many rows as there are images, got " + std::to_string(length));
    }
    strides(i)[0] = dense ? sizes_[1] * width : row || !run ? 0 : width;
    strides(i)[1] = dense ? width : 0;
    strides(i)[2] = dense || row || run ? 1 : 0;
    inputs_[i] = {Walk::kDense, 1, length, dense ? 1 : row || !run ? std::max<std::size_t>(1, rows) : sizes_[1]};
  }
  if (count_ != 0) collapse(inputs.size());
}

// Dimensions of one element go, and neighbours become one where every input walks through them as through one.
void PointwiseShape::collapse(std::size_t inputs) {
  std::size_t last = rank_;  // the dimension that grows
  std::size_t kept = rank_;
  for (std::size_t d = rank_; d-- > 0;) {
    if (sizes_[d] == 1) continue;
    bool joins = last != rank_;
    for (std::size_t i = 0; joins && i < inputs; ++i) {
      joins = strides(i)[d] == core::checked_mul(strides(i)[last], sizes_[last]);
    }
    if (joins) {
      sizes_[last] *= sizes_[d];
      continue;
    }
    last = --kept;
    sizes_[last] = sizes_[d];
    for (std::size_t i = 0; i < inputs; ++i) strides(i)[last] = strides(i)[d];
  }
  if (kept == rank_) {  // one element
    kept = rank_ - 1;
    sizes_[kept] = 1;
    for (std::size_t i = 0; i < inputs; ++i) strides(i)[kept] = 1;
  }
  // What is kept stands at the end; it comes to the front.
  const std::size_t rank = rank_ - kept;
  std::copy(sizes_.begin() + static_cast<std::ptrdiff_t>(kept), sizes_.end(), sizes_.begin());
  for (std::size_t i = 0; i < inputs; ++i) {
    std::copy(strides(i) + kept, strides(i) + rank_, strides_.data() + i * rank);
  }
  rank_ = rank;
  outer_ = rank - 1;
  width_ = sizes_[outer_];
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::size_t* const own = strides(i);
    const auto all = [&](const auto& is) {
      for (std::size_t d = 0; d < outer_; ++d) {
        if (!is(own[d])) return false;
      }
      return true;
    };
    std::size_t expected = width_;
    bool dense = own[outer_] == 1;
    for (std::size_t d = outer_; d-- > 0; expected *= sizes_[d]) dense = dense && own[d] == expected;
    const bool repeated = all([](std::size_t stride) { return stride == 0; });
    inputs_[i].step = own[outer_];
    inputs_[i].walk = dense                          ? Walk::kDense
                      : repeated && own[outer_] == 0 ? Walk::kOne
                      : repeated && outer_ != 0      ? Walk::kPeriodic
                                                     : Walk::kStrided;
  }
}

std::size_t PointwiseShape::offset(std::size_t input, std::size_t row) const {
  std::size_t result = 0;
  for (std::size_t d = outer_; d-- > 0; row /= sizes_[d]) result += row % sizes_[d] * strides(input)[d];
  return result;
}

void PointwiseShape::gather(std::size_t input, const float* data, std::size_t first, std::size_t n, float* out) const {
  const std::size_t step = inputs_[input].step;
  const std::size_t* const own = strides(input);
  std::size_t row = first / width_, column = first % width_;
  std::size_t start = offset(input, row);
  while (n != 0) {
    const std::size_t count = std::min(n, width_ - column);
    const float* const from = data + start + column * step;
    if (step == 0) {
      std::fill_n(out, count, *from);
    } else if (step == 1) {
      std::copy_n(from, count, out);
    } else {
      for (std::size_t i = 0; i < count; ++i) out[i] = from[i * step];
    }
    out += count;
    n -= count;
    column = 0;
    ++row;
    // One row on in the dimension before the last, in most cases.
    if (outer_ != 0 && row % sizes_[outer_ - 1] != 0) {
      start += own[outer_ - 1];
    } else if (n != 0) {
      start = offset(input, row);
    }
  }
}

}  // namespace lanewise::ops
