#include "reduction.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace lanewise::distributed {
namespace {

template <typename T, ReduceOp op>
T combined(T a, T b) {
  if constexpr (std::is_integral_v<T> && (op == ReduceOp::kSum || op == ReduceOp::kProduct)) {
    const auto x = static_cast<std::uint32_t>(a), y = static_cast<std::uint32_t>(b);
    return static_cast<T>(op == ReduceOp::kSum ? x + y : x * y);
  } else if constexpr (op == ReduceOp::kSum) {
    return a + b;
  } else if constexpr (op == ReduceOp::kProduct) {
    return a * b;
  } else if constexpr (op == ReduceOp::kMin) {
    return (a < b || a != a) ? a : b;  // a NaN stays; of two numbers that are equal the second
  } else {
    return (a > b || a != a) ? a : b;
  }
}

// This many numbers are read before any is written: `out` may be `a` or `b`. They are one vector on every machine:
// compilers keep that in a register, and put larger blocks on the stack.
template <typename T>
constexpr std::size_t kBlock = 16 / sizeof(T);

// out = finish(combined(a, b)), number by number.
template <typename T, ReduceOp op, typename Finish>
void combine(T* out, const T* a, const T* b, std::size_t count, Finish finish) {
  std::size_t i = 0;
  for (; i + kBlock<T> <= count; i += kBlock<T>) {
    T x[kBlock<T>], y[kBlock<T>];
    std::memcpy(x, a + i, sizeof x);
    std::memcpy(y, b + i, sizeof y);
    for (std::size_t j = 0; j < kBlock<T>; ++j) x[j] = finish(combined<T, op>(x[j], y[j]));
    std::memcpy(out + i, x, sizeof x);
  }
  for (; i < count; ++i) out[i] = finish(combined<T, op>(a[i], b[i]));
}

// Calls then(finish), where finish(x) is x divided by the divisor.
template <typename T, typename Then>
void with_division(double divisor, Then then) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto by = static_cast<T>(divisor);
    if (by == 1) return then([](T x) { return x; });
    // By a power of 2 the product with its inverse is the quotient to the bit, and takes a fraction of the time.
    int exponent = 0;
    if (std::frexp(by, &exponent) == T(0.5) && std::abs(exponent) < 100) {
      return then([inverse = T(1) / by](T x) { return x * inverse; });
    }
    return then([by](T x) { return x / by; });
  } else {
    if (divisor != 1) throw std::invalid_argument("only floating-point numbers can be divided");
    return then([](T x) { return x; });
  }
}

template <typename T>
void combine(ReduceOp op, double divisor, void* out, const void* a, const void* b, std::size_t count) {
  T* const to = static_cast<T*>(out);
  const T *const first = static_cast<const T*>(a), *const second = static_cast<const T*>(b);
  with_division<T>(divisor, [&](auto finish) {
    switch (op) {
      case ReduceOp::kSum:
        return combine<T, ReduceOp::kSum>(to, first, second, count, finish);
      case ReduceOp::kProduct:
        return combine<T, ReduceOp::kProduct>(to, first, second, count, finish);
      case ReduceOp::kMin:
        return combine<T, ReduceOp::kMin>(to, first, second, count, finish);
      case ReduceOp::kMax:
        return combine<T, ReduceOp::kMax>(to, first, second, count, finish);
    }
  });
}

void combine(const Reduction& reduction, double divisor, void* out, const void* a, const void* b, std::size_t count) {
  switch (reduction.dtype) {
    case DType::kFloat32:
      return combine<float>(reduction.op, divisor, out, a, b, count);
    case DType::kInt32:
      return combine<std::int32_t>(reduction.op, divisor, out, a, b, count);
    case DType::kFloat64:
      return combine<double>(reduction.op, divisor, out, a, b, count);
    case DType::kByte:
    case DType::kBfloat16:  // see reduce_halves
      throw std::invalid_argument("bytes cannot be reduced");
  }
}

template <typename T>
void divide_to(double divisor, void* out, const void* from, std::size_t count) {
  T* const to = static_cast<T*>(out);
  const T* const numbers = static_cast<const T*>(from);
  with_division<T>(divisor, [&](auto finish) {
    for (std::size_t i = 0; i < count; ++i) to[i] = finish(numbers[i]);
  });
}

// A single leaf.
void divide_to(const Reduction& reduction, void* out, const void* from, std::size_t count) {
  if (reduction.divisor == 1) {
    if (out != from && count > 0) std::memcpy(out, from, count * element_bytes(reduction.dtype));
    return;
  }
  switch (reduction.dtype) {
    case DType::kFloat32:
      return divide_to<float>(reduction.divisor, out, from, count);
    case DType::kFloat64:
      return divide_to<double>(reduction.divisor, out, from, count);
    default:
      throw std::invalid_argument("only floating-point numbers can be divided");
  }
}

// The tree; its last step divides and writes to `out`.
void reduce(const Reduction& reduction, double divisor, std::span<void* const> leaves, std::size_t count, void* out) {
  for (std::size_t step = 1; step < leaves.size(); step *= 2) {
    const bool is_last = 2 * step >= leaves.size();
    for (std::size_t i = 0; i + step < leaves.size(); i += 2 * step) {
      combine(reduction, is_last ? divisor : 1, is_last ? out : leaves[i], leaves[i], leaves[i + step], count);
    }
  }
}

float widened(std::uint16_t half) { return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16); }

std::uint16_t rounded(float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t nearest = (word + 0x7fff + ((word >> 16) & 1)) >> 16, quiet = (word >> 16) | 0x40;
  return static_cast<std::uint16_t>((word & 0x7fffffff) > 0x7f800000 ? quiet : nearest);
}

// bfloat16, as float32 a block at a time.
void reduce_halves(const Reduction& reduction, double divisor, std::span<void* const> leaves, std::size_t count,
                   void* out) {
  constexpr std::size_t kFloats = 1024;
  std::vector<float> floats(leaves.size() * kFloats);
  std::vector<void*> blocks(leaves.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i] = floats.data() + i * kFloats;
  const Reduction wide{DType::kFloat32, reduction.op, divisor};
  for (std::size_t at = 0; at < count; at += kFloats) {
    const std::size_t length = std::min(kFloats, count - at);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const std::uint16_t* const from = static_cast<const std::uint16_t*>(leaves[i]) + at;
      float* const to = floats.data() + i * kFloats;
      for (std::size_t j = 0; j < length; ++j) to[j] = widened(from[j]);
    }
    reduce_to(wide, blocks, length, floats.data());
    std::uint16_t* const to = static_cast<std::uint16_t*>(out) + at;
    for (std::size_t j = 0; j < length; ++j) to[j] = rounded(floats[j]);
  }
}

}  // namespace

void reduce_leaves(const Reduction& reduction, std::span<void* const> leaves, std::size_t count) {
  if (reduction.dtype == DType::kBfloat16) {
    if (leaves.size() > 1) reduce_halves(reduction, 1, leaves, count, leaves.front());
    return;
  }
  reduce(reduction, 1, leaves, count, leaves.front());
}

void reduce_to(const Reduction& reduction, std::span<void* const> leaves, std::size_t count, void* out) {
  if (reduction.dtype == DType::kBfloat16) return reduce_halves(reduction, reduction.divisor, leaves, count, out);
  if (leaves.size() == 1) return divide_to(reduction, out, leaves.front(), count);
  reduce(reduction, reduction.divisor, leaves, count, out);
}

}  // namespace lanewise::distributed
