#include "collectives.h"

#include <algorithm>
#include <cstring>

namespace lanewise::distributed {
namespace {

// Below that, all of an array goes to every rank in one round: a second round takes about as long as these bytes.
constexpr std::size_t kOneRoundBytes = 32768;

// What is added at a time: what has come is still in the cache of the core.
constexpr std::size_t kSegmentBytes = 262144;
static_assert(kMessageBytes % kSegmentBytes == 0);

std::byte* room(Scratch& scratch, std::size_t bytes) {
  if (scratch.size() < bytes) scratch.resize(bytes);
  return scratch.data();
}

// What the ranks reduce together: on each rank `leaves` arrays, `stride` bytes apart.
struct Leaves {
  std::byte* first;
  std::size_t leaves;
  std::size_t stride;

  std::byte* operator[](std::size_t i) const { return first + i * stride; }
};

// Reduces `count` numbers from `at` on of all ranks' leaves to `at` of the first leaf of this one, given what the other
// ranks sent: for each leaf of each of them `count` numbers, `stride` bytes apart.
void reduce_received(const Exchange& exchange, const Reduction& reduction, const Leaves& own, std::size_t at,
                     std::byte* received, std::size_t stride, std::size_t count) {
  std::vector<void*> leaves;
  leaves.reserve(own.leaves * static_cast<std::size_t>(exchange.size()));
  for (int rank = 0; rank < exchange.size(); ++rank) {
    for (std::size_t leaf = 0; leaf < own.leaves; ++leaf) {
      if (rank == exchange.rank()) {
        leaves.push_back(own[leaf] + at);
      } else {
        leaves.push_back(received);
        received += stride;
      }
    }
  }
  reduce_to(reduction, leaves, count, own[0] + at);
}

// Every rank sends all of its leaves to every other, in segments: one is added while the next ones travel.
void reduce_in_one_round(Exchange& exchange, Scratch& scratch, const Reduction& reduction, const Leaves& own,
                         std::size_t count) {
  const std::size_t element = element_bytes(reduction.dtype), bytes = count * element;
  std::byte* const received = room(scratch, static_cast<std::size_t>(exchange.size() - 1) * own.leaves * bytes);
  std::vector<std::size_t> started;  // messages, up to the end of each segment
  for (std::size_t at = 0; at < bytes; at += kSegmentBytes) {
    const std::size_t length = std::min(kSegmentBytes, bytes - at);
    std::byte* next = received + at;
    for (int peer = 0; peer < exchange.size(); ++peer) {
      if (peer == exchange.rank()) continue;
      for (std::size_t leaf = 0; leaf < own.leaves; ++leaf, next += bytes) {
        exchange.receive(peer, next, length);
        exchange.send(peer, own[leaf] + at, length);
      }
    }
    started.push_back(exchange.started());
  }
  for (std::size_t i = 0; i < started.size(); ++i) {
    exchange.wait(started[i]);
    const std::size_t at = i * kSegmentBytes, length = std::min(kSegmentBytes, bytes - at);
    reduce_received(exchange, reduction, own, at, received + at, bytes, length / element);
  }
}

// Every rank gets a slice of all leaves, and sends what that comes to.
void reduce_in_slices(Exchange& exchange, Scratch& scratch, const Reduction& reduction, const Leaves& own,
                      std::size_t count) {
  const std::size_t element = element_bytes(reduction.dtype), ranks = static_cast<std::size_t>(exchange.size());
  const std::size_t slice = (count + ranks - 1) / ranks;
  const auto begin = [&](int rank) { return std::min(static_cast<std::size_t>(rank) * slice, count) * element; };
  const auto bytes = [&](int rank) { return begin(rank + 1) - begin(rank); };
  const int self = exchange.rank();

  std::byte* const received = room(scratch, (ranks - 1) * own.leaves * bytes(self));
  std::byte* next = received;
  for (int peer = 0; peer < exchange.size(); ++peer) {
    if (peer == self) continue;
    for (std::size_t leaf = 0; leaf < own.leaves; ++leaf, next += bytes(self)) {
      exchange.receive(peer, next, bytes(self));
      exchange.send(peer, own[leaf] + begin(peer), bytes(peer));
    }
  }
  exchange.wait();
  reduce_received(exchange, reduction, own, begin(self), received, bytes(self), bytes(self) / element);

  for (int peer = 0; peer < exchange.size(); ++peer) {
    if (peer == self) continue;
    exchange.receive(peer, own[0] + begin(peer), bytes(peer));
    exchange.send(peer, own[0] + begin(self), bytes(self));
  }
  exchange.wait();
}

// Calls body(offset, bytes) for pieces of an array that are messages.
template <typename Body>
void by_message(std::size_t bytes, Body body) {
  for (std::size_t at = 0; at < bytes; at += kMessageBytes) body(at, std::min(kMessageBytes, bytes - at));
}

// Throws Disagreement unless all ranks are about to do the same.
void compare(const std::vector<Agreement>& all, Kind own) {
  const Agreement& first = all.front();
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == first) continue;
    const std::string place = "rank " + std::to_string(rank);
    if (own == Kind::kProgram && all[rank].kind == Kind::kProgram) {
      throw Disagreement(
          "the program of " + place +
          " is not that of rank 0: models, shapes of batches and options have to be the same on every rank");
    }
    throw Disagreement(place + " calls " + all[rank].text() + " where rank 0 calls " + first.text() + " (number " +
                       std::to_string(first.sequence) +
                       "): every rank has to call the same collectives in the same order, with the same sizes");
  }
}

}  // namespace

void all_reduce(Exchange& exchange, Scratch& scratch, const Reduction& reduction, std::byte* data, std::size_t count,
                std::size_t parts) {
  if (count == 0 || parts == 0) return;
  const std::size_t element = element_bytes(reduction.dtype), bytes = count * element;
  // Neighbours that are a tree by themselves, on any rank.
  const std::size_t block = parts & (~parts + 1);
  std::vector<void*> leaves(block);
  for (std::size_t first = 0; first < parts; first += block) {
    for (std::size_t i = 0; i < block; ++i) leaves[i] = data + (first + i) * bytes;
    reduce_leaves(reduction, leaves, count);
  }
  const std::size_t rest = parts / block;
  if (exchange.size() == 1) {
    reduce_received(exchange, reduction, {data, rest, block * bytes}, 0, nullptr, 0, count);
    return;
  }
  const std::size_t peers = static_cast<std::size_t>(exchange.size()) - 1;
  by_message(bytes, [&](std::size_t at, std::size_t length) {
    const Leaves own{data + at, rest, block * bytes};
    if (peers == 1 || length * rest * peers <= kOneRoundBytes) {
      reduce_in_one_round(exchange, scratch, reduction, own, length / element);
    } else {
      reduce_in_slices(exchange, scratch, reduction, own, length / element);
    }
  });
}

void reduce_scatter(Exchange& exchange, Scratch& scratch, const Reduction& reduction, std::byte* data,
                    std::byte* output, std::size_t count) {
  const std::size_t bytes = count * element_bytes(reduction.dtype);
  const auto place = [&](int rank) { return data + static_cast<std::size_t>(rank) * bytes; };
  by_message(bytes, [&](std::size_t at, std::size_t length) {
    std::byte* const received = room(scratch, static_cast<std::size_t>(exchange.size() - 1) * length);
    std::byte* next = received;
    for (int peer = 0; peer < exchange.size(); ++peer) {
      if (peer == exchange.rank()) continue;
      exchange.receive(peer, next, length);
      exchange.send(peer, place(peer) + at, length);
      next += length;
    }
    exchange.wait();
    const Leaves own{place(exchange.rank()), 1, 0};
    reduce_received(exchange, reduction, own, at, received, length, length / element_bytes(reduction.dtype));
  });
  if (bytes > 0) std::memcpy(output, place(exchange.rank()), bytes);
}

void all_gather(Exchange& exchange, const std::byte* data, std::byte* output, std::size_t bytes) {
  if (bytes == 0) return;
  by_message(bytes, [&](std::size_t at, std::size_t length) {
    for (int peer = 0; peer < exchange.size(); ++peer) {
      if (peer == exchange.rank()) continue;
      exchange.receive(peer, output + static_cast<std::size_t>(peer) * bytes + at, length);
      exchange.send(peer, data + at, length);
    }
    exchange.wait();
  });
  std::memcpy(output + static_cast<std::size_t>(exchange.rank()) * bytes, data, bytes);
}

void broadcast(Exchange& exchange, std::byte* data, std::size_t bytes, int root) {
  // A binomial tree over the ranks, counted from the root: that of a rank without its lowest bit is where it hears
  // from.
  const int size = exchange.size(), place = (exchange.rank() - root + size) % size;
  const auto rank_at = [&](int at) { return (at + root) % size; };
  by_message(bytes, [&](std::size_t at, std::size_t length) {
    int bit = 1;
    while (bit < size && (place & bit) == 0) bit *= 2;
    if (place != 0) {
      exchange.receive(rank_at(place - bit), data + at, length);
      exchange.wait();
    }
    for (bit /= 2; bit > 0; bit /= 2) {
      if (place + bit < size) exchange.send(rank_at(place + bit), data + at, length);
    }
    exchange.wait();
  });
}

std::string Agreement::text() const {
  const char* const names[] = {"barrier",   "allReduce", "reduceScatter", "allGather",
                               "broadcast", "a program", "destroy"};
  const char* const dtypes[] = {"float32", "int32", "float64", "bytes", "bfloat16"};
  const char* const ops[] = {"sum", "product", "min", "max"};
  std::string result = names[static_cast<std::size_t>(kind)];
  if (kind == Kind::kBarrier || kind == Kind::kFinalize) return result;
  if (kind == Kind::kProgram) return result + " of hash " + std::to_string(count);
  result += " of " + std::to_string(count) + " " + dtypes[static_cast<std::size_t>(dtype)];
  if (kind == Kind::kBroadcast) result += " from rank " + std::to_string(root);
  if (kind == Kind::kAllReduce || kind == Kind::kReduceScatter) {
    result += std::string(" (") + ops[static_cast<std::size_t>(op)];
    if (divisor != 1) result += " divided by " + std::to_string(divisor);
    if (parts != 1) result += ", " + std::to_string(parts) + " parts";
    result += ")";
  }
  return result;
}

void agree(Exchange& exchange, std::vector<Agreement>& all, const Agreement& own) {
  // In memory that stays if a message gets stuck: each rank's, then this one's as it is sent.
  const std::size_t ranks = static_cast<std::size_t>(exchange.size()), self = static_cast<std::size_t>(exchange.rank());
  all.assign(ranks, own);
  for (int peer = 0; peer < exchange.size(); ++peer) {
    if (peer == exchange.rank()) continue;
    exchange.receive(peer, &all[static_cast<std::size_t>(peer)], sizeof(Agreement));
    exchange.send(peer, &all[self], sizeof(Agreement));
  }
  exchange.check_first(exchange.started(), [&all, kind = own.kind] { compare(all, kind); });
}

}  // namespace lanewise::distributed
