// Orders and running sums along one dimension.
#include <algorithm>
#include <bit>
#include <cstring>

#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// Unsigned keys in the order of the numbers: NaN is the largest, and both zeros are equal.
std::uint32_t key_of(float value) {
  if (value != value) return UINT32_MAX;
  constexpr std::uint32_t kSign = 0x80000000u;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if (bits == kSign) return kSign;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

std::uint32_t key_of(std::int32_t value) { return static_cast<std::uint32_t>(value) ^ 0x80000000u; }

// A key and the position behind it in one number: sorting these is stable.
template <typename T>
void order_line(const T* x, std::size_t step, std::int32_t* index, std::size_t size, bool descending,
                std::uint64_t* keys) {
  const std::uint32_t flip = descending ? UINT32_MAX : 0;
  for (std::size_t i = 0; i < size; ++i) keys[i] = std::uint64_t{key_of(x[i * step]) ^ flip} << 32 | i;
  std::sort(keys, keys + size);
  for (std::size_t i = 0; i < size; ++i) index[i * step] = static_cast<std::int32_t>(keys[i] & UINT32_MAX);
}

// Sums of columns [begin, end) of one block, kept in double, in the order of the lines or the other way round.
constexpr std::size_t kColumns = 16;

template <typename T, typename Sum, typename Store>
void running_sums(const T* x, T* out, std::size_t size, std::size_t inner, std::size_t begin, std::size_t end,
                  bool reverse, const Store& store) {
  for (std::size_t first = begin; first < end; first += kColumns) {
    const std::size_t columns = std::min(kColumns, end - first);
    Sum sums[kColumns] = {};
    for (std::size_t j = 0; j < size; ++j) {
      const std::size_t at = (reverse ? size - 1 - j : j) * inner + first;
      for (std::size_t c = 0; c < columns; ++c) out[at + c] = store(sums[c] += static_cast<Sum>(x[at + c]));
    }
  }
}

}  // namespace

void argsort(const Context& context, AnyConst x, IndexOut index, std::size_t outer, std::size_t size, std::size_t inner,
             bool descending) {
  const std::size_t lines = checked_mul(outer, inner), total = checked_mul(lines, size);
  check_length("argsort", "x", x.size, total);
  check_length("argsort", "index", index.size(), total);
  if (size > std::size_t{INT32_MAX}) refuse("argsort", "size", "must be at most 2147483647");
  if (total == 0) return;
  thread_local core::Scratch scratch;
  const std::size_t parts = std::min(parts_for(context, total, kElementGrain / 8), lines);
  std::uint64_t* keys = scratch.get<std::uint64_t>(checked_mul(parts, size));
  context.pool.run(parts, [&](std::size_t part) {
    for (std::size_t line = part_begin(part, parts, lines, 1); line < part_begin(part + 1, parts, lines, 1); ++line) {
      const std::size_t start = line / inner * size * inner + line % inner;
      std::uint64_t* own = keys + part * size;
      if (x.dtype == DType::kFloat32) {
        order_line(static_cast<const float*>(x.data) + start, inner, &index[start], size, descending, own);
      } else {
        order_line(static_cast<const std::int32_t*>(x.data) + start, inner, &index[start], size, descending, own);
      }
    }
  });
}

void cumsum(const Context& context, AnyConst x, AnyMutable out, std::size_t outer, std::size_t size, std::size_t inner,
            bool reverse) {
  const std::size_t block = checked_mul(size, inner), total = checked_mul(outer, block);
  if (x.dtype != out.dtype) refuse("cumsum", "out", "must have the dtype of x");
  check_length("cumsum", "x", x.size, total);
  check_length("cumsum", "out", out.size, total);
  if (total == 0) return;
  const auto body = [&](std::size_t o, std::size_t begin, std::size_t end) {
    if (x.dtype == DType::kFloat32) {
      running_sums<float, double>(static_cast<const float*>(x.data) + o * block,
                                  static_cast<float*>(out.data) + o * block, size, inner, begin, end, reverse,
                                  [](double sum) { return static_cast<float>(sum); });
    } else {
      running_sums<std::int32_t, std::uint32_t>(
          static_cast<const std::int32_t*>(x.data) + o * block, static_cast<std::int32_t*>(out.data) + o * block, size,
          inner, begin, end, reverse, [](std::uint32_t sum) { return static_cast<std::int32_t>(sum); });
    }
  };
  const std::size_t parts = parts_for(context, total, kElementGrain);
  if (outer >= parts) {
    split(context, parts, outer, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) body(o, std::size_t{0}, inner);
    });
  } else {
    split(context, parts, inner, kColumns, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = 0; o < outer; ++o) body(o, begin, end);
    });
  }
}

}  // namespace lanewise::ops
