#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "thread_count.h"

namespace lanewise::core {
namespace {

using Clock = HelperLimit::Clock;

// The next op of a training step follows within a few microseconds; waking a parked thread takes about forty.
constexpr auto kSpinTime = std::chrono::microseconds(100);
constexpr int kPausesPerClockRead = 32;

// Tells the processor that this is a spin loop: saves power and leaves the core to its other hardware thread.
inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Spins until done() or until the spin time is over; returns what done() said last.
template <typename Done>
bool spin(Done done) noexcept {
  if (done()) return true;
  const auto deadline = Clock::now() + kSpinTime;
  do {
    for (int i = 0; i < kPausesPerClockRead; ++i) {
      pause();
      if (done()) return true;
    }
  } while (Clock::now() < deadline);
  return false;
}

}  // namespace

// On separate cache lines: a worker spins on `posted`.
struct alignas(kCacheLine) ThreadPool::Worker {
  Worker(ThreadPool& owner, std::size_t index) : pool(owner), participant(index) {}

  // Takes the posted share. The worker and the caller, who runs shares that no worker has begun, both try.
  bool claim() noexcept {
    return posted.load(std::memory_order_relaxed) && posted.exchange(false, std::memory_order_acquire);
  }

  // Publishes the job in the pool to this worker. The two sequentially consistent pairs (posted, parked) here and in
  // wait() make sure that at least one side sees the other.
  void post() noexcept {
    posted.store(true, std::memory_order_seq_cst);
    if (!parked.load(std::memory_order_seq_cst)) return;
    {
      const std::lock_guard lock(mutex);
    }
    condition.notify_one();
  }

  // Returns once a share has been claimed.
  void wait() noexcept {
    while (!spin([this] { return claim(); })) {
      std::unique_lock lock(mutex);
      parked.store(true, std::memory_order_seq_cst);
      condition.wait(lock, [this] { return posted.load(std::memory_order_seq_cst); });
      parked.store(false, std::memory_order_relaxed);
    }
  }

  ThreadPool& pool;
  const std::size_t participant;
  std::atomic<int> cpu{-1};  // where it ended its last share
  std::atomic<bool> posted{false};
  std::atomic<bool> parked{false};
  std::mutex mutex;
  std::condition_variable condition;
};

ThreadPool& ThreadPool::instance() {
  static ThreadPool* const pool = new ThreadPool(start_thread, HelperLimit({mask_now, quota_now}));
  return *pool;
}

ThreadPool& ThreadPool::background() {
  static ThreadPool* const pool = new ThreadPool(start_background_thread, HelperLimit({mask_now, quota_now}));
  return *pool;
}

std::size_t ThreadPool::prepare(std::size_t helpers) noexcept {
  const std::size_t wanted = std::min(helpers, limit_);
  while (started_ < wanted) {
    Worker* worker = new (std::nothrow) Worker(*this, started_ + 1);
    const auto entry = [](void* argument) {
      Worker& self = *static_cast<Worker*>(argument);
      self.pool.serve(self);
    };
    if (worker == nullptr || !start_(entry, worker)) {
      delete worker;
      limit_ = started_;  // asking again at every op would cost more than the missing thread
      break;
    }
    workers_[started_++] = worker;
  }
  return std::min(started_, wanted);
}

void ThreadPool::run_share(std::size_t participant) const noexcept {
  for (std::size_t part = participant; part < parts_; part += participants_) (*body_)(part);
}

void ThreadPool::serve(Worker& worker) noexcept {
  for (;;) {
    worker.wait();
    mode_.apply();
    run_share(worker.participant);
    worker.cpu.store(cpu_now(), std::memory_order_relaxed);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

void ThreadPool::run(std::size_t parts, FunctionRef<void(std::size_t)> body) noexcept {
  if (parts <= 1 || busy_.load(std::memory_order_relaxed) || busy_.exchange(true, std::memory_order_acquire)) {
    for (std::size_t part = 0; part < parts; ++part) body(part);
    return;
  }
  const auto began = Clock::now();
  const std::size_t helpers = prepare(helper_limit_ ? helper_limit_->allow(parts - 1, began) : parts - 1);
  body_ = &body;
  parts_ = parts;
  participants_ = helpers + 1;
  mode_ = FloatMode::current();
  unfinished_.store(helpers, std::memory_order_relaxed);
  for (std::size_t i = 0; i < helpers; ++i) workers_[i]->post();

  run_share(0);
  // A parked worker may take longer to wake than its share takes to compute: the thread that comes first has it.
  std::size_t taken = 0;
  for (std::size_t i = 0; i < helpers; ++i) {
    if (workers_[i]->claim()) {
      run_share(workers_[i]->participant);
      ++taken;
    }
  }
  const auto joined = [&] { return unfinished_.load(std::memory_order_acquire) == taken; };
  Clock::duration lost{};
  if (!joined()) {
    const auto done = Clock::now();
    // Beyond the spin time a worker has most likely lost its core, perhaps to this very loop.
    if (!spin(joined)) {
      while (!joined()) std::this_thread::yield();
      // With one helper less everyone's share would have been longer by this much.
      const auto gained = (done - began) / static_cast<std::ptrdiff_t>(helpers);
      lost = Clock::now() - done - gained;
    }
  }
  if (helper_limit_ && helpers > 0) {
    const auto now = Clock::now();
    // A helper on the caller's own core gains nothing, and takes the core from the caller while it waits for the next
    // run.
    const int here = cpu_now();
    for (std::size_t i = 0; i < helpers && here >= 0; ++i) {
      if (workers_[i]->cpu.exchange(-1, std::memory_order_relaxed) == here) lost = now - began;
    }
    helper_limit_->ran(helpers, now - began, lost, now);
  }
  busy_.store(false, std::memory_order_release);
}

}  // namespace lanewise::core
