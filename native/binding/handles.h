// The JavaScript objects of one environment that own something native, so that those which have been collected can be
// found at any time: a finalizer of Node-API waits for a turn of the event loop, which a synchronous loop never gives.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "../core/function_ref.h"

namespace lanewise::binding {

class Handles;

// What stands behind such an object.
class AnyHandle {
 public:
  virtual ~AnyHandle() = default;
  AnyHandle(const AnyHandle&) = delete;
  AnyHandle& operator=(const AnyHandle&) = delete;

  // Gives up what it owns. Other owners keep it.
  void release(napi_env env);
  // Tells it from all other handles of its environment, also from those of the past.
  std::uint64_t number() const { return number_; }
  // The same for all handles of one kind, and for no other.
  virtual const napi_type_tag* kind() const = 0;

 protected:
  AnyHandle() = default;
  // What is owned, or null.
  virtual const void* owned_address() const = 0;
  // Visits the addresses of what has been lent to it, which other handles own. Allocates nothing: a finalizer calls it.
  virtual void visit_borrowed(core::FunctionRef<void(const void*)> visit) const = 0;
  virtual void reset() = 0;

 private:
  friend class Handles;

  Handles* handles_ = nullptr;  // null once the environment has ended
  std::uint64_t number_ = 0;
  napi_ref object_ = nullptr;  // weak
  std::int64_t bytes_ = 0;     // that V8 has been told of
  std::size_t losses_ = 0;     // collected handles that it had lent memory to, since they were last taken
};

class Handles {
 public:
  Handles() = default;
  ~Handles();
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  // Ties a handle that owns that many bytes to an object, which owns it from then on. Throws Pending.
  void adopt(napi_env env, napi_value object, AnyHandle* handle, std::size_t bytes);

  // The handle with that number; null when its object was collected, or there never was one.
  AnyHandle* find(std::uint64_t number) const noexcept;

  // Frees what collected objects own. Looks at all of them when `all`, else only when enough has been made since
  // the last time for that to be worth its while.
  void sweep(napi_env env, bool all);

  // The objects whose memory was lent to one that has been collected since the last call without a release before.
  std::vector<napi_value> take_bereft(napi_env env);

 private:
  friend class AnyHandle;

  static void finalize(napi_env env, void* data, void*);
  void end(napi_env env, AnyHandle* handle) noexcept;
  void remove(AnyHandle* handle) noexcept;

  std::unordered_map<std::uint64_t, AnyHandle*> all_;  // by number
  std::uint64_t last_number_ = 0;
  std::unordered_map<const void*, AnyHandle*> owners_;
  std::size_t losses_ = 0;                          // of all handles
  std::size_t new_handles_ = 0, live_handles_ = 0;  // since, and after, the last sweep
  std::int64_t new_bytes_ = 0, live_bytes_ = 0;
};

}  // namespace lanewise::binding
