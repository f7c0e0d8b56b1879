// Checks of arguments. Ops make all of them before they touch memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "../core/checked.h"
#include "argument.h"

namespace lanewise::ops {

[[noreturn]] inline void refuse(const char* op, const char* argument, const std::string& what) {
  throw std::invalid_argument(std::string(op) + ": " + argument + " " + what);
}

// The memory called `argument` must hold at least `needed` elements.
inline void check_length(const char* op, const char* argument, std::size_t length, std::size_t needed) {
  if (length < needed) {
    refuse(op, argument, "needs " + std::to_string(needed) + " elements, got " + std::to_string(length));
  }
}

// Every index must be in [0, limit).
inline void check_indices(const char* op, const char* argument, std::span<const std::int32_t> index,
                          std::size_t limit) {
  for (const std::int32_t i : index) {
    if (i < 0 || static_cast<std::size_t>(i) >= limit) {
      refuse(op, argument, "must be in [0, " + std::to_string(limit) + "), got " + std::to_string(i));
    }
  }
}

inline void check_same_dtype(const char* op, AnyConst x, AnyMutable out) {
  if (x.dtype != out.dtype) refuse(op, "out", "must have the dtype of x");
}

// A counter that can still be incremented.
inline void check_step(const char* op, std::span<const std::int32_t> step) {
  check_length(op, "step", step.size(), 1);
  if (step[0] < 0 || step[0] == INT32_MAX) {
    refuse(op, "step", "must be in [0, 2147483646], got " + std::to_string(step[0]));
  }
}

}  // namespace lanewise::ops
