// Programs that kernels compute in one call, faster than step by step: recognised by what they compute.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

namespace lanewise::ops {

class PointwiseProgram;

// relu(x), x·mask or relu(x)·mask of the only input, or that input itself: kernel activate.
struct ActivationPattern {
  bool relu;
  bool masked;  // by the program's only mask
};

// y <= 0 ? 0 : x·scale, x being input 0: kernel mask_gradient.
struct MaskedPattern {
  std::uint32_t y;                     // an input
  std::optional<std::uint32_t> scale;  // a uniform value, or 1
};

// What the kernels of optimizers update: the inputs, and the outputs that have to be in their places.
struct UpdatedState {
  std::uint32_t input, output;
};

// One step of SGD: kernel sgd. Uniform values by their numbers.
struct SgdPattern {
  std::uint32_t grad;
  UpdatedState param;
  std::uint32_t minus_rate;
  std::optional<std::uint32_t> weight_decay;
  struct Momentum {
    UpdatedState buffer;
    std::uint32_t momentum, take;
    std::uint32_t step, first_step;  // the buffer is not read where they are equal
    bool nesterov;
  };
  std::optional<Momentum> momentum;
};

// One step of Adam or AdamW: kernel adam.
struct AdamPattern {
  std::uint32_t grad;
  UpdatedState param, m, v;
  std::optional<UpdatedState> max_v;
  std::uint32_t step_size, one_minus_beta1, beta2, one_minus_beta2, eps;
  std::optional<std::uint32_t> root_scale, weight_decay, shrink;
};

using Pattern = std::variant<std::monostate, ActivationPattern, MaskedPattern, SgdPattern, AdamPattern>;

Pattern recognise(const PointwiseProgram& program);

}  // namespace lanewise::ops
