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

// Used on the environment's own thread. Runner threads know the outbox, which outlives this object, and nothing of
// Node.
class Jobs {
 public:
  // Those of the environment, opened at first use.
  static Jobs& of(napi_env env);

  Jobs(napi_env env, const std::shared_ptr<core::FairLock>& lane);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Queues a job; its id. The function `settle` is called once, on the event loop, when the job is over: settle(runs,
  // error or null). Until then the job keeps the event loop alive; after it the id is forgotten. Throws what
  // Runner::submit throws.
  std::uint64_t submit(std::shared_ptr<program::Job> job, bool background, napi_value settle);

  // Throws std::invalid_argument when there is no such job, or no longer.
  program::Job& find(std::uint64_t id) const;
  // The same, but only while its `settle` is called; else std::invalid_argument.
  const program::Job& find_over(std::uint64_t id) const;

  // Stops all jobs. They settle if the event loop still turns.
  void stop() noexcept;

 private:
  class Outbox;
  struct Pending {
    std::shared_ptr<program::Job> job;
    napi_ref settle;
    bool over = false;  // its `settle` is being called
  };
  const Pending& find_pending(std::uint64_t id) const;

  static void deliver(napi_env env, napi_value, void* context, void*) noexcept;
  void settle(std::uint64_t id) noexcept;
  void forget(std::uint64_t id) noexcept;
  void close() noexcept;

  const napi_env env_;
  const std::shared_ptr<Outbox> outbox_;
  program::Runner normal_, background_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::uint64_t next_id_ = 1;
};

}  // namespace lanewise::binding
