// Counts what this thread allocates through operator new, and makes one of the allocations fail.
#pragma once

#include <cstddef>
#include <limits>

namespace lanewise::test {

// Allocations of all threads that have not been given back.
std::size_t live_allocations();

// While one lives, operator new of this thread counts, and throws std::bad_alloc at allocation number `failing` (from
// 0). At most one at a time in a thread.
class Allocations {
 public:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  explicit Allocations(std::size_t failing = kNone);
  ~Allocations();
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;

  // How many were asked for so far.
  std::size_t count() const;
  // Allocations that have not been given back, of those asked for so far.
  std::ptrdiff_t live() const;
};

}  // namespace lanewise::test
