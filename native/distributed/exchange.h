// Messages that travel at the same time, and how a thread waits for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "progress.h"
#include "transport.h"

namespace lanewise::distributed {

// Starts messages and waits for all of them. If it is left early, by an exception, messages may still travel into
// memory: the group is not to be used any more then, and the memory has to stay (Group keeps it).
class Exchange {
 public:
  Exchange(Transport& transport, Progress& progress) : transport_(transport), progress_(progress) {}

  void send(int to, const void* data, std::size_t bytes) {
    if (bytes > 0) pending_.push_back({transport_.start_send(to, data, bytes), to, false});
  }
  void receive(int from, void* data, std::size_t bytes) {
    if (bytes > 0) pending_.push_back({transport_.start_receive(from, data, bytes), from, true});
  }

  // Until every message has arrived.
  void wait();

  Transport& transport() const { return transport_; }
  int rank() const { return transport_.rank(); }
  int size() const { return transport_.size(); }

 private:
  struct Message {
    Request request;
    int peer;
    bool incoming;
  };

  Transport& transport_;
  Progress& progress_;
  std::vector<Message> pending_;
};

}  // namespace lanewise::distributed
