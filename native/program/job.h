// Work for a runner's thread (runner.h), in slices of one run each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "../core/thread_pool.h"

namespace lanewise::program {

// Jobs of one runner that belong one behind the other, in the order in which they were submitted: once one of them
// fails or is stopped, none of them begins a run.
class Sequence {
 public:
  // From any thread.
  bool broken() const noexcept { return broken_.load(std::memory_order_relaxed); }
  void break_off() noexcept { broken_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<bool> broken_{false};
};

class Job {
 public:
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // The next slice; whether there is more to do. Called by the runner's thread, which holds the lock of its
  // environment.
  bool advance(core::ThreadPool& pool) noexcept;

  // Whether a slice would have to wait for a run that is away (lane.h). From any thread.
  virtual bool is_blocked() const { return false; }

  // Null, or what it is one of.
  const Sequence* sequence() const noexcept { return sequence_.get(); }

  // Makes it one of a sequence. Before it is submitted.
  void join(std::shared_ptr<Sequence> sequence) noexcept { sequence_ = std::move(sequence); }

  // No further slice begins. From any thread.
  void stop() noexcept;

  // Whole runs so far, and the sums after exactly these; `sums` must be of sum_count(). From any thread.
  std::uint64_t progress(std::span<double> sums) const;
  std::uint64_t runs() const;
  std::size_t sum_count() const { return sums_.size(); }

  // Writes what the last run put out, as often as it is asked for. Only once the job is over and has been handed back.
  // Throws std::invalid_argument unless the arrays are as many and as large as the job's.
  virtual void copy_outputs(std::span<const std::span<std::byte>> outputs) const;

  // What a slice threw, or null. Only once the job is over and has been handed back.
  const std::exception_ptr& failure() const { return failure_; }

 protected:
  explicit Job(std::size_t sum_count) : sums_(sum_count) {}
  // With sums that go on from these.
  explicit Job(std::vector<double> sums) : sums_(std::move(sums)) {}

  // One slice; whether there is more to do. What it throws ends the job.
  virtual bool run(core::ThreadPool& pool) = 0;

  // Counts one whole run and adds to the sums; `values` are sum_count() numbers, or none.
  void count_run(std::span<const double> values);

 private:
  std::atomic<bool> stopped_{false};
  std::shared_ptr<Sequence> sequence_;  // or null
  mutable std::mutex mutex_;            // of the two below
  std::uint64_t runs_ = 0;
  std::vector<double> sums_;  // its size is fixed
  std::exception_ptr failure_;
};

}  // namespace lanewise::program
