// The jobs of one JavaScript environment, their way from it to runner threads and back, and how all of it ends.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "../program/job.h"
#include "../program/runner.h"
#include "instance.h"

namespace lanewise::binding {

// Used on the environment's own thread. Runner threads know the completion queue, which outlives this object, and
// nothing of Node.
class Jobs {
 public:
  // Those of the environment. Throws std::runtime_error before open().
  static Jobs& of(napi_env env);

  // Opens them, unless they are open. The function `wake` is called on the event loop, without arguments, when a job is
  // over and no call of settle_next() is to come for it.
  static void open(napi_env env, napi_value wake);

  Jobs(napi_env env, const std::shared_ptr<core::FairLock>& lock, napi_value wake);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Queues a job; its id. The function `settle` is called once, by settle_next(), when the job is over: settle(runs,
  // error or null). Until then the job keeps the event loop alive; after it the id is forgotten. Throws what
  // Runner::submit throws.
  std::uint64_t submit(std::shared_ptr<program::Job> job, bool background, napi_value settle);

  // Throws std::invalid_argument when there is no such job, or no longer.
  program::Job& find(std::uint64_t id) const;
  // The same, but only while its `settle` is called; else std::invalid_argument.
  const program::Job& find_over(std::uint64_t id) const;

  // Settles the job that has been over for longest; it is to be called again then. False when there is none: then
  // `wake` announces the next, unless it is called again anyway.
  bool settle_next(bool comes_again) noexcept;

  // Stops a job: at once, unless it is in the middle of a run. Throws as find().
  void stop(std::uint64_t id);

  // Stops all jobs. They settle if the event loop still turns.
  void stop() noexcept;

 private:
  class Completions;
  struct Pending {
    std::shared_ptr<program::Job> job;
    napi_ref settle;
    bool over = false;  // its `settle` is being called
  };
  const Pending& find_pending(std::uint64_t id) const;

  void settle(std::uint64_t id) noexcept;
  void forget(std::uint64_t id) noexcept;
  void close() noexcept;

  const napi_env env_;
  const std::shared_ptr<Completions> completions_;
  program::Runner normal_, background_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::uint64_t next_id_ = 1;
};

}  // namespace lanewise::binding
