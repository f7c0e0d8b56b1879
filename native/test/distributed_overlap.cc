// distributed/overlap.h: sums that travel while their thread goes on.
#include <doctest/doctest.h>

#include <future>
#include <thread>
#include <vector>

#include "../distributed/overlap.h"
#include "allocations.h"
#include "kept.h"
#include "loopback.h"

namespace lanewise::distributed {
namespace {

using namespace std::chrono_literals;

// Runs body(overlap, rank) on a thread for each rank, which has that many CPUs; sums travel on that thread, or on the
// group's.
template <typename Body>
void on_groups(int size, Body body, const std::vector<std::size_t>& cpus) {
  const auto world = std::make_shared<LoopbackWorld>(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    std::promise<std::exception_ptr> connected;
    Group& group = test::keep(Group::open([=] { return std::make_unique<Loopback>(world, rank); }, 60s,
                                          [&](std::exception_ptr failure) { connected.set_value(failure); }));
    connected.get_future().get();
    group.set_place(cpus[static_cast<std::size_t>(rank)], true);
    threads.emplace_back([&group, &body, rank] {
      Overlap overlap(group, 1);
      body(overlap, rank);
    });
  }
  for (std::thread& thread : threads) thread.join();
}
template <typename Body>
void on_groups(int size, Body body, std::size_t cpus = 1) {
  on_groups(size, body, std::vector<std::size_t>(static_cast<std::size_t>(size), cpus));
}

// The same wherever sums travel; body(overlap, rank) says how many numbers are wrong.
template <typename Body>
void on_each_thread(int size, Body body) {
  std::size_t cpus = 1;
  SUBCASE("on the thread that waits") { cpus = 1; }
  SUBCASE("on the communication thread") { cpus = 2; }
  std::vector<int> wrong(static_cast<std::size_t>(size), -1);
  on_groups(
      size, [&](Overlap& overlap, int rank) { wrong[static_cast<std::size_t>(rank)] = body(overlap, rank); }, cpus);
  for (const int errors : wrong) CHECK(errors == 0);
}

using Arrays = std::vector<std::vector<float>>;
std::vector<std::span<const float>> ins(const Arrays& arrays) { return {arrays.begin(), arrays.end()}; }
std::vector<std::span<float>> outs(Arrays& arrays) { return {arrays.begin(), arrays.end()}; }

TEST_CASE("sums begun one after the other are there when they are waited for, in any order") {
  on_each_thread(3, [](Overlap& overlap, int rank) {
    const auto self = static_cast<float>(rank);
    Arrays large{std::vector<float>(200'000, self + 1)};
    Arrays small{std::vector<float>(10, self), {}, std::vector<float>(7, 10 * self)};
    Arrays small_sums{std::vector<float>(10), {}, std::vector<float>(7)};
    Arrays other{std::vector<float>(5, self)}, other_sum{std::vector<float>(5)};
    overlap.start(ins(large), outs(large), 2);  // in place
    overlap.start(ins(small), outs(small_sums), 1);
    overlap.start(ins(other), outs(other_sum), 1);
    for (auto& array : small) std::fill(array.begin(), array.end(), -1.0F);  // has been read
    overlap.wait(outs(other_sum));
    overlap.wait(outs(large));
    overlap.wait(outs(small_sums));
    int errors = 0;
    for (const float value : large[0]) errors += value != 3;
    for (const float value : small_sums[0]) errors += value != 3;
    for (const float value : small_sums[2]) errors += value != 30;
    for (const float value : other_sum[0]) errors += value != 3;
    return errors;
  });
}

TEST_CASE("what is left when a run ends has ended; nothing is sent for nothing; a wait needs a start") {
  std::vector<std::string> messages(2);
  std::vector<Arrays> memory(2, Arrays{std::vector<float>(1000, 1)});  // outlives the sums, as a program's does
  on_groups(2, [&](Overlap& overlap, int rank) {
    Arrays none{{}, {}}, &some = memory[static_cast<std::size_t>(rank)];
    overlap.start(ins(none), outs(none), 1);
    overlap.wait(outs(none));
    try {
      overlap.wait(outs(some));
    } catch (const std::invalid_argument& error) {
      messages[static_cast<std::size_t>(rank)] = error.what();
    }
    overlap.start(ins(some), outs(some), 1);  // the destructor waits before the memory goes
  });
  for (const std::string& message : messages) CHECK(message == "allReduceWait: nothing has been started there");
  for (const Arrays& arrays : memory) CHECK(arrays[0] == std::vector<float>(1000, 2));
}

TEST_CASE("a wait is for all sums of parts of its memory") {
  on_each_thread(2, [](Overlap& overlap, int) {
    std::vector<float> whole(90'000, 1), other(10, 1);
    const auto begin = [&](std::span<float> part) {
      const std::span<const float> x = part;
      overlap.start({&x, 1}, {&part, 1}, 1);
    };
    begin(std::span(whole).first(40'000));
    begin(other);
    begin(std::span(whole).subspan(40'000));
    const std::span<float> out = whole;
    overlap.wait({&out, 1});
    int errors = overlap.is_there({&out, 1}) ? 0 : 1;
    for (const float value : whole) errors += value != 2;
    errors += overlap.is_empty();  // the other one is left
    const std::span<float> rest = other;
    overlap.wait({&rest, 1});
    return errors + !overlap.is_empty();
  });
}

TEST_CASE("sums that have been waited for keep no memory") {
  std::size_t before = 0, after = 0;
  on_groups(1, [&](Overlap& overlap, int) {
    const Arrays arrays{std::vector<float>(10, 1), std::vector<float>(20, 1)};
    Arrays sums = arrays;
    for (int i = 0; i < 70; ++i) {
      if (i == 6) before = test::live_allocations();
      overlap.start(ins(arrays), outs(sums), 1);
      overlap.wait(outs(sums));
    }
    after = test::live_allocations();
  });
  CHECK(after < before + 64);  // one for each sum in between, and other threads may take a few
}

TEST_CASE("sums travel while programs compute if every rank has a core to spare") {
  for (const std::vector<std::size_t>& cpus : {std::vector<std::size_t>{2, 2}, {1, 2}, {2, 1}, {1, 1}}) {
    std::vector<int> found(2, -1);
    on_groups(2, [&](Overlap& overlap, int rank) { found[static_cast<std::size_t>(rank)] = overlap.agree(17); }, cpus);
    const int expected = cpus[0] + cpus[1] == 4;
    CHECK(found == std::vector<int>{expected, expected});
  }
}

TEST_CASE("ranks with different programs learn which rank it is") {
  std::vector<std::string> messages(3);
  on_groups(3, [&](Overlap& overlap, int rank) {
    overlap.agree(17);
    try {
      overlap.agree(rank == 2 ? 5 : 4);
    } catch (const Disagreement& error) {
      messages[static_cast<std::size_t>(rank)] = error.what();
    }
  });
  for (const std::string& message : messages) CHECK(message.find("the program of rank 2 is not that of rank 0") == 0);
}

}  // namespace
}  // namespace lanewise::distributed
