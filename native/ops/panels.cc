#include "panels.h"

#include <algorithm>

namespace lanewise::ops {
namespace {

// Calls visit(element, at, count) for each run of elements of one row in [begin, end): the first one's number in the
// row-major weight and its place in the panels.
template <typename Visit>
void visit_rows(const Panels& layout, std::size_t begin, std::size_t end, const Visit& visit) {
  while (begin < end) {
    const std::size_t row = begin / layout.in, column = begin % layout.in;
    const std::size_t count = std::min(end - begin, layout.in - column);
    visit(begin, layout.at(row, column), count);
    begin += count;
  }
}

}  // namespace

void pack(const Panels& layout, const float* rows, std::size_t begin, std::size_t end, float* panels) {
  visit_rows(layout, begin, end, [&](std::size_t element, std::size_t at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) panels[at + i * layout.nr] = rows[element - begin + i];
  });
}

void unpack(const Panels& layout, const float* panels, std::size_t begin, std::size_t end, float* rows) {
  visit_rows(layout, begin, end, [&](std::size_t element, std::size_t at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) rows[element - begin + i] = panels[at + i * layout.nr];
  });
}

}  // namespace lanewise::ops
