// What the addon keeps for each JavaScript environment (the main thread, each worker_thread).
#pragma once

#include <node_api.h>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "../core/fair_lock.h"
#include "../kernels/kernel_table.h"
#include "../ops/pointwise_program.h"
#include "../program/call.h"
#include "handles.h"

namespace lanewise::binding {

class Jobs;
struct Instance;

// What the function of an op knows of itself: there is no current instruction set that could be switched.
struct BoundOp {
  Instance& instance;
  const kernels::KernelTable& kernels;
};

// The pointwise programs that JavaScript knows by their numbers, null where a number is free.
struct PointwisePrograms {
  std::vector<std::unique_ptr<const ops::PointwiseProgram>> programs;
  std::vector<std::size_t> free;
};

struct Instance {
  explicit Instance(std::size_t threads);
  ~Instance();

  std::size_t threads;
  std::deque<BoundOp> ops;  // one per instruction set; a deque, so that pointers to them stay
  // Held to run a program of this environment or touch its buffers. Runner threads may outlive the instance.
  std::shared_ptr<core::FairLock> lock = std::make_shared<core::FairLock>();
  Handles handles;
  // Where JavaScript writes lists of numbers for ops (Crossing).
  std::array<double, 1024> frame{};
  PointwisePrograms pointwise;
  program::Call call;          // of runs on this thread, kept so that they allocate nothing
  std::unique_ptr<Jobs> jobs;  // null until there is one
};

// That of a running environment.
Instance& instance_of(napi_env env);

}  // namespace lanewise::binding
