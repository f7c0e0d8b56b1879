// A thread of the library's own that works through jobs, off the event loop.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "../core/fair_lock.h"
#include "../core/start_thread.h"
#include "../core/thread_pool.h"
#include "job.h"
#include "lane.h"

namespace lanewise::program {

struct QueuedJob {
  std::uint64_t id;  // what the submitter knows it by
  std::shared_ptr<Job> job;
  bool runs = false;  // now
};
// Jobs move from list to list by splicing, so that one that is over can be handed back without asking for memory.
using JobList = std::list<QueuedJob>;

// Where jobs go that are over: done, stopped or failed.
class CompletionQueue {
 public:
  virtual ~CompletionQueue() = default;
  // Takes the one job of the list out of it. Called by runner threads, and by the thread that stops a job.
  virtual void accept(JobList& one) noexcept = 0;
};

// Jobs take turns run by run, in the order in which they came, so none waits for another's end, nor for a run that
// waits for other processes, unless it needs what that run uses. The thread is made for the first job and detached. All
// that it uses it owns together with this object, which may go at any moment.
class Runner {
 public:
  // Each slice runs with the lock of the environment held.
  Runner(std::shared_ptr<core::FairLock> run_lock, std::shared_ptr<CompletionQueue> completions, core::ThreadPool& pool,
         core::StartThread start);
  ~Runner() { close(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Queues a job. Throws std::bad_alloc, or std::runtime_error when no thread can be had or the runner is closed; then
  // nothing was queued.
  void submit(std::uint64_t id, std::shared_ptr<Job> job);

  // Stops a job, if it is still there. One that waits for its turn is handed back now, the one that runs after its run.
  void stop(std::uint64_t id) noexcept;

  // Stops all jobs: each is handed back soon. Never waits for a run.
  void stop() noexcept;

  // Begins no further run and hands no further job back; the thread releases everything as soon as the run in
  // progress is over. Never waits for it.
  void close() noexcept;

 private:
  struct State;

  const std::shared_ptr<State> state_;
};

}  // namespace lanewise::program
