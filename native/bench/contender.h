// Who is timed. A library that is not installed has no file in the build; report.cc names it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "../kernels/kernel_table.h"
#include "shapes.h"

namespace lanewise::bench {

struct Contender {
  std::string name;
  bool ours;
  // What is timed.
  std::function<void()> run;
  // Once, before: puts the product into C, for comparison, if `run` leaves something else there.
  std::function<void()> product;
};

// The ways in which a library makes this product on this number of threads, its own packing of constant weights done
// already. The operands outlive the contenders.
std::vector<Contender> lanewise(const kernels::KernelTable& kernels, Operands& operands, std::size_t threads);
std::vector<Contender> openblas(Operands& operands, std::size_t threads);
std::vector<Contender> onednn(Operands& operands, std::size_t threads);

// Version, and what it found out about the processor.
std::string openblas_version();
std::string onednn_version();

}  // namespace lanewise::bench
