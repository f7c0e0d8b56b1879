// The JavaScript objects of one environment that own something native, so that those which have been collected can be
// found at any time: a finalizer of Node-API waits for a turn of the event loop, which a synchronous loop never gives.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <list>
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

  // Lets go of what it owns. Whoever else shares it keeps it.
  void release(napi_env env);

 protected:
  AnyHandle() = default;
  // What is owned, or null.
  virtual const void* owned_address() const = 0;
  // Visits the addresses of what has been lent to it, which other handles own. Allocates nothing: a finalizer calls it.
  virtual void visit_borrowed(core::FunctionRef<void(const void*)> visit) const = 0;
  virtual void reset() = 0;

 private:
  friend class Handles;

  Handles* handles_ = nullptr;             // null once the environment has ended
  std::list<AnyHandle*>::iterator place_;  // in handles_
  napi_ref object_ = nullptr;              // weak
  std::int64_t bytes_ = 0;                 // that V8 has been told of
  std::size_t losses_ = 0;                 // collected handles that it had lent memory to, since they were last taken
};

class Handles {
 public:
  Handles() = default;
  ~Handles();
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  // Ties a handle that owns so many bytes to an object, which owns it from then on. Throws Pending.
  void adopt(napi_env env, napi_value object, AnyHandle* handle, std::size_t bytes);

  // Lets go of what collected objects own. Looks at all of them when `all`, else only when enough has been made since
  // the last time for that to be worth its while.
  void sweep(napi_env env, bool all);

  // The objects whose memory was lent to one that has been collected since the last call, without having been let go
  // of.
  std::vector<napi_value> take_bereft(napi_env env);

 private:
  friend class AnyHandle;

  static void finalize(napi_env env, void* data, void*);
  void end(napi_env env, AnyHandle* handle) noexcept;
  void remove(AnyHandle* handle) noexcept;

  std::list<AnyHandle*> all_;
  std::unordered_map<const void*, AnyHandle*> owners_;
  std::size_t losses_ = 0;                          // of all handles
  std::size_t new_handles_ = 0, live_handles_ = 0;  // since, and after, the last sweep
  std::int64_t new_bytes_ = 0, live_bytes_ = 0;
};

}  // namespace lanewise::binding
