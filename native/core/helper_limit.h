// How many helpers the caller of a thread pool may have: no more than there are CPUs for, and than make progress.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

namespace lanewise::core {

// A helper that loses its core to another program in the middle of a share holds the whole run up, for a time slice of
// milliseconds. This object adds up the time lost so. When that is more than a small share of all time, there is one
// helper less. After a pause one more is tried again; when it holds runs up before they have taken as long as the
// pause, the next pause is twice as long. Runs without helpers in between do not count: a helper that was idle for a
// while is given its core at once. It also looks again at what the affinity mask and the cgroup quota allow, which may
// change while a process runs. Not thread-safe. Allocates nothing, reads no clock.
class HelperLimit {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  // What answers how many CPUs there are, at least 1, or kNone.
  struct Sources {
    std::size_t (*mask)() noexcept;   // CPUs in the affinity mask of this thread
    std::size_t (*quota)() noexcept;  // the cgroup quota, rounded up
  };

  // Losses of one part in kTolerated of the time do not count. When others add up to kMost, there is one helper less.
  static constexpr int kTolerated = 50;
  static constexpr auto kMost = std::chrono::milliseconds(5);
  static constexpr auto kFirstPause = std::chrono::milliseconds(20);
  static constexpr auto kLongestPause = std::chrono::milliseconds(1280);
  static constexpr auto kMaskPeriod = std::chrono::milliseconds(10);
  static constexpr auto kQuotaPeriod = std::chrono::seconds(1);

  explicit HelperLimit(Sources sources) noexcept : sources_(sources) {}

  // How many helpers a run may have that begins now; it has work for `wanted`.
  std::size_t allow(std::size_t wanted, Clock::time_point now) noexcept;

  // A run of `helpers` helpers has just ended, after `took`, in which it waited for `lost` without use.
  void ran(std::size_t helpers, Clock::duration took, Clock::duration lost, Clock::time_point now) noexcept;

 private:
  void look(Clock::time_point now) noexcept;
  // Forgets a small share of the time that has passed.
  void forgive(Clock::time_point now) noexcept;

  Sources sources_;
  std::size_t mask_ = kNone, quota_ = kNone;  // CPUs
  Clock::time_point next_mask_{}, next_quota_{};

  std::size_t helpers_ = kNone;  // that make progress, as far as is known
  Clock::duration lost_{};
  Clock::time_point forgiven_{};  // until when
  Clock::duration pause_ = kFirstPause;
  Clock::time_point next_try_{};
  Clock::duration used_{};  // time of runs with helpers since the last try
};

}  // namespace lanewise::core
