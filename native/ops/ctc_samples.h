// The samples of connectionist temporal classification: what op checkCtc refuses, and where the labels of each stand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "check.h"
#include "ops.h"

namespace lanewise::ops {

struct CtcSamples {
  IndexIn targets, input_lengths, target_lengths;
  std::size_t steps, rows, classes, labels;
  bool padded;

  // How many labels a sample has room for, when padded.
  std::size_t room() const { return rows == 0 ? 0 : labels / rows; }

  // visit(n, labels of sample n) for all samples, in order.
  template <typename Visit>
  void each(const Visit& visit) const {
    std::size_t next = 0;
    for (std::size_t n = 0; n < rows; ++n) {
      const auto length = static_cast<std::size_t>(target_lengths[n]);
      visit(n, targets.subspan(padded ? n * room() : next, length));
      next += length;
    }
  }
};

inline void check_ctc_lengths(const char* name, IndexIn lengths, std::size_t rows, std::size_t most) {
  for (const std::int32_t length : lengths.first(rows)) {
    const bool negative = length < 0;
    if (!negative && static_cast<std::size_t>(length) <= most) continue;
    throw std::invalid_argument(std::string("Expected ") + name + " to have value at " +
                                (negative ? "least 0" : "most " + std::to_string(most)) + ", but got value " +
                                std::to_string(length));
  }
}

// The sentences are those of src/ops/ctc-samples.ts.
inline void check_ctc_samples(const char* op, const CtcSamples& s) {
  check_length(op, "targets", s.targets.size(), s.labels);
  check_length(op, "inputLengths", s.input_lengths.size(), s.rows);
  check_length(op, "targetLengths", s.target_lengths.size(), s.rows);
  check_ctc_lengths("input_lengths", s.input_lengths, s.rows, s.steps);
  check_ctc_lengths("target_lengths", s.target_lengths, s.rows, SIZE_MAX);
  std::size_t longest = 0, sum = 0;
  for (const std::int32_t length : s.target_lengths.first(s.rows)) {
    longest = std::max(longest, static_cast<std::size_t>(length));
    sum = core::checked_add(sum, static_cast<std::size_t>(length));
  }
  const auto expected = [](const std::string& size, std::size_t dimension, std::size_t got) {
    throw std::invalid_argument("Expected tensor to have size " + size + " at dimension " + std::to_string(dimension) +
                                ", but got size " + std::to_string(got) + " for argument #2 'targets'");
  };
  if (s.padded && longest > s.room()) expected("at least " + std::to_string(longest), 1, s.room());
  if (!s.padded && sum != s.labels) expected(std::to_string(sum), 0, s.labels);
  s.each([&](std::size_t n, IndexIn labels) {
    for (const std::int32_t label : labels) {
      if (label >= 0 && static_cast<std::size_t>(label) < s.classes) continue;
      throw std::invalid_argument("label " + std::to_string(label) + " of sample " + std::to_string(n) +
                                  " is out of range: there are " + std::to_string(s.classes) + " classes");
    }
  });
}

}  // namespace lanewise::ops
