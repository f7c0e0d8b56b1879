#include "handles.h"

#include <algorithm>
#include <utility>

#include "errors.h"

namespace lanewise::binding {
namespace {

// The search starts when this much waits to be found, or half of what is alive.
constexpr std::size_t kFewHandles = 1024;
constexpr std::int64_t kFewBytes = std::int64_t{8} << 20;

napi_value object_of(napi_env env, napi_ref reference) {
  napi_value object = nullptr;
  return napi_get_reference_value(env, reference, &object) == napi_ok ? object : nullptr;
}

}  // namespace

void AnyHandle::release(napi_env env) {
  if (owned_address() == nullptr) return;
  if (handles_ != nullptr) handles_->owners_.erase(owned_address());
  reset();
  std::int64_t total = 0;
  const std::int64_t bytes = std::exchange(bytes_, 0);
  if (bytes != 0) napi_adjust_external_memory(env, -bytes, &total);
}

Handles::~Handles() {
  for (const auto& [number, handle] : all_) handle->handles_ = nullptr;  // their finalizers are still to come
}

void Handles::adopt(napi_env env, napi_value object, AnyHandle* handle, std::size_t bytes) {
  handle->number_ = ++last_number_;
  all_.emplace(handle->number_, handle);
  handle->handles_ = this;
  try {
    owners_.emplace(handle->owned_address(), handle);
    check(napi_wrap(env, object, handle, finalize, nullptr, &handle->object_));
  } catch (...) {
    remove(handle);
    throw;
  }
  ++new_handles_;
  std::int64_t total = 0;
  if (bytes == 0 || napi_adjust_external_memory(env, static_cast<std::int64_t>(bytes), &total) != napi_ok) return;
  handle->bytes_ = static_cast<std::int64_t>(bytes);
  new_bytes_ += handle->bytes_;
}

AnyHandle* Handles::find(std::uint64_t number) const noexcept {
  const auto found = all_.find(number);
  return found == all_.end() ? nullptr : found->second;
}

void Handles::sweep(napi_env env, bool all) {
  const bool few =
      new_handles_ < std::max(kFewHandles, live_handles_ / 2) && new_bytes_ < std::max(kFewBytes, live_bytes_ / 2);
  if (few && !all) return;
  std::vector<AnyHandle*> collected;
  std::int64_t bytes = 0;
  for (const auto& [number, handle] : all_) {
    napi_handle_scope scope = nullptr;
    check(napi_open_handle_scope(env, &scope));
    if (object_of(env, handle->object_) == nullptr) {
      collected.push_back(handle);
    } else {
      bytes += handle->bytes_;
    }
    check(napi_close_handle_scope(env, scope));
  }
  for (AnyHandle* handle : collected) {
    napi_delete_reference(env, handle->object_);  // and with it the finalizer
    end(env, handle);
  }
  new_handles_ = 0;
  new_bytes_ = 0;
  live_handles_ = all_.size();
  live_bytes_ = bytes;
}

std::vector<napi_value> Handles::take_bereft(napi_env env) {
  std::vector<napi_value> objects;
  if (losses_ == 0) return objects;
  objects.reserve(losses_);
  losses_ = 0;
  for (const auto& [number, handle] : all_) {
    const std::size_t losses = std::exchange(handle->losses_, 0);
    if (losses == 0) continue;
    if (const napi_value object = object_of(env, handle->object_); object != nullptr) {
      objects.insert(objects.end(), losses, object);
    }
  }
  return objects;
}

// Called in a turn of the event loop, and when the environment ends.
void Handles::finalize(napi_env env, void* data, void*) {
  auto* handle = static_cast<AnyHandle*>(data);
  napi_delete_reference(env, handle->object_);
  if (handle->handles_ != nullptr) {
    handle->handles_->end(env, handle);
  } else {
    handle->release(env);
    delete handle;
  }
}

void Handles::end(napi_env env, AnyHandle* handle) noexcept {
  handle->visit_borrowed([&](const void* address) {
    const auto owner = owners_.find(address);
    if (owner == owners_.end()) return;
    ++owner->second->losses_;
    ++losses_;
  });
  handle->release(env);
  remove(handle);
  delete handle;
}

void Handles::remove(AnyHandle* handle) noexcept {
  owners_.erase(handle->owned_address());
  all_.erase(handle->number_);
  losses_ -= handle->losses_;
}

}  // namespace lanewise::binding
