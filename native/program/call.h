// What one run of a program is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace lanewise::program {

struct Call {
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
  std::vector<double> dynamic_scalars;
  // For each key source seedLow, seedHigh, counterLow, counterHigh. Each drawKey counts the counter up here.
  std::vector<std::uint32_t> keys;
};

// The op checkFinite met a value that is not finite.
class NotFinite : public std::runtime_error {
 public:
  explicit NotFinite(std::size_t where)
      : std::runtime_error("output " + std::to_string(where) + " is not finite"), layer(where) {}

  std::size_t layer;
};

}  // namespace lanewise::program
