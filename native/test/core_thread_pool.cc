// core/thread_pool.h: every part once, from any thread, however many, and whatever happens to the workers.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#endif

#include "../core/denormals.h"
#include "../core/thread_count.h"
#include "../core/thread_pool.h"
#include "kept.h"

namespace lanewise::core {
namespace {

// Pools outlive their workers, which run as long as the process. Without a limit: how many helpers make progress is the
// machine's matter.
ThreadPool& new_pool(StartThread start = start_thread, std::optional<HelperLimit> limit = std::nullopt) {
  return test::keep(*new ThreadPool(start, limit));
}

// How often each part was run.
std::vector<int> count_parts(ThreadPool& pool, std::size_t parts) {
  std::vector<int> counts(parts);  // plain ints: the join must order these writes before the reads below
  pool.run(parts, [&](std::size_t part) { ++counts[part]; });
  return counts;
}

// Runs until at least two threads have met inside one run: workers may lose single runs to a faster caller.
bool workers_take_part(ThreadPool& pool, std::size_t parts) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    std::vector<std::thread::id> ids(parts);
    pool.run(parts, [&](std::size_t part) {
      ids[part] = std::this_thread::get_id();
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
      while (std::chrono::steady_clock::now() < until) {
      }
    });
    if (std::set<std::thread::id>(ids.begin(), ids.end()).size() > 1) return true;
  }
  return false;
}

TEST_CASE("every part runs exactly once, for any number of parts") {
  ThreadPool& pool = new_pool();
  for (const std::size_t parts : {0, 1, 2, 3, 5, 8, 64, 255, 256, 257, 1000}) {
    CAPTURE(parts);
    CHECK(count_parts(pool, parts) == std::vector<int>(parts, 1));
  }
}

TEST_CASE("results of workers are seen by the caller, thousands of times, awake and parked") {
  ThreadPool& pool = ThreadPool::instance();
  CHECK(&pool == &ThreadPool::instance());
  std::size_t wrong = 0;
  for (int round = 0; round < 20000; ++round) {
    if (count_parts(pool, 3) != std::vector<int>(3, 1)) ++wrong;
  }
  for (int round = 0; round < 100; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(50 * (round % 8)));  // around the spin time
    if (count_parts(pool, 4) != std::vector<int>(4, 1)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("work is really shared") { CHECK(workers_take_part(new_pool(), 2)); }

TEST_CASE("a run has no more threads than there are CPUs, and every part all the same") {
  static std::size_t cpus;
  cpus = 1;
  ThreadPool& pool = new_pool(
      start_thread, HelperLimit({[]() noexcept { return cpus; }, []() noexcept { return HelperLimit::kNone; }}));
  const auto threads = [&](std::size_t parts) {
    std::vector<std::thread::id> ids(parts);
    pool.run(parts, [&](std::size_t part) { ids[part] = std::this_thread::get_id(); });
    CHECK(std::find(ids.begin(), ids.end(), std::thread::id()) == ids.end());
    return std::set<std::thread::id>(ids.begin(), ids.end()).size();
  };
  for (int round = 0; round < 200; ++round) CHECK(threads(5) == 1);
  cpus = 2;
  std::this_thread::sleep_for(2 * HelperLimit::kMaskPeriod);
  for (int round = 0; round < 200; ++round) CHECK(threads(5) <= 2);
}

#if defined(__linux__)
TEST_CASE("a helper that has no core but the caller's is given up") {
  cpu_set_t before, one;
  REQUIRE(sched_getaffinity(0, sizeof(before), &before) == 0);
  CPU_ZERO(&one);
  CPU_SET(cpu_now(), &one);
  REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);  // of the workers too, which this thread starts
  ThreadPool& pool =
      new_pool(start_thread,
               HelperLimit({[]() noexcept { return std::size_t{2}; }, []() noexcept { return HelperLimit::kNone; }}));
  // Without a helper the parts come in order, with one the even ones come before the odd ones of the same thread.
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  const std::vector<std::size_t> serial = {0, 1, 2, 3};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  do {
    order.clear();
    pool.run(4, [&](std::size_t part) {
      if (std::this_thread::get_id() == caller) order.push_back(part);
      // The share of a helper is done long before the caller's, which waits for nothing then.
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(part % 2 == 0 ? 200 : 0);
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    });
  } while (order != serial && std::chrono::steady_clock::now() < deadline);
  CHECK(order == serial);
  sched_setaffinity(0, sizeof(before), &before);
}
#endif

TEST_CASE("a run inside a run is serial and in order") {
  ThreadPool& pool = new_pool();
  std::vector<std::vector<std::size_t>> inner(4);
  std::vector<int> same_thread(4);
  pool.run(4, [&](std::size_t part) {
    const auto outer = std::this_thread::get_id();
    same_thread[part] = 1;
    pool.run(3, [&](std::size_t i) {
      inner[part].push_back(i);
      if (std::this_thread::get_id() != outer) same_thread[part] = 0;
    });
  });
  for (const auto& order : inner) CHECK(order == std::vector<std::size_t>{0, 1, 2});
  CHECK(same_thread == std::vector<int>(4, 1));
}

TEST_CASE("several threads call at once: one has the workers, the others run alone") {
  ThreadPool& pool = new_pool();
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 3000; ++round) {
        if (count_parts(pool, 2 + round % 3) != std::vector<int>(2 + round % 3, 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("a caller that finds the pool busy does not wait for it") {
  ThreadPool& pool = new_pool();
  std::atomic<bool> inside{false}, release{false};
  std::thread holder([&] {
    pool.run(2, [&](std::size_t) {
      inside = true;
      while (!release) std::this_thread::yield();
    });
  });
  while (!inside) std::this_thread::yield();
  CHECK(count_parts(pool, 3) == std::vector<int>(3, 1));  // would hang
  release = true;
  holder.join();
}

std::atomic<int> starts_left{0};
std::atomic<int> starts_asked{0};

bool start_few(void (*entry)(void*), void* argument) noexcept {
  ++starts_asked;
  return starts_left-- > 0 && start_thread(entry, argument);
}

TEST_CASE("without threads to be had the caller does what is left") {
  for (const int available : {0, 1, 2}) {
    CAPTURE(available);
    starts_left = available;
    starts_asked = 0;
    ThreadPool& pool = new_pool(start_few);
    for (int round = 0; round < 50; ++round) CHECK(count_parts(pool, 5) == std::vector<int>(5, 1));
    CHECK(starts_asked == available + 1);  // refused once, not asked again
  }
}

TEST_CASE("workers compute in the caller's floating-point mode") {
  ThreadPool& pool = new_pool();
  REQUIRE(workers_take_part(pool, 3));
  const auto modes_agree = [&] {
    const FloatMode expected = FloatMode::current();
    std::atomic<int> wrong{0};
    for (int round = 0; round < 2000; ++round) {
      pool.run(3, [&](std::size_t) { wrong += FloatMode::current() == expected ? 0 : 1; });
    }
    return wrong == 0;
  };
  CHECK(modes_agree());
  {
    const FlushDenormals flush;
    CHECK(modes_agree());
  }
  CHECK(modes_agree());
}

#if defined(__linux__)
TEST_CASE("workers carry the library's name and leave signals to the host") {
  ThreadPool& pool = new_pool();
  REQUIRE(workers_take_part(pool, 2));
  const auto caller = std::this_thread::get_id();
  std::atomic<int> seen{0}, wrong{0};
  for (int round = 0; round < 100000 && seen == 0; ++round) {
    pool.run(2, [&](std::size_t) {
      if (std::this_thread::get_id() == caller) return;
      ++seen;
      char name[16] = {};
      pthread_getname_np(pthread_self(), name, sizeof(name));
      sigset_t blocked;
      pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
      if (std::string(name) != "lanewise" || sigismember(&blocked, SIGINT) != 1) ++wrong;
    });
  }
  CHECK(seen > 0);
  CHECK(wrong == 0);
}
#endif

}  // namespace
}  // namespace lanewise::core
