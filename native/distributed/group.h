// A group of ranks: its collectives, which run one at a time in the order in which they were asked for, on the
// communication thread or on one that waits for them; and its watchdog.
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
  // Whether the thread that will wait for it is to run it, and the communication thread leaves it alone: where both
  // would share a core, the hand-over takes longer than what travels meanwhile.
  bool by_waiter = false;
  // Called when it is over, on the thread that has run it. Must not throw. May be null.
  std::function<void(Task&)> over;
  std::exception_ptr failure;
  std::atomic<bool> is_over{false};  // set last
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

  // Whose programs have collectives, where a process has several environments: it is opaque here.
  void set_environment(const void* environment) noexcept { environment_.store(environment, std::memory_order_release); }
  const void* environment() const noexcept { return environment_.load(std::memory_order_acquire); }

  // Runs the task after those before it. After a failure every task fails with it.
  void submit(std::shared_ptr<Task> task);

  // Until the task is over: runs it, and those before it, on this thread, unless another one does.
  void finish(const Task& task);

  // How many CPUs of its host each rank has, and whether all ranks share the host; as long as it is not known, none.
  void set_place(std::size_t cpus, bool shares_host) noexcept;
  // Whether sums are to travel on the communication thread while a program computes on that many threads.
  bool has_spare_core(std::size_t threads) const noexcept;

  // Whether it has been finalized, or there never was a connection: then the process may end.
  bool is_closed() const noexcept;

  // Ends the job: see end_job.
  [[noreturn]] void abort(const std::string& message, int code) noexcept;

 private:
  Group(Connect connect, std::chrono::nanoseconds timeout, std::function<void(std::exception_ptr)> connected)
      : connect_(std::move(connect)), timeout_(timeout), connected_(std::move(connected)) {}

  void run() noexcept;
  void wait_for_task();
  // Runs the first task of the queue; whether there was one for this thread. The engine is this thread's meanwhile.
  bool run_next(bool is_waiter);
  void perform(Task& task);
  void close();
  void give_up(const Overdue& overdue) noexcept;

  const Connect connect_;
  const std::chrono::nanoseconds timeout_;
  const std::function<void(std::exception_ptr)> connected_;
  std::unique_ptr<Transport> transport_;  // set by the communication thread before `connected`
  std::atomic<Transport*> connection_{nullptr};
  Progress progress_;
  std::unique_ptr<Watchdog> watchdog_;
  std::atomic<const void*> environment_{nullptr};
  std::atomic<std::size_t> cpus_{0};
  std::atomic<bool> shares_host_{true};

  // Held by the thread that calls the engine, which the members below belong to. Before mutex_.
  std::mutex engine_;
  Scratch scratch_;
  std::vector<Agreement> agreements_;
  std::uint64_t sequence_ = 0;
  // The first failure, and the task that had it, into whose memory messages may still travel.
  std::exception_ptr failure_;
  std::shared_ptr<Task> stuck_;

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<std::shared_ptr<Task>> queue_;
  std::uint64_t taken_ = 0;  // from the queue, so far
  std::atomic<bool> closed_{false};
};

}  // namespace lanewise::distributed
