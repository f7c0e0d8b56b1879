#include "reduce_int.h"

#include <limits>

#include "check.h"

namespace lanewise::ops {
namespace {

using Int = std::int32_t;

// x[o, :, i] of [outer, size, inner].
struct Line {
  const Int* first;
  std::size_t size;
  std::size_t step;

  Int at(std::size_t position) const { return first[position * step]; }
  std::int64_t sum() const {
    std::int64_t total = 0;
    for (std::size_t s = 0; s < size; ++s) total += at(s);
    return total;
  }
};

template <typename Body>
void for_each_line(IndexIn x, std::size_t outer, std::size_t size, std::size_t inner, const Body& body) {
  if (inner == 0) return;  // outer may be huge
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < inner; ++i) body(o * inner + i, Line{x.data() + o * size * inner + i, size, inner});
  }
}

}  // namespace

void sum_int(IndexIn x, IndexOut out, std::size_t outer, std::size_t size, std::size_t inner) {
  for_each_line(x, outer, size, inner, [&](std::size_t, const Line& line) {
    const std::int64_t total = line.sum();
    if (total < std::numeric_limits<Int>::min() || total > std::numeric_limits<Int>::max()) {
      refuse("sum", "out", "cannot hold the sum " + std::to_string(total) + "; convert x with to('float64') before");
    }
  });
  for_each_line(x, outer, size, inner,
                [&](std::size_t at, const Line& line) { out[at] = static_cast<Int>(line.sum()); });
}

void extreme_int(IndexIn x, IndexOut out, IndexOut index, std::size_t outer, std::size_t size, std::size_t inner,
                 bool largest) {
  for_each_line(x, outer, size, inner, [&](std::size_t at, const Line& line) {
    std::size_t best = 0;
    for (std::size_t s = 1; s < size; ++s) {
      if (largest ? line.at(s) > line.at(best) : line.at(s) < line.at(best)) best = s;
    }
    out[at] = line.at(best);
    index[at] = static_cast<Int>(best);
  });
}

}  // namespace lanewise::ops
