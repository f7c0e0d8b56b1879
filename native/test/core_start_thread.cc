// core/start_thread.h: what the library's own threads are like.
#include <doctest/doctest.h>

#include <future>
#include <string>

#include "../core/denormals.h"
#include "../core/start_thread.h"
#include "../core/thread_count.h"
#include "../core/thread_pool.h"

#if defined(__linux__)
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace lanewise::core {
namespace {

int nice_of_this_thread() { return getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid))); }

struct Seen {
  int nice = 0;
  std::string name;
  bool blocks_signals = false;
};

Seen look() {
  Seen seen;
  seen.nice = nice_of_this_thread();
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof(name));
  seen.name = name;
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  seen.blocks_signals = sigismember(&blocked, SIGTERM) == 1;
  return seen;
}

Seen look_from(StartThread start) {
  std::promise<Seen> promise;
  const bool started =
      start([](void* argument) { static_cast<std::promise<Seen>*>(argument)->set_value(look()); }, &promise);
  REQUIRE(started);
  return promise.get_future().get();
}

TEST_CASE("threads carry the library's name and leave signals to the host; background ones give way") {
  const int own = nice_of_this_thread();
  const Seen normal = look_from(start_thread), background = look_from(start_background_thread);
  CHECK(normal.name == "lanewise");
  CHECK(normal.blocks_signals);
  CHECK(normal.nice == own);
  CHECK(background.name == "lanewise");
  CHECK(background.blocks_signals);
  CHECK(background.nice == std::max(own, 19));
  CHECK(nice_of_this_thread() == own);
}

// The nice value of the worker of a pool, as soon as it takes a part.
int nice_of_worker(ThreadPool& pool) {
  const auto caller = std::this_thread::get_id();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int nice = -100;
  while (nice == -100 && std::chrono::steady_clock::now() < deadline) {
    pool.run(2, [&](std::size_t part) {
      if (part == 1 && std::this_thread::get_id() != caller) nice = nice_of_this_thread();
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
      while (std::chrono::steady_clock::now() < until) {
      }
    });
  }
  return nice;
}

TEST_CASE("the background pool is another pool, whose workers give way") {
  REQUIRE(&ThreadPool::background() != &ThreadPool::instance());
  CHECK(&ThreadPool::background() == &ThreadPool::background());
  const int own = nice_of_this_thread();
  if (mask_now() < 2 || quota_now() < 2) return;  // no helper to look at
  CHECK(nice_of_worker(ThreadPool::instance()) == own);
  CHECK(nice_of_worker(ThreadPool::background()) == std::max(own, 19));
}

}  // namespace
}  // namespace lanewise::core
#endif
