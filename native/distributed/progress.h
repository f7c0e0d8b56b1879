// What the thread that calls the engine is doing, for the watchdog to read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace lanewise::distributed {

struct Progress {
  // When the collective under way began, in nanoseconds of the steady clock; 0 when there is none.
  std::atomic<std::int64_t> began{0};
  // Its name, a literal.
  std::atomic<const char*> what{""};
  // A rank that has not answered yet; -1 when that is not known.
  std::atomic<int> waits_for{-1};

  static std::int64_t now() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

// A collective, as long as the scope.
class Collective {
 public:
  Collective(Progress& progress, const char* what) noexcept : progress_(progress) {
    progress.what.store(what, std::memory_order_relaxed);
    progress.waits_for.store(-1, std::memory_order_relaxed);
    progress.began.store(Progress::now(), std::memory_order_release);
  }
  ~Collective() { progress_.began.store(0, std::memory_order_release); }
  Collective(const Collective&) = delete;
  Collective& operator=(const Collective&) = delete;

 private:
  Progress& progress_;
};

}  // namespace lanewise::distributed
