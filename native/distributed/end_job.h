// How a rank ends the whole job when it cannot go on.
#pragma once

#include <functional>

namespace lanewise::distributed {

// The exit code of a job that the watchdog ended.
inline constexpr int kOverdueCode = 71;

// Calls `abort`, which ends all ranks, on a separate thread, and ends this process with that code a second later, also
// when the call hangs: an engine's abort may do so when its lines are cut. Does not return.
[[noreturn]] void end_job(const std::function<void(int)>& abort, int code) noexcept;

// Writes a line to stderr, past everything that may be buffered or locked.
void write_line(const char* text) noexcept;

}  // namespace lanewise::distributed
