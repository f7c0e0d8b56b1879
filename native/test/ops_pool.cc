// Pooling: against plain loops in every layout, any number of threads, guards; windows that are refused.
#include <algorithm>
#include <array>
#include <stdexcept>

#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct Dimension {
  std::size_t size, kernel, stride, pad, dilation;
  std::size_t windows() const { return (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1; }
  std::vector<std::size_t> positions(std::size_t window) const {
    std::vector<std::size_t> result;
    for (std::size_t t = 0; t < kernel; ++t) {
      const auto at = static_cast<std::ptrdiff_t>(window * stride + t * dilation) - static_cast<std::ptrdiff_t>(pad);
      if (at >= 0 && at < static_cast<std::ptrdiff_t>(size)) result.push_back(static_cast<std::size_t>(at));
    }
    return result;
  }
};

struct PoolCase {
  std::size_t batch, channels;
  Dimension y, x;
  std::size_t pixels() const { return y.size * x.size; }
  std::size_t windows() const { return y.windows() * x.windows(); }
  std::size_t planes() const { return batch * channels; }
};

const PoolCase kCases[] = {
    {2, 5, {28, 2, 2, 0, 1}, {28, 2, 2, 0, 1}},
    {3, 33, {7, 2, 2, 0, 1}, {7, 2, 2, 0, 1}},
    {2, 17, {9, 3, 2, 1, 1}, {37, 3, 2, 1, 1}},
    {1, 16, {9, 3, 1, 1, 1}, {9, 3, 1, 1, 1}},
    {2, 3, {11, 2, 3, 0, 1}, {29, 2, 3, 0, 1}},
    {2, 8, {12, 2, 2, 0, 3}, {13, 3, 1, 0, 2}},
    {3, 20, {7, 7, 7, 0, 1}, {9, 9, 9, 0, 1}},
    {1, 1, {1, 1, 1, 0, 1}, {101, 5, 2, 2, 1}},
    {9, 12, {40, 2, 2, 0, 1}, {42, 2, 2, 0, 1}},
    // Windows of four pixels that fill their planes: rows of 1 and 3 windows, and of lanes and one more or less.
    {2, 3, {2, 2, 2, 0, 1}, {2, 2, 2, 0, 1}},
    {1, 2, {10, 2, 2, 0, 1}, {6, 2, 2, 0, 1}},
    {2, 3, {14, 2, 2, 0, 1}, {14, 2, 2, 0, 1}},
    {1, 2, {4, 2, 2, 0, 1}, {16, 2, 2, 0, 1}},
    {1, 3, {6, 2, 2, 0, 1}, {18, 2, 2, 0, 1}},
    {2, 2, {4, 2, 2, 0, 1}, {30, 2, 2, 0, 1}},
    {1, 2, {6, 2, 2, 0, 1}, {32, 2, 2, 0, 1}},
    {1, 2, {8, 2, 2, 0, 1}, {34, 2, 2, 0, 1}},
    // Planes with a column more, whose rows go one by one.
    {2, 3, {7, 2, 2, 0, 1}, {15, 2, 2, 0, 1}},
    {1, 2, {4, 2, 2, 0, 1}, {35, 2, 2, 0, 1}},
};

void append(std::vector<double>& numbers, const Dimension& d) {
  numbers.push_back(static_cast<double>(d.size));
  numbers.push_back(static_cast<double>(d.windows()));
  const double reach = static_cast<double>(d.dilation * (d.kernel - 1) + 1);
  for (const double extra : {0.0, reach}) {
    for (std::size_t w = 0; w < d.windows(); ++w) {
      numbers.push_back(static_cast<double>(w * d.stride) - static_cast<double>(d.pad) + extra);
    }
  }
  numbers.push_back(static_cast<double>(d.dilation));
  numbers.insert(numbers.end(), d.windows(), static_cast<double>(d.kernel));
}

std::vector<double> numbers_of(const PoolCase& c) {
  std::vector<double> numbers{static_cast<double>(c.batch), static_cast<double>(c.channels), 2.0};
  append(numbers, c.y);
  append(numbers, c.x);
  return numbers;
}

// Where element `at` of plane `plane` stands.
std::size_t place(const PoolCase& c, std::size_t plane, std::size_t at, std::size_t size, bool last) {
  if (!last) return plane * size + at;
  return (plane / c.channels * size + at) * c.channels + plane % c.channels;
}

// body(plane, window, positions of it in its plane).
template <typename Body>
void each_window(const PoolCase& c, const Body& body) {
  for (std::size_t plane = 0; plane < c.planes(); ++plane) {
    for (std::size_t w = 0; w < c.windows(); ++w) {
      std::vector<std::size_t> positions;
      for (const std::size_t y : c.y.positions(w / c.x.windows())) {
        for (const std::size_t x : c.x.positions(w % c.x.windows())) positions.push_back(y * c.x.size + x);
      }
      body(plane, w, positions);
    }
  }
}

TEST_CASE("max and average pooling and their gradients in every layout") {
  on_each_isa([](const KernelTable& table) {
    for (const PoolCase& c : kCases) {
      const std::vector<double> numbers = numbers_of(c);
      const std::size_t before = c.planes() * c.pixels(), behind = c.planes() * c.windows();
      Random random(7);
      std::vector<float> values(before);
      for (float& v : values) v = random.bits() % 97 == 0 ? kNan : static_cast<float>(random.bits() % 50) - 20.0f;
      Floats special(values), plain(random.floats(before)), grad(random.floats(behind));
      for (const int layouts : {0, 1, 2, 3}) {
        const bool x_last = (layouts & 1) != 0, out_last = (layouts & 2) != 0;
        for (const std::size_t threads : kThreadCounts) {
          const ops::Context context = context_of(table, threads);
          Floats out(behind), means(behind), spread(before), shared(before);
          Ints index(behind);
          ops::maxPool(context, special.in(), out.span(), index.span(), ops::Layout(numbers), x_last, out_last);
          ops::avgPool(context, plain.in(), means.span(), ops::Layout(numbers), x_last, out_last);
          ops::maxPoolBackward(context, grad.in(), index.in(), spread.span(), ops::Layout(numbers), out_last, x_last);
          ops::avgPoolBackward(context, grad.in(), shared.span(), ops::Layout(numbers), out_last, x_last);
          bool right = out.guards_intact() && index.guards_intact() && means.guards_intact() &&
                       spread.guards_intact() && shared.guards_intact();
          std::vector<double> routed(before), divided(before);
          const double divisor = static_cast<double>(c.y.kernel * c.x.kernel);
          each_window(c, [&](std::size_t plane, std::size_t w, const std::vector<std::size_t>& positions) {
            const std::size_t to = place(c, plane, w, c.windows(), out_last);
            const auto from = [&](std::size_t at) { return place(c, plane, at, c.pixels(), x_last); };
            std::size_t best = positions.front();
            double sum = 0.0;
            for (const std::size_t at : positions) {
              const float next = special[from(at)];
              if (next > special[from(best)] || std::isnan(next)) best = at;
              sum += plain[from(at)];
              divided[from(at)] += grad[to] / divisor;
            }
            routed[from(best)] += grad[to];
            right = right && index[to] == static_cast<std::int32_t>(best);
            right = right && (same_bits(out[to], special[from(best)]) || std::isnan(out[to]));
            right = right && std::fabs(means[to] - sum / divisor) <= 1e-6;
          });
          for (std::size_t i = 0; i < before; ++i) {
            right = right && std::fabs(spread[i] - routed[i]) <= 1e-5 && std::fabs(shared[i] - divided[i]) <= 1e-5;
          }
          CAPTURE(c.channels);
          CAPTURE(c.x.size);
          CAPTURE(layouts);
          CAPTURE(threads);
          CHECK(right);
        }
      }
    }
  });
}

TEST_CASE("the gradient of max pooling starts from 0, and takes no index outside of its window") {
  on_each_isa([](const KernelTable& table) {
    for (const PoolCase& c : kCases) {
      const std::vector<double> numbers = numbers_of(c);
      const std::size_t before = c.planes() * c.pixels(), behind = c.planes() * c.windows();
      for (const int layouts : {0, 1, 2, 3}) {
        const bool x_last = (layouts & 1) != 0, out_last = (layouts & 2) != 0;
        // Windows in turn name their last position, by -0; one that is in no plane; each position of the plane.
        Floats grad(std::vector<float>(behind, 1.0f)), spread(before);
        std::vector<std::int32_t> places(behind);
        std::vector<float> expected(before);
        each_window(c, [&](std::size_t plane, std::size_t w, const std::vector<std::size_t>& positions) {
          const std::size_t at = place(c, plane, w, c.windows(), out_last);
          const std::size_t any = w * 7 % c.pixels();
          if (w % 3 == 0) grad[at] = -0.0f;
          places[at] = w % 3 == 0   ? static_cast<std::int32_t>(positions.back())
                       : w % 3 == 1 ? std::array{-1, INT32_MIN, INT32_MAX, static_cast<int>(c.pixels())}[w / 3 % 4]
                                    : static_cast<std::int32_t>(any);
          if (w % 3 == 2 && std::ranges::find(positions, any) != positions.end()) {
            expected[place(c, plane, any, c.pixels(), x_last)] += 1.0f;
          }
        });
        Ints index(places);
        ops::maxPoolBackward(context_of(table), grad.in(), index.in(), spread.span(), ops::Layout(numbers), out_last,
                             x_last);
        bool right = spread.guards_intact();
        for (std::size_t i = 0; i < before; ++i) right = right && same_bits(spread[i], expected[i]);
        CAPTURE(c.channels);
        CAPTURE(c.x.size);
        CAPTURE(layouts);
        CHECK(right);
      }
    }
  });
}

TEST_CASE("pooling of planes without pixels, and to planes without windows") {
  const std::vector<double> no_pixels{1, 2, 2, 0, 1, -1, 1, 1, 2, 3, 2, 0, 1, 1, 2, 1, 1, 1};
  const std::vector<double> no_windows{1, 2, 2, 2, 1, 0, 2, 1, 2, 3, 0, 1};
  on_each_isa([&](const KernelTable& table) {
    const ops::Context context = context_of(table);
    for (const int layouts : {0, 1, 2, 3}) {
      const bool x_last = (layouts & 1) != 0, out_last = (layouts & 2) != 0;
      Floats none(0), out(4), grad(12);
      Ints index(4), no_index(0);
      ops::maxPool(context, none.in(), out.span(), index.span(), ops::Layout(no_pixels), x_last, out_last);
      for (std::size_t i = 0; i < 4; ++i) {
        CHECK(out[i] == -kInf);
        CHECK(index[i] == -1);
      }
      ops::avgPool(context, none.in(), out.span(), ops::Layout(no_pixels), x_last, out_last);
      for (std::size_t i = 0; i < 4; ++i) CHECK(same_bits(out[i], 0.0f));
      ops::maxPoolBackward(context, none.in(), no_index.in(), grad.span(), ops::Layout(no_windows), out_last, x_last);
      for (std::size_t i = 0; i < 12; ++i) CHECK(same_bits(grad[i], 0.0f));
    }
  });
}

TEST_CASE("windows that are none, and memory that is too short") {
  const ops::Context context = context_of(*kernels::available().front());
  const PoolCase c{1, 2, {4, 2, 2, 0, 1}, {6, 2, 2, 0, 1}};
  const std::vector<double> good = numbers_of(c);
  Floats x(48), out(12), short_out(11);
  const auto run = [&](const std::vector<double>& numbers, Floats& to) {
    ops::avgPool(context, x.in(), to.span(), ops::Layout(numbers), false, false);
  };
  const auto refuses = [&](std::size_t at, double value) {
    std::vector<double> numbers = good;
    numbers[at] = value;
    CHECK_THROWS_AS(run(numbers, out), std::invalid_argument);
  };
  refuses(0, -1.0);  // batch
  refuses(2, 4.0);   // dimensions
  refuses(2, 1.0);   // numbers are left
  refuses(3, 0.5);   // size
  refuses(4, 1e9);   // more windows than there are numbers
  refuses(5, 0.5);   // a start
  refuses(5, 3e9);
  refuses(9, 0.0);  // dilation
  std::vector<double> ends(good.begin(), good.end() - 1);
  CHECK_THROWS_AS(run(ends, out), std::invalid_argument);
  CHECK_THROWS_AS(run({}, out), std::invalid_argument);
  CHECK_THROWS_AS(run(good, short_out), std::invalid_argument);
  CHECK(out.untouched());
  CHECK(short_out.untouched());
  std::vector<double> huge = good;
  huge[0] = huge[1] = 9007199254740991.0;
  CHECK_THROWS_AS(run(huge, out), std::overflow_error);
}

}  // namespace
}  // namespace lanewise::test
