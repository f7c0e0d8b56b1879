// What compiled C++ calls to throw and to catch (the Itanium C++ ABI), for `throw`, destructors and `catch (...)`,
// which is all there is in WebAssembly's sources: a `catch` of a type would need tables to be searched, and does not
// link. zig has this library for WebAssembly without exceptions only.
#if defined(__wasm__)
#include "exceptions.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace lanewise::wasm {
namespace {

// Destructors return their object in WebAssembly, and calls have to agree with that.
using Destroy = void* (*)(void*);

// In front of the object that is thrown.
struct alignas(16) Header {
  const std::type_info* type;
  Destroy destroy;
  Header* outer;  // that was being handled when this one was caught
  int handlers;
  bool rethrown;
};

Header* handled = nullptr;  // the innermost

Header* header_of(void* object) { return static_cast<Header*>(object) - 1; }

}  // namespace

const std::type_info& caught_type() { return *handled->type; }
const std::exception& caught_exception() { return *reinterpret_cast<const std::exception*>(handled + 1); }

extern "C" {

void* __cxa_allocate_exception(std::size_t size) noexcept {
  // An exception that has no memory cannot say so.
  auto* header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  if (header == nullptr) std::abort();
  *header = Header{};
  return header + 1;
}

void __cxa_free_exception(void* object) noexcept { std::free(header_of(object)); }

[[noreturn]] void __cxa_throw(void* object, std::type_info* type, Destroy destroy) {
  Header* header = header_of(object);
  header->type = type;
  header->destroy = destroy;
  __builtin_wasm_throw(0, object);
}

void* __cxa_begin_catch(void* object) noexcept {
  Header* header = header_of(object);
  header->rethrown = false;
  if (header->handlers++ == 0) {
    header->outer = handled;
    handled = header;
  }
  return object;
}

void __cxa_end_catch() {
  Header* header = handled;
  if (--header->handlers != 0) return;
  handled = header->outer;
  if (header->rethrown) return;
  if (header->destroy != nullptr) header->destroy(header + 1);
  std::free(header);
}

[[noreturn]] void __cxa_rethrow() {
  handled->rethrown = true;
  __builtin_wasm_throw(0, handled + 1);
}

// Of thread_local objects: the one thread never ends.
int __cxa_thread_atexit(void (*)(void*), void*, void*) noexcept { return 0; }

}  // extern "C"
}  // namespace lanewise::wasm

// Those of zig's library end the program where there is no memory.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  const std::size_t rounded = (size + unit - 1) / unit * unit;
  void* memory = rounded < size ? nullptr : std::aligned_alloc(unit, rounded == 0 ? unit : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
