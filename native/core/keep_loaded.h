#pragma once

namespace lanewise::core {

// Keeps the library that this function is linked into in memory until the process ends. Node unloads an addon when the
// last environment that loaded it is torn down (a terminated worker_thread, say); the pool's workers still run in it.
// (A library built by g++ often stays anyway, because it defines unique symbols; nothing should hang on that.)
void keep_loaded() noexcept;

}  // namespace lanewise::core
