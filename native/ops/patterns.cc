#include "patterns.h"

#include <array>
#include <cmath>

#include "pointwise_program.h"

namespace lanewise::ops {
namespace {

using NodeOperands = std::array<std::uint32_t, 4>;

// Looks at the expression of a value. Products of two are matched in either order: they commute to the bit.
class Matcher {
 public:
  explicit Matcher(const PointwiseProgram& program) : program_(program) {}

  Pattern match() const {
    if (const auto found = activation()) return *found;
    if (const auto found = masked()) return *found;
    if (const auto found = sgd()) return *found;
    if (const auto found = adam()) return *found;
    return {};
  }

 private:
  // The operands of a stream that is computed by this node; null for another.
  const NodeOperands* operands(std::uint32_t value, Node node) const {
    const PointwiseProgram::Instruction* const made = program_.instruction(value);
    return made != nullptr && made->node == node && !uniform(value) ? &made->operands : nullptr;
  }
  bool uniform(std::uint32_t value) const { return program_.is_uniform(value); }
  bool input(std::uint32_t value) const { return value < program_.inputs(); }
  bool zero(std::uint32_t value) const {
    const auto constant = program_.constant(value);
    return constant && *constant == 0.0 && !std::signbit(*constant);
  }
  // The output that is this value; the one that is an updated input.
  std::optional<std::uint32_t> output(std::uint32_t value) const {
    const auto outputs = program_.output_values();
    for (std::uint32_t k = 0; k < outputs.size(); ++k) {
      if (outputs[k] == value) return k;
    }
    return std::nullopt;
  }

  // The uniform factor of a product, and the other one.
  struct Scaled {
    std::uint32_t factor, value;
  };
  std::optional<Scaled> scaled(std::uint32_t value) const {
    const NodeOperands* const product = operands(value, Node::mul);
    if (product == nullptr) return std::nullopt;
    if (uniform((*product)[0])) return Scaled{(*product)[0], (*product)[1]};
    if (uniform((*product)[1])) return Scaled{(*product)[1], (*product)[0]};
    return std::nullopt;
  }

  // factor·value + term with a uniform factor, which stands first or second.
  struct Sum {
    std::uint32_t factor, value, term;
  };
  std::optional<Sum> scaled_sum(std::uint32_t value) const {
    const NodeOperands* const sum = operands(value, Node::fma);
    if (sum == nullptr) return std::nullopt;
    const auto& [a, b, term, rest] = *sum;
    if (uniform(a)) return Sum{a, b, term};
    if (uniform(b)) return Sum{b, a, term};
    return std::nullopt;
  }

  std::optional<ActivationPattern> activation() const {
    if (program_.inputs() != 1 || program_.outputs() != 1 || program_.masks().size() > 1) return std::nullopt;
    ActivationPattern result{false, false};
    std::uint32_t value = program_.output_values()[0];
    if (const NodeOperands* const product = operands(value, Node::mul)) {
      const bool first = operands((*product)[0], Node::mask) != nullptr;
      if (!first && operands((*product)[1], Node::mask) == nullptr) return std::nullopt;
      result.masked = true;
      value = (*product)[first ? 1 : 0];
    }
    if (const NodeOperands* const relu = operands(value, Node::relu)) {
      result.relu = true;
      value = (*relu)[0];
    }
    return value == 0 ? std::optional(result) : std::nullopt;
  }

  std::optional<MaskedPattern> masked() const {
    if (program_.inputs() != 2 || program_.outputs() != 1) return std::nullopt;
    const NodeOperands* const choice = operands(program_.output_values()[0], Node::selectLessEqual);
    if (choice == nullptr) return std::nullopt;
    const auto& [y, bound, yes, no] = *choice;
    if (y != 1 || !zero(bound) || !zero(yes)) return std::nullopt;
    if (no == 0) return MaskedPattern{y, std::nullopt};
    const auto product = scaled(no);
    if (!product || product->value != 0) return std::nullopt;
    return MaskedPattern{y, product->factor};
  }

  // grad, or weight_decay·param + grad.
  struct Gradient {
    std::uint32_t grad;
    std::optional<std::uint32_t> weight_decay;
  };
  std::optional<Gradient> gradient(std::uint32_t value, std::uint32_t param) const {
    if (input(value)) return Gradient{value, std::nullopt};
    const auto sum = scaled_sum(value);
    if (!sum || sum->value != param || !input(sum->term)) return std::nullopt;
    return Gradient{sum->term, sum->factor};
  }

  std::optional<SgdPattern> sgd() const {
    const std::size_t outputs = program_.outputs();
    if (outputs > 2) return std::nullopt;
    for (std::uint32_t k = 0; k < outputs; ++k) {
      const auto update = scaled_sum(program_.output_values()[k]);
      if (!update || !input(update->term)) continue;
      SgdPattern result{};
      result.param = {update->term, k};
      result.minus_rate = update->factor;
      std::uint32_t gradient_value = update->value;
      if (outputs == 2) {
        const auto found = momentum(update->value, k == 0 ? 1 : 0, gradient_value);
        if (!found) continue;
        result.momentum = *found;
      }
      const auto found = gradient(gradient_value, update->term);
      if (!found) continue;
      result.grad = found->grad;
      result.weight_decay = found->weight_decay;
      return result;
    }
    return std::nullopt;
  }

  // The buffer that is output k, or Nesterov's momentum·buffer + gradient; `gradient` becomes what the buffer is fed
  // with.
  std::optional<SgdPattern::Momentum> momentum(std::uint32_t direction, std::uint32_t k,
                                               std::uint32_t& gradient) const {
    SgdPattern::Momentum result{};
    const std::uint32_t next = program_.output_values()[k];
    const NodeOperands* const choice = operands(next, Node::selectEqual);
    if (choice == nullptr) return std::nullopt;
    const auto& [step, first_step, first, later] = *choice;
    const auto sum = scaled_sum(later);
    if (!uniform(step) || !uniform(first_step) || !sum || !input(sum->value)) return std::nullopt;
    const auto taken = scaled(sum->term);
    if (!taken || taken->value != first) return std::nullopt;
    gradient = first;
    result = {{sum->value, k}, sum->factor, taken->factor, step, first_step, false};
    if (direction == next) return result;
    const auto ahead = scaled_sum(direction);
    if (!ahead || ahead->factor != result.momentum || ahead->value != next || ahead->term != first) return std::nullopt;
    result.nesterov = true;
    return result;
  }

  std::optional<AdamPattern> adam() const {
    if (program_.outputs() < 3 || program_.outputs() > 4) return std::nullopt;
    for (std::uint32_t k = 0; k < program_.outputs(); ++k) {
      if (const auto found = adam(k)) return found;
    }
    return std::nullopt;
  }

  // With output k as the parameter.
  std::optional<AdamPattern> adam(std::uint32_t k) const {
    AdamPattern result{};
    const NodeOperands* const update = operands(program_.output_values()[k], Node::sub);
    const NodeOperands* const quotient = update == nullptr ? nullptr : operands((*update)[1], Node::div);
    const auto step = quotient == nullptr ? std::nullopt : scaled((*quotient)[0]);
    if (!step) return std::nullopt;
    result.step_size = step->factor;
    const std::uint32_t param = (*update)[0], first = step->value;
    result.param = {param, k};
    if (!input(param)) {
      const auto shrunk = scaled(param);
      if (!shrunk || !input(shrunk->value)) return std::nullopt;
      result.param.input = shrunk->value;
      result.shrink = shrunk->factor;
    }
    const NodeOperands* const scaled_root = operands((*quotient)[1], Node::fma);
    const NodeOperands* const root = scaled_root != nullptr ? scaled_root : operands((*quotient)[1], Node::add);
    const NodeOperands* const square_root = root == nullptr ? nullptr : operands((*root)[0], Node::sqrt);
    const std::size_t last = scaled_root != nullptr ? 2 : 1;
    if (square_root == nullptr || !uniform((*root)[1]) || !uniform((*root)[last])) return std::nullopt;
    if (scaled_root != nullptr) result.root_scale = (*root)[1];
    result.eps = (*root)[last];
    std::uint32_t second = (*square_root)[0];
    if (program_.outputs() == 4) {
      const NodeOperands* const larger = operands(second, Node::max);
      const auto at = output(second);
      if (larger == nullptr || !at || !input((*larger)[0])) return std::nullopt;
      result.max_v = UpdatedState{(*larger)[0], *at};
      second = (*larger)[1];
    }
    return averages(first, second, result) ? std::optional(result) : std::nullopt;
  }

  // m + one_minus_beta1·(g - m), and beta2·v + one_minus_beta2·g·g.
  bool averages(std::uint32_t first, std::uint32_t second, AdamPattern& result) const {
    const auto m = scaled_sum(first), v = scaled_sum(second);
    const auto at_m = output(first), at_v = output(second);
    if (!m || !v || !at_m || !at_v || !input(m->term) || !input(v->value)) return false;
    const NodeOperands* const difference = operands(m->value, Node::sub);
    const NodeOperands* const square = operands(v->term, Node::mul);
    if (difference == nullptr || square == nullptr || (*difference)[1] != m->term) return false;
    const std::uint32_t g = (*difference)[0];
    // (one_minus_beta2·g)·g: the order of the products matters.
    const bool last = (*square)[1] == g;
    if (!last && (*square)[0] != g) return false;
    const auto half = scaled((*square)[last ? 0 : 1]);
    if (!half || half->value != g) return false;
    const auto found = gradient(g, result.param.input);
    if (!found) return false;
    result.grad = found->grad;
    result.weight_decay = found->weight_decay;
    result.m = {m->term, *at_m};
    result.v = {v->value, *at_v};
    result.one_minus_beta1 = m->factor;
    result.beta2 = v->factor;
    result.one_minus_beta2 = half->factor;
    return true;
  }

  const PointwiseProgram& program_;
};

}  // namespace

Pattern recognise(const PointwiseProgram& program) { return Matcher(program).match(); }

}  // namespace lanewise::ops
