// The turn of a thread that runs programs, which a run that waits for other processes gives away meanwhile.
#pragma once

namespace lanewise::program {

// What a thread holds while it runs a program: the lock of its environment, at least. One thread has one at a time.
class Lane {
 public:
  Lane() { current_ = this; }
  virtual ~Lane() { current_ = nullptr; }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Lets others run; until enter() the thread touches nothing but what is marked as its own (DeviceBuffer::is_busy).
  virtual void leave() noexcept = 0;
  virtual void enter() noexcept = 0;

  // Of this thread; null where it shares nothing.
  static Lane* current() noexcept { return current_; }

 private:
  static inline thread_local Lane* current_ = nullptr;
};

// As long as it lives others may run.
class Away {
 public:
  Away() noexcept : lane_(Lane::current()) {
    if (lane_ != nullptr) lane_->leave();
  }
  ~Away() {
    if (lane_ != nullptr) lane_->enter();
  }
  Away(const Away&) = delete;
  Away& operator=(const Away&) = delete;

 private:
  Lane* const lane_;
};

}  // namespace lanewise::program
