// program/runner.h: turns, ends of every kind, and going away in the middle.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "../core/denormals.h"
#include "../core/fair_lock.h"
#include "../core/start_thread.h"
#include "../core/thread_pool.h"
#include "../program/runner.h"
#include "runner_jobs.h"

namespace lanewise::program {
namespace {

TEST_CASE("a job runs to its end on another thread, and its sums belong to its runs") {
  Fixture fixture;
  const auto caller = std::this_thread::get_id();
  std::thread::id runner;
  auto job = job_of([&](TestJob& self) {
    runner = std::this_thread::get_id();
    self.count(0.5);
    return self.runs() < 100;
  });
  fixture.runner.submit(7, job);
  std::vector<double> sums(1);
  while (fixture.collected->size() == 0) {
    const std::uint64_t runs = job->progress(sums);
    CHECK(sums[0] == 0.5 * static_cast<double>(runs));
  }
  CHECK(fixture.collected->wait(1) == std::vector<std::uint64_t>{7});
  CHECK(job->progress(sums) == 100);
  CHECK(sums[0] == 50);
  CHECK(job->failure() == nullptr);
  CHECK(runner != caller);
}

TEST_CASE("a stopped job is handed back at once, unless it is the one that runs") {
  Fixture fixture;
  std::atomic<bool> runs{false}, go_on{false};
  fixture.runner.submit(1, job_of([&](TestJob& self) {
                          runs = true;
                          wait_until([&] { return go_on.load(); });
                          self.count(1);
                          return true;
                        }));
  wait_until([&] { return runs.load(); });
  for (std::uint64_t id = 2; id < 5; ++id) fixture.runner.submit(id, job_of([](TestJob&) { return true; }));
  fixture.runner.stop(3);
  CHECK(fixture.collected->wait(1) == std::vector<std::uint64_t>{3});
  fixture.runner.stop(1);
  fixture.runner.stop(3);  // over already
  fixture.runner.stop(4);
  CHECK(fixture.collected->wait(2) == std::vector<std::uint64_t>{3, 4});
  go_on = true;
  CHECK(fixture.collected->wait(3) == std::vector<std::uint64_t>{3, 4, 1});
  fixture.runner.stop(2);
  CHECK(fixture.collected->wait(4) == std::vector<std::uint64_t>{3, 4, 1, 2});
}

TEST_CASE("jobs take turns run by run, in order of arrival, and each ends at its own length") {
  Fixture fixture;
  std::string order;
  const auto letters = [&](char letter, std::uint64_t times) {
    return job_of([&order, letter, times](TestJob& self) {
      order += letter;
      self.count(0);
      return self.runs() < times;
    });
  };
  fixture.lock->lock();  // nothing runs until all have been queued
  fixture.runner.submit(1, letters('a', 4));
  fixture.runner.submit(2, letters('b', 2));
  fixture.runner.submit(3, letters('c', 3));
  fixture.lock->unlock();
  CHECK(fixture.collected->wait(3) == std::vector<std::uint64_t>{2, 3, 1});
  CHECK(order == "abcabcaca");
}

TEST_CASE("a job waits until the lock is free, and a thread that waits for the lock gets it between two runs") {
  Fixture fixture;
  std::atomic<bool> running{false}, stop{false};
  auto job = job_of([&](TestJob& self) {
    running = true;
    std::this_thread::sleep_for(100us);
    running = false;
    self.count(0);
    return !stop;
  });
  fixture.lock->lock();
  fixture.runner.submit(1, job);
  std::this_thread::sleep_for(20ms);
  CHECK(job->runs() == 0);
  fixture.lock->unlock();
  for (int i = 0; i < 50; ++i) {
    const std::lock_guard turn(*fixture.lock);
    const std::uint64_t runs = job->runs();
    CHECK_FALSE(running);
    std::this_thread::sleep_for(200us);
    CHECK(job->runs() == runs);
  }
  stop = true;
  fixture.collected->wait(1);
}

TEST_CASE("a stopped job ends between two runs, one that has not begun without any") {
  Fixture fixture;
  auto endless = job_of([](TestJob& self) {
    self.count(1);
    return true;
  });
  auto waiting = job_of([](TestJob& self) {
    self.count(1);
    return true;
  });
  fixture.lock->lock();
  fixture.runner.submit(1, endless);
  fixture.runner.submit(2, waiting);
  waiting->stop();
  fixture.lock->unlock();
  CHECK(fixture.collected->wait(1) == std::vector<std::uint64_t>{2});
  CHECK(waiting->runs() == 0);
  CHECK(waiting->failure() == nullptr);
  wait_until([&] { return endless->runs() > 3; });
  endless->stop();
  fixture.collected->wait(2);
  const std::uint64_t runs = endless->runs();
  std::this_thread::sleep_for(5ms);
  CHECK(endless->runs() == runs);
}

TEST_CASE("stop() of the runner stops all, and later jobs run") {
  Fixture fixture;
  const auto endless = [](TestJob& self) {
    self.count(1);
    return true;
  };
  fixture.runner.submit(1, job_of(endless));
  fixture.runner.submit(2, job_of(endless));
  fixture.runner.stop();
  fixture.collected->wait(2);
  fixture.runner.submit(3, job_of([](TestJob& self) {
                          self.count(1);
                          return false;
                        }));
  CHECK(fixture.collected->wait(3).back() == 3);
}

TEST_CASE("what a run throws ends its job and no other") {
  Fixture fixture;
  auto failing = job_of([](TestJob& self) -> bool {
    if (self.runs() == 3) throw std::invalid_argument("labels: 11 is out of range");
    self.count(1);
    return true;
  });
  auto number = job_of([](TestJob&) -> bool { throw 42; });
  auto other = job_of([](TestJob& self) {
    self.count(1);
    return self.runs() < 50;
  });
  fixture.runner.submit(1, failing);
  fixture.runner.submit(2, number);
  fixture.runner.submit(3, other);
  fixture.collected->wait(3);
  CHECK(failing->runs() == 3);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(failing->failure()), "labels: 11 is out of range", std::invalid_argument);
  CHECK_THROWS_AS(std::rethrow_exception(number->failure()), int);
  CHECK(other->runs() == 50);
  CHECK(other->failure() == nullptr);
}

TEST_CASE("jobs of a sequence make no run once one of them has failed or was stopped") {
  for (const bool fails : {true, false}) {
    Fixture fixture;
    const auto sequence = std::make_shared<Sequence>();
    const auto once = [](TestJob& self) {
      self.count(1);
      return false;
    };
    auto before = job_of(once), behind = job_of(once), late = job_of(once), alone = job_of(once);
    auto cut = job_of([&](TestJob& self) -> bool {
      if (fails) throw 42;
      return once(self);
    });
    for (const auto& job : {before, cut, behind, late}) job->join(sequence);
    fixture.lock->lock();
    fixture.runner.submit(1, before);
    fixture.runner.submit(2, cut);
    fixture.runner.submit(3, behind);
    fixture.runner.submit(4, alone);
    if (!fails) cut->stop();
    fixture.lock->unlock();
    fixture.collected->wait(4);
    fixture.runner.submit(5, late);
    fixture.collected->wait(5);
    // It has not begun when the other is stopped.
    CHECK(before->runs() == (fails ? 1 : 0));
    CHECK(cut->runs() == 0);
    CHECK(behind->runs() == 0);
    CHECK(late->runs() == 0);
    CHECK(alone->runs() == 1);
    CHECK(behind->failure() == nullptr);
  }
}

TEST_CASE("jobs run with denormals flushed, in a mode that does not depend on who made the thread") {
  Fixture fixture;
  std::vector<core::FloatMode> seen;
  const auto look = [&](TestJob&) {
    seen.push_back(core::FloatMode::current());
    return false;
  };
  {
    const core::FlushDenormals flush;  // a new thread would inherit it
    fixture.runner.submit(1, job_of(look));
  }
  fixture.collected->wait(1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == core::FloatMode::standard().flushing_denormals());
}

TEST_CASE("a runner that goes away in the middle of a run waits for nothing and keeps nothing") {
  std::weak_ptr<core::FairLock> lock;
  std::weak_ptr<Collected> collected;
  std::weak_ptr<Job> running, queued;
  std::atomic<bool> inside{false}, release{false}, touched{false};
  {
    Fixture fixture;
    lock = fixture.lock;
    collected = fixture.collected;
    auto first = job_of([&](TestJob&) {
      inside = true;
      while (!release) std::this_thread::sleep_for(1ms);
      return true;
    });
    auto second = job_of([&](TestJob&) {
      touched = true;
      return true;
    });
    running = first;
    queued = second;
    fixture.runner.submit(1, std::move(first));
    fixture.runner.submit(2, std::move(second));
    while (!inside) std::this_thread::yield();
  }  // would hang if it waited for the run
  CHECK_FALSE(lock.expired());
  CHECK_FALSE(running.expired());
  const std::shared_ptr<Collected> kept = collected.lock();
  release = true;
  wait_until([&] { return lock.expired() && running.expired() && queued.expired(); });
  CHECK_FALSE(touched);
  CHECK(kept->size() == 0);
}

TEST_CASE("runners that come and go, with work in flight") {
  std::vector<std::weak_ptr<core::FairLock>> locks;
  for (int round = 0; round < 200; ++round) {
    Fixture fixture;
    locks.push_back(fixture.lock);
    for (std::uint64_t id = 0; id < 3; ++id) {
      fixture.runner.submit(id, job_of([](TestJob& self) {
                              core::ThreadPool::instance().run(2, [](std::size_t) {});
                              self.count(1);
                              return true;
                            }));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(round * 7 % 300));
  }
  for (const auto& lock : locks) wait_until([&] { return lock.expired(); });
}

TEST_CASE("a closed runner, and one that can have no thread, refuse a job") {
  Fixture fixture;
  fixture.runner.close();
  auto job = job_of([](TestJob&) { return false; });
  CHECK_THROWS_AS(fixture.runner.submit(1, job), std::runtime_error);

  static bool refuse = true;
  Runner without{
      fixture.lock, fixture.collected, core::ThreadPool::instance(),
      [](void (*entry)(void*), void* argument) noexcept { return !refuse && core::start_thread(entry, argument); }};
  CHECK_THROWS_AS(without.submit(2, job), std::runtime_error);
  CHECK(job.use_count() == 1);  // nothing was queued
  refuse = false;
  without.submit(3, job);  // asked again
  CHECK(fixture.collected->wait(1) == std::vector<std::uint64_t>{3});
}

#if defined(__linux__)
TEST_CASE("a background runner gives way, its helpers too") {
  const auto nice = [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid))); };
  const int own = nice();
  Fixture fixture;
  Runner background{fixture.lock, fixture.collected, core::ThreadPool::background(), core::start_background_thread};
  std::vector<int> seen;
  const auto look = [&](TestJob&) {
    seen.push_back(nice());
    return false;
  };
  background.submit(1, job_of(look));
  fixture.collected->wait(1);
  fixture.runner.submit(2, job_of(look));
  fixture.collected->wait(2);
  CHECK(seen == std::vector<int>{std::max(own, 19), own});
}
#endif

}  // namespace
}  // namespace lanewise::program
