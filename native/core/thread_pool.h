// The thread pools of the process: fork and join with workers that spin inside a training step and park after it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

#include "aligned.h"
#include "denormals.h"
#include "function_ref.h"
#include "helper_limit.h"
#include "start_thread.h"

namespace lanewise::core {

class ThreadPool {
 public:
  // The caller and its workers together.
  static constexpr std::size_t kMaxThreads = 256;

  // The pool of this process. Created at first use and never destroyed: static destructors would run under live
  // threads at process exit.
  static ThreadPool& instance();
  // Another one, of threads that give way to others (start_thread.h).
  static ThreadPool& background();

  // Another pool, for tests. Its workers use it as long as the process lives, so it must live as long. `start` may
  // refuse. Without a limit every run has all the helpers that it has parts for.
  explicit ThreadPool(StartThread start, std::optional<HelperLimit> limit) : start_(start), helper_limit_(limit) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls body(part) once for each part in [0, parts) and returns when all are done. The caller runs part 0 and the
  // workers the others, as many of them as make progress (helper_limit.h). When another thread is inside run(), or no
  // worker can be had, the caller runs every part itself, in order: callers must not let one part wait for another.
  // body must not throw. Workers compute in the caller's floating-point mode, so that results do not depend on where a
  // part runs.
  void run(std::size_t parts, FunctionRef<void(std::size_t)> body) noexcept;

 private:
  struct Worker;

  // How many of `helpers` workers can take part; starts the missing ones.
  std::size_t prepare(std::size_t helpers) noexcept;
  void run_share(std::size_t participant) const noexcept;
  [[noreturn]] void serve(Worker& worker) noexcept;

  // Guarded by busy_.
  std::array<Worker*, kMaxThreads - 1> workers_{};
  std::size_t started_ = 0;
  std::size_t limit_ = kMaxThreads - 1;
  StartThread start_;
  std::optional<HelperLimit> helper_limit_;

  // The job: written by the thread that holds busy_, published by Worker::posted.
  const FunctionRef<void(std::size_t)>* body_ = nullptr;
  std::size_t parts_ = 0;
  std::size_t participants_ = 0;
  FloatMode mode_ = FloatMode::current();

  alignas(kCacheLine) std::atomic<bool> busy_{false};
  alignas(kCacheLine) std::atomic<std::size_t> unfinished_{0};  // workers' shares not done yet
};

}  // namespace lanewise::core
