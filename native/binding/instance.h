// What the addon keeps for each JavaScript environment (the main thread, each worker_thread).
#pragma once

#include <cstddef>
#include <deque>

#include "../kernels/kernel_table.h"

namespace lanewise::binding {

struct Instance;

// What the function of an op knows of itself: there is no current instruction set that could be switched.
struct BoundOp {
  Instance& instance;
  const kernels::KernelTable& kernels;
};

struct Instance {
  std::size_t threads;
  std::deque<BoundOp> ops;  // one per instruction set; a deque, so that pointers to them stay
};

}  // namespace lanewise::binding
