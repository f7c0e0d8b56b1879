// fill, copy, cast, and rows by index.
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

using ops::AnyConst;
using ops::AnyMutable;
using ops::DType;
using CopyNumbers = std::vector<double>;

AnyConst any(Floats& x) { return {x.data(), x.size(), DType::kFloat32}; }
AnyConst any(Ints& x) { return {x.data(), x.size(), DType::kInt32}; }
AnyMutable any_out(Floats& x) { return {x.data(), x.size(), DType::kFloat32}; }
AnyMutable any_out(Ints& x) { return {x.data(), x.size(), DType::kInt32}; }

const KernelTable& last_table() { return *kernels::available().back(); }

TEST_CASE("fill of either dtype") {
  for (const std::size_t threads : {1, 3}) {
    const ops::Context context = context_of(last_table(), threads);
    Floats floats(70001);
    Ints ints(501);
    ops::fill(context, any_out(floats), 0.1, 70001);
    ops::fill(context, any_out(ints), -5.0, 500);
    CHECK(floats.values() == std::vector<float>(70001, 0.1f));
    CHECK(ints[499] == -5);
    CHECK(ints[500] == -77);
    CHECK((floats.guards_intact() && ints.guards_intact()));
    Ints other(3);
    CHECK_THROWS_AS(ops::fill(context, any_out(other), 0.5, 3), std::invalid_argument);
    CHECK_THROWS_AS(ops::fill(context, any_out(other), 2147483648.0, 3), std::invalid_argument);
    CHECK_THROWS_AS(ops::fill(context, any_out(other), 1.0, 4), std::invalid_argument);
    CHECK(other.untouched());
  }
}

struct CopyCase {
  CopyNumbers layout;  // sizes, strides of x, strides of out
  std::size_t x_offset, out_offset;
};

const CopyCase kCopies[] = {
    {{100003, 1, 0}, 0, 0},  // the last one stays

    {{100003, 1, 1}, 2, 3},
    {{50, 2, 3}, 1, 0},
    {{9, 0, 1}, 4, 0},
    {{40, 70, 1, 40, 70, 1}, 0, 0},         // a transposition
    {{317, 301, 301, 1, 1, 317}, 0, 5},     // and one into another order
    {{30, 20, 25, 1, 20, 1}, 3, 0},         // a window
    {{4, 5, 6, 6, 24, 1, 30, 6, 1}, 0, 0},  // dimensions swapped
    {{200, 30, 40, 1, 8000, 200, 1200, 40, 1}, 0, 0},
    {{2, 0, 3, 1, 1, 1, 1, 1, 1}, 0, 0},
};

TEST_CASE("copy follows the layout, for any number of threads") {
  for (const CopyCase& test : kCopies) {
    const std::size_t rank = test.layout.size() / 3;
    std::size_t count = 1, x_size = test.x_offset + 1, out_size = test.out_offset + 1;
    for (std::size_t d = 0; d < rank; ++d) {
      const std::size_t size = static_cast<std::size_t>(test.layout[d]);
      count *= size;
      x_size += (size == 0 ? 0 : size - 1) * static_cast<std::size_t>(test.layout[rank + d]);
      out_size += (size == 0 ? 0 : size - 1) * static_cast<std::size_t>(test.layout[2 * rank + d]);
    }
    Ints x(Random(1).ints(x_size, 1000000));
    std::vector<std::int32_t> expected(out_size, -77);
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t rest = i, from = test.x_offset, to = test.out_offset;
      for (std::size_t d = rank; d-- > 0;) {
        const std::size_t size = static_cast<std::size_t>(test.layout[d]), index = rest % size;
        rest /= size;
        from += index * static_cast<std::size_t>(test.layout[rank + d]);
        to += index * static_cast<std::size_t>(test.layout[2 * rank + d]);
      }
      expected[to] = x[from];
    }
    for (const std::size_t threads : kThreadCounts) {
      Ints out(out_size);
      ops::copy(context_of(last_table(), threads), any(x), any_out(out), test.layout, test.x_offset, test.out_offset);
      CAPTURE(test.layout[0]);
      CHECK(out.values() == expected);
      CHECK(out.guards_intact());
    }
  }
}

TEST_CASE("copy keeps bits and refuses what does not fit") {
  const ops::Context context = context_of(last_table());
  Floats x(std::vector<float>{std::bit_cast<float>(0x7fc12345u), -0.0f, 1e-45f}), out(3);
  Ints ints(3);
  const CopyNumbers whole{3, 1, 1};
  ops::copy(context, any(x), any_out(out), whole, 0, 0);
  CHECK(same_bits(x.values(), out.values()));
  Floats fresh(3);
  CHECK_THROWS_AS(ops::copy(context, any(x), any_out(ints), whole, 0, 0), std::invalid_argument);
  CHECK_THROWS_WITH_AS(ops::copy(context, any(x), any_out(fresh), whole, 1, 0), "copy: x needs 4 elements, got 3",
                       std::invalid_argument);
  CHECK_THROWS_AS(ops::copy(context, any(x), any_out(fresh), whole, 0, 1), std::invalid_argument);
  CHECK_THROWS_AS(ops::copy(context, any(x), any_out(fresh), whole, SIZE_MAX, 0), std::overflow_error);
  CHECK(fresh.untouched());
  CHECK(ints.untouched());
}

TEST_CASE("cast between all dtypes") {
  for (const std::size_t threads : {1, 3}) {
    const ops::Context context = context_of(last_table(), threads);
    const std::size_t n = 70001;
    Floats x(Random(1).floats(n, -100.0f, 100.0f)), back(n), same(n);
    Ints whole(n), same_whole(n);
    ops::cast(context, any(x), any_out(whole), n);
    ops::cast(context, any(whole), any_out(back), n);
    ops::cast(context, any(x), any_out(same), n);
    ops::cast(context, any(whole), any_out(same_whole), n);
    bool right = true;
    for (std::size_t i = 0; i < n; ++i) right = right && back[i] == std::trunc(x[i]);
    CHECK(right);
    CHECK(same_bits(x.values(), same.values()));
    CHECK(whole.values() == same_whole.values());
    CHECK_THROWS_AS(ops::cast(context, any(x), any_out(back), n + 1), std::invalid_argument);
  }
}

TEST_CASE("rows by index, and their gradient") {
  on_each_isa([](const KernelTable& table) {
    for (const std::size_t width :
         {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{16}, std::size_t{301}}) {
      const std::size_t rows = 23, count = 400;
      Floats x(Random(1).floats(rows * width)), grad(Random(2).floats(count * width));
      Ints index(Random(3).ints(count, 22));
      std::vector<float> selected(count * width), summed(rows * width, 0.0f);
      for (std::size_t r = 0; r < count; ++r) {
        for (std::size_t c = 0; c < width; ++c) {
          const std::size_t at = static_cast<std::size_t>(index[r]) * width + c;
          selected[r * width + c] = x[at];
          summed[at] += grad[r * width + c];
        }
      }
      for (const std::size_t threads : kThreadCounts) {
        const ops::Context context = context_of(table, threads);
        Floats out(count * width), sum(rows * width);
        ops::indexSelect(context, any(x), index.in(), any_out(out), rows, width, count);
        ops::indexAdd(context, grad.in(), index.in(), sum.span(), rows, width, count);
        CHECK(out.values() == selected);
        CHECK(sum.values() == summed);
        CHECK((out.guards_intact() && sum.guards_intact()));
      }
    }
  });
}

TEST_CASE("indices out of range are refused and nothing is written") {
  const ops::Context context = context_of(last_table());
  Floats x(Random(1).floats(12)), out(12);
  Ints ints(12);
  for (const std::int32_t bad : {-1, 3, INT32_MAX, INT32_MIN}) {
    Ints index(std::vector<std::int32_t>{0, 2, bad});
    CHECK_THROWS_AS(ops::indexSelect(context, any(x), index.in(), any_out(out), 3, 4, 3), std::invalid_argument);
    CHECK_THROWS_AS(ops::indexAdd(context, x.in(), index.in(), out.span(), 3, 4, 3), std::invalid_argument);
    CHECK_THROWS_AS(ops::gather(context, any(x), index.in(), any_out(out), 1, 3, 3, 1), std::invalid_argument);
    CHECK_THROWS_AS(ops::scatter(context, any(x), index.in(), any_out(out), 1, 3, 3, 1), std::invalid_argument);
    CHECK_THROWS_AS(ops::scatterAdd(context, x.in(), index.in(), out.span(), 1, 3, 3, 1), std::invalid_argument);
  }
  Ints index(std::vector<std::int32_t>{0, 2, 1});
  CHECK_THROWS_WITH_AS(ops::indexSelect(context, any(x), index.in(), any_out(out), 3, 4, 4),
                       "indexSelect: index needs 4 elements, got 3", std::invalid_argument);
  CHECK_THROWS_AS(ops::indexSelect(context, any(x), index.in(), any_out(ints), 3, 4, 3), std::invalid_argument);
  CHECK_THROWS_AS(ops::indexSelect(context, any(x), index.in(), any_out(out), 4, 4, 3), std::invalid_argument);
  CHECK_THROWS_AS(ops::indexAdd(context, x.in(), index.in(), out.span(), 4, 4, 3), std::invalid_argument);
  CHECK_THROWS_AS(ops::indexAdd(context, x.in(), index.in(), out.span(), SIZE_MAX / 2, 4, 3), std::overflow_error);
  CHECK_THROWS_AS(ops::gather(context, any(x), index.in(), any_out(ints), 1, 3, 3, 1), std::invalid_argument);
  CHECK_THROWS_AS(ops::gather(context, any(x), index.in(), any_out(out), 1, 3, 4, 1), std::invalid_argument);
  CHECK_THROWS_AS(ops::scatter(context, any(x), index.in(), any_out(out), 1, 13, 3, 1), std::invalid_argument);
  CHECK_THROWS_AS(ops::scatter(context, any(x), index.in(), any_out(out), SIZE_MAX / 2, 3, 3, 1), std::overflow_error);
  CHECK_THROWS_AS(ops::scatterAdd(context, x.in().first(2), index.in(), out.span(), 1, 3, 3, 1), std::invalid_argument);
  CHECK(out.untouched());
  CHECK(ints.untouched());
}

TEST_CASE("elements by index, for any number of threads") {
  struct Sizes {
    std::size_t outer, size, count, inner;
  };
  for (const Sizes& s : {Sizes{1, 5, 3, 1}, Sizes{700, 7, 50, 3}, Sizes{2, 9, 40, 1021}, Sizes{1, 3, 70001, 1}}) {
    const std::size_t whole = s.outer * s.size * s.inner, picked = s.outer * s.count * s.inner;
    Floats table(Random(1).floats(whole)), values(Random(2).floats(picked));
    std::vector<std::int32_t> places = Random(3).ints(picked, static_cast<std::int32_t>(s.size));
    for (std::int32_t& place : places) place = place < 0 ? -place - 1 : place;
    for (std::int32_t& place : places) place %= static_cast<std::int32_t>(s.size);
    Ints index(places);
    std::vector<float> taken(picked), put(whole, -1.0f), added(whole, 1.0f);
    for (std::size_t at = 0; at < picked; ++at) {
      const std::size_t o = at / (s.count * s.inner), i = at % s.inner;
      const std::size_t named = (o * s.size + static_cast<std::size_t>(places[at])) * s.inner + i;
      taken[at] = table[named];
      put[named] = values[at];
      added[named] += values[at];
    }
    for (const std::size_t threads : kThreadCounts) {
      const ops::Context context = context_of(last_table(), threads);
      Floats out(picked), scattered(std::vector<float>(whole, -1.0f)), sums(std::vector<float>(whole, 1.0f));
      ops::gather(context, any(table), index.in(), any_out(out), s.outer, s.size, s.count, s.inner);
      ops::scatter(context, any(values), index.in(), any_out(scattered), s.outer, s.size, s.count, s.inner);
      ops::scatterAdd(context, values.in(), index.in(), sums.span(), s.outer, s.size, s.count, s.inner);
      CHECK(out.values() == taken);
      CHECK(scattered.values() == put);
      CHECK(sums.values() == added);
      CHECK((out.guards_intact() && scattered.guards_intact() && sums.guards_intact()));
    }
  }
}

}  // namespace
}  // namespace lanewise::test
