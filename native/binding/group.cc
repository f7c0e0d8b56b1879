#include "group.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../distributed/group.h"
#include "../distributed/mpi.h"
#include "arguments.h"
#include "call.h"
#include "errors.h"
#include "instance.h"
#include "program.h"

namespace lanewise::binding {
namespace {

using distributed::DType;
using distributed::Group;
using distributed::Kind;
using distributed::Task;

// What is over, and to be told to JavaScript.
struct Event {
  std::uint64_t id;
  std::shared_ptr<Task> task;  // null for the connection
  std::exception_ptr failure;
};

// The group of this process with what its environment knows of it. Made once and never freed, since the communication
// thread may report to it until the process ends.
class Owner {
 public:
  // Null before open(), and in every other environment.
  static Owner* of(napi_env env) {
    Owner* const owner = instance.load(std::memory_order_acquire);
    return owner != nullptr && owner->env_ == env ? owner : nullptr;
  }
  static Owner& get(napi_env env) {
    Owner* const owner = of(env);
    if (owner == nullptr) throw std::runtime_error("there is no process group in this environment");
    return *owner;
  }

  static void open(napi_env env, const std::string& library, double timeout, napi_value settle) {
    auto made = std::make_unique<Owner>(env);
    Owner& owner = *made;
    // One that never connected, as when there is no library, may be replaced.
    Owner* before = instance.load(std::memory_order_acquire);
    const bool free = before == nullptr || before->has_failed();
    if (!free || !instance.compare_exchange_strong(before, &owner)) {
      throw std::runtime_error("this process has opened a process group before, and can do so only once");
    }
    made.release();
    const auto seconds = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(timeout));
    try {
      owner.create_function(settle);
      owner.group_ = &Group::open([library] { return distributed::open_mpi(library); }, seconds,
                                  [&owner](std::exception_ptr failure) { owner.report({0, nullptr, failure}); });
      owner.group_->set_environment(env);
    } catch (...) {
      owner.close();  // else the function keeps the event loop alive
      throw;
    }
  }

  // Once it is connected.
  Group& group() const {
    if (group_ == nullptr || !group_->is_connected()) throw std::runtime_error("the process group is not connected");
    return *group_;
  }
  bool has_failed() const { return group_ != nullptr && group_->is_closed() && !group_->is_connected(); }

  std::uint64_t submit(std::shared_ptr<Task> task) {
    const std::uint64_t id = next_id_++;
    task->over = [this, id](Task& over) { report({id, over.shared_from_this(), over.failure}); };
    group_->submit(std::move(task));
    if (pending_++ == 0) napi_ref_threadsafe_function(env_, function_);
    return id;
  }

  // This rank goes. With an open group the job cannot go on: it would be missing.
  void leave(const std::string& message, int code) const {
    if (group_ != nullptr && !group_->is_closed()) group_->abort(message, code);
  }

  // The task whose end is being told.
  Task& settling(std::size_t id) const {
    if (current_ == nullptr || current_->id != id || current_->task == nullptr) {
      throw std::invalid_argument("task " + std::to_string(id) + " is not being settled");
    }
    return *current_->task;
  }

  explicit Owner(napi_env env) : env_(env) {}

 private:
  static inline std::atomic<Owner*> instance{nullptr};

  void create_function(napi_value settle) {
    napi_value name = nullptr;
    check(napi_create_string_utf8(env_, "lanewise", NAPI_AUTO_LENGTH, &name));
    const auto call = [](napi_env env, napi_value function, void* context, void* data) {
      const std::unique_ptr<Event> event(static_cast<Event*>(data));
      // No environment any more, at its end.
      if (env != nullptr) static_cast<Owner*>(context)->settle(function, *event);
    };
    check(napi_create_threadsafe_function(env_, settle, nullptr, name, 0, 1, nullptr, nullptr, this, call, &function_));
    const auto hook = [](void* data) { static_cast<Owner*>(data)->close(); };
    check(napi_add_env_cleanup_hook(env_, hook, this));
  }

  // On the communication thread.
  void report(Event event) {
    const std::lock_guard lock(mutex_);
    if (function_ == nullptr) return;
    napi_call_threadsafe_function(function_, new Event(std::move(event)), napi_tsfn_nonblocking);
  }

  void settle(napi_value function, const Event& event) {
    if (--pending_ == 0) napi_unref_threadsafe_function(env_, function_);
    current_ = &event;
    try {
      napi_value undefined = nullptr, arguments[2] = {};
      check(napi_get_undefined(env_, &undefined));
      check(napi_create_double(env_, static_cast<double>(event.id), &arguments[0]));
      if (event.failure == nullptr) {
        check(napi_get_null(env_, &arguments[1]));
      } else {
        arguments[1] = program_error(env_, event.failure);
      }
      napi_call_function(env_, undefined, function, 2, arguments, nullptr);
    } catch (...) {  // JavaScript can run no more
    }
    current_ = nullptr;
  }

  void close() {
    leave("lanewise: a rank's environment ended before destroyProcessGroup(): the job ends", 1);
    const std::lock_guard lock(mutex_);
    if (function_ != nullptr) napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_abort);
  }

  const napi_env env_;
  Group* group_ = nullptr;
  std::uint64_t next_id_ = 1;
  std::size_t pending_ = 1;  // the connection
  const Event* current_ = nullptr;
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

std::string read_text(const Argument& arg) {
  std::size_t length = 0;
  const napi_status status = napi_get_value_string_utf8(arg.env, arg.value, nullptr, 0, &length);
  if (status == napi_string_expected) throw WrongType(arg.location() + "expected a string");
  check(status);
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(arg.env, arg.value, text.data(), length + 1, &length));
  return text;
}

std::size_t read_below(const Argument& arg, std::size_t limit) {
  const auto value = Read<std::size_t>::from(arg);
  if (value >= limit) {
    throw std::invalid_argument(arg.location() + "expected a number below " + std::to_string(limit) + ", got " +
                                std::to_string(value));
  }
  return value;
}

DType dtype_of(const Argument& arg, napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return DType::kFloat32;
    case napi_int32_array:
      return DType::kInt32;
    case napi_float64_array:
      return DType::kFloat64;
    case napi_uint16_array:
      return DType::kBfloat16;
    case napi_uint8_array:
      return DType::kByte;
    default:
      throw WrongType(arg.location() + "expected Float32Array, Int32Array, Float64Array, Uint16Array or Uint8Array");
  }
}

struct Arrays {
  DType dtype = DType::kByte;
  std::vector<std::span<std::byte>> memory;
  std::size_t bytes = 0;
};

Arrays read_arrays(const Argument& arg) {
  Arrays arrays;
  // Elements first: reading them may run JavaScript.
  const Elements elements = list_elements(arg);
  for (const napi_value element : elements.items()) {
    const TypedArray array = read_typed_array({arg.env, element, arg.index}, "a typed array");
    const DType dtype = dtype_of(arg, array.type);
    if (!arrays.memory.empty() && dtype != arrays.dtype)
      throw WrongType(arg.location() + "expected arrays of one type");
    arrays.dtype = dtype;
    const std::size_t bytes = array.length * distributed::element_bytes(dtype);
    arrays.memory.emplace_back(static_cast<std::byte*>(array.data), bytes);
    arrays.bytes += bytes;
  }
  return arrays;
}

void fill(Task& task, const Arrays& arrays, std::size_t ranks) {
  task.owned.resize(arrays.bytes);
  task.data = task.owned.data();
  std::byte* to = task.data;
  for (const std::span<std::byte> from : arrays.memory) {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
    to += from.size();
  }
  distributed::Agreement& what = task.what;
  what.dtype = arrays.dtype;
  const std::size_t numbers = arrays.bytes / distributed::element_bytes(arrays.dtype);
  std::size_t divided = 1;
  if (what.kind == Kind::kAllReduce) divided = what.parts;
  if (what.kind == Kind::kReduceScatter) divided = ranks;
  if (divided == 0 || numbers % divided != 0) {
    throw std::invalid_argument(std::to_string(numbers) + " numbers cannot be divided by " + std::to_string(divided));
  }
  what.count = numbers / divided;
  if (what.kind == Kind::kAllGather) task.output.resize(arrays.bytes * ranks);
  if (what.kind == Kind::kReduceScatter) task.output.resize(arrays.bytes / ranks);
}

}  // namespace

napi_value group_open(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupOpen", [&]() -> napi_value {
    const auto values = read_arguments<3>(env, info, nullptr);
    const std::string library = read_text({env, values[0], 0});
    const double timeout = Read<double>::from({env, values[1], 1});
    // Longer than a year is for ever, and nanoseconds are counted.
    if (!(timeout > 0)) throw std::invalid_argument("argument 1: expected a positive number of seconds");
    Owner::open(env, library, std::min(timeout, 3.2e7), values[2]);
    return nullptr;
  });
}

napi_value group_info(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupInfo", [&] {
    read_arguments<0>(env, info, nullptr);
    const Group& group = Owner::get(env).group();
    napi_value result = nullptr, rank = nullptr, size = nullptr, engine = nullptr;
    const std::string name = group.name();
    check(napi_create_object(env, &result));
    check(napi_create_int32(env, group.rank(), &rank));
    check(napi_create_int32(env, group.size(), &size));
    check(napi_create_string_utf8(env, name.data(), name.size(), &engine));
    check(napi_set_named_property(env, result, "rank", rank));
    check(napi_set_named_property(env, result, "size", size));
    check(napi_set_named_property(env, result, "engine", engine));
    return result;
  });
}

napi_value group_place(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupPlace", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const auto cpus = Read<std::size_t>::from({env, values[0], 0});
    Owner::get(env).group().set_place(cpus, Read<bool>::from({env, values[1], 1}));
    return nullptr;
  });
}

napi_value group_submit(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupSubmit", [&] {
    const auto values = read_arguments<6>(env, info, nullptr);
    Owner& owner = Owner::get(env);
    auto task = std::make_shared<Task>();
    distributed::Agreement& what = task->what;
    what.kind = static_cast<Kind>(read_below({env, values[0], 0}, static_cast<std::size_t>(Kind::kFinalize) + 1));
    what.op = static_cast<distributed::ReduceOp>(read_below({env, values[1], 1}, 4));
    what.divisor = Read<double>::from({env, values[2], 2});
    what.parts = Read<std::size_t>::from({env, values[3], 3});
    const auto ranks = static_cast<std::size_t>(owner.group().size());
    what.root = static_cast<std::uint16_t>(read_below({env, values[4], 4}, ranks));
    fill(*task, read_arrays({env, values[5], 5}), ranks);
    napi_value id = nullptr;
    check(napi_create_double(env, static_cast<double>(owner.submit(std::move(task))), &id));
    return id;
  });
}

napi_value group_take(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupTake", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const Arrays arrays = read_arrays({env, values[1], 1});
    const Task& task = Owner::get(env).settling(Read<std::size_t>::from({env, values[0], 0}));
    const std::vector<std::byte>& result = task.output.empty() ? task.owned : task.output;
    if (arrays.bytes > result.size()) throw std::invalid_argument("argument 1: more numbers than there are");
    const std::byte* from = result.data();
    for (const std::span<std::byte> to : arrays.memory) {
      if (!to.empty()) std::memcpy(to.data(), from, to.size());
      from += to.size();
    }
    return nullptr;
  });
}

napi_value group_abort(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupAbort", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const std::string message = read_text({env, values[0], 0});
    Owner::get(env).group().abort(message, Read<std::int32_t>::from({env, values[1], 1}));
  });
}

napi_value group_leave(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, "groupLeave", [&]() -> napi_value {
    const auto values = read_arguments<2>(env, info, nullptr);
    const std::string message = read_text({env, values[0], 0});
    const auto code = Read<std::int32_t>::from({env, values[1], 1});
    if (Owner* const owner = Owner::of(env); owner != nullptr) owner->leave(message, code);
    return nullptr;
  });
}

}  // namespace lanewise::binding
