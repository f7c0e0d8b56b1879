#include "helper_limit.h"

#include <algorithm>

namespace lanewise::core {

std::size_t HelperLimit::allow(std::size_t wanted, Clock::time_point now) noexcept {
  look(now);
  wanted = std::min(wanted, std::min(mask_, quota_) - 1);
  if (helpers_ < wanted && now >= next_try_) {
    ++helpers_;
    used_ = {};
    next_try_ = now + pause_;
    // One time slice lost is enough to end the try.
    lost_ = kMost - kMost / 4;
    forgiven_ = now;
  }
  return std::min(wanted, helpers_);
}

void HelperLimit::ran(std::size_t helpers, Clock::duration took, Clock::duration lost, Clock::time_point now) noexcept {
  if (helpers == 0) return;
  used_ += took;
  if (lost <= Clock::duration::zero()) return;
  forgive(now);
  lost_ = std::min<Clock::duration>(lost_ + lost, kMost);
  if (lost_ < kMost) return;
  const bool soon = helpers_ != kNone && used_ < pause_;
  pause_ = soon ? std::min<Clock::duration>(2 * pause_, kLongestPause) : kFirstPause;
  helpers_ = std::min(helpers_, helpers) - 1;
  next_try_ = now + pause_;
}

void HelperLimit::look(Clock::time_point now) noexcept {
  if (now < next_mask_) return;
  next_mask_ = now + kMaskPeriod;
  mask_ = std::max<std::size_t>(sources_.mask(), 1);
  if (now < next_quota_) return;
  next_quota_ = now + kQuotaPeriod;
  quota_ = std::max<std::size_t>(sources_.quota(), 1);
}

void HelperLimit::forgive(Clock::time_point now) noexcept {
  lost_ = std::max(lost_ - (now - forgiven_) / kTolerated, Clock::duration::zero());
  forgiven_ = now;
}

}  // namespace lanewise::core
