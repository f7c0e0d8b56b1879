// What outlives its test, since threads use it until the process ends.
#pragma once

#include <vector>

namespace lanewise::test {

// Never freed, and reachable, so that a leak checker does not report it. For the thread of the tests.
template <typename T>
T& keep(T& object) {
  static auto& kept = *new std::vector<T*>();
  return *kept.emplace_back(&object);
}

}  // namespace lanewise::test
