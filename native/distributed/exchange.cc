#include "exchange.h"

#include <algorithm>

#include "back_off.h"

namespace lanewise::distributed {

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
