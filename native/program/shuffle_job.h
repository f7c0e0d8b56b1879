// A shuffled order, made off the event loop.
#pragma once

#include <cstdint>
#include <memory>

#include "device_buffer.h"
#include "job.h"
#include "randperm.h"

namespace lanewise::program {

// Fills an int32 buffer with a permutation (RandPerm), in slices of a few milliseconds. Between two slices the buffer
// holds an unfinished order.
class ShuffleJob final : public Job {
 public:
  // Throws std::invalid_argument unless the buffer is of int32 in plain order.
  ShuffleJob(std::shared_ptr<DeviceBuffer> order, std::uint64_t seed);

  bool is_blocked() const override { return (*order_).is_busy(); }

 private:
  bool run(core::ThreadPool& pool) override;

  const BufferUse order_;
  RandPerm permutation_;
};

}  // namespace lanewise::program
