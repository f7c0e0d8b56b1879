// How threads that share the lock of an environment give it away and wait for each other (lane.h). Not in WebAssembly,
// which has one thread.
#pragma once

#include <chrono>
#include <thread>

#include "../core/fair_lock.h"
#include "lane.h"

namespace lanewise::program {

// Waits for a run of another thread that is away.
inline void give_way() {
  const Away away;
  std::this_thread::sleep_for(std::chrono::microseconds(200));
}

// A thread that holds the lock and nothing more.
class LockLane final : public Lane {
 public:
  explicit LockLane(core::FairLock& lock) : lock_(lock) { lock_.lock(); }
  ~LockLane() override { lock_.unlock(); }

  void leave() noexcept override { lock_.unlock(); }
  void enter() noexcept override { lock_.lock(); }

 private:
  core::FairLock& lock_;
};

}  // namespace lanewise::program
