// The layers that convolutions are timed on: those of the networks that issue and design name.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lanewise::bench {

struct Layer {
  std::string name;
  std::size_t batch, channels, out_channels, groups, kernel, stride, padding, size;
  std::size_t dims = 2;
  // What the project set out to reach: percent of the FMA peak forward, for the input and for the weight; GB/s where
  // `bandwidth`. 0: nothing said.
  double forward = 0, input_gradient = 0, weight_gradient = 0;
  bool bandwidth = false;

  std::size_t out_size() const { return (size + 2 * padding - kernel) / stride + 1; }
  std::vector<double> geometry() const {
    std::vector<double> numbers;
    const auto add = [&](std::size_t number) { numbers.push_back(static_cast<double>(number)); };
    for (const std::size_t number : {batch, channels, out_channels, groups, dims}) add(number);
    for (std::size_t d = 0; d < dims; ++d) {
      for (const std::size_t number : {size, out_size(), kernel, stride, std::size_t{1}, padding, padding}) add(number);
    }
    return numbers;
  }
  // A 2x2 max pool behind it; none where sizes are odd.
  std::vector<double> windows() const {
    const std::size_t out = out_size();
    if (dims != 2 || groups != 1 || out % 2 != 0) return {};
    std::vector<double> numbers{static_cast<double>(batch), static_cast<double>(out_channels), 2};
    for (int d = 0; d < 2; ++d) {
      numbers.push_back(static_cast<double>(out));
      numbers.push_back(static_cast<double>(out / 2));
      for (std::size_t w = 0; w < out / 2; ++w) numbers.push_back(static_cast<double>(2 * w));
      for (std::size_t w = 0; w < out / 2; ++w) numbers.push_back(static_cast<double>(2 * w + 2));
      numbers.push_back(1);
      for (std::size_t w = 0; w < out / 2; ++w) numbers.push_back(1);
    }
    return numbers;
  }
  std::size_t pooled_size() const { return batch * out_channels * (out_size() / 2) * (out_size() / 2); }
};

inline std::vector<Layer> all_layers() {
  return {
      {"1-32 3x3 28", 32, 1, 32, 1, 3, 1, 1, 28, 2, 0, 0, 85},
      {"32-64 3x3 14", 32, 32, 64, 1, 3, 1, 1, 14, 2, 140, 140, 140},
      {"32-64 3x3 28", 32, 32, 64, 1, 3, 1, 1, 28, 2, 140, 140, 140},
      {"1-6 5x5 28", 32, 1, 6, 1, 5, 1, 2, 28},
      {"6-16 5x5 14", 32, 6, 16, 1, 5, 1, 0, 14, 2, 88},
      {"3-32 3x3 32", 32, 3, 32, 1, 3, 1, 1, 32, 2, 0, 0, 85},
      {"32-64 3x3 16", 32, 32, 64, 1, 3, 1, 1, 16, 2, 140, 140, 140},
      {"64-128 3x3 8", 32, 64, 128, 1, 3, 1, 1, 8, 2, 140, 140, 140},
      {"64-64 3x3 16", 32, 64, 64, 1, 3, 1, 1, 16, 2, 140, 140, 140},
      {"128-128 3x3 7", 32, 128, 128, 1, 3, 1, 1, 7, 2, 105, 105, 105},
      {"256-256 3x3 4", 32, 256, 256, 1, 3, 1, 1, 4},
      {"64-128 3x3 s2 16", 32, 64, 128, 1, 3, 2, 1, 16, 2, 84, 78},
      {"64-128 1x1 s2 16", 32, 64, 128, 1, 1, 2, 0, 16, 2, 84, 78},
      {"64-128 1x1 14", 32, 64, 128, 1, 1, 1, 0, 14, 2, 90, 90},
      {"128-256 1x1 7", 32, 128, 256, 1, 1, 1, 0, 7, 2, 90, 90},
      {"depthwise 32 28", 32, 32, 32, 32, 3, 1, 1, 28, 2, 45, 45, 45, true},
      {"depthwise 128 14", 32, 128, 128, 128, 3, 1, 1, 14, 2, 45, 45, 45, true},
      {"depthwise 64 s2 28", 32, 64, 64, 64, 3, 2, 1, 28, 2, 45, 45, 45, true},
      {"1-16 k7 256", 32, 1, 16, 1, 7, 1, 3, 256, 1},
      {"16-32 k5 128", 32, 16, 32, 1, 5, 1, 2, 128, 1},
      {"batch 1, 32-64 3x3 14", 1, 32, 64, 1, 3, 1, 1, 14},
      {"batch 1, 128-128 3x3 7", 1, 128, 128, 1, 3, 1, 1, 7},
      {"batch 128, 32-64 3x3 14", 128, 32, 64, 1, 3, 1, 1, 14},
  };
}

}  // namespace lanewise::bench
