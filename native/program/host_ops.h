// Bookkeeping ops: on the host in eager mode, here in a program. Names, order and messages are src/ops/host.ts's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../ops/context.h"
#include "../ops/ops.h"
#include "collective_ops.h"
#include "mask_key.h"

namespace lanewise::program {

// The role keySource.
struct KeySource {
  KeySourceWords words;
};

void drawKey(const ops::Context&, KeySource source, ops::IndexOut key);
// Both throw std::invalid_argument for the first one out of range.
void checkIndex(const ops::Context&, ops::IndexIn index, std::size_t bound, std::size_t dim);
void checkTarget(const ops::Context&, ops::IndexIn target, std::size_t classes, std::int32_t ignoreIndex);
// Throws std::invalid_argument with the sentence of range_laws.inc unless low <= x[i] <= high for i < n.
void checkRange(const ops::Context&, ops::AnyConst x, std::size_t n, double low, double high, std::int32_t law);
// Throws std::invalid_argument for lengths and labels that do not fit (ops/ctc_samples.h).
void checkCtc(const ops::Context&, ops::IndexIn targets, ops::IndexIn inputLengths, ops::IndexIn targetLengths,
              std::size_t steps, std::size_t rows, std::size_t classes, std::size_t labels, bool padded);
// Throws NotFinite.
void checkFinite(const ops::Context&, ops::FloatIn x, std::size_t n, std::size_t layer);

}  // namespace lanewise::program
