// program/runner.h: turns, ends of every kind, and going away in the middle.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
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
#include "../program/lane.h"
#include "../program/runner.h"

namespace lanewise::program {
namespace {

using namespace std::chrono_literals;

// Calls `slice` until it says that it is done; counts each call as a run with the value it was given.
class TestJob final : public Job {
 public:
  explicit TestJob(std::function<bool(TestJob&)> slice) : Job(1), slice_(std::move(slice)) {}

  void count(double value) { count_run(std::vector<double>{value}); }

 private:
  bool run(core::ThreadPool&) override { return slice_(*this); }

  std::function<bool(TestJob&)> slice_;
};

std::shared_ptr<TestJob> job_of(std::function<bool(TestJob&)> slice) {
  return std::make_shared<TestJob>(std::move(slice));
}

class Collected final : public CompletionQueue {
 public:
  void accept(JobList& one) noexcept override {
    const std::lock_guard lock(mutex_);
    over_.splice(over_.end(), one);
    arrived_.notify_all();
  }

  // Waits until `count` have come; their ids in order of arrival.
  std::vector<std::uint64_t> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(arrived_.wait_for(lock, 60s, [&] { return over_.size() >= count; }));
    std::vector<std::uint64_t> ids;
    for (const QueuedJob& queued : over_) ids.push_back(queued.id);
    return ids;
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return over_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  JobList over_;
};

struct Fixture {
  std::shared_ptr<core::FairLock> lock = std::make_shared<core::FairLock>();
  std::shared_ptr<Collected> collected = std::make_shared<Collected>();
  Runner runner{lock, collected, core::ThreadPool::instance(), core::start_thread};
};

// Waits for something that another thread is to do.
void wait_until(const std::function<bool()>& what) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!what() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  REQUIRE(what());
}

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

TEST_CASE("a run that waits lets other jobs run, but none that it blocks and none behind it in its sequence") {
  Fixture fixture;
  std::atomic<bool> is_away{false}, come_back{false}, is_back{false}, blocked_ran{false}, sequel_ran{false};
  class BlockedJob final : public Job {
   public:
    BlockedJob(std::atomic<bool>& until, std::atomic<bool>& ran) : Job(0), until_(until), ran_(ran) {}
    bool is_blocked() const override { return !until_; }

   private:
    bool run(core::ThreadPool&) override {
      ran_ = true;
      return false;
    }
    std::atomic<bool>&until_, &ran_;
  };
  const auto sequence = std::make_shared<Sequence>();
  const auto waiting = job_of([&](TestJob&) {
    {
      const Away away;
      is_away = true;
      wait_until([&] { return come_back.load(); });
    }
    CHECK_FALSE(blocked_ran);
    CHECK_FALSE(sequel_ran);
    is_back = true;
    return false;
  });
  waiting->join(sequence);
  const auto sequel = job_of([&](TestJob&) {
    sequel_ran = true;
    return false;
  });
  sequel->join(sequence);
  int runs = 0;
  fixture.runner.submit(1, waiting);
  fixture.runner.submit(2, std::make_shared<BlockedJob>(is_back, blocked_ran));
  fixture.runner.submit(3, sequel);
  wait_until([&] { return is_away.load(); });
  fixture.runner.submit(4, job_of([&](TestJob&) { return ++runs < 50; }));  // after it has gone
  CHECK(fixture.collected->wait(1) == std::vector<std::uint64_t>{4});
  CHECK(runs == 50);
  {  // The lock is free for the event loop.
    const std::lock_guard lock(*fixture.lock);
  }
  come_back = true;
  CHECK(fixture.collected->wait(4).size() == 4);
  CHECK(is_back);
  CHECK(blocked_ran);
  CHECK(sequel_ran);
}

TEST_CASE("jobs that were there before a run went away go on; two runs never compute at the same time") {
  Fixture fixture;
  std::atomic<int> computing{0}, most{0}, other_runs{0};
  const auto compute = [&] {
    most = std::max(most.load(), ++computing);
    std::this_thread::sleep_for(1ms);
    --computing;
  };
  // Not before the other one has run ten times in the meantime.
  const auto waiting = job_of([&](TestJob& self) {
    compute();
    {
      const Away away;
      const int before = other_runs;
      wait_until([&] { return other_runs >= before + 10 || other_runs == 60; });
    }
    compute();
    self.count(0);
    return self.runs() < 4;
  });
  fixture.runner.submit(1, waiting);
  fixture.runner.submit(2, job_of([&](TestJob&) {
                          compute();
                          return ++other_runs < 60;
                        }));
  CHECK(fixture.collected->wait(2).size() == 2);
  CHECK(most == 1);
}

TEST_CASE("a runner that is closed while a run is away drops its jobs when that one is back") {
  std::atomic<bool> is_away{false}, come_back{false}, is_back{false};
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> released = held;
  {
    Fixture fixture;
    fixture.runner.submit(1, job_of([&, held](TestJob&) {
                            {
                              const Away away;
                              is_away = true;
                              wait_until([&] { return come_back.load(); });
                            }
                            is_back = *held == 0;
                            return true;
                          }));
    held = nullptr;
    wait_until([&] { return is_away.load(); });
    fixture.runner.submit(2, job_of([](TestJob&) { return false; }));  // there is a second thread
    fixture.collected->wait(1);
  }
  CHECK_FALSE(released.expired());
  come_back = true;
  wait_until([&] { return released.expired(); });
  CHECK(is_back);
}

}  // namespace
}  // namespace lanewise::program
