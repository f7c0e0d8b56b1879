#include "group.h"

#include <cstdio>
#include <stdexcept>
#include <utility>

#include "../core/denormals.h"
#include "../core/start_thread.h"
#include "end_job.h"

namespace lanewise::distributed {

namespace {

std::atomic<Group*> group_of_process{nullptr};

constexpr const char* kClosed = "the process group has been destroyed";

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
    const std::shared_ptr<Task> task = next();
    try {
      if (failure_ != nullptr) std::rethrow_exception(failure_);
      perform(*task);
    } catch (...) {
      if (failure_ == nullptr) stuck_ = task;
      task->failure = failure_ = std::current_exception();
    }
    task->over(*task);
  }
  // Those that were submitted while the group closed; no more come.
  const auto closed = std::make_exception_ptr(std::runtime_error(kClosed));
  for (const std::shared_ptr<Task>& task : std::exchange(queue_, {})) {
    task->failure = closed;
    task->over(*task);
  }
}

std::shared_ptr<Task> Group::next() {
  std::unique_lock lock(mutex_);
  // The engine may have accepted messages that it has not sent yet, and moves only when it is called.
  constexpr int kSoon = 20;
  for (int looks = 0; queue_.empty(); ++looks) {
    const auto pause = std::chrono::milliseconds(looks < kSoon ? 1 : 100);
    if (waiting_.wait_for(lock, pause, [this] { return !queue_.empty(); })) break;
    lock.unlock();
    transport_->progress();
    lock.lock();
  }
  std::shared_ptr<Task> task = std::move(queue_.front());
  queue_.pop_front();
  return task;
}

void Group::perform(Task& task) {
  static constexpr const char* kNames[] = {"barrier",   "allReduce",         "reduceScatter",      "allGather",
                                           "broadcast", "a program's check", "destroyProcessGroup"};
  Agreement& what = task.what;
  what.sequence = ++sequence_;
  const Collective collective(progress_, kNames[static_cast<std::size_t>(what.kind)]);
  Exchange exchange(*transport_, progress_);
  if (task.checked) agree(exchange, scratch_, what);
  const Reduction reduction{what.dtype, what.op, what.divisor};
  const std::size_t element = element_bytes(what.dtype);
  switch (what.kind) {
    case Kind::kBarrier:
    case Kind::kProgram:
      return;
    case Kind::kAllReduce:
      return all_reduce(exchange, scratch_, reduction, task.data, what.count, what.parts);
    case Kind::kReduceScatter:
      return reduce_scatter(exchange, scratch_, reduction, task.data, task.output.data(), what.count);
    case Kind::kAllGather:
      return all_gather(exchange, task.data, task.output.data(), what.count * element);
    case Kind::kBroadcast:
      return broadcast(exchange, task.data, what.count * element, what.root);
    case Kind::kFinalize:
      group_of_process.store(nullptr, std::memory_order_release);
      transport_->finalize();
      {
        const std::lock_guard lock(mutex_);  // submit() adds nothing after this
        closed_.store(true, std::memory_order_release);
      }
      watchdog_->stop();
      return;
  }
}

void Group::submit(std::shared_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    if (is_closed()) throw std::runtime_error(kClosed);
    queue_.push_back(std::move(task));
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
