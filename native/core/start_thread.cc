#include "start_thread.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "keep_loaded.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#endif
#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace lanewise::core {
namespace {

void name_this_thread() noexcept {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "lanewise");
#elif defined(__APPLE__)
  pthread_setname_np("lanewise");
#endif
}

// Linux keeps a nice value for each thread, whatever POSIX says of processes.
void give_way() noexcept {
#if defined(__linux__)
  // The most there is: at 10 the event loop waited longer, at the 99th percentile, for a core that training was on.
  constexpr int kNice = 19;
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, thread);
  if (errno == 0) setpriority(PRIO_PROCESS, thread, std::max(now, kNice));
#endif
}

#if defined(__unix__) || defined(__APPLE__)
// Blocks every signal for the scope. A thread started in it inherits that.
class BlockSignals {
 public:
  BlockSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t before_;
};
#else
struct BlockSignals {
  BlockSignals() noexcept {}
};
#endif

bool start(void (*entry)(void*), void* argument, bool background) noexcept {
  try {
    keep_loaded();
    const BlockSignals block;
    std::thread([=] {
      name_this_thread();
      if (background) give_way();
      entry(argument);
    }).detach();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

bool start_thread(void (*entry)(void*), void* argument) noexcept { return start(entry, argument, false); }

bool start_background_thread(void (*entry)(void*), void* argument) noexcept { return start(entry, argument, true); }

}  // namespace lanewise::core
