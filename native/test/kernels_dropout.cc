// The dropout mask: the check vectors of its definition, and equality with a plain loop for every shape.
#include "arithmetic.h"

namespace lanewise::test {
namespace {

std::uint32_t mix32(std::uint32_t x) {
  x ^= x >> 17;
  x *= 0xed5ad4bbu;
  x ^= x >> 11;
  x *= 0xac4c1b51u;
  x ^= x >> 15;
  x *= 0x31848babu;
  return x ^ (x >> 14);
}

std::uint32_t fold(std::uint32_t h, std::uint32_t w) { return mix32((h ^ w) + 0x9e3779b9u); }

struct Key {
  std::uint32_t k0, k1;
};

Key key_of(std::uint32_t s0, std::uint32_t s1, std::uint32_t t0, std::uint32_t t1) {
  return {fold(fold(fold(fold(0x243f6a88u, s0), s1), t1), t0), fold(fold(fold(fold(0x85a308d3u, t0), t1), s1), s0)};
}

std::uint32_t word(const Key& key, std::uint32_t counter) {
  std::uint32_t x = counter + key.k0;
  x ^= x >> 17;
  x *= 0xed5ad4bbu;
  x ^= key.k1;
  x ^= x >> 11;
  x *= 0xac4c1b51u;
  x ^= x >> 15;
  x *= 0x31848babu;
  return x ^ (x >> 14);
}

bool keeps(const Key& key, std::size_t row, std::size_t column, std::size_t columns, std::int32_t threshold) {
  const std::size_t width = 8 * ((columns + 15) / 16);
  const std::uint32_t h = word(key, static_cast<std::uint32_t>(row * width + (column >> 4) * 8 + (column & 7)));
  const std::int32_t u = static_cast<std::int16_t>((column & 8) != 0 ? h >> 16 : h & 0xffff);
  return u < threshold - 32768;
}

const Key kKey = key_of(42, 0, 7, 1);

TEST_CASE("the mask's check vectors") {
  CHECK(kKey.k0 == 2414563044u);
  CHECK(kKey.k1 == 1870483892u);
  const std::uint32_t words[] = {2270536950u, 4285157100u, 4102225823u, 3012926541u};
  for (std::uint32_t c = 0; c < 4; ++c) CHECK(word(kKey, c) == words[c]);

  struct Count {
    std::size_t rows, columns;
    std::int32_t threshold;
    int kept;
  };
  on_each_isa([](const KernelTable& table) {
    for (const Count& count : {Count{4, 32, 32768, 68}, Count{128, 256, 32768, 16511}, Count{128, 100, 58982, 11548}}) {
      Floats x(std::vector<float>(count.rows * count.columns, 1.0f)), out(x.size());
      table.dropout(x.data(), out.data(), count.rows, count.columns, 0, kKey.k0, kKey.k1, count.threshold, 1.0f);
      int kept = 0;
      for (std::size_t i = 0; i < out.size(); ++i) kept += out[i] == 1.0f;
      CHECK(kept == count.kept);
    }
  });
}

TEST_CASE("dropout of every width equals the plain loop") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t columns : odd_sizes()) {
      const std::size_t rows = columns == 1 ? 77 : 5;
      for (const std::int32_t threshold : {0, 1, 32768, 58982, 65535, 65536}) {
        for (const std::size_t first_row : {std::size_t{0}, std::size_t{3}, (std::size_t{1} << 33) + 5}) {
          const float scale = threshold == 0 ? 0.0f : static_cast<float>(65536.0 / threshold);
          Floats x(Random(9).floats(rows * columns)), out(rows * columns);
          table.dropout(x.data(), out.data(), rows, columns, first_row, kKey.k0, kKey.k1, threshold, scale);
          bool right = out.guards_intact();
          for (std::size_t i = 0; i < out.size(); ++i) {
            const bool keep = keeps(kKey, first_row + i / columns, i % columns, columns, threshold);
            right = right && same_bits(out[i], x[i] * (keep ? scale : 0.0f));
          }
          CAPTURE(columns);
          CAPTURE(threshold);
          CHECK(right);
          table.dropout(x.data(), x.data(), rows, columns, first_row, kKey.k0, kKey.k1, threshold, scale);
          CHECK(same_bits(x.values(), out.values()));
        }
      }
    }
  });
}

TEST_CASE("the factors of any piece of a mask") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t columns : odd_sizes()) {
      if (columns == 0) continue;
      for (const std::int32_t threshold : {0, 58982, 65536}) {
        const float scale = threshold == 0 ? 0.0f : static_cast<float>(65536.0 / threshold);
        const std::size_t first_row = (std::size_t{1} << 33) + 5;
        const kernels::Mask mask{kKey.k0, kKey.k1, threshold, scale, columns, first_row};
        for (const auto& [first, n] :
             {std::pair<std::size_t, std::size_t>{0, 300}, {0, 0}, {5, 3}, {19, 256}, {640, 61}}) {
          Floats out(n);
          table.mask_factor(out.data(), n, first, &mask);
          bool right = out.guards_intact();
          for (std::size_t i = 0; i < n; ++i) {
            const std::size_t at = first + i;
            const bool keep = keeps(kKey, first_row + at / columns, at % columns, columns, threshold);
            right = right && same_bits(out[i], keep ? scale : 0.0f);
          }
          CAPTURE(columns);
          CAPTURE(threshold);
          CAPTURE(first);
          CHECK(right);
        }
      }
    }
  });
}

TEST_CASE("a dropped NaN or infinity becomes NaN, a kept one stays") {
  on_each_isa([](const KernelTable& table) {
    Floats x(std::vector<float>(64, kInf)), out(64);
    table.dropout(x.data(), out.data(), 2, 32, 0, kKey.k0, kKey.k1, 32768, 2.0f);
    for (std::size_t i = 0; i < 64; ++i) {
      CHECK((keeps(kKey, i / 32, i % 32, 32, 32768) ? out[i] == kInf : std::isnan(out[i])));
    }
  });
}

}  // namespace
}  // namespace lanewise::test
