// Convolution and its gradients against plain loops in double precision: every geometry, channels first and last, every
// number of threads.
#include <functional>
#include <stdexcept>

#include "../ops/conv_geometry.h"
#include "../ops/ops.h"
#include "arithmetic.h"
#include "conv_shapes.h"

namespace lanewise::test {
namespace {

// Calls back for every product: image, output channel and pixel, input channel and pixel, weight.
using Visit =
    std::function<void(std::size_t n, std::size_t o, std::size_t p, std::size_t c, std::size_t q, std::size_t w)>;
void for_each_product(const ops::ConvGeometry& g, const Visit& visit) {
  const auto& d = g.dims;
  for (std::size_t p = 0; p < g.out_pixels(); ++p) {
    for (std::size_t t = 0; t < g.taps(); ++t) {
      const std::size_t at[] = {p / d[2].out / d[1].out, p / d[2].out % d[1].out, p % d[2].out};
      const std::size_t tap[] = {t / d[2].kernel / d[1].kernel, t / d[2].kernel % d[1].kernel, t % d[2].kernel};
      std::size_t q = 0;
      bool inside = true;
      for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t position = at[i] * d[i].stride + tap[i] * d[i].dilation;
        inside = inside && position >= d[i].low && position - d[i].low < d[i].size;
        q = q * d[i].size + position - d[i].low;
      }
      if (!inside) continue;
      for (std::size_t n = 0; n < g.batch; ++n) {
        for (std::size_t o = 0; o < g.out_channels; ++o) {
          for (std::size_t k = 0; k < g.group_channels(); ++k) {
            const std::size_t c = o / g.group_outs() * g.group_channels() + k;
            visit(n, o, p, c, q, (o * g.group_channels() + k) * g.taps() + t);
          }
        }
      }
    }
  }
}

struct Sums {
  std::vector<double> exact, size;
  explicit Sums(std::size_t n) : exact(n), size(n) {}
  void add(std::size_t i, double product) {
    exact[i] += product;
    size[i] += std::fabs(product);
  }
  bool near(const std::vector<float>& values) const {
    bool good = values.size() == exact.size();
    for (std::size_t i = 0; good && i < values.size(); ++i) {
      good = std::fabs(values[i] - exact[i]) <= 2e-6 * size[i] + 1e-30;
    }
    return good;
  }
};

// [batch, channels, pixels] with the channels last.
std::vector<float> laid_out(const std::vector<float>& first, std::size_t channels, std::size_t pixels, bool last) {
  if (!last) return first;
  std::vector<float> result(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::size_t n = i / (channels * pixels), c = i / pixels % channels, p = i % pixels;
    result[(n * pixels + p) * channels + c] = first[i];
  }
  return result;
}
std::vector<float> channels_first(const std::vector<float>& values, std::size_t channels, std::size_t pixels,
                                  bool last) {
  return last ? laid_out(values, pixels, channels, true) : values;
}

// Runs body(context, first operand's layout, second's) for each layout and number of threads.
template <typename Body>
void on_each(const KernelTable& table, const Body& body) {
  for (const std::size_t threads : kThreadCounts) {
    for (const bool a : {false, true}) {
      for (const bool b : {false, true}) {
        CAPTURE(threads);
        CAPTURE(a);
        CAPTURE(b);
        body(context_of(table, threads), a, b);
      }
    }
  }
}

TEST_CASE("conv: the same bits in every layout and for every number of threads, and near the exact sums") {
  on_each_isa([](const KernelTable& table) {
    for (const ConvShape& shape : kConvShapes) {
      CAPTURE(shape.text());
      const std::vector<double> geometry = shape.geometry();
      const ops::ConvGeometry g = ops::decode_geometry("test", geometry);
      const std::vector<float> x = Random(1).floats(g.in_size()), weight = Random(2).floats(g.weight_size());
      const std::vector<float> bias = Random(3).floats(g.out_channels);
      Sums sums(g.out_size());
      for (std::size_t i = 0; i < g.out_size(); ++i) sums.add(i, bias[i / g.out_pixels() % g.out_channels]);
      for_each_product(
          g, [&](std::size_t n, std::size_t o, std::size_t p, std::size_t c, std::size_t q, std::size_t w) {
            const double product = static_cast<double>(x[(n * g.channels + c) * g.in_pixels() + q]) * weight[w];
            sums.add((n * g.out_channels + o) * g.out_pixels() + p, product);
          });
      std::vector<float> first;
      on_each(table, [&](const ops::Context& context, bool x_last, bool out_last) {
        Floats from(laid_out(x, g.channels, g.in_pixels(), x_last)), w(weight), b(bias), out(g.out_size());
        ops::conv(context, from.in(), w.in(), b.in(), out.span(), geometry, x_last, out_last);
        const std::vector<float> values = channels_first(out.values(), g.out_channels, g.out_pixels(), out_last);
        CHECK(out.guards_intact());
        CHECK(sums.near(values));
        if (first.empty()) first = values;
        CHECK(same_bits(first, values));
      });
    }
  });
}

TEST_CASE("convInputGradient: the same, and without a bias") {
  on_each_isa([](const KernelTable& table) {
    for (const ConvShape& shape : kConvShapes) {
      CAPTURE(shape.text());
      const std::vector<double> geometry = shape.geometry();
      const ops::ConvGeometry g = ops::decode_geometry("test", geometry);
      const std::vector<float> grad = Random(4).floats(g.out_size()), weight = Random(5).floats(g.weight_size());
      Sums sums(g.in_size());
      for_each_product(
          g, [&](std::size_t n, std::size_t o, std::size_t p, std::size_t c, std::size_t q, std::size_t w) {
            const double product = static_cast<double>(grad[(n * g.out_channels + o) * g.out_pixels() + p]) * weight[w];
            sums.add((n * g.channels + c) * g.in_pixels() + q, product);
          });
      std::vector<float> first;
      on_each(table, [&](const ops::Context& context, bool grad_last, bool out_last) {
        Floats from(laid_out(grad, g.out_channels, g.out_pixels(), grad_last)), w(weight), out(g.in_size());
        ops::convInputGradient(context, from.in(), w.in(), std::nullopt, out.span(), geometry, grad_last, out_last);
        const std::vector<float> values = channels_first(out.values(), g.channels, g.in_pixels(), out_last);
        CHECK(out.guards_intact());
        CHECK(sums.near(values));
        if (first.empty()) first = values;
        CHECK(same_bits(first, values));
      });
    }
  });
}

TEST_CASE("convWeightGradient: the same, with the bias's gradient") {
  on_each_isa([](const KernelTable& table) {
    for (const ConvShape& shape : kConvShapes) {
      CAPTURE(shape.text());
      const std::vector<double> geometry = shape.geometry();
      const ops::ConvGeometry g = ops::decode_geometry("test", geometry);
      const std::vector<float> grad = Random(6).floats(g.out_size()), x = Random(7).floats(g.in_size());
      Sums sums(g.weight_size()), of_bias(g.out_channels);
      for (std::size_t i = 0; i < g.out_size(); ++i) of_bias.add(i / g.out_pixels() % g.out_channels, grad[i]);
      for_each_product(g,
                       [&](std::size_t n, std::size_t o, std::size_t p, std::size_t c, std::size_t q, std::size_t w) {
                         const double left = grad[(n * g.out_channels + o) * g.out_pixels() + p];
                         sums.add(w, left * x[(n * g.channels + c) * g.in_pixels() + q]);
                       });
      std::vector<float> first;
      on_each(table, [&](const ops::Context& context, bool grad_last, bool x_last) {
        Floats from(laid_out(grad, g.out_channels, g.out_pixels(), grad_last));
        Floats in(laid_out(x, g.channels, g.in_pixels(), x_last)), out(g.weight_size()), bias(g.out_channels);
        ops::convWeightGradient(context, from.in(), in.in(), out.span(), bias.span(), geometry, grad_last, x_last);
        CHECK((out.guards_intact() && bias.guards_intact()));
        CHECK(sums.near(out.values()));
        CHECK(of_bias.near(bias.values()));
        if (first.empty()) first = out.values();
        CHECK(same_bits(first, out.values()));
      });
    }
  });
}

TEST_CASE("convolutions refuse geometries that are none, and memory that is too short, and write nothing") {
  on_each_isa([](const KernelTable& table) {
    const std::vector<double> good = ConvShape{2, 4, 6, 2, {{5, 3, 1, 1, 1, 1}}}.geometry();
    const ops::ConvGeometry g = ops::decode_geometry("test", good);
    Floats x(Random(1).floats(g.in_size())), weight(Random(2).floats(g.weight_size()));
    Floats out(g.out_size()), gradient(g.weight_size()), in_gradient(g.in_size());
    const ops::Context context = context_of(table, 2);
    const auto refuses = [&](const std::vector<double>& geometry) {
      CHECK_THROWS_AS(ops::conv(context, x.in(), weight.in(), std::nullopt, out.span(), geometry, false, false),
                      std::logic_error);
      CHECK_THROWS_AS(ops::convInputGradient(context, x.in(), weight.in(), std::nullopt, in_gradient.span(), geometry,
                                             false, false),
                      std::logic_error);
      CHECK_THROWS_AS(
          ops::convWeightGradient(context, out.in(), x.in(), gradient.span(), std::nullopt, geometry, false, false),
          std::logic_error);
    };
    const std::pair<std::size_t, double> changes[] = {{0, -1}, {0, 0.5}, {3, 0}, {3, 4}, {4, 0}, {4, 4},
                                                      {5, 6},  {6, 6},   {7, 0}, {8, 0}, {9, 0}, {0, kNan}};
    for (const auto& [index, value] : changes) {
      std::vector<double> bad = good;
      bad[index] = value;
      CAPTURE(index);
      CAPTURE(value);
      // A larger input alone is refused for its length by those that read it, and by the others not at all.
      if (index == 5) {
        CHECK_THROWS_AS(ops::conv(context, x.in(), weight.in(), std::nullopt, out.span(), bad, false, false),
                        std::invalid_argument);
      } else {
        refuses(bad);
      }
    }
    refuses({});
    refuses(std::vector<double>(good.begin(), good.end() - 1));
    std::vector<double> huge = good;
    huge[0] = huge[1] = huge[5] = 9007199254740990.0;
    CHECK_THROWS_AS(ops::conv(context, x.in(), weight.in(), std::nullopt, out.span(), huge, false, false),
                    std::overflow_error);
    CHECK((out.untouched() && gradient.untouched() && in_gradient.untouched()));
  });
}

TEST_CASE("a convolution's NaN and infinity reach the outputs that see them and no other") {
  on_each_isa([](const KernelTable& table) {
    const std::vector<double> geometry = ConvShape{1, 2, 3, 1, {{5, 3, 1, 1, 1, 1}, {20, 3, 1, 1, 1, 1}}}.geometry();
    Floats x(std::vector<float>(200, 1.0f)), weight(std::vector<float>(54, 1.0f)), out(300);
    x[2 * 20 + 7] = kNan;
    x[100 + 19] = kInf;
    ops::conv(context_of(table), x.in(), weight.in(), std::nullopt, out.span(), geometry, false, false);
    for (std::size_t i = 0; i < 300; ++i) {
      const std::size_t y = i / 20 % 5, column = i % 20;
      const bool sees_nan = y >= 1 && y <= 3 && column >= 6 && column <= 8, sees_inf = y <= 1 && column >= 18;
      CHECK((sees_nan ? std::isnan(out[i]) : sees_inf ? out[i] == kInf : std::isfinite(out[i])));
    }
  });
}

}  // namespace
}  // namespace lanewise::test
