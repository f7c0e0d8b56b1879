// Messages that travel at the same time, and how a thread waits for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "progress.h"
#include "transport.h"

namespace lanewise::distributed {

// Starts messages and waits for them. If it is left early, by an exception, messages may still travel into memory: the
// group is not to be used any more then, and the memory has to stay (Group keeps it).
class Exchange {
 public:
  Exchange(Transport& transport, Progress& progress) : transport_(transport), progress_(progress) {}

  void send(int to, const void* data, std::size_t bytes) {
    if (bytes > 0) pending_.push_back({transport_.start_send(to, data, bytes), ++started_, to, false});
  }
  void receive(int from, void* data, std::size_t bytes) {
    if (bytes > 0) pending_.push_back({transport_.start_receive(from, data, bytes), ++started_, from, true});
  }

  // How many messages have been started.
  std::size_t started() const { return started_; }
  // Until every message has arrived, or the first that many.
  void wait() { wait(started_); }
  void wait(std::size_t first);

  // Calls `check` before the next wait, once messages are on their way: they need not wait for it. It waits for the
  // first `messages` of them.
  void check_first(std::size_t messages, std::function<void()> check) {
    checked_messages_ = messages;
    check_ = std::move(check);
  }

  Transport& transport() const { return transport_; }
  int rank() const { return transport_.rank(); }
  int size() const { return transport_.size(); }

 private:
  struct Message {
    Request request;
    std::size_t number;  // from 1
    int peer;
    bool incoming;
  };

  void finish(std::size_t first);

  Transport& transport_;
  Progress& progress_;
  std::vector<Message> pending_;
  std::size_t started_ = 0;
  std::size_t checked_messages_ = 0;
  std::function<void()> check_;
};

}  // namespace lanewise::distributed
