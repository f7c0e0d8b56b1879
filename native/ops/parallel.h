// Splitting work over threads: fixed shares that depend on the size and the number of threads only.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../core/aligned.h"
#include "../core/checked.h"
#include "context.h"

namespace lanewise::ops {

// Below this many elements a thread, waking it costs more than it saves.
inline constexpr std::size_t kElementGrain = 32768;

// How many parts `work` is worth when each is to have at least `grain` of it.
inline std::size_t parts_for(const Context& context, std::size_t work, std::size_t grain) {
  return std::clamp<std::size_t>(work / grain, 1, context.threads);
}

// Where part `part` of `parts` begins in [0, total): multiples of `unit`, shares that differ by at most one unit.
inline std::size_t part_begin(std::size_t part, std::size_t parts, std::size_t total, std::size_t unit) {
  const std::size_t units = (total + unit - 1) / unit;
  const std::size_t share = units / parts, longer = units % parts;
  return std::min(total, (part * share + std::min(part, longer)) * unit);
}

// body(part) for every part.
template <typename Body>
void run_parts(const Context& context, std::size_t parts, const Body& body) {
  if (parts == 1) {
    body(std::size_t{0});
  } else {
    context.pool.run(parts, body);
  }
}

// Part of a matrix.
struct Block {
  std::size_t row, rows, column, columns;
};

// What part `part` of `parts` has of a matrix [m, n]: columns or rows, in multiples of a unit.
inline Block block_of(std::size_t part, std::size_t parts, std::size_t m, std::size_t n, bool by_columns,
                      std::size_t row_unit, std::size_t column_unit) {
  const std::size_t total = by_columns ? n : m, unit = by_columns ? column_unit : row_unit;
  const std::size_t begin = part_begin(part, parts, total, unit), end = part_begin(part + 1, parts, total, unit);
  return by_columns ? Block{0, m, begin, end - begin} : Block{begin, end - begin, 0, n};
}

// Floats of scratch rounded up, so that what comes next begins on a cache line.
inline std::size_t padded(std::size_t floats) {
  return core::checked_round_up(floats, core::kCacheLine / sizeof(float));
}

// body(begin, end) over [0, total) in at most `parts` parts; their borders are multiples of `unit`.
template <typename Body>
void split(const Context& context, std::size_t parts, std::size_t total, std::size_t unit, const Body& body) {
  if (total == 0) return;
  if (parts <= 1) {
    body(std::size_t{0}, total);
    return;
  }
  context.pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = part_begin(part, parts, total, unit), end = part_begin(part + 1, parts, total, unit);
    if (begin < end) body(begin, end);
  });
}

// body(begin, end) over n elements, in parts that share no cache line of their outputs.
template <typename Body>
void split_elements(const Context& context, std::size_t n, const Body& body) {
  split(context, parts_for(context, n, kElementGrain), n, 16, body);
}

// body(begin, end) over `rows` rows of `width` elements.
template <typename Body>
void split_rows(const Context& context, std::size_t rows, std::size_t width, const Body& body) {
  const std::size_t grain = std::max<std::size_t>(1, kElementGrain / std::max<std::size_t>(1, width));
  split(context, parts_for(context, rows, grain), rows, 1, body);
}

}  // namespace lanewise::ops
