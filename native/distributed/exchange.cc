#include "exchange.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace lanewise::distributed {
namespace {

// Spins at first, since an answer that is on its way comes within microseconds and a thread that sleeps is woken by the
// kernel's tick; then gives the core to others that have work; then sleeps between looks.
class BackOff {
 public:
  void pause() {
    const std::int64_t waited = Progress::now() - began_;
    if (waited < kSpin) return;
    if (waited < kYield) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(waited / 20, kLongestSleep)));
    }
  }
  void reset() { began_ = Progress::now(); }

 private:
  static constexpr std::int64_t kSpin = 20'000, kYield = 2'000'000, kLongestSleep = 1'000'000;
  std::int64_t began_ = Progress::now();
};

}  // namespace

void Exchange::wait() {
  BackOff back_off;
  while (!pending_.empty()) {
    const std::size_t before = pending_.size();
    std::erase_if(pending_, [&](Message& message) { return transport_.test(message.request); });
    if (pending_.empty()) break;
    if (pending_.size() != before) {
      back_off.reset();
      continue;
    }
    const auto incoming = std::find_if(pending_.begin(), pending_.end(), [](const Message& m) { return m.incoming; });
    progress_.waits_for.store((incoming != pending_.end() ? *incoming : pending_.front()).peer,
                              std::memory_order_relaxed);
    back_off.pause();
  }
}

}  // namespace lanewise::distributed
