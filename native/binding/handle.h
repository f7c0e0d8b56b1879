// JavaScript objects that own something native. Each kind has a type tag, so that another object, or a handle of
// another kind, is told from it, and counts its memory towards V8's so that garbage is collected in time.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "arguments.h"
#include "errors.h"

namespace lanewise::binding {

// For each T that handles own: static constexpr napi_type_tag kTag, and const char* kName for messages.
template <typename T>
struct HandleKind;

template <typename T>
class Handle {
 public:
  explicit Handle(std::shared_ptr<T> owned) : owned_(std::move(owned)) {}

  const std::shared_ptr<T>& owned() const { return owned_; }
  T& operator*() const { return *owned_; }
  T* operator->() const { return owned_.get(); }

  // Lets go of it. Whoever else shares it keeps it.
  void release(napi_env env) {
    owned_.reset();
    report(env, -reported_);
  }

  // Tells V8 how much memory the object holds, or that it holds no longer.
  void report(napi_env env, std::int64_t bytes) {
    std::int64_t total = 0;
    if (bytes != 0 && napi_adjust_external_memory(env, bytes, &total) == napi_ok) reported_ += bytes;
  }

 private:
  std::shared_ptr<T> owned_;
  std::int64_t reported_ = 0;
};

// A new object that owns `owned`, which holds that many bytes.
template <typename T>
napi_value create_handle(napi_env env, std::shared_ptr<T> owned, std::size_t bytes) {
  auto handle = std::make_unique<Handle<T>>(std::move(owned));
  napi_value object = nullptr;
  check(napi_create_object(env, &object));
  check(napi_type_tag_object(env, object, &HandleKind<T>::kTag));
  const auto finalize = [](napi_env environment, void* data, void*) {
    const std::unique_ptr<Handle<T>> last(static_cast<Handle<T>*>(data));
    last->release(environment);
  };
  check(napi_wrap(env, object, handle.get(), finalize, nullptr, nullptr));
  handle.release()->report(env, static_cast<std::int64_t>(bytes));  // the object owns it from here on
  return object;
}

// Of a handle that may have been let go of.
template <typename T>
Handle<T>& read_handle_or_released(const Argument& arg) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(arg.env, arg.value, &type));
  bool right = false;
  if (type == napi_object) check(napi_check_object_type_tag(arg.env, arg.value, &HandleKind<T>::kTag, &right));
  if (!right) throw WrongType(arg.place() + "expected a " + HandleKind<T>::kName);
  void* data = nullptr;
  check(napi_unwrap(arg.env, arg.value, &data));
  return *static_cast<Handle<T>*>(data);
}

template <typename T>
Handle<T>& read_handle(const Argument& arg) {
  Handle<T>& handle = read_handle_or_released<T>(arg);
  if (handle.owned() == nullptr)
    throw std::runtime_error(arg.place() + "this " + HandleKind<T>::kName + " has been let go of");
  return handle;
}

}  // namespace lanewise::binding
