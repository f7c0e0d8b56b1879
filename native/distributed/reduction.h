// The arithmetic of a reduction over ranks: which it is, of which numbers, and the one order it is done in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lanewise::distributed {

enum class DType : std::uint8_t { kFloat32, kInt32, kFloat64, kByte, kBfloat16 };
enum class ReduceOp : std::uint8_t { kSum, kProduct, kMin, kMax };

constexpr std::size_t element_bytes(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return 8;
    case DType::kByte:
      return 1;
    case DType::kBfloat16:
      return 2;
    default:
      return 4;
  }
}

struct Reduction {
  DType dtype = DType::kFloat32;
  ReduceOp op = ReduceOp::kSum;
  // What the result is divided by at the end; of floating-point numbers only. 1 changes nothing.
  double divisor = 1;
};

// Reduces leaves of `count` numbers each to the first, by the tree that pairs neighbours: ((0 1) (2 3)) ((4 5) 6). It
// depends on nothing but the number of leaves, and 2^k neighbours that begin at a multiple of 2^k are a tree by
// themselves, so a rank that has those may reduce them beforehand. The other leaves are overwritten. Nothing is
// divided. int32 wraps; of min and max a NaN is the result. Of bfloat16 the steps are float32's, and the result is
// rounded once, to the nearest, ties to even.
void reduce_leaves(const Reduction& reduction, std::span<void* const> leaves, std::size_t count);

// The same, then divided by the divisor of the reduction, to `out`: one of the leaves or other memory. All leaves may
// be overwritten.
void reduce_to(const Reduction& reduction, std::span<void* const> leaves, std::size_t count, void* out);

}  // namespace lanewise::distributed
