// A shuffled order, made off the event loop.
#pragma once

#include <cstdint>
#include <memory>

#include "block.h"
#include "job.h"
#include "randperm.h"

namespace lanewise::program {

// Fills an int32 block with a permutation (RandPerm), in slices of a few milliseconds. Between two slices the block
// holds an unfinished order.
class ShuffleJob final : public Job {
 public:
  // Throws std::invalid_argument unless the block is of int32 in plain order.
  ShuffleJob(std::shared_ptr<Block> order, std::uint64_t seed);

 private:
  bool run(core::ThreadPool& pool) override;

  const BlockUse order_;
  RandPerm permutation_;
};

}  // namespace lanewise::program
