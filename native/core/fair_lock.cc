#include "fair_lock.h"

namespace lanewise::core {

// Lies on the stack of the thread that waits. The thread that notifies holds the mutex meanwhile, so the waiter cannot
// return from its wait, and take the condition variable with it, before the call is over.
struct FairLock::Waiter {
  std::condition_variable turn;
  bool granted = false;
  Waiter* next = nullptr;
};

void FairLock::lock() {
  std::unique_lock lock(mutex_);
  if (!held_) {
    held_ = true;
    return;
  }
  Waiter self;
  (last_ == nullptr ? first_ : last_->next) = &self;
  last_ = &self;
  self.turn.wait(lock, [&] { return self.granted; });
}

void FairLock::unlock() {
  const std::lock_guard lock(mutex_);
  if (first_ == nullptr) {
    held_ = false;
    return;
  }
  Waiter& next = *first_;
  first_ = next.next;
  if (first_ == nullptr) last_ = nullptr;
  next.granted = true;  // still held, by that thread from here on
  next.turn.notify_one();
}

}  // namespace lanewise::core
