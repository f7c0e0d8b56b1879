// The update of a parameter and its state by a pointwise program, on parts of them: with the kernel of SGD or Adam
// where the program is one of these and writes in place.
#pragma once

#include <cstddef>
#include <variant>

#include "pointwise.h"

namespace lanewise::ops {

class Update {
 public:
  // first_apart: the program's first input is given to apply(), and is the gradient.
  explicit Update(const BoundPointwise& bound, bool first_apart = false);

  // Whether a kernel computes it.
  bool has_kernel() const { return !std::holds_alternative<std::monostate>(kernel_); }
  // Floats of scratch for each thread.
  std::size_t workspace() const { return has_kernel() ? 0 : bound_.workspace(); }
  // Elements [begin, begin + n). `grad`: those of the first input, if it is given here.
  void apply(float* workspace, std::size_t begin, std::size_t n, const float* grad = nullptr) const;
  // Where the parameter and the learning rate are if this is no more than param -= lr·grad; else null.
  float* plain_param() const;
  const float* plain_rate() const;

 private:
  struct Sgd {
    float *param, *buffer;
    const float* grad;
    float rate, momentum, take, weight_decay;
    bool first, nesterov;
  };
  struct Adam {
    float *param, *m, *v, *max_v;
    const float* grad;
    float step_size, one_minus_beta1, beta2, one_minus_beta2, root_scale, eps, weight_decay, shrink;
  };
  using Kernel = std::variant<std::monostate, Sgd, Adam>;

  Kernel bind(const std::monostate&) const { return {}; }
  Kernel bind(const ActivationPattern&) const { return {}; }
  Kernel bind(const MaskedPattern&) const { return {}; }
  Kernel bind(const SgdPattern& pattern) const;
  Kernel bind(const AdamPattern& pattern) const;
  float* in_place(const UpdatedState& state) const;
  bool has_gradient(std::uint32_t input) const { return bound_.is_dense(input) && (!first_apart_ || input == 0); }

  const BoundPointwise& bound_;
  bool first_apart_;
  Kernel kernel_;
};

}  // namespace lanewise::ops
