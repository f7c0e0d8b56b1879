// Elements by index along one dimension: taken, put, added up.
#include <cstring>

#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

// x, index and what they make or change, as [outer, count, inner] and [outer, size, inner].
struct GatherSizes {
  std::size_t outer, size, count, inner;
  std::size_t whole() const { return checked_mul(checked_mul(outer, size), inner); }
  std::size_t picked() const { return checked_mul(checked_mul(outer, count), inner); }
};

// body(o, begin, end): columns [begin, end) of block o. No two parts share a column of a block, so places that are
// named twice are written by one thread, in order.
template <typename Body>
void split_columns(const Context& context, const GatherSizes& s, const Body& body) {
  const std::size_t parts = parts_for(context, s.outer * s.count * s.inner, kElementGrain);
  if (s.outer >= parts) {
    split(context, parts, s.outer, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) body(o, std::size_t{0}, s.inner);
    });
  } else {
    split(context, parts, s.inner, 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = 0; o < s.outer; ++o) body(o, begin, end);
    });
  }
}

}  // namespace

void gather(const Context& context, AnyConst x, IndexIn index, AnyMutable out, std::size_t outer, std::size_t size,
            std::size_t count, std::size_t inner) {
  const GatherSizes sizes{outer, size, count, inner};
  const std::size_t picked = sizes.picked();
  if (x.dtype != out.dtype) refuse("gather", "out", "must have the dtype of x");
  check_length("gather", "x", x.size, sizes.whole());
  check_length("gather", "index", index.size(), picked);
  check_length("gather", "out", out.size, picked);
  check_indices("gather", "index", index.first(picked), size);
  if (picked == 0) return;  // outer may be huge
  const auto* from = static_cast<const unsigned char*>(x.data);
  auto* to = static_cast<unsigned char*>(out.data);
  split_rows(context, outer * count, inner, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const std::size_t block = row / count * size;
      for (std::size_t i = 0; i < inner; ++i) {
        const std::size_t at = row * inner + i;
        const std::size_t source = (block + static_cast<std::size_t>(index[at])) * inner + i;
        std::memcpy(to + at * kElementBytes, from + source * kElementBytes, kElementBytes);
      }
    }
  });
}

void scatter(const Context& context, AnyConst x, IndexIn index, AnyMutable out, std::size_t outer, std::size_t size,
             std::size_t count, std::size_t inner) {
  const GatherSizes sizes{outer, size, count, inner};
  const std::size_t picked = sizes.picked();
  if (x.dtype != out.dtype) refuse("scatter", "out", "must have the dtype of x");
  check_length("scatter", "x", x.size, picked);
  check_length("scatter", "index", index.size(), picked);
  check_length("scatter", "out", out.size, sizes.whole());
  check_indices("scatter", "index", index.first(picked), size);
  if (picked == 0) return;
  const auto* from = static_cast<const unsigned char*>(x.data);
  auto* to = static_cast<unsigned char*>(out.data);
  split_columns(context, sizes, [&](std::size_t o, std::size_t begin, std::size_t end) {
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t at = (o * count + j) * inner + i;
        const std::size_t target = (o * size + static_cast<std::size_t>(index[at])) * inner + i;
        std::memcpy(to + target * kElementBytes, from + at * kElementBytes, kElementBytes);
      }
    }
  });
}

void scatterAdd(const Context& context, FloatIn x, IndexIn index, FloatOut out, std::size_t outer, std::size_t size,
                std::size_t count, std::size_t inner) {
  const GatherSizes sizes{outer, size, count, inner};
  const std::size_t picked = sizes.picked();
  check_length("scatterAdd", "x", x.size(), picked);
  check_length("scatterAdd", "index", index.size(), picked);
  check_length("scatterAdd", "out", out.size(), sizes.whole());
  check_indices("scatterAdd", "index", index.first(picked), size);
  if (picked == 0) return;
  split_columns(context, sizes, [&](std::size_t o, std::size_t begin, std::size_t end) {
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t at = (o * count + j) * inner + i;
        out[(o * size + static_cast<std::size_t>(index[at])) * inner + i] += x[at];
      }
    }
  });
}

}  // namespace lanewise::ops
