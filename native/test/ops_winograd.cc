// Convolutions by Winograd's F(2×2, 3×3) against plain loops in double precision, and against direct sums in float.
#include "../ops/winograd.h"

#include "../ops/ops.h"
#include "../ops/winograd_conv.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

using ops::WinogradShape;

// Images channels last; weights [outs, channels, 3, 3].
struct WinogradOperands {
  WinogradShape shape;
  std::size_t images;
  Floats in, weight, bias, grad;

  WinogradOperands(const WinogradShape& of, std::size_t count, float low = -1.0f)
      : shape(of),
        images(count),
        in(Random(1).floats(count * of.height * of.width * of.channels, low)),
        weight(Random(2).floats(of.outs * of.channels * 9, -0.1f, 0.1f)),
        bias(Random(3).floats(of.outs)),
        grad(Random(4).floats(count * of.out_height * of.out_width * of.outs)) {}

  std::size_t in_image() const { return shape.height * shape.width * shape.channels; }
  std::size_t out_image() const { return shape.out_height * shape.out_width * shape.outs; }

  // body(output element, input element, weight element) for every product.
  template <typename Body>
  void each(const Body& body) const {
    const WinogradShape& s = shape;
    for (std::size_t n = 0; n < images; ++n) {
      for (std::size_t y = 0; y < s.out_height; ++y) {
        for (std::size_t x = 0; x < s.out_width; ++x) {
          for (std::size_t t = 0; t < 9; ++t) {
            const std::size_t from_y = y + t / 3 - s.pad_top, from_x = x + t % 3 - s.pad_left;  // wrap around below 0
            if (from_y >= s.height || from_x >= s.width) continue;
            const std::size_t to = n * out_image() + (y * s.out_width + x) * s.outs;
            const std::size_t from = n * in_image() + (from_y * s.width + from_x) * s.channels;
            for (std::size_t o = 0; o < s.outs; ++o) {
              for (std::size_t c = 0; c < s.channels; ++c) body(to + o, from + c, (o * s.channels + c) * 9 + t);
            }
          }
        }
      }
    }
  }
};

// What each pass is in double precision, and as direct sums in float.
struct Passes {
  std::vector<double> out, in_grad, weight_grad;

  explicit Passes(WinogradOperands& o)
      : out(o.images * o.out_image()), in_grad(o.in.size()), weight_grad(o.weight.size()) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = o.bias[i % o.shape.outs];
    o.each([&](std::size_t to, std::size_t from, std::size_t w) {
      out[to] += static_cast<double>(o.in[from]) * o.weight[w];
      in_grad[from] += static_cast<double>(o.grad[to]) * o.weight[w];
      weight_grad[w] += static_cast<double>(o.grad[to]) * o.in[from];
    });
  }
};

struct DirectPasses {
  std::vector<float> out, in_grad, weight_grad;

  explicit DirectPasses(WinogradOperands& o)
      : out(o.images * o.out_image()), in_grad(o.in.size()), weight_grad(o.weight.size()) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = o.bias[i % o.shape.outs];
    o.each([&](std::size_t to, std::size_t from, std::size_t w) {
      out[to] = std::fma(o.in[from], o.weight[w], out[to]);
      in_grad[from] = std::fma(o.grad[to], o.weight[w], in_grad[from]);
      weight_grad[w] = std::fma(o.grad[to], o.in[from], weight_grad[w]);
    });
  }
};

// Largest difference over largest value.
double largest_error(std::span<const float> actual, const std::vector<double>& expected) {
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::fabs(actual[i] - expected[i]);
    if (!(error <= worst)) worst = error;
    largest = std::max(largest, std::fabs(expected[i]));
  }
  return worst / largest;
}

std::vector<float> transformed_weight(const KernelTable& table, const WinogradShape& shape, Floats& weight,
                                      bool rotated) {
  const ops::WinogradWeights layout(table, shape);
  Floats u(layout.size());
  for (std::size_t panel = 0; panel < layout.panels; ++panel) {
    const std::size_t half = shape.channels / 2;
    layout.transform(table, weight.data(), rotated, panel, 0, half, u.data());
    layout.transform(table, weight.data(), rotated, panel, half, shape.channels, u.data());
  }
  CHECK(u.guards_intact());
  return u.values();
}

// A convolution in `parts` pieces, as threads would make it; every element of the output is reported once.
std::vector<float> convolve(const KernelTable& table, const WinogradShape& shape, std::size_t images, Floats& in,
                            const std::vector<float>& weights, const float* bias, std::size_t parts) {
  const std::size_t in_image = shape.height * shape.width * shape.channels;
  const std::size_t out_row = shape.out_width * shape.outs, out_image = shape.out_height * out_row;
  Floats out(images * out_image);
  std::vector<int> reported(images * out_image);
  const ops::WinogradForward forward(table, shape);
  const std::size_t total = images * shape.tile_rows();
  for (std::size_t part = 0; part < parts; ++part) {
    Floats scratch(forward.workspace());
    forward.run(
        part * total / parts, (part + 1) * total / parts, weights.data(), bias,
        [&](std::size_t image) { return in.data() + image * in_image; },
        [&](std::size_t image) { return out.data() + image * out_image; },
        [&](std::size_t image, std::size_t row, std::size_t rows, std::size_t column, std::size_t columns) {
          for (std::size_t i = 0; i < rows * shape.out_width * columns; ++i) {
            ++reported[image * out_image + row * out_row + i / columns * shape.outs + column + i % columns];
          }
        },
        scratch.data());
    CHECK(scratch.guards_intact());
  }
  CHECK(out.guards_intact());
  CHECK(std::ranges::all_of(reported, [](int times) { return times == 1; }));
  return out.values();
}

std::vector<float> forward(const KernelTable& table, WinogradOperands& o, std::size_t parts) {
  return convolve(table, o.shape, o.images, o.in, transformed_weight(table, o.shape, o.weight, false), o.bias.data(),
                  parts);
}

std::vector<float> input_gradient(const KernelTable& table, WinogradOperands& o, std::size_t parts) {
  const WinogradShape shape = o.shape.input_gradient();
  return convolve(table, shape, o.images, o.grad, transformed_weight(table, shape, o.weight, true), nullptr, parts);
}

// Panels from `border` on separately, from a copy of the gradient that has these alone.
std::vector<float> weight_gradient(const KernelTable& table, WinogradOperands& o, std::size_t border = 0) {
  const ops::WinogradWeightGradient pass(table, o.shape);
  Floats sums(pass.size()), result(o.weight.size());
  const auto in = [&](std::size_t image) { return o.in.data() + image * o.in_image(); };
  const std::size_t outs = o.shape.outs, first = std::min(outs, border * table.gemm_nr), rest = outs - first;
  std::vector<float> later(o.grad.size() / outs * rest);
  for (std::size_t i = 0; i < later.size(); ++i) later[i] = o.grad[i / rest * outs + first + i % rest];
  if (first != 0) {
    Floats scratch(pass.workspace(border));
    pass.run(
        0, o.images, {0, border, outs}, in, [&](std::size_t image) { return o.grad.data() + image * o.out_image(); },
        sums.data(), scratch.data());
    CHECK(scratch.guards_intact());
  }
  Floats scratch(pass.workspace(pass.panels() - border));
  pass.run(
      0, o.images, {border, pass.panels(), rest}, in,
      [&](std::size_t image) { return later.data() + image * o.out_image() / outs * rest; }, sums.data(),
      scratch.data());
  for (std::size_t panel = 0; panel < pass.panels(); ++panel) {
    const std::size_t third = o.shape.channels / 3;
    pass.finish(sums.data(), panel, third, o.shape.channels, result.data());
    pass.finish(sums.data(), panel, 0, third, result.data());
  }
  CHECK(sums.guards_intact());
  CHECK(scratch.guards_intact());
  CHECK(result.guards_intact());
  return result.values();
}

WinogradShape padded(std::size_t channels, std::size_t outs, std::size_t height, std::size_t width, std::size_t top = 1,
                     std::size_t left = 1, std::size_t bottom = 1, std::size_t right = 1) {
  return {channels, outs, height, width, height + top + bottom - 2, width + left + right - 2, top, left};
}

struct WinogradCase {
  WinogradShape shape;
  std::size_t images;
};

const std::vector<WinogradCase>& cases() {
  static const std::vector<WinogradCase> all{{padded(32, 33, 7, 7), 3},
                                             {padded(33, 32, 5, 9), 2},
                                             {padded(40, 48, 14, 14), 2},
                                             {padded(5, 3, 6, 5, 0, 0, 0, 0), 2},
                                             {padded(17, 64, 5, 4, 0, 1, 2, 2), 2},
                                             {padded(64, 7, 3, 3, 2, 0, 0, 1), 3},
                                             {padded(64, 65, 1, 1), 70},
                                             {padded(1, 1, 2, 1, 1, 2, 0, 1), 1},
                                             {padded(32, 32, 4, 150), 1},
                                             {padded(32, 32, 33, 3), 1}};
  return all;
}

TEST_CASE("winograd: all passes are those of plain loops, with errors below those of direct sums") {
  on_each_isa([](const KernelTable& table) {
    for (const WinogradCase& test : cases()) {
      WinogradOperands o(test.shape, test.images);
      const Passes expected(o);
      const DirectPasses direct(o);
      CAPTURE(test.shape.channels);
      CAPTURE(test.shape.outs);
      CAPTURE(test.shape.height);
      CAPTURE(test.shape.width);
      // Sums of few products have few roundings; there the transforms' own count.
      const double least = 4e-7;
      CHECK(largest_error(forward(table, o, 1), expected.out) <=
            std::max(least, largest_error(direct.out, expected.out)));
      CHECK(largest_error(input_gradient(table, o, 1), expected.in_grad) <=
            std::max(least, largest_error(direct.in_grad, expected.in_grad)));
      CHECK(largest_error(weight_gradient(table, o), expected.weight_grad) <=
            std::max(least, largest_error(direct.weight_grad, expected.weight_grad)));
    }
  });
}

TEST_CASE("winograd: bits depend neither on the instruction set nor on how the work is split") {
  for (const WinogradCase& test : cases()) {
    WinogradOperands o(test.shape, test.images);
    std::vector<float> outputs[3];
    on_each_isa([&](const KernelTable& table) {
      if (!has_fma(table)) return;
      const std::vector<float> made[] = {forward(table, o, 1), input_gradient(table, o, 1), weight_gradient(table, o)};
      for (std::size_t pass = 0; pass < 3; ++pass) {
        if (outputs[pass].empty()) outputs[pass] = made[pass];
        CHECK(same_bits(outputs[pass], made[pass]));
      }
      for (const std::size_t parts : {2, 3, 7}) {
        CHECK(same_bits(forward(table, o, parts), made[0]));
        CHECK(same_bits(input_gradient(table, o, parts), made[1]));
      }
      if (o.shape.outs > table.gemm_nr) CHECK(same_bits(weight_gradient(table, o, 1), made[2]));
    });
  }
}

std::vector<double> winograd_geometry(const WinogradShape& s, std::size_t batch) {
  std::vector<double> numbers;
  for (const std::size_t number :
       {batch, s.channels, s.outs, std::size_t{1}, std::size_t{2}, s.height, s.out_height, std::size_t{3},
        std::size_t{1}, std::size_t{1}, s.pad_top, std::size_t{2}, s.width, s.out_width, std::size_t{3}, std::size_t{1},
        std::size_t{1}, s.pad_left, std::size_t{2}}) {
    numbers.push_back(static_cast<double>(number));
  }
  return numbers;
}

TEST_CASE("winograd: the ops take it by the shape of an image alone") {
  const auto suits = [](const WinogradShape& shape, std::size_t batch) {
    return ops::winograd_suits(ops::decode_geometry("test", winograd_geometry(shape, batch)));
  };
  for (const std::size_t batch : {1, 32}) {
    for (const std::size_t size : {4, 6, 7, 8, 14, 28}) CHECK(suits(padded(32, 32, size, size), batch));
    // Tiles that lie mostly outside of the image cost more than the products they save.
    for (const std::size_t size : {1, 2, 3, 5}) CHECK_FALSE(suits(padded(64, 64, size, size), batch));
    CHECK_FALSE(suits(padded(31, 64, 14, 14), batch));
    CHECK_FALSE(suits(padded(64, 31, 14, 14), batch));
  }
  const std::vector<double> plain = winograd_geometry(padded(32, 32, 14, 14), 2);
  // Groups, a kernel of 2, a stride, a dilation; sizes stay within what such a convolution has room for.
  const std::pair<std::size_t, double> changes[] = {{3, 2}, {7, 2}, {8, 2}, {9, 2}, {14, 2}, {15, 2}, {16, 2}, {6, 0}};
  for (const auto& [index, value] : changes) {
    std::vector<double> other = plain;
    other[index] = value;
    if (value != 0) other[6] = other[13] = 6;
    CAPTURE(index);
    CHECK_FALSE(ops::winograd_suits(ops::decode_geometry("test", other)));
  }
}

TEST_CASE("winograd: a weight gradient's chunks are added in pairs, by whatever threads") {
  WinogradOperands o(padded(32, 33, 16, 16), 25);  // 1600 tiles: four chunks
  const std::vector<double> geometry = winograd_geometry(o.shape, o.images);
  on_each_isa([&](const KernelTable& table) {
    const ops::WinogradWeightGradient pass(table, o.shape);
    std::vector<float> sums[4], scratch(pass.workspace(pass.panels())), expected(o.weight.size());
    for (std::size_t chunk = 0; chunk < 4; ++chunk) {
      sums[chunk].resize(pass.size());
      pass.run(
          chunk * 6 + std::min<std::size_t>(chunk, 1), (chunk + 1) * 6 + 1, {0, pass.panels(), o.shape.outs},
          [&](std::size_t image) { return o.in.data() + image * o.in_image(); },
          [&](std::size_t image) { return o.grad.data() + image * o.out_image(); }, sums[chunk].data(), scratch.data());
    }
    for (std::size_t panel = 0; panel < pass.panels(); ++panel) {
      for (const auto& [to, from] : {std::pair{0, 1}, std::pair{2, 3}, std::pair{0, 2}}) {
        pass.add(sums[to].data(), sums[from].data(), panel, 0, o.shape.channels);
      }
      pass.finish(sums[0].data(), panel, 0, o.shape.channels, expected.data());
    }
    std::vector<double> bias(o.shape.outs);
    for (std::size_t i = 0; i < o.grad.size(); ++i) bias[i % o.shape.outs] += o.grad[i];
    for (const std::size_t threads : {1, 2, 3, 8}) {
      Floats out(o.weight.size()), bias_grad(o.shape.outs);
      ops::convWeightGradient(context_of(table, threads), o.grad.in(), o.in.in(), out.span(), bias_grad.span(),
                              geometry, true, true);
      CAPTURE(threads);
      CHECK(same_bits(out.values(), expected));
      CHECK(largest_error(bias_grad.in(), bias) <= 1e-6);
      CHECK((out.guards_intact() && bias_grad.guards_intact()));
    }
  });
}

TEST_CASE("winograd: an infinity makes NaN or infinity of what its tiles make, and of nothing else") {
  on_each_isa([](const KernelTable& table) {
    const WinogradShape shape = padded(32, 32, 12, 12);
    WinogradOperands o(shape, 1);
    Floats out(o.out_image());
    o.in[(5 * 12 + 6) * 32 + 3] = kInf;  // in the patches of the tiles whose outputs are rows 4 to 7, columns 4 to 7
    ops::conv(context_of(table), o.in.in(), o.weight.in(), std::nullopt, out.span(), winograd_geometry(shape, 1), true,
              true);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t y = i / 32 / 12, x = i / 32 % 12;
      const bool sees = y >= 4 && y <= 6 && x >= 5 && x <= 7, near = y >= 4 && y <= 7 && x >= 4 && x <= 7;
      CHECK((sees ? !std::isfinite(out[i]) : near || std::isfinite(out[i])));
    }
  });
}

}  // namespace
}  // namespace lanewise::test
