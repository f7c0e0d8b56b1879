#include "allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace lanewise::test {
namespace {

thread_local bool counts_allocations = false;
thread_local std::size_t asked = 0, fail_at = Allocations::kNone;
thread_local std::ptrdiff_t alive = 0;
std::atomic<std::size_t> alive_anywhere{0};

void* allocate(std::size_t size, std::size_t alignment) {
  if (counts_allocations && asked++ == fail_at) throw std::bad_alloc();
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  if (counts_allocations) ++alive;
  alive_anywhere.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  if (counts_allocations) --alive;
  alive_anywhere.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

std::size_t live_allocations() { return alive_anywhere.load(); }

Allocations::Allocations(std::size_t failing) {
  asked = 0;
  alive = 0;
  fail_at = failing;
  counts_allocations = true;
}
Allocations::~Allocations() { counts_allocations = false; }
std::size_t Allocations::count() const { return asked; }
std::ptrdiff_t Allocations::live() const { return alive; }

}  // namespace lanewise::test

// What the standard's forms for arrays call. The nothrow ones would too, but a sanitizer has its own.
void* operator new(std::size_t size) { return lanewise::test::allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return lanewise::test::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (...) {
    return nullptr;
  }
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  try {
    return operator new(size, alignment);
  } catch (...) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { lanewise::test::release(memory); }
void operator delete(void* memory, std::size_t) noexcept { lanewise::test::release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { lanewise::test::release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { lanewise::test::release(memory); }
