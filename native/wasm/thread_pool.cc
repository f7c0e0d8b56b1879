// core/thread_pool.h where there is one thread. Empty but in WebAssembly.
#if defined(__wasm__)
#include "../core/thread_pool.h"

namespace lanewise::core {

ThreadPool& ThreadPool::instance() {
  static ThreadPool pool([](void (*)(void*), void*) noexcept { return false; }, std::nullopt);
  return pool;
}

void ThreadPool::run(std::size_t parts, FunctionRef<void(std::size_t)> body) noexcept {
  for (std::size_t part = 0; part < parts; ++part) body(part);
}

}  // namespace lanewise::core

#endif
