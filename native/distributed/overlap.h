// Sums of gradients that travel while a program goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "group.h"

namespace lanewise::distributed {

// The sums that a thread has begun and not waited for. One per run of a program.
class Overlap {
 public:
  explicit Overlap(Group& group) : group_(group) {}
  // Waits for what has been begun: its memory is the program's. What goes wrong then has gone wrong before.
  ~Overlap();
  Overlap(const Overlap&) = delete;
  Overlap& operator=(const Overlap&) = delete;

  // Sums each array over the ranks and divides. `out` is where wait() puts the sums, and not to be touched before; it
  // may be `x` itself. One array goes as it lies there, several as one message.
  void start(std::span<const std::span<const float>> x, std::span<const std::span<float>> out, double divisor);

  // Until the sums that began with this `out` are there. Throws what went wrong.
  void wait(std::span<const std::span<float>> out);

  // Waits until every rank is about to run the program of that hash. Throws Disagreement when one is not.
  void agree(std::uint64_t hash);

 private:
  struct Pending;
  void submit(const std::shared_ptr<Pending>& pending);
  static void finish(const Pending& pending);

  Group& group_;
  std::vector<std::shared_ptr<Pending>> pending_;  // in the order of their starts
};

}  // namespace lanewise::distributed
