// How a thread waits for another one, or for another process, that may answer within microseconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

#include "progress.h"

namespace lanewise::distributed {

// Spins at first, since an answer that is on its way comes soon and a thread that sleeps is woken by the kernel's tick;
// then gives the core to others that have work; then sleeps between looks.
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
  // Something has come: more may be on its way.
  void reset() { began_ = Progress::now(); }

 private:
  static constexpr std::int64_t kSpin = 20'000, kYield = 2'000'000, kLongestSleep = 1'000'000;
  std::int64_t began_ = Progress::now();
};

}  // namespace lanewise::distributed
