// Jobs of functions, and a runner with a queue that collects what is over.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "../core/fair_lock.h"
#include "../core/start_thread.h"
#include "../core/thread_pool.h"
#include "../program/runner.h"

namespace lanewise::program {

using namespace std::chrono_literals;

// Calls `slice` until it says that it is done; counts each call as a run with the value it was given.
class TestJob final : public Job {
 public:
  explicit TestJob(std::function<bool(TestJob&)> slice) : Job(1), slice_(std::move(slice)) {}

  void count(double value) { count_run(std::vector<double>{value}); }

 private:
  bool run(core::ThreadPool&) override { return slice_(*this); }

  std::function<bool(TestJob&)> slice_;
};

inline std::shared_ptr<TestJob> job_of(std::function<bool(TestJob&)> slice) {
  return std::make_shared<TestJob>(std::move(slice));
}

class Collected final : public CompletionQueue {
 public:
  void accept(JobList& one) noexcept override {
    const std::lock_guard lock(mutex_);
    over_.splice(over_.end(), one);
    arrived_.notify_all();
  }

  // Waits until `count` have come; their ids in order of arrival.
  std::vector<std::uint64_t> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(arrived_.wait_for(lock, 60s, [&] { return over_.size() >= count; }));
    std::vector<std::uint64_t> ids;
    for (const QueuedJob& queued : over_) ids.push_back(queued.id);
    return ids;
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return over_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  JobList over_;
};

struct Fixture {
  std::shared_ptr<core::FairLock> lock = std::make_shared<core::FairLock>();
  std::shared_ptr<Collected> collected = std::make_shared<Collected>();
  Runner runner{lock, collected, core::ThreadPool::instance(), core::start_thread};
};

// Waits for something that another thread is to do.
inline void wait_until(const std::function<bool()>& what) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!what() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  REQUIRE(what());
}

}  // namespace lanewise::program
