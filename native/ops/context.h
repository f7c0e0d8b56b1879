// What an op runs with: the kernels of one instruction set, the pool, and how many threads it may use.
#pragma once

#include <cstddef>

#include "../core/thread_pool.h"
#include "../kernels/kernel_table.h"

namespace lanewise::ops {

struct Context {
  const kernels::KernelTable& kernels;
  core::ThreadPool& pool;
  std::size_t threads;  // at least 1
};

}  // namespace lanewise::ops
