// A group of ranks: its communication thread, on which all of its collectives run in the order in which they were asked
// for, and its watchdog.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collectives.h"
#include "progress.h"
#include "transport.h"
#include "watchdog.h"

namespace lanewise::distributed {

// A collective that is asked for, and how it went.
struct Task : std::enable_shared_from_this<Task> {
  Agreement what;  // `sequence` is set by the group
  // The numbers, which belong to the group until the task is over: owned ones, or those of the program that waits.
  std::vector<std::byte> owned;
  std::byte* data = nullptr;
  std::vector<std::byte> output;  // of reduceScatter and allGather
  // Whether ranks compare what they are about to do: a round more.
  bool checked = true;
  // Called on the communication thread when it is over. Must not throw.
  std::function<void(Task&)> over;
  std::exception_ptr failure;
};

// Made once and never freed: its threads may be in the engine when the process ends.
class Group {
 public:
  using Connect = std::function<std::unique_ptr<Transport>()>;

  // The communication thread connects, then calls `connected`, with null or what went wrong. A collective that takes
  // longer than the timeout, or connecting, ends the job. Throws std::runtime_error when no thread can be had.
  static Group& open(Connect connect, std::chrono::nanoseconds timeout,
                     std::function<void(std::exception_ptr)> connected);

  // That of the process, once it is connected and until it is closed; else null.
  static Group* current() noexcept;

  bool is_connected() const noexcept { return connection_.load(std::memory_order_acquire) != nullptr; }

  // Once connected.
  int rank() const { return transport_->rank(); }
  int size() const { return transport_->size(); }
  std::string name() const { return transport_->name(); }

  // Runs the task after those before it. After a failure every task fails with it.
  void submit(std::shared_ptr<Task> task);

  // Whether it has been finalized, or there never was a connection: then the process may end.
  bool is_closed() const noexcept;

  // Ends the job: see end_job.
  [[noreturn]] void abort(const std::string& message, int code) noexcept;

 private:
  Group(Connect connect, std::chrono::nanoseconds timeout, std::function<void(std::exception_ptr)> connected)
      : connect_(std::move(connect)), timeout_(timeout), connected_(std::move(connected)) {}

  void run() noexcept;
  std::shared_ptr<Task> next();
  void perform(Task& task);
  void give_up(const Overdue& overdue) noexcept;

  const Connect connect_;
  const std::chrono::nanoseconds timeout_;
  const std::function<void(std::exception_ptr)> connected_;
  std::unique_ptr<Transport> transport_;  // set by the communication thread before `connected`
  std::atomic<Transport*> connection_{nullptr};
  Progress progress_;
  std::unique_ptr<Watchdog> watchdog_;
  Scratch scratch_;
  std::uint64_t sequence_ = 0;
  // Of the communication thread: the first failure, and the task that had it, into whose memory messages may still
  // travel.
  std::exception_ptr failure_;
  std::shared_ptr<Task> stuck_;

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<std::shared_ptr<Task>> queue_;
  std::atomic<bool> closed_{false};
};

}  // namespace lanewise::distributed
