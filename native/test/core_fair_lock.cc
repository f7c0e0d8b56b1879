// core/fair_lock.h: one at a time, in the order in which they came.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "../core/fair_lock.h"

namespace lanewise::core {
namespace {

TEST_CASE("a fair lock excludes, and orders what its holders write") {
  FairLock lock;
  long count = 0;  // a plain number: the lock must order every access
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const std::lock_guard guard(lock);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(count == 8000);
}

TEST_CASE("waiters get a fair lock in order of arrival") {
  FairLock lock;
  std::vector<int> order;
  std::vector<std::thread> threads;
  std::atomic<int> asking{0};
  lock.lock();
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      ++asking;
      const std::lock_guard guard(lock);
      order.push_back(t);
    });
    while (asking != t + 1) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // from asking++ to the queue
  }
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a waiting thread gets a fair lock before the holder gets it again") {
  FairLock lock;
  std::atomic<bool> stop{false}, waiting{false};
  std::atomic<long> rounds{0};
  // Like a runner: has the lock nearly all of the time.
  std::thread greedy([&] {
    while (!stop) {
      const std::lock_guard guard(lock);
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
      while (std::chrono::steady_clock::now() < until) {
      }
      if (waiting) ++rounds;
    }
  });
  long most = 0;
  for (int i = 0; i < 200; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    rounds = 0;
    waiting = true;
    lock.lock();
    waiting = false;
    most = std::max(most, rounds.load());
    lock.unlock();
  }
  stop = true;
  greedy.join();
  // The round in progress and, when this thread lost its core on the way to the queue, a few more. A std::mutex gives
  // hundreds.
  CHECK(most < 60);
}

}  // namespace
}  // namespace lanewise::core
