#include "job.h"

#include <algorithm>
#include <stdexcept>

#include "../core/denormals.h"

namespace lanewise::program {

bool Job::advance(core::ThreadPool& pool) noexcept {
  if (stopped_.load(std::memory_order_relaxed) || (sequence_ && sequence_->broken())) return false;
  try {
    const core::FlushDenormals flush;
    return run(pool);
  } catch (...) {
    failure_ = std::current_exception();
    if (sequence_) sequence_->break_off();
    return false;
  }
}

void Job::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
  if (sequence_) sequence_->break_off();
}

std::uint64_t Job::progress(std::span<double> sums) const {
  const std::lock_guard lock(mutex_);
  std::copy(sums_.begin(), sums_.end(), sums.begin());
  return runs_;
}

std::uint64_t Job::runs() const {
  const std::lock_guard lock(mutex_);
  return runs_;
}

void Job::copy_outputs(std::span<const std::span<std::byte>> outputs) const {
  if (!outputs.empty()) throw std::invalid_argument("the job has no outputs");
}

void Job::count_run(std::span<const double> values) {
  const std::lock_guard lock(mutex_);
  ++runs_;
  for (std::size_t i = 0; i < values.size(); ++i) sums_[i] += values[i];
}

}  // namespace lanewise::program
