// Sums of gradients that travel while a program goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "group.h"

namespace lanewise::distributed {

// The sums that a thread has begun and not waited for. One per run of a program.
class Overlap {
 public:
  // `threads`: on as many the program computes.
  Overlap(Group& group, std::size_t threads) : group_(group), by_waiter_(!group.has_spare_core(threads)) {}
  // Waits for what has been begun: its memory is the program's. What goes wrong then has gone wrong before.
  ~Overlap();
  Overlap(const Overlap&) = delete;
  Overlap& operator=(const Overlap&) = delete;

  // Sums each array over the ranks and divides. `out` is where wait() puts the sums, and not to be touched before; it
  // may be `x` itself. One array goes as it lies there, several as one message.
  void start(std::span<const std::span<const float>> x, std::span<const std::span<float>> out, double divisor);

  // Whether wait() would return at once.
  bool is_there(std::span<const std::span<float>> out) const;
  // Whether all that has been begun has been waited for.
  bool is_empty() const { return pending_.empty(); }

  // Until all sums that began with this `out`, or with parts of it, are there. Throws what went wrong.
  void wait(std::span<const std::span<float>> out);

  // Waits until every rank is about to run the program of that hash. Throws Disagreement when one is not. Whether the
  // sums travel while a program computes, on every rank.
  bool agree(std::uint64_t hash);

 private:
  struct Pending;
  // The first that lies in one of these arrays.
  const std::shared_ptr<Pending>* find(std::span<const std::span<float>> out) const;
  void wait_for(std::shared_ptr<Pending> pending, std::span<const std::span<float>> out);

  Group& group_;
  const bool by_waiter_;
  std::vector<std::shared_ptr<Pending>> pending_;  // in the order of their starts
};

}  // namespace lanewise::distributed
