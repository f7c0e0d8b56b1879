// Threads of the library's own.
#pragma once

namespace lanewise::core {

// Starts a detached thread that calls entry(argument); false when none can be had. The thread is called "lanewise",
// blocks every signal, so that the host's handlers run on the host's threads, and the library stays loaded for it.
using StartThread = bool (*)(void (*entry)(void*), void* argument) noexcept;
bool start_thread(void (*entry)(void*), void* argument) noexcept;

// The same, but the thread gives way to others. Linux: nice 19, or what the process has if that is more; elsewhere
// threads keep their priority.
bool start_background_thread(void (*entry)(void*), void* argument) noexcept;

}  // namespace lanewise::core
