#include "exchange.h"

#include <algorithm>

#include "back_off.h"

namespace lanewise::distributed {

void Exchange::wait(std::size_t first) {
  if (const auto check = std::exchange(check_, nullptr)) {
    finish(checked_messages_);
    check();
  }
  finish(first);
}

void Exchange::finish(std::size_t first) {
  BackOff back_off;
  for (;;) {
    bool has_come = false;
    const Message* missing = nullptr;  // the first that has not come; one that is awaited rather than one that is sent
    std::erase_if(pending_, [&](Message& message) {
      if (message.number > first) return false;
      const bool is_over = transport_.test(message.request);
      has_come = has_come || is_over;
      return is_over;
    });
    for (const Message& message : pending_) {
      if (message.number > first) break;
      if (missing == nullptr || (message.incoming && !missing->incoming)) missing = &message;
    }
    if (missing == nullptr) return;
    if (has_come) {
      back_off.reset();
      continue;
    }
    progress_.waits_for.store(missing->peer, std::memory_order_relaxed);
    back_off.pause();
  }
}

}  // namespace lanewise::distributed
