// JavaScript objects that own something native. Each kind has a type tag, so that another object, or a handle of
// another kind, is told from it, and counts its memory towards V8's so that garbage is collected in time.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "errors.h"
#include "handles.h"
#include "instance.h"

namespace lanewise::binding {

// For each T that handles own: static constexpr napi_type_tag kTag, and const char* kName for messages.
template <typename T>
struct HandleKind;

// Visits the addresses of what other handles own and `owned` has been lent, once for each time.
template <typename T>
void visit_borrowed_by(const T&, core::FunctionRef<void(const void*)>) {}

template <typename T>
class Handle final : public AnyHandle {
 public:
  explicit Handle(std::shared_ptr<T> owned) : owned_(std::move(owned)) {}

  const std::shared_ptr<T>& owned() const { return owned_; }
  T& operator*() const { return *owned_; }
  T* operator->() const { return owned_.get(); }
  const napi_type_tag* kind() const override { return &HandleKind<T>::kTag; }

 private:
  const void* owned_address() const override { return owned_.get(); }
  void visit_borrowed(core::FunctionRef<void(const void*)> visit) const override {
    if (owned_ != nullptr) visit_borrowed_by(*owned_, visit);
  }
  void reset() override { owned_.reset(); }

  std::shared_ptr<T> owned_;
};

// A new object that owns `owned`, which holds that many bytes.
template <typename T>
napi_value create_handle(napi_env env, std::shared_ptr<T> owned, std::size_t bytes) {
  auto handle = std::make_unique<Handle<T>>(std::move(owned));
  napi_value object = nullptr;
  check(napi_create_object(env, &object));
  check(napi_type_tag_object(env, object, &HandleKind<T>::kTag));
  instance_of(env).handles.adopt(env, object, handle.get(), bytes);
  handle.release();  // the object owns it from here on
  return object;
}

// Of a handle that may have been released.
template <typename T>
Handle<T>& read_handle_or_released(const Argument& arg) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(arg.env, arg.value, &type));
  bool right = false;
  if (type == napi_object) check(napi_check_object_type_tag(arg.env, arg.value, &HandleKind<T>::kTag, &right));
  if (!right) throw WrongType(arg.location() + "expected a " + HandleKind<T>::kName);
  void* data = nullptr;
  check(napi_unwrap(arg.env, arg.value, &data));
  return *static_cast<Handle<T>*>(static_cast<AnyHandle*>(data));
}

template <typename T>
[[noreturn]] void throw_released(const Argument& arg) {
  throw std::runtime_error(arg.location() + "this " + HandleKind<T>::kName + " has been released");
}

template <typename T>
Handle<T>& read_handle(const Argument& arg) {
  Handle<T>& handle = read_handle_or_released<T>(arg);
  if (handle.owned() == nullptr) throw_released<T>(arg);
  return handle;
}

}  // namespace lanewise::binding
