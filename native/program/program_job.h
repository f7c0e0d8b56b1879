// Many runs of a program, one after the other, on separate memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "../core/aligned.h"
#include "../ops/argument.h"
#include "call.h"
#include "job.h"
#include "program.h"

namespace lanewise::program {

class ProgramJob final : public Job {
 public:
  struct Request {
    Call call;                              // its arrays are copied
    std::vector<ops::DType> output_dtypes;  // of call.outputs
    std::uint64_t times;
    std::optional<std::size_t> counter;  // a dynamic scalar that goes up by 1 after each run
    std::size_t threads;                 // this one and those of the pool
    std::vector<double> sums{};          // what the outputs are added to, one for each; none: zeros
  };

  // Throws std::invalid_argument when the call does not fit the program, std::bad_alloc.
  ProgramJob(std::shared_ptr<Program> program, Request request);

  bool is_blocked() const override { return program_->is_blocked(); }
  void copy_outputs(std::span<const std::span<std::byte>> outputs) const override;

 private:
  bool run(core::ThreadPool& pool) override;

  const std::shared_ptr<Program> program_;
  const std::vector<BufferUse> uses_;
  Call call_;
  std::vector<core::AlignedBuffer<std::byte>> memory_;  // of the inputs, then of the outputs
  const std::vector<ops::DType> output_dtypes_;
  std::vector<double> values_;  // of this run's outputs of one element
  std::uint64_t left_;
  const std::optional<std::size_t> counter_;
  const std::size_t threads_;
};

}  // namespace lanewise::program
