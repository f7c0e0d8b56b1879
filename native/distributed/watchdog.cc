#include "watchdog.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

#include "../core/start_thread.h"

namespace lanewise::distributed {

struct Watchdog::State {
  const Progress& progress;
  const std::chrono::nanoseconds timeout;
  const Act act;
  std::atomic<bool> stopped{false};

  void watch() {
    while (!stopped.load(std::memory_order_acquire)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const std::int64_t began = progress.began.load(std::memory_order_acquire);
      const std::chrono::nanoseconds age(began == 0 ? 0 : Progress::now() - began);
      if (age <= timeout || stopped.load(std::memory_order_acquire)) continue;
      act({progress.what.load(std::memory_order_relaxed), progress.waits_for.load(std::memory_order_relaxed), age});
      return;
    }
  }
};

Watchdog::Watchdog(const Progress& progress, std::chrono::nanoseconds timeout, Act act)
    : state_(std::make_shared<State>(progress, timeout, std::move(act))) {
  auto share = std::make_unique<std::shared_ptr<State>>(state_);
  const auto entry = [](void* argument) {
    const std::unique_ptr<std::shared_ptr<State>> state(static_cast<std::shared_ptr<State>*>(argument));
    (*state)->watch();
  };
  if (!core::start_thread(entry, share.get())) throw std::runtime_error("no thread for the watchdog");
  share.release();  // the thread owns it
}

void Watchdog::stop() noexcept { state_->stopped.store(true, std::memory_order_release); }

}  // namespace lanewise::distributed
