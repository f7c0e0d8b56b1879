// The matrix products that are timed, and the memory that every contender gets for one.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "../core/aligned.h"

namespace lanewise::bench {

// What a product is in a training step; cubes stand for products by themselves.
enum class Role { kForward, kInputGradient, kWeightGradient, kCube };

// C [m, n] = op(A)·op(B), rows dense. `trans_a`: A lies as [k, m]; `trans_b`: B lies as [n, k].
struct Shape {
  Role role;
  std::size_t m, n, k;
  bool trans_a, trans_b;
  std::size_t batch;  // of the network's step that it belongs to; 0 for others

  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  // Such as "forward 128x256x784 nt".
  std::string name() const {
    const char* const roles[] = {"forward", "input gradient", "weight gradient", "cube"};
    return std::string(roles[static_cast<int>(role)]) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" +
           std::to_string(k) + " " + (trans_a ? "t" : "n") + (trans_b ? "t" : "n");
  }
};

// y = x·Wᵀ, dx = dy·W, dW = dyᵀ·x of every layer of 784-256-128-10 but for the input gradient of the first; the first
// layer at the row counts between; cubes in three forms.
inline std::vector<Shape> all_shapes() {
  constexpr std::size_t kSizes[] = {784, 256, 128, 10};
  std::vector<Shape> shapes;
  for (const std::size_t batch : {32, 128, 1024}) {
    for (int layer = 0; layer < 3; ++layer) {
      const std::size_t in = kSizes[layer], out = kSizes[layer + 1];
      shapes.push_back({Role::kForward, batch, out, in, false, true, batch});
      if (layer != 0) shapes.push_back({Role::kInputGradient, batch, in, out, false, false, batch});
      shapes.push_back({Role::kWeightGradient, out, in, batch, true, false, batch});
    }
  }
  for (const std::size_t rows : {64, 256, 512}) shapes.push_back({Role::kForward, rows, 256, 784, false, true, 0});
  for (const std::size_t size : {512, 1024}) {
    shapes.push_back({Role::kCube, size, size, size, false, false, 0});
    shapes.push_back({Role::kCube, size, size, size, false, true, 0});
    shapes.push_back({Role::kCube, size, size, size, true, false, 0});
  }
  return shapes;
}

// One shape's memory. Every contender reads the same operands and writes the same C.
struct Operands {
  Shape shape;
  core::AlignedBuffer<float> a, b, c;

  explicit Operands(const Shape& of) : shape(of), a(of.m * of.k), b(of.k * of.n), c(of.m * of.n) {
    std::minstd_rand random(1);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = uniform(random);
    for (std::size_t i = 0; i < b.size(); ++i) b.data()[i] = uniform(random);
  }
};

}  // namespace lanewise::bench
