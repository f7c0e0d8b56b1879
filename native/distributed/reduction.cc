#include "reduction.h"

#include <stdexcept>
#include <type_traits>

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

template <typename T, ReduceOp op>
void combine(T* a, const T* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] = combined<T, op>(a[i], b[i]);
}

template <typename T>
void combine(ReduceOp op, void* a, const void* b, std::size_t count) {
  T* const to = static_cast<T*>(a);
  const T* const from = static_cast<const T*>(b);
  switch (op) {
    case ReduceOp::kSum:
      return combine<T, ReduceOp::kSum>(to, from, count);
    case ReduceOp::kProduct:
      return combine<T, ReduceOp::kProduct>(to, from, count);
    case ReduceOp::kMin:
      return combine<T, ReduceOp::kMin>(to, from, count);
    case ReduceOp::kMax:
      return combine<T, ReduceOp::kMax>(to, from, count);
  }
}

void combine(const Reduction& reduction, void* a, const void* b, std::size_t count) {
  switch (reduction.dtype) {
    case DType::kFloat32:
      return combine<float>(reduction.op, a, b, count);
    case DType::kInt32:
      return combine<std::int32_t>(reduction.op, a, b, count);
    case DType::kFloat64:
      return combine<double>(reduction.op, a, b, count);
    case DType::kByte:
      throw std::invalid_argument("bytes cannot be reduced");
  }
}

template <typename T>
void divide(void* data, std::size_t count, T divisor) {
  T* const numbers = static_cast<T*>(data);
  for (std::size_t i = 0; i < count; ++i) numbers[i] /= divisor;
}

}  // namespace

void reduce_leaves(const Reduction& reduction, std::span<void* const> leaves, std::size_t count) {
  for (std::size_t step = 1; step < leaves.size(); step *= 2) {
    for (std::size_t i = 0; i + step < leaves.size(); i += 2 * step) {
      combine(reduction, leaves[i], leaves[i + step], count);
    }
  }
}

void divide(const Reduction& reduction, void* data, std::size_t count) {
  if (reduction.divisor == 1) return;
  switch (reduction.dtype) {
    case DType::kFloat32:
      return divide<float>(data, count, static_cast<float>(reduction.divisor));
    case DType::kFloat64:
      return divide<double>(data, count, reduction.divisor);
    default:
      throw std::invalid_argument("only floating-point numbers can be divided");
  }
}

}  // namespace lanewise::distributed
