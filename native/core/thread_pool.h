// The one thread pool of the process: fork and join with workers that spin inside a training step and park after it.
#pragma once

#include <cstddef>

#include "function_ref.h"

namespace lanewise::core {

class ThreadPool {
 public:
  // The pool of this process. Created at first use and never destroyed: static destructors would run under live
  // threads at process exit.
  static ThreadPool& instance();

  // Calls body(part) once for each part in [0, parts) and returns when all are done. The caller runs part 0 and the
  // workers the others. When another thread is inside run(), or no worker can be had, the caller runs every part itself,
  // in order: callers must not let one part wait for another. body must not throw.
  void run(std::size_t parts, FunctionRef<void(std::size_t)> body) noexcept;

 private:
  ThreadPool() = default;
};

}  // namespace lanewise::core
