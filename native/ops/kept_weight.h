// What an op makes of a weight before it computes, weights in panels for one: a program keeps it from run to run as
// long as the weight stays as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/aligned.h"

namespace lanewise::ops {

// Belongs to one instruction, so that geometry, kernels and size are always the same.
class KeptWeight {
 public:
  // Which state of the weight the next call is given. Versions are not 0.
  void expect(std::uint64_t version) { expected_ = version; }

  // Memory for what is made of the weight. Throws std::bad_alloc or std::overflow_error.
  float* get(std::size_t floats) {
    if (memory_.size() != floats) {
      made_ = 0;
      memory_ = core::AlignedBuffer<float>();
      memory_ = core::AlignedBuffer<float>(floats);
    }
    return memory_.data();
  }
  // Whether it holds what was made of this state; made() says that it does from now on.
  bool is_made() const { return made_ == expected_; }
  void made() { made_ = expected_; }

 private:
  core::AlignedBuffer<float> memory_;
  std::uint64_t expected_ = 0, made_ = 0;
};

// A weight, and what is kept of it: null where it may be another one at each call.
struct KeepableWeight : std::span<const float> {
  using span::span;
  KeepableWeight(std::span<const float> of, KeptWeight* keeps = nullptr)  // NOLINT(google-explicit-constructor): a view
      : span(of), kept(keeps) {}

  KeptWeight* kept = nullptr;
};

}  // namespace lanewise::ops
