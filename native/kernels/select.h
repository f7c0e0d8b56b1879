// Which instruction sets there are.
#pragma once

#include <span>
#include <string_view>

#include "kernel_table.h"

namespace lanewise::kernels {

// The tables that this processor and operating system can run, narrowest first.
std::span<const KernelTable* const> available();

// The names of all tables in this binary, narrowest first.
std::span<const char* const> compiled();

// The available table of that name, or nullptr.
const KernelTable* find(std::string_view name);

}  // namespace lanewise::kernels
