#include "jobs.h"

#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "../core/start_thread.h"
#include "../core/thread_pool.h"
#include "errors.h"
#include "program.h"

namespace lanewise::binding {

// Jobs that are over, on their way back to the event loop. Owned by runner threads too: it may outlive the environment,
// and after close() nothing in it is of that environment.
class Jobs::Completions final : public program::CompletionQueue {
 public:
  // Called by runner threads, and by stop() on the environment's.
  void accept(program::JobList& one) noexcept override {
    const std::lock_guard lock(mutex_);
    if (function_ == nullptr) return;
    over_.splice(over_.end(), one);
    if (!std::exchange(awake_, true)) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  }

  // The rest is of the environment's thread.

  // The first of them. When there is none, an empty list, and the next that comes wakes the event loop again, unless
  // this is called again anyway.
  program::JobList take(bool comes_again) noexcept {
    const std::lock_guard lock(mutex_);
    program::JobList one;
    awake_ = comes_again || !over_.empty();
    if (!over_.empty()) one.splice(one.end(), over_, over_.begin());
    return one;
  }

  void open(napi_threadsafe_function function) noexcept {
    const std::lock_guard lock(mutex_);
    function_ = function;
  }

  void close() noexcept {
    napi_threadsafe_function function = nullptr;
    {
      const std::lock_guard lock(mutex_);
      function = std::exchange(function_, nullptr);
      over_.clear();
    }
    jobs = nullptr;
    if (function != nullptr) napi_release_threadsafe_function(function, napi_tsfn_abort);
  }

  // Whether the event loop is to wait for jobs that are over. Only while it is open.
  void hold_loop(napi_env env, bool hold) noexcept {
    if (hold) {
      napi_ref_threadsafe_function(env, function_);
    } else {
      napi_unref_threadsafe_function(env, function_);
    }
  }

  Jobs* jobs = nullptr;  // null once they are closed

 private:
  std::mutex mutex_;  // of all below; function_ is written by the environment's thread only
  napi_threadsafe_function function_ = nullptr;
  program::JobList over_;
  bool awake_ = false;  // the event loop has been woken and comes for them
};

Jobs& Jobs::of(napi_env env) {
  const Instance& instance = instance_of(env);
  if (instance.jobs == nullptr) throw std::runtime_error("openJobs has not been called");
  return *instance.jobs;
}

void Jobs::open(napi_env env, napi_value wake) {
  Instance& instance = instance_of(env);
  if (instance.jobs == nullptr) instance.jobs = std::make_unique<Jobs>(env, instance.lock, wake);
}

Jobs::Jobs(napi_env env, const std::shared_ptr<core::FairLock>& lock, napi_value wake)
    : env_(env),
      completions_(std::make_shared<Completions>()),
      normal_(lock, completions_, core::ThreadPool::instance(), core::start_thread),
      background_(lock, completions_, core::ThreadPool::background(), core::start_background_thread) {
  napi_value name = nullptr;
  check(napi_create_string_utf8(env, "lanewise", NAPI_AUTO_LENGTH, &name));
  // A share of the completion queue for the function itself, which may be called until it is finalized.
  auto share = std::make_unique<std::shared_ptr<Completions>>(completions_);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Completions>*>(data); };
  napi_threadsafe_function function = nullptr;
  // With no function of C++ to call it: Node calls `wake`.
  check(napi_create_threadsafe_function(env, wake, nullptr, name, 0, 1, share.get(), finalize, share.get(), nullptr,
                                        &function));
  share.release();
  completions_->open(function);
  completions_->jobs = this;
  completions_->hold_loop(env, false);
  // Hooks run last in, first out: this one before that of the function, so that it is not called any more by then.
  const auto hook = [](void* data) { static_cast<Jobs*>(data)->close(); };
  if (napi_add_env_cleanup_hook(env, hook, this) != napi_ok) {
    close();
    throw binding::Pending{};
  }
}

Jobs::~Jobs() = default;  // closed by the hook

std::uint64_t Jobs::submit(std::shared_ptr<program::Job> job, bool background, napi_value settle) {
  const std::uint64_t id = next_id_++;
  pending_.emplace(id, Pending{job, nullptr});
  try {
    check(napi_create_reference(env_, settle, 1, &pending_.at(id).settle));
    (background ? background_ : normal_).submit(id, std::move(job));
  } catch (...) {
    forget(id);
    throw;
  }
  if (pending_.size() == 1) completions_->hold_loop(env_, true);
  return id;
}

const Jobs::Pending& Jobs::find_pending(std::uint64_t id) const {
  const auto found = pending_.find(id);
  if (found == pending_.end()) throw std::invalid_argument("no job " + std::to_string(id) + ", or no longer");
  return found->second;
}

program::Job& Jobs::find(std::uint64_t id) const { return *find_pending(id).job; }

const program::Job& Jobs::find_over(std::uint64_t id) const {
  const Pending& pending = find_pending(id);
  if (!pending.over) throw std::invalid_argument("job " + std::to_string(id) + " is not over");
  return *pending.job;
}

void Jobs::stop(std::uint64_t id) {
  find_pending(id);
  // One of them has it, unless it is over.
  normal_.stop(id);
  background_.stop(id);
}

void Jobs::stop() noexcept {
  normal_.stop();
  background_.stop();
}

void Jobs::forget(std::uint64_t id) noexcept {
  const auto found = pending_.find(id);
  if (found->second.settle != nullptr) napi_delete_reference(env_, found->second.settle);
  pending_.erase(found);
}

bool Jobs::settle_next(bool comes_again) noexcept {
  const program::JobList over = completions_->take(comes_again);
  if (over.empty()) return false;
  settle(over.front().id);
  return true;
}

void Jobs::settle(std::uint64_t id) noexcept {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  found->second.over = true;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) == napi_ok) {
    try {
      const program::Job& job = *found->second.job;
      napi_value function = nullptr, undefined = nullptr, arguments[2] = {};
      check(napi_get_reference_value(env_, found->second.settle, &function));
      check(napi_get_undefined(env_, &undefined));
      check(napi_create_double(env_, static_cast<double>(job.runs()), &arguments[0]));
      if (job.failure() == nullptr) {
        check(napi_get_null(env_, &arguments[1]));
      } else {
        arguments[1] = program_error(env_, job.failure());
      }
      if (napi_call_function(env_, undefined, function, 2, arguments, nullptr) == napi_pending_exception) {
        // The function is not to throw; when it does, what it throws must not be lost, nor taken for another job's.
        napi_value error = nullptr;
        if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
      }
    } catch (...) {  // JavaScript can run no more, or there is no memory to tell it
    }
    napi_close_handle_scope(env_, scope);
  }
  if (completions_->jobs == nullptr) return;
  forget(id);
  if (pending_.empty()) completions_->hold_loop(env_, false);
}

void Jobs::close() noexcept {
  if (completions_->jobs == nullptr) return;
  completions_->close();
  normal_.close();
  background_.close();
  while (!pending_.empty()) forget(pending_.begin()->first);
}

}  // namespace lanewise::binding
