// A transport between threads of one process, which stands for an engine: P ranks that meet in memory.
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "../distributed/transport.h"

namespace lanewise::distributed {

// Messages between `size` ranks, in order for each pair. A send ends when its message has been copied; a receive when
// the next message of its sender has come.
class LoopbackWorld {
 public:
  explicit LoopbackWorld(int size) : size(size) {}

  void put(int from, int to, const void* data, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto* first = static_cast<const std::byte*>(data);
    messages_[{from, to}].emplace_back(first, first + bytes);
  }
  // Null when none has come.
  std::unique_ptr<std::vector<std::byte>> take(int from, int to) {
    const std::lock_guard lock(mutex_);
    auto& queue = messages_[{from, to}];
    if (queue.empty()) return nullptr;
    auto message = std::make_unique<std::vector<std::byte>>(std::move(queue.front()));
    queue.pop_front();
    return message;
  }

  const int size;

 private:
  std::mutex mutex_;
  std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> messages_;
};

class Loopback final : public Transport {
 public:
  Loopback(std::shared_ptr<LoopbackWorld> world, int rank) : world_(std::move(world)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return world_->size; }
  std::string name() const override { return "loopback"; }

  Request start_send(int to, const void* data, std::size_t bytes) override {
    world_->put(rank_, to, data, bytes);
    sent += bytes;
    return {};
  }
  Request start_receive(int from, void* data, std::size_t bytes) override {
    waiting_[from].push_back({next_, data, bytes});
    return {{reinterpret_cast<void*>(next_++), reinterpret_cast<void*>(static_cast<std::intptr_t>(from) + 1)}};
  }
  bool test(Request& request) override {
    if (request.words[0] == nullptr) return true;
    const int from = static_cast<int>(reinterpret_cast<std::intptr_t>(request.words[1])) - 1;
    auto& queue = waiting_[from];
    // Messages go to receives in the order in which these were started.
    const auto number = reinterpret_cast<std::uintptr_t>(request.words[0]);
    while (!queue.empty() && queue.front().number <= number) {
      const auto message = world_->take(from, rank_);
      if (message == nullptr) break;
      const Waiting& first = queue.front();
      if (message->size() > first.bytes) throw TransportError("a message is longer than expected");
      if (!message->empty()) std::memcpy(first.data, message->data(), message->size());
      queue.pop_front();
    }
    return queue.empty() || queue.front().number > number;
  }
  void progress() noexcept override {}
  void abort(int) noexcept override {}
  void finalize() override { finalized = true; }

  std::size_t sent = 0;
  bool finalized = false;

 private:
  struct Waiting {
    std::uintptr_t number;
    void* data;
    std::size_t bytes;
  };
  const std::shared_ptr<LoopbackWorld> world_;
  const int rank_;
  std::uintptr_t next_ = 1;
  std::map<int, std::deque<Waiting>> waiting_;
};

}  // namespace lanewise::distributed
