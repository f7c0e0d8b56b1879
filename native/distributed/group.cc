#include "group.h"

#include <cstdio>
#include <stdexcept>
#include <utility>

#include "../core/denormals.h"
#include "../core/start_thread.h"
#include "back_off.h"
#include "end_job.h"

namespace lanewise::distributed {

namespace {

std::atomic<Group*> group_of_process{nullptr};

constexpr const char* kClosed = "the process group has been destroyed";

void end(Task& task) {
  if (task.over != nullptr) task.over(task);
  task.is_over.store(true, std::memory_order_release);
}

}  // namespace

Group* Group::current() noexcept { return group_of_process.load(std::memory_order_acquire); }

Group& Group::open(Connect connect, std::chrono::nanoseconds timeout,
                   std::function<void(std::exception_ptr)> connected) {
  Group& group = *new Group(std::move(connect), timeout, std::move(connected));  // see the class
  group.watchdog_ = std::make_unique<Watchdog>(group.progress_, timeout,
                                               [&group](const Overdue& overdue) { group.give_up(overdue); });
  const auto entry = [](void* argument) { static_cast<Group*>(argument)->run(); };
  if (!core::start_thread(entry, &group)) throw std::runtime_error("no thread for communication");
  return group;
}

void Group::run() noexcept {
  const core::FlushDenormals flush;  // as programs compute
  try {
    const Collective connecting(progress_, "initProcessGroup");
    transport_ = connect_();
    connection_.store(transport_.get(), std::memory_order_release);
  } catch (...) {
    closed_.store(true, std::memory_order_release);
    watchdog_->stop();
    connected_(std::current_exception());
    return;
  }
  group_of_process.store(this, std::memory_order_release);
  connected_(nullptr);
  while (!closed_.load(std::memory_order_relaxed)) {
    wait_for_task();
    const std::lock_guard engine(engine_);
    run_next(false);
  }
  std::deque<std::shared_ptr<Task>> late;  // submitted while the group closed
  {
    const std::lock_guard lock(mutex_);
    late.swap(queue_);
  }
  const auto closed = std::make_exception_ptr(std::runtime_error(kClosed));
  for (const std::shared_ptr<Task>& task : late) {
    task->failure = closed;
    end(*task);
  }
}

void Group::wait_for_task() {
  std::unique_lock lock(mutex_);
  const auto is_there = [this] { return !queue_.empty() && !queue_.front()->by_waiter; };
  // The engine may have accepted messages that it has not sent yet, and moves only when it is called.
  constexpr int kSoon = 20;
  std::uint64_t seen = taken_;
  for (int looks = 0; !is_there(); ++looks) {
    const auto pause = std::chrono::milliseconds(looks < kSoon ? 2 : 100);
    if (waiting_.wait_for(lock, pause, is_there)) return;
    if (taken_ != seen) looks = 0;
    seen = taken_;
    lock.unlock();
    if (const std::unique_lock engine(engine_, std::try_to_lock); engine.owns_lock()) transport_->progress();
    lock.lock();
  }
}

bool Group::run_next(bool is_waiter) {
  std::shared_ptr<Task> task;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty() || is_closed()) return false;
    // MPI is to be closed by the thread that opened it.
    const bool is_own = is_waiter ? queue_.front()->what.kind != Kind::kFinalize : !queue_.front()->by_waiter;
    if (!is_own) return false;
    task = std::move(queue_.front());
    queue_.pop_front();
    ++taken_;
  }
  try {
    if (failure_ != nullptr) std::rethrow_exception(failure_);
    perform(*task);
  } catch (...) {
    if (failure_ == nullptr) stuck_ = task;
    task->failure = failure_ = std::current_exception();
  }
  end(*task);
  return true;
}

void Group::finish(const Task& task) {
  BackOff back_off;
  while (!task.is_over.load(std::memory_order_acquire)) {
    bool has_run = false;
    if (const std::unique_lock engine(engine_, std::try_to_lock); engine.owns_lock()) has_run = run_next(true);
    if (!has_run) back_off.pause();
  }
  const std::lock_guard lock(mutex_);
  if (!queue_.empty()) waiting_.notify_one();  // what is left may be the communication thread's
}

void Group::set_place(std::size_t cpus, bool shares_host) noexcept {
  cpus_.store(cpus, std::memory_order_relaxed);
  shares_host_.store(shares_host, std::memory_order_relaxed);
}

bool Group::has_spare_core(std::size_t threads) const noexcept {
  const std::size_t cpus = cpus_.load(std::memory_order_relaxed);
  if (threads < cpus) return true;
  // Of many threads the loss of a part of one is small against a network's time.
  constexpr std::size_t kMany = 4;
  return cpus >= kMany && !shares_host_.load(std::memory_order_relaxed);
}

void Group::perform(Task& task) {
  static constexpr const char* kNames[] = {"barrier",   "allReduce",         "reduceScatter",      "allGather",
                                           "broadcast", "a program's check", "destroyProcessGroup"};
  Agreement& what = task.what;
  what.sequence = ++sequence_;
  const Collective collective(progress_, kNames[static_cast<std::size_t>(what.kind)]);
  Exchange exchange(*transport_, progress_);
  agree(exchange, agreements_, what);
  const Reduction reduction{what.dtype, what.op, what.divisor};
  const std::size_t element = element_bytes(what.dtype);
  switch (what.kind) {
    case Kind::kBarrier:
    case Kind::kProgram:
      break;
    case Kind::kAllReduce:
      all_reduce(exchange, scratch_, reduction, task.data, what.count, what.parts);
      break;
    case Kind::kReduceScatter:
      reduce_scatter(exchange, scratch_, reduction, task.data, task.output.data(), what.count);
      break;
    case Kind::kAllGather:
      all_gather(exchange, task.data, task.output.data(), what.count * element);
      break;
    case Kind::kBroadcast:
      broadcast(exchange, task.data, what.count * element, what.root);
      break;
    case Kind::kFinalize:
      exchange.wait();
      return close();
  }
  exchange.wait();  // where no message waited for the others
}

void Group::close() {
  group_of_process.store(nullptr, std::memory_order_release);
  transport_->finalize();
  {
    const std::lock_guard lock(mutex_);  // submit() adds nothing after this
    closed_.store(true, std::memory_order_release);
  }
  watchdog_->stop();
}

void Group::submit(std::shared_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    if (is_closed()) throw std::runtime_error(kClosed);
    queue_.push_back(std::move(task));
    if (queue_.front()->by_waiter) return;  // the communication thread has nothing to do
  }
  waiting_.notify_one();
}

bool Group::is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }

void Group::abort(const std::string& message, int code) noexcept {
  write_line(message.c_str());
  Transport* const transport = connection_.load(std::memory_order_acquire);
  end_job(
      [transport](int exit_code) {
        if (transport != nullptr) transport->abort(exit_code);
      },
      code);
}

void Group::give_up(const Overdue& overdue) noexcept {
  const Transport* const transport = connection_.load(std::memory_order_acquire);
  char waits_for[48] = "the other ranks", self[48] = "a rank";
  if (overdue.waits_for >= 0) std::snprintf(waits_for, sizeof waits_for, "rank %d", overdue.waits_for);
  if (transport != nullptr) std::snprintf(self, sizeof self, "rank %d of %d", transport->rank(), transport->size());
  char message[512];
  std::snprintf(
      message, sizeof message,
      "lanewise: %s has waited %.1f s for %s in %s, longer than the timeout of %g s. It has stopped, has lost its "
      "network, or calls other collectives. The job ends with exit code %d; start it again from the last "
      "checkpoint, or give initProcessGroup a longer timeout.",
      self, std::chrono::duration<double>(overdue.after).count(), waits_for, overdue.what,
      std::chrono::duration<double>(timeout_).count(), kOverdueCode);
  abort(message, kOverdueCode);
}

}  // namespace lanewise::distributed
