#include "runner.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

#include "../core/denormals.h"

namespace lanewise::program {

// One thread serves the jobs. While its run is away a second one does, which is started when there is a job for it.
struct Runner::State : std::enable_shared_from_this<Runner::State> {
  State(std::shared_ptr<core::FairLock> run_lock_, std::shared_ptr<CompletionQueue> completions_,
        core::ThreadPool& pool_, core::StartThread start_)
      : run_lock(std::move(run_lock_)), completions(std::move(completions_)), pool(pool_), start(start_) {}

  // Of the thread that runs a job.
  class JobLane final : public Lane {
   public:
    explicit JobLane(State& state) : state_(state) { state_.run_lock->lock(); }
    ~JobLane() override { state_.run_lock->unlock(); }

    void leave() noexcept override {
      state_.run_lock->unlock();
      if (is_away_) return;
      is_away_ = true;  // also once it is back: the other thread is in the middle of a run then
      const std::lock_guard lock(state_.mutex);
      state_.serving = false;
      state_.call_stand_in();
    }
    void enter() noexcept override { state_.run_lock->lock(); }

    bool has_been_away() const { return is_away_; }

   private:
    State& state_;
    bool is_away_ = false;
  };

  // The life of a thread.
  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      const auto queued = wait_for_job(lock);
      if (closed) break;
      // It stays in the list while it runs, where stop() finds it; nothing else takes it out meanwhile.
      queued->runs = serving = true;
      ++running;
      Job& job = *queued->job;
      lock.unlock();
      bool more, has_been_away;
      {
        JobLane lane(*this);
        more = job.advance(pool);
        has_been_away = lane.has_been_away();
      }
      lock.lock();
      --running;
      queued->runs = false;
      if (!has_been_away) serving = false;
      if (closed) break;
      if (more) {
        jobs.splice(jobs.end(), jobs, queued);
      } else {
        JobList over;
        over.splice(over.end(), jobs, queued);
        lock.unlock();
        completions->accept(over);
        over.clear();
        lock.lock();
      }
    }
    wake.notify_all();
    JobList dropped;
    if (running == 0) dropped.swap(jobs);  // else by the thread that runs one of them
    lock.unlock();                         // jobs take programs and buffers with them
  }

  // Until a job can run and no other thread serves them, or the runner is closed.
  JobList::iterator wait_for_job(std::unique_lock<std::mutex>& lock) {
    while (!closed) {
      const auto next = serving ? jobs.end() : first_runnable();
      if (next != jobs.end()) return next;
      // A run that blocks others may be another runner's.
      if (!serving && jobs.size() > running) {
        wake.wait_for(lock, std::chrono::milliseconds(1));
      } else {
        wake.wait(lock);
      }
    }
    return jobs.end();
  }

  JobList::iterator first_runnable() {
    return std::find_if(jobs.begin(), jobs.end(), [this](const QueuedJob& each) {
      return !each.runs && !each.job->is_blocked() && !has_to_follow(each);
    });
  }

  // Whether another job of its sequence stands before it or runs.
  bool has_to_follow(const QueuedJob& one) const {
    const Sequence* const sequence = one.job->sequence();
    if (sequence == nullptr) return false;
    bool is_before = true;
    for (const QueuedJob& other : jobs) {
      if (&other == &one) {
        is_before = false;
      } else if ((is_before || other.runs) && other.job->sequence() == sequence) {
        return true;
      }
    }
    return false;
  }

  // Called when no thread serves jobs, though one runs a job that is away. Without a thread they wait for that one.
  void call_stand_in() noexcept {
    if (first_runnable() == jobs.end()) return;
    if (threads < 2) {
      start_one();
    } else {
      wake.notify_all();
    }
  }

  // Whether there is one more thread.
  bool start_one() noexcept {
    auto* const share = new (std::nothrow) std::shared_ptr<State>(shared_from_this());
    if (share == nullptr) return false;
    const auto entry = [](void* argument) {
      const std::unique_ptr<std::shared_ptr<State>> state(static_cast<std::shared_ptr<State>*>(argument));
      core::FloatMode::standard().apply();
      (*state)->serve();
    };
    if (!start(entry, share)) {
      delete share;
      return false;
    }
    ++threads;
    return true;
  }

  const std::shared_ptr<core::FairLock> run_lock;
  const std::shared_ptr<CompletionQueue> completions;
  core::ThreadPool& pool;
  const core::StartThread start;
  std::mutex mutex;  // of all below
  std::condition_variable wake;
  JobList jobs;
  std::size_t threads = 0;
  std::size_t running = 0;  // of the jobs
  bool serving = false;     // whether a thread has a job that is not away
  bool closed = false;
};

Runner::Runner(std::shared_ptr<core::FairLock> run_lock, std::shared_ptr<CompletionQueue> completions,
               core::ThreadPool& pool, core::StartThread start)
    : state_(std::make_shared<State>(std::move(run_lock), std::move(completions), pool, start)) {}

void Runner::submit(std::uint64_t id, std::shared_ptr<Job> job) {
  JobList one;
  one.push_back({id, std::move(job)});
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->threads == 0 && !state_->start_one()) {
      throw std::runtime_error("no thread can be had to run jobs on");
    }
    if (state_->closed) throw std::runtime_error("the runner is closed");
    state_->jobs.splice(state_->jobs.end(), one);
    if (!state_->serving && state_->running > 0) state_->call_stand_in();
  }
  state_->wake.notify_one();
}

void Runner::stop(std::uint64_t id) noexcept {
  JobList over;
  {
    const std::lock_guard lock(state_->mutex);
    JobList& jobs = state_->jobs;
    const auto found =
        std::find_if(jobs.begin(), jobs.end(), [id](const QueuedJob& queued) { return queued.id == id; });
    if (found == jobs.end()) return;
    found->job->stop();
    if (!found->runs) over.splice(over.end(), jobs, found);
  }
  if (!over.empty()) state_->completions->accept(over);
}

void Runner::stop() noexcept {
  const std::lock_guard lock(state_->mutex);
  for (QueuedJob& queued : state_->jobs) queued.job->stop();
}

void Runner::close() noexcept {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    for (QueuedJob& queued : state_->jobs) queued.job->stop();
  }
  state_->wake.notify_all();
}

}  // namespace lanewise::program
