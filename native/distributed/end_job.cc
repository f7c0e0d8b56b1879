#include "end_job.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "../core/start_thread.h"

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

namespace lanewise::distributed {

void end_job(const std::function<void(int)>& abort, int code) noexcept {
  struct Order {
    std::function<void(int)> abort;
    int code;
  };
  try {
    // Leaked: the thread may be in the engine until the process ends.
    auto* const order = new Order{abort, code};
    const auto entry = [](void* argument) {
      const Order& given = *static_cast<const Order*>(argument);
      given.abort(given.code);
    };
    if (core::start_thread(entry, order)) std::this_thread::sleep_for(std::chrono::seconds(1));
  } catch (...) {  // no memory: the launcher notices that the process ended
  }
  std::_Exit(code);
}

void write_line(const char* text) noexcept {
#if defined(_WIN32)
  if (_write(2, text, static_cast<unsigned>(std::strlen(text))) >= 0) _write(2, "\n", 1);
#else
  if (write(2, text, std::strlen(text)) >= 0 && write(2, "\n", 1) >= 0) return;
#endif
}

}  // namespace lanewise::distributed
