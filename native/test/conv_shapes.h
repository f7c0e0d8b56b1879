// Geometries for the tests of convolutions: around tiles, panels, the width up to which taps outside of a row are
// skipped.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lanewise::test {

struct ConvShape {
  struct Dim {
    std::size_t size, kernel, stride = 1, dilation = 1, low = 0, high = 0;
    std::size_t fewer = 0;  // outputs less than fit
  };
  std::size_t batch, channels, out_channels, groups;
  std::vector<Dim> dims;

  std::vector<double> geometry() const {
    std::vector<double> numbers;
    const auto add = [&](std::size_t number) { numbers.push_back(static_cast<double>(number)); };
    for (const std::size_t number : {batch, channels, out_channels, groups, dims.size()}) add(number);
    for (const Dim& d : dims) {
      const std::size_t reach = d.dilation * (d.kernel - 1) + 1, padded = d.size + d.low + d.high;
      const std::size_t out = padded < reach ? 0 : (padded - reach) / d.stride + 1 - d.fewer;
      for (const std::size_t number : {d.size, out, d.kernel, d.stride, d.dilation, d.low, d.high}) add(number);
    }
    return numbers;
  }
  std::string text() const {
    std::string result;
    for (const double number : geometry()) result += std::to_string(static_cast<std::size_t>(number)) + ' ';
    return result;
  }
};

inline const std::vector<ConvShape> kConvShapes{
    {1, 1, 1, 1, {{1, 1}}},
    {2, 3, 5, 1, {{7, 3, 1, 1, 1, 1}, {9, 3, 1, 1, 1, 1}}},
    {3, 1, 17, 1, {{33, 7, 1, 1, 3, 3}}},
    {2, 5, 4, 1, {{23, 4, 3, 1, 2, 1}}},
    {1, 2, 3, 1, {{19, 3, 1, 4, 5, 5}}},
    {0, 2, 3, 1, {{4, 3}, {4, 3}}},
    {5, 16, 33, 1, {{4, 3, 1, 1, 1, 1}, {4, 3, 1, 1, 1, 1}}},
    {9, 17, 31, 1, {{7, 3, 1, 1, 1, 1}, {7, 3, 1, 1, 1, 1}}},
    {2, 32, 40, 1, {{14, 3, 1, 1, 1, 1}, {14, 3, 1, 1, 1, 1}}},
    {3, 40, 33, 1, {{9, 3, 1, 1, 0, 2}, {7, 3, 1, 1, 2, 1}}},
    {2, 32, 65, 1, {{6, 3, 1, 1, 1, 1, 1}, {11, 3, 1, 1, 1, 1}}},
    {1, 33, 32, 1, {{33, 3}, {4, 3, 1, 1, 1, 1}}},
    {2, 1, 6, 1, {{12, 5, 1, 1, 2, 2}, {28, 5, 1, 1, 2, 2}}},
    {2, 6, 16, 1, {{9, 5}, {14, 5}}},
    {2, 33, 48, 1, {{5, 1}, {7, 1}}},
    {3, 8, 9, 1, {{9, 1, 2}, {8, 1, 2}}},
    {2, 7, 20, 1, {{16, 3, 2, 1, 1, 1}, {13, 3, 2, 1, 1, 1}}},
    {2, 4, 6, 1, {{12, 4, 3, 1, 3, 0}, {10, 2, 4, 1, 0, 2}}},
    {1, 3, 4, 1, {{15, 3, 2, 3, 4, 4}, {14, 4, 3, 2, 1, 5}}},
    {2, 36, 72, 4, {{5, 3, 1, 1, 1, 1}, {9, 2}}},
    {2, 35, 35, 35, {{9, 3, 1, 1, 1, 1}, {12, 3, 1, 1, 1, 1}}},
    {1, 5, 15, 5, {{7, 3, 2, 1, 1, 1}, {8, 3, 2, 1, 1, 1}}},
    {2, 16, 16, 16, {{13, 5, 2, 1, 2, 2}, {4, 3, 1, 2, 2, 2}}},
    {1, 3, 4, 1, {{3, 3, 1, 1, 4, 4}, {2, 2, 1, 1, 7, 3}}},
    {2, 3, 5, 1, {{4, 2, 1, 1, 1, 1}, {5, 3, 1, 1, 1, 1}, {6, 3, 2, 1, 1, 1}}},
    {2, 3, 4, 1, {{9, 3, 3, 1, 1, 1}, {11, 3, 3, 1, 1, 1, 1}}},
    {1, 2, 3, 1, {{2, 3}, {5, 3}}},
};

}  // namespace lanewise::test
