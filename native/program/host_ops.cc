#include "host_ops.h"

#include <cstring>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>

#include "../ops/check.h"
#include "../ops/ctc_samples.h"
#include "call.h"

namespace lanewise::program {
namespace {

// Neither infinite nor NaN. By the bits: one pass of integer arithmetic that the compiler turns into vectors.
bool all_finite(ops::FloatIn x) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  bool finite = true;
  for (const float& value : x) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    finite &= (bits & kExponent) != kExponent;
  }
  return finite;
}

constexpr const char* kRangeLaws[] = {
#define LAW(sentence) sentence,
#include "range_laws.inc"
#undef LAW
};

// Negated comparisons, so that NaN lies in no range.
template <typename T>
bool all_within(std::span<const T> x, double low, double high) {
  bool holds = true;
  for (const T value : x) holds &= static_cast<bool>((value >= low) & (value <= high));
  return holds;
}

}  // namespace

void drawKey(const ops::Context&, KeySource source, ops::IndexOut key) {
  ops::check_length("drawKey", "key", key.size(), 2);
  const MaskKey drawn = next_key(source.words);
  key[0] = static_cast<std::int32_t>(drawn[0]);
  key[1] = static_cast<std::int32_t>(drawn[1]);
}

void checkIndex(const ops::Context&, ops::IndexIn index, std::size_t bound, std::size_t dim) {
  for (const std::int32_t i : index) {
    if (i < 0 || static_cast<std::size_t>(i) >= bound) {
      throw std::invalid_argument("index " + std::to_string(i) + " is out of bounds for dimension " +
                                  std::to_string(dim) + " with size " + std::to_string(bound));
    }
  }
}

void checkTarget(const ops::Context&, ops::IndexIn target, std::size_t classes, std::int32_t ignoreIndex) {
  for (std::size_t row = 0; row < target.size(); ++row) {
    const std::int32_t t = target[row];
    if ((t < 0 || static_cast<std::size_t>(t) >= classes) && t != ignoreIndex) {
      throw std::invalid_argument("Target " + std::to_string(t) + " is out of bounds. It is the label of row " +
                                  std::to_string(row) + "; there are " + std::to_string(classes) + " classes");
    }
  }
}

void checkRange(const ops::Context&, ops::AnyConst x, std::size_t n, double low, double high, std::int32_t law) {
  ops::check_length("checkRange", "x", x.size, n);
  if (law < 0 || static_cast<std::size_t>(law) >= std::size(kRangeLaws)) {
    throw std::invalid_argument("checkRange: there is no law " + std::to_string(law));
  }
  const bool holds = x.dtype == ops::DType::kInt32 ? all_within(x.ints().first(n), low, high)
                                                   : all_within(x.floats().first(n), low, high);
  if (!holds) throw std::invalid_argument(kRangeLaws[law]);
}

void checkCtc(const ops::Context&, ops::IndexIn targets, ops::IndexIn inputLengths, ops::IndexIn targetLengths,
              std::size_t steps, std::size_t rows, std::size_t classes, std::size_t labels, bool padded) {
  ops::check_ctc_samples("checkCtc", {targets, inputLengths, targetLengths, steps, rows, classes, labels, padded});
}

void checkFinite(const ops::Context&, ops::FloatIn x, std::size_t n, std::size_t layer) {
  ops::check_length("checkFinite", "x", x.size(), n);
  if (!all_finite(x.first(n))) throw NotFinite(layer);
}

}  // namespace lanewise::program
