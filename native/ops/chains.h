// Steps of a plan that one kernel does in one go, with the value from step to step in registers.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pointwise_program.h"

namespace lanewise::ops {

// The steps in order, in stages as few as there can be. Slots [first_output, first_output + outputs) are those of
// outputs.
std::vector<Plan::Stage> stages(std::span<const Plan::Step> steps, std::size_t first_output, std::size_t outputs);

}  // namespace lanewise::ops
