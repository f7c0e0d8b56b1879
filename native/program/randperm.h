// PyTorch's order of a shuffled dataset.
#pragma once

#include <cstdint>
#include <span>

namespace lanewise::program {

// Fills with torch.randperm(order.size()) of a generator seeded with `seed`, whose low 32 bits count: equal to
// `new Generator(seed).randperm(n)` of src/random. Allocates nothing.
void randperm(std::uint64_t seed, std::span<std::int32_t> order);

}  // namespace lanewise::program
