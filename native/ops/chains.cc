#include "chains.h"

#include <algorithm>
#include <optional>

namespace lanewise::ops {
namespace {

using kernels::Link;
using kernels::LinkCode;

// A step is three links at most: a load, itself and a store.
constexpr std::size_t kMostSteps = kernels::kMostLinks / 3;

// What a step is in a chain whose running value is its first operand. A move is nothing but a load and a store.
std::optional<LinkCode> link_of(Node node) {
  switch (node) {
#define LINK(name, operands, function) \
  case Node::name:                     \
    return LinkCode::name;
#include "../kernels/links.inc"
#undef LINK
    case Node::move:
      return LinkCode::load;
    default:
      return std::nullopt;
  }
}

class Chain {
 public:
  Chain(std::span<const Plan::Step> steps, std::size_t first_output, std::size_t outputs)
      : steps_(steps), first_output_(first_output), outputs_(outputs) {}

  // The links of steps [begin, end).
  std::vector<Link> links(std::size_t begin, std::size_t end) {
    links_.clear();
    for (std::size_t s = begin; s < end; ++s) {
      std::size_t place = s == begin ? steps_[s].reads().size() : place_of(steps_[s - 1].target, s);
      if (place == steps_[s].reads().size()) {
        links_.push_back({LinkCode::load, {steps_[s].operands[0]}});
        place = 0;
      }
      add(steps_[s], place);
      if (needed_in_slot(s, end)) links_.push_back({LinkCode::store, {steps_[s].target}});
    }
    return std::move(links_);
  }

 private:
  // Where a step reads a slot first; the number of its operands if it does not.
  std::size_t place_of(std::uint32_t slot, std::size_t step) const {
    const auto reads = steps_[step].reads();
    return static_cast<std::size_t>(std::ranges::find(reads, slot) - reads.begin());
  }

  bool is_square(const Plan::Step& step) const {
    return step.node == Node::mul && step.operands[0] == step.operands[1];
  }

  void add(const Plan::Step& step, std::size_t place) {
    if (step.node == Node::move) return;
    if (is_square(step)) return links_.push_back({LinkCode::square, {}});
    const auto code = static_cast<std::uint32_t>(*link_of(step.node)) + static_cast<std::uint32_t>(place);
    Link link{static_cast<LinkCode>(code), {}};
    std::size_t others = 0;
    for (std::size_t o = 0; o < step.reads().size(); ++o) {
      if (o != place) link.slots[others++] = step.operands[o];
    }
    links_.push_back(link);
  }

  // Whether something reads the result of a step of a chain that ends at `end`, other than the next step as its running
  // value.
  bool needed_in_slot(std::size_t step, std::size_t end) const {
    const std::uint32_t slot = steps_[step].target;
    if (slot >= first_output_ && slot < first_output_ + outputs_) return true;
    for (std::size_t s = step + 1; s < steps_.size(); ++s) {
      const auto reads = std::ranges::count(steps_[s].reads(), slot);
      const bool running = s == step + 1 && s < end && (reads == 1 || is_square(steps_[s]));
      if (reads != 0 && !running) return true;
      if (steps_[s].target == slot) return false;
    }
    return false;
  }

  std::span<const Plan::Step> steps_;
  std::size_t first_output_, outputs_;
  std::vector<Link> links_;
};

}  // namespace

std::vector<Plan::Stage> stages(std::span<const Plan::Step> steps, std::size_t first_output, std::size_t outputs) {
  std::vector<Plan::Stage> result;
  Chain chain(steps, first_output, outputs);
  for (std::size_t begin = 0, end = 0; begin < steps.size(); begin = end) {
    while (end < steps.size() && end - begin < kMostSteps && link_of(steps[end].node)) ++end;
    if (end > begin + 1) {
      result.push_back({begin, end, chain.links(begin, end)});
      continue;
    }
    end = begin + 1;
    result.push_back({begin, end, {}});
  }
  return result;
}

}  // namespace lanewise::ops
