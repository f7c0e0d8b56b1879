// distributed/group.h and watchdog.h: tasks in order on the communication thread, failures, and what is overdue.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "../distributed/group.h"
#include "kept.h"
#include "loopback.h"

namespace lanewise::distributed {
namespace {

using namespace std::chrono_literals;

// The groups of ranks that are threads, connected.
std::vector<Group*> open_groups(int size) {
  const auto world = std::make_shared<LoopbackWorld>(size);
  std::vector<Group*> groups;
  for (int rank = 0; rank < size; ++rank) {
    std::promise<std::exception_ptr> connected;
    Group& group = test::keep(Group::open([=] { return std::make_unique<Loopback>(world, rank); }, 60s,
                                          [&](std::exception_ptr failure) { connected.set_value(failure); }));
    REQUIRE(connected.get_future().get() == nullptr);
    groups.push_back(&group);
  }
  return groups;
}

struct Submitted {
  std::shared_ptr<Task> task;
  std::shared_ptr<std::promise<void>> ended = std::make_shared<std::promise<void>>();
  // What went wrong, or nothing.
  std::string wait() {
    ended->get_future().get();
    try {
      if (task->failure != nullptr) std::rethrow_exception(task->failure);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
};

Submitted submit(Group& group, Kind kind, std::size_t count, float value) {
  Submitted result{std::make_shared<Task>()};
  Task& task = *result.task;
  task.what.kind = kind;
  task.what.dtype = DType::kFloat32;
  task.what.count = count;
  task.owned.resize(count * sizeof(float));
  task.data = task.owned.data();
  for (std::size_t i = 0; i < count; ++i) reinterpret_cast<float*>(task.data)[i] = value + static_cast<float>(i);
  task.over = [ended = result.ended](Task&) { ended->set_value(); };
  group.submit(result.task);
  return result;
}

TEST_CASE("tasks run in the order in which they were submitted, and the group closes") {
  const std::vector<Group*> groups = open_groups(3);
  std::vector<std::vector<Submitted>> submitted(3);
  for (std::size_t rank = 0; rank < 3; ++rank) {
    for (std::size_t count = 0; count < 40; ++count) {
      submitted[rank].push_back(submit(*groups[rank], Kind::kAllReduce, count * 97, static_cast<float>(rank)));
    }
    submitted[rank].push_back(submit(*groups[rank], Kind::kFinalize, 0, 0));
  }
  for (std::size_t rank = 0; rank < 3; ++rank) {
    for (Submitted& one : submitted[rank]) CHECK(one.wait() == "");
    const Task& last = *submitted[rank][39].task;
    for (std::size_t i = 0; i < last.what.count; ++i) {
      REQUIRE(reinterpret_cast<const float*>(last.data)[i] == 3 + 3 * static_cast<float>(i));
    }
    CHECK(groups[rank]->is_closed());
    CHECK_THROWS_AS(submit(*groups[rank], Kind::kBarrier, 0, 0), std::runtime_error);
  }
}

TEST_CASE("a task of its waiter runs there, with those before it; those behind it on the communication thread") {
  const std::vector<Group*> groups = open_groups(2);
  std::vector<std::thread::id> ran(3);
  std::vector<std::thread> threads;
  std::vector<std::vector<Submitted>> all(2);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    threads.emplace_back([&, rank] {
      const auto note = [&](std::size_t place, bool by_waiter) {
        Submitted one{std::make_shared<Task>()};
        one.task->by_waiter = by_waiter;
        one.task->over = [&ran, place, rank, ended = one.ended](Task&) {
          if (rank == 0) ran[place] = std::this_thread::get_id();
          ended->set_value();
        };
        groups[rank]->submit(one.task);
        all[rank].push_back(one);
      };
      note(0, true);
      note(1, true);
      note(2, false);
      groups[rank]->finish(*all[rank][1].task);
      if (rank == 0) {
        CHECK(ran[0] == std::this_thread::get_id());
        CHECK(ran[1] == std::this_thread::get_id());
      }
      CHECK(all[rank][2].wait() == "");
      if (rank == 0) CHECK(ran[2] != std::this_thread::get_id());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("sums travel on the communication thread where a core is spare") {
  Group& group = *open_groups(1)[0];
  CHECK_FALSE(group.has_spare_core(1));  // nothing is known
  group.set_place(4, true);
  CHECK(group.has_spare_core(3));
  CHECK_FALSE(group.has_spare_core(4));
  group.set_place(4, false);  // a network is slower than a core less
  CHECK(group.has_spare_core(4));
  group.set_place(2, false);
  CHECK_FALSE(group.has_spare_core(2));
}

TEST_CASE("a task that is submitted while the group closes fails") {
  const std::vector<Group*> groups = open_groups(2);
  Submitted closing = submit(*groups[0], Kind::kFinalize, 0, 0);  // waits for rank 1
  const Submitted late = submit(*groups[0], Kind::kBarrier, 0, 0);
  submit(*groups[1], Kind::kFinalize, 0, 0);
  CHECK(closing.wait() == "");
  REQUIRE(late.ended->get_future().wait_for(10s) == std::future_status::ready);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(late.task->failure), "the process group has been destroyed",
                       std::runtime_error);
}

TEST_CASE("after a disagreement every task fails with it") {
  const std::vector<Group*> groups = open_groups(2);
  std::vector<Submitted> first, second;
  for (std::size_t rank = 0; rank < 2; ++rank) {
    first.push_back(submit(*groups[rank], Kind::kAllReduce, 10 + rank, 0));
    second.push_back(submit(*groups[rank], Kind::kBarrier, 0, 0));
  }
  for (std::size_t rank = 0; rank < 2; ++rank) {
    const std::string message = first[rank].wait();
    CHECK(message.find("rank 1 calls allReduce of 11 float32 (sum) where rank 0 calls allReduce of 10 float32") == 0);
    CHECK(second[rank].wait() == message);
  }
}

TEST_CASE("a group that cannot connect says why, and is closed") {
  std::promise<std::exception_ptr> connected;
  Group& group = test::keep(Group::open([]() -> std::unique_ptr<Transport> { throw TransportError("no library"); }, 60s,
                                        [&](std::exception_ptr failure) { connected.set_value(failure); }));
  CHECK_THROWS_WITH_AS(std::rethrow_exception(connected.get_future().get()), "no library", TransportError);
  CHECK(group.is_closed());
  CHECK_FALSE(group.is_connected());
}

TEST_CASE("the watchdog names what takes too long and who is waited for, once") {
  Progress& progress = test::keep(*new Progress());
  std::atomic<int> calls{0};
  std::promise<Overdue> overdue;
  Watchdog watchdog(progress, 200ms, [&](const Overdue& found) {
    if (calls++ == 0) overdue.set_value(found);
  });
  for (int i = 0; i < 6; ++i) {  // longer than the timeout, but each collective is in time
    const Collective collective(progress, "in time");
    std::this_thread::sleep_for(50ms);
  }
  CHECK(calls == 0);
  std::this_thread::sleep_for(400ms);  // nothing is under way
  CHECK(calls == 0);
  const Collective collective(progress, "allReduce");
  progress.waits_for = 3;
  auto future = overdue.get_future();
  REQUIRE(future.wait_for(10s) == std::future_status::ready);
  const Overdue found = future.get();
  CHECK(std::string(found.what) == "allReduce");
  CHECK(found.waits_for == 3);
  CHECK(found.after > 200ms);
  std::this_thread::sleep_for(300ms);
  CHECK(calls == 1);
}

TEST_CASE("a stopped watchdog does nothing") {
  Progress& progress = test::keep(*new Progress());
  static std::atomic<int> calls{0};
  Watchdog watchdog(progress, 1ms, [](const Overdue&) { ++calls; });
  watchdog.stop();
  const Collective collective(progress, "late");
  std::this_thread::sleep_for(200ms);
  CHECK(calls == 0);
}

TEST_CASE("an exchange says which rank it waits for") {
  const auto world = std::make_shared<LoopbackWorld>(3);
  Loopback transport(world, 0), first(world, 1), second(world, 2);
  Progress progress;
  std::thread waiter([&] {
    Exchange exchange(transport, progress);
    int numbers[2] = {};
    exchange.receive(1, &numbers[0], sizeof(int));
    exchange.receive(2, &numbers[1], sizeof(int));
    exchange.wait();
  });
  const int number = 1;
  first.start_send(0, &number, sizeof number);
  for (int i = 0; i < 200 && progress.waits_for != 2; ++i) std::this_thread::sleep_for(10ms);
  CHECK(progress.waits_for == 2);
  second.start_send(0, &number, sizeof number);
  waiter.join();
}

}  // namespace
}  // namespace lanewise::distributed
