// Notices that a collective takes too long.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "progress.h"

namespace lanewise::distributed {

// A collective that has not ended in time.
struct Overdue {
  const char* what;
  int waits_for;  // a rank, or -1
  std::chrono::nanoseconds after;
};

// A thread that looks at the progress every 50 ms and calls `act` once, when a collective is older than the timeout.
// Of C++ alone: it works while JavaScript, or the engine, hangs. It ends with stop(), and keeps what it uses.
class Watchdog {
 public:
  using Act = std::function<void(const Overdue&)>;
  // Throws std::runtime_error when no thread can be had. The progress is to outlive the thread.
  Watchdog(const Progress& progress, std::chrono::nanoseconds timeout, Act act);
  ~Watchdog() { stop(); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // It acts no more, unless it has begun to. Returns at once.
  void stop() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lanewise::distributed
