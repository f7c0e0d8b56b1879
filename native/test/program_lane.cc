// program/lane.h under program/runner.h: runs that wait for other processes.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "../program/lane.h"
#include "../program/runner.h"
#include "runner_jobs.h"

namespace lanewise::program {
namespace {

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

TEST_CASE("a run that waits lets other jobs run, but none that it blocks and none behind it in its sequence") {
  Fixture fixture;
  std::atomic<bool> is_away{false}, come_back{false}, is_back{false}, blocked_ran{false}, sequel_ran{false};
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

TEST_CASE("no job overtakes one of its sequence that is blocked") {
  Fixture fixture;
  std::atomic<bool> may_run{false}, has_run{false}, followed{false};
  const auto sequence = std::make_shared<Sequence>();
  const auto blocked = std::make_shared<BlockedJob>(may_run, has_run);
  blocked->join(sequence);
  const auto sequel = job_of([&](TestJob&) {
    followed = has_run.load();
    return false;
  });
  sequel->join(sequence);
  fixture.runner.submit(1, blocked);
  fixture.runner.submit(2, sequel);
  fixture.runner.submit(3, job_of([](TestJob&) { return false; }));
  CHECK(fixture.collected->wait(1) == std::vector<std::uint64_t>{3});
  may_run = true;
  CHECK(fixture.collected->wait(3) == std::vector<std::uint64_t>{3, 1, 2});
  CHECK(followed);
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
