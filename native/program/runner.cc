#include "runner.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "../core/denormals.h"

namespace lanewise::program {

struct Runner::State {
  State(std::shared_ptr<core::FairLock> run_lock_, std::shared_ptr<CompletionQueue> completions_,
        core::ThreadPool& pool_)
      : run_lock(std::move(run_lock_)), completions(std::move(completions_)), pool(pool_) {}

  // The life of the thread.
  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [this] { return closed || !jobs.empty(); });
      if (closed) break;
      // It stays in the list while it runs, where stop() finds it. Only this thread takes it out meanwhile.
      Job& job = *jobs.front().job;
      running = true;
      lock.unlock();
      bool more;
      {
        const std::lock_guard turn(*run_lock);
        more = job.advance(pool);
      }
      lock.lock();
      running = false;
      if (closed) break;
      if (more) {
        jobs.splice(jobs.end(), jobs, jobs.begin());
      } else {
        JobList over;
        over.splice(over.end(), jobs, jobs.begin());
        lock.unlock();
        completions->accept(over);
        lock.lock();
      }
    }
    JobList dropped;
    dropped.swap(jobs);
    lock.unlock();  // jobs take programs and buffers with them
  }

  const std::shared_ptr<core::FairLock> run_lock;
  const std::shared_ptr<CompletionQueue> completions;
  core::ThreadPool& pool;
  std::mutex mutex;  // of all below
  std::condition_variable wake;
  JobList jobs;
  bool running = false;  // the first of them
  bool closed = false;
};

Runner::Runner(std::shared_ptr<core::FairLock> run_lock, std::shared_ptr<CompletionQueue> completions,
               core::ThreadPool& pool, core::StartThread start)
    : state_(std::make_shared<State>(std::move(run_lock), std::move(completions), pool)), start_(start) {}

void Runner::submit(std::uint64_t id, std::shared_ptr<Job> job) {
  JobList one;
  one.push_back({id, std::move(job)});
  if (!started_) {
    auto share = std::make_unique<std::shared_ptr<State>>(state_);
    const auto entry = [](void* argument) {
      const std::unique_ptr<std::shared_ptr<State>> state(static_cast<std::shared_ptr<State>*>(argument));
      core::FloatMode::standard().apply();
      (*state)->serve();
    };
    if (!start_(entry, share.get())) throw std::runtime_error("no thread can be had to run jobs on");
    share.release();  // the thread owns it
    started_ = true;
  }
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->closed) throw std::runtime_error("the runner is closed");
    state_->jobs.splice(state_->jobs.end(), one);
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
    const bool runs = state_->running && found == jobs.begin();
    if (!runs) over.splice(over.end(), jobs, found);
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
  state_->wake.notify_one();
}

}  // namespace lanewise::program
