// A mutex that is had in the order in which it is asked for.
#pragma once

#include <condition_variable>
#include <mutex>

namespace lanewise::core {

// Each JavaScript environment has one: a thread that runs a program or touches a device buffer holds it, for one run at
// a time. A std::mutex lets the thread that has just unlocked it lock it again at once, so a runner that goes from run
// to run would keep everybody else out for as long as it has work.
class FairLock {
 public:
  FairLock() = default;
  FairLock(const FairLock&) = delete;
  FairLock& operator=(const FairLock&) = delete;

  // Waits for its turn. Not recursive. Allocates nothing.
  void lock();
  // Hands the lock to the thread that has waited longest.
  void unlock();

 private:
  struct Waiter;

  std::mutex mutex_;
  bool held_ = false;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace lanewise::core
