// The geometry of a convolution as Winograd's passes take it, and how ops share out their work.
#pragma once

#include <algorithm>
#include <cstddef>

#include "conv_geometry.h"
#include "winograd.h"

namespace lanewise::ops {

inline WinogradShape winograd_shape(const ConvGeometry& geometry) {
  const auto& [planes, rows, columns] = geometry.dims;
  return {geometry.channels, geometry.out_channels, rows.size, columns.size,
          rows.out,          columns.out,           rows.low,  columns.low};
}

// body(panel, first, last) for the lines [begin, end) of panels of `lines` lines each.
template <typename Body>
void each_panel(std::size_t begin, std::size_t end, std::size_t lines, const Body& body) {
  while (begin < end) {
    const std::size_t panel = begin / lines, next = std::min(end, (panel + 1) * lines);
    body(panel, begin - panel * lines, next - panel * lines);
    begin = next;
  }
}

}  // namespace lanewise::ops
