// Instruction sets with fused multiply-adds agree to the bit. No machine has all of them, so each is compared with what
// is written down here: a hash of the bits of every kernel's output.
#include "../ops/conv_geometry.h"
#include "../ops/ops.h"
#include "../ops/winograd_conv.h"
#include "arithmetic.h"
#include "conv_shapes.h"

namespace lanewise::test {
namespace {

std::uint32_t hash_of(const std::vector<float>& values) {
  std::uint32_t hash = 2166136261u;
  for (const float value : values) {
    // NaNs differ in sign and payload between architectures.
    const std::uint32_t bits = std::isnan(value) ? 0x7fc00000u : std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((bits >> shift) & 0xffu)) * 16777619u;
  }
  return hash;
}

struct Inputs {
  std::vector<float> x = Random(1).floats(10007, -8.0f, 8.0f);
  std::vector<float> y = Random(2).floats(10007, 0.01f, 4.0f);
};

struct GoldenBits {
  const char* name;
  std::uint32_t hash;
  std::vector<float> (*run)(const KernelTable&, Inputs);
};

template <auto kernel>
std::vector<float> unary(const KernelTable& table, Inputs in) {
  (table.*kernel)(in.x.data(), in.x.data(), in.x.size());
  return in.x;
}

// The three ops of convolution on every shape of the tests that is summed directly.
std::vector<float> convolutions(const KernelTable& table, Inputs) {
  const ops::Context context = context_of(table, 2);
  std::vector<float> all;
  for (const ConvShape& shape : kConvShapes) {
    const std::vector<double> geometry = shape.geometry();
    const ops::ConvGeometry g = ops::decode_geometry("test", geometry);
    if (ops::winograd_suits(g)) continue;  // see below
    const std::vector<float> x = Random(1).floats(g.in_size()), grad = Random(2).floats(g.out_size());
    const std::vector<float> weight = Random(3).floats(g.weight_size()), bias = Random(4).floats(g.out_channels);
    std::vector<float> out(g.out_size()), x_grad(g.in_size()), w_grad(g.weight_size()), b_grad(g.out_channels);
    ops::conv(context, x, weight, ops::FloatIn(bias), out, geometry, false, true);
    ops::convInputGradient(context, grad, weight, std::nullopt, x_grad, geometry, true, false);
    ops::convWeightGradient(context, grad, x, w_grad, ops::FloatOut(b_grad), geometry, false, true);
    for (const std::vector<float>& each : {out, x_grad, w_grad, b_grad})
      all.insert(all.end(), each.begin(), each.end());
  }
  return all;
}

// Windows of 3×3, two elements apart, over two images of 11 channels with 15×30 pixels.
constexpr std::size_t kPoolInputs = 2 * 11 * 15 * 30, kPoolWindows = 2 * 11 * 7 * 14;

std::vector<double> pool_windows() {
  std::vector<double> numbers{2, 11, 2};
  for (const int size : {15, 30}) {
    const int windows = (size - 3) / 2 + 1;
    numbers.insert(numbers.end(), {static_cast<double>(size), static_cast<double>(windows)});
    for (const int end : {0, 3}) {
      for (int w = 0; w < windows; ++w) numbers.push_back(2 * w + end);
    }
    numbers.push_back(1);
    numbers.insert(numbers.end(), static_cast<std::size_t>(windows), 3);
  }
  return numbers;
}

// Three blocks of queries by three of keys, with everything that scores can have.
std::vector<float> attention(const KernelTable& table, Inputs) {
  constexpr std::size_t kQueries = 101, kKeys = 133, kFeatures = 21;
  const ops::Context context = context_of(table, 2);
  const std::vector<double> strides{0, 0, kFeatures, 0, 0, kFeatures, 0, 0, kFeatures, 0, 0, kFeatures, 0, 0, kKeys, 1};
  const std::int32_t key[] = {77, 99};
  const auto floats = [](std::uint32_t seed, std::size_t rows) { return Random(seed).floats(rows * kFeatures); };
  const std::vector<float> q = floats(1, kQueries), k = floats(2, kKeys), v = floats(3, kKeys),
                           grad = floats(4, kQueries);
  const std::vector<float> mask = Random(5).floats(kQueries * kKeys);
  std::vector<float> out(q.size()), most(kQueries), total(kQueries), of_q(q.size()), of_k(k.size()), of_v(v.size());
  ops::attention(context, q, k, v, ops::FloatIn(mask), ops::IndexIn(key), out, most, total, ops::Layout(strides), 1, 1,
                 1, kQueries, kKeys, kFeatures, kFeatures, 0.3, 0.2, true);
  ops::attentionBackward(context, grad, q, k, v, ops::FloatIn(mask), ops::IndexIn(key), out, most, total, of_q, of_k,
                         of_v, ops::Layout(strides), 1, 1, 1, kQueries, kKeys, kFeatures, kFeatures, 0.3, 0.2, true);
  for (const std::vector<float>& each : {most, total, of_q, of_k, of_v})
    out.insert(out.end(), each.begin(), each.end());
  return out;
}

const GoldenBits kGoldenBits[] = {
    {"attention", 98661615u, attention},
    {"convolutions", 2610166785u, convolutions},
    {"exp", 2541819616u, unary<&KernelTable::exp>},
    {"sigmoid", 4100330902u, unary<&KernelTable::sigmoid>},
    {"tanh", 1421690784u, unary<&KernelTable::tanh>},
    {"expm1", 3003074384u, unary<&KernelTable::expm1>},
    {"sin", 3443953404u, unary<&KernelTable::sin>},
    {"cos", 1623200578u, unary<&KernelTable::cos>},
    {"erf", 3679335772u, unary<&KernelTable::erf>},
    {"whole numbers", 1221592075u,
     [](const KernelTable& t, Inputs in) {
       std::vector<float> out(3 * in.x.size());
       t.floor(in.x.data(), out.data(), in.x.size());
       t.ceil(in.x.data(), out.data() + in.x.size(), in.x.size());
       t.round(in.x.data(), out.data() + 2 * in.x.size(), in.x.size());
       return out;
     }},
    {"log_sum_ways", 4189719894u,
     [](const KernelTable& t, Inputs in) {
       t.log_sum_ways(in.x.data() + 2, in.y.data(), in.y.data(), in.y.size() - 2);
       return in.y;
     }},
    {"log1p", 3546529889u,
     [](const KernelTable& t, Inputs in) {
       t.log1p(in.y.data(), in.x.data(), in.x.size());
       for (float& y : in.y) y = -0.25f * y;
       t.log1p(in.y.data(), in.y.data(), in.y.size());
       in.x.insert(in.x.end(), in.y.begin(), in.y.end());
       return in.x;
     }},
    {"sin of large", 2625191484u,
     [](const KernelTable& t, Inputs in) {
       for (float& x : in.x) x = x * x * x * 1e6f;
       t.sin(in.x.data(), in.y.data(), in.x.size());
       t.cos(in.x.data(), in.x.data(), in.x.size());
       in.x.insert(in.x.end(), in.y.begin(), in.y.end());
       return in.x;
     }},
    {"larger and smaller", 1832107474u,
     [](const KernelTable& t, Inputs in) {
       t.max(in.x.data(), 1, in.y.data(), 1, in.x.data(), in.x.size());
       t.min(in.x.data(), 1, in.y.data(), 1, in.y.data(), in.x.size());
       in.x.insert(in.x.end(), in.y.begin(), in.y.end());
       return in.x;
     }},
    {"fma", 139762023u,
     [](const KernelTable& t, Inputs in) {
       t.fma(in.x.data(), 1, in.y.data(), 1, in.x.data() + 7, 0, in.x.data(), in.x.size());
       t.fma(in.x.data(), 1, in.y.data() + 7, 0, in.y.data(), 1, in.x.data(), in.x.size());
       return in.x;
     }},
    {"selects", 373238629u,
     [](const KernelTable& t, Inputs in) {
       const float zero = 0.0f;
       t.select_less(in.x.data(), 1, in.y.data(), 1, in.x.data(), 1, in.y.data(), 1, in.y.data(), in.x.size());
       t.select_less_equal(in.x.data(), 1, &zero, 0, in.y.data(), 1, in.x.data(), 1, in.x.data(), in.x.size());
       t.select_equal(in.x.data(), 1, in.y.data(), 1, &zero, 0, in.x.data(), 1, in.x.data(), in.x.size());
       return in.x;
     }},
    {"mask_factor", 4172867019u,
     [](const KernelTable& t, Inputs in) {
       const kernels::Mask mask{123456789u, 987654321u, 40000, 1.6384f, 141, 9};
       t.mask_factor(in.x.data(), in.x.size(), 77, &mask);
       return in.x;
     }},
    {"log", 782940452u,
     [](const KernelTable& t, Inputs in) {
       t.log(in.y.data(), in.y.data(), in.y.size());
       return in.y;
     }},
    {"pow", 3061463941u,
     [](const KernelTable& t, Inputs in) {
       t.pow(in.y.data(), 1, in.x.data(), 1, in.x.data(), in.x.size());
       return in.x;
     }},
    {"sum", 38728319u,
     [](const KernelTable& t, Inputs in) {
       double sum = 0.0;
       t.sum(in.x.data(), in.x.size(), &sum);
       return std::vector<float>{static_cast<float>(sum)};
     }},
    {"sum_columns", 71174219u,
     [](const KernelTable& t, Inputs in) {
       std::vector<float> out(83);
       t.sum_columns(in.x.data(), 120, 83, 83, out.data());
       return out;
     }},
    {"softmax", 1662769737u,
     [](const KernelTable& t, Inputs in) {
       t.softmax(in.x.data(), in.x.data(), 3, 3333);
       t.log_softmax(in.y.data(), in.y.data(), 77, 129);
       t.softmax_backward(in.y.data(), in.x.data(), in.x.data(), 7, 1001);
       t.log_softmax_backward(in.x.data(), in.y.data(), in.y.data(), 100, 100);
       in.x.insert(in.x.end(), in.y.begin(), in.y.end());
       return in.x;
     }},
    {"cross_entropy", 3903313073u,
     [](const KernelTable& t, Inputs in) {
       const std::vector<std::int32_t> target = Random(3).ints(100, 100);
       std::vector<float> loss(100), stats(200), scale{0.25f};
       t.cross_entropy(in.x.data(), target.data(), in.y.data(), loss.data(), stats.data(), 100, 100, 5, 0.9f, 0.001f);
       t.cross_entropy_backward(scale.data(), 0, in.x.data(), target.data(), in.y.data(), stats.data(), in.x.data(),
                                100, 100, 5, 0.9f, 0.001f, 0.2f);
       in.x.insert(in.x.end(), loss.begin(), loss.end());
       return in.x;
     }},
    {"cross_entropy_train", 3903313073u,
     [](const KernelTable& t, Inputs in) {
       const std::vector<std::int32_t> target = Random(3).ints(100, 100);
       std::vector<float> loss(100), logits = in.x;
       t.cross_entropy_train(logits.data(), target.data(), in.y.data(), loss.data(), in.x.data(), 100, 100, 5, 0.9f,
                             0.001f, 0.25f, 0.2f);
       in.x.insert(in.x.end(), loss.begin(), loss.end());
       return in.x;
     }},
    {"activate", 2516398743u,
     [](const KernelTable& t, Inputs in) {
       const kernels::Mask mask{123456789u, 987654321u, 40000, 1.6384f, 141, 9};
       for (std::size_t column = 0; column < 141; column += t.gemm_nr) {
         const std::size_t columns = std::min(t.gemm_nr, 141 - column);
         t.activate(in.x.data() + column, 141, 70, columns, true, &mask, 3, column);
       }
       t.mask_gradient(in.y.data(), in.x.data(), 141, 70, 133, 1.5f);
       in.x.insert(in.x.end(), in.y.begin(), in.y.end());
       return in.x;
     }},
    {"dropout", 3004281918u,
     [](const KernelTable& t, Inputs in) {
       t.dropout(in.x.data(), in.x.data(), 70, 141, 9, 123456789u, 987654321u, 40000, 1.6384f);
       return in.x;
     }},
    {"sgd", 2300484683u,
     [](const KernelTable& t, Inputs in) {
       std::vector<float> buffer = in.y;
       t.sgd(in.x.data(), in.y.data(), buffer.data(), in.x.size(), 0.1f, 0.9f, 0.7f, 0.01f, false, true);
       return in.x;
     }},
    {"adam", 325020922u,
     [](const KernelTable& t, Inputs in) {
       std::vector<float> m = in.y, v = in.y, max_v = in.y;
       t.adam(in.x.data(), in.y.data(), m.data(), v.data(), max_v.data(), in.x.size(), 0.1f, 0.1f, 0.999f, 0.001f, 1.5f,
              1e-8f, 0.01f, 1.0f);
       return in.x;
     }},
    {"matmul", 1914117923u,
     [](const KernelTable& t, Inputs in) {
       std::vector<float> out(61 * 77);
       ops::matmul(context_of(t), in.x, in.y, out, 1, 61, 77, 129, false, false, 0, 0);
       return out;
     }},
    {"linear", 346856924u,
     [](const KernelTable& t, Inputs in) {
       std::vector<float> out(13 * 7);
       ops::linear(context_of(t), in.x, in.y, std::span<const float>(in.y), out, 7, 700, 13);
       return out;
     }},
    {"pooling", 3870381390u,
     [](const KernelTable& t, Inputs in) {
       const std::vector<double> windows = pool_windows();
       std::vector<float> out(2 * kPoolWindows + 2 * kPoolInputs);
       std::vector<std::int32_t> index(kPoolWindows);
       const std::span<float> all(out);
       const std::span<const float> x = std::span(in.x).first(kPoolInputs), grad = std::span(in.y).first(kPoolWindows);
       ops::maxPool(context_of(t), x, all.first(kPoolWindows), index, windows, false, false);
       ops::maxPoolBackward(context_of(t), grad, index, all.last(kPoolInputs), windows, false, true);
       ops::avgPool(context_of(t), x, all.subspan(kPoolWindows, kPoolWindows), windows, true, true);
       ops::avgPoolBackward(context_of(t), grad, all.subspan(2 * kPoolWindows, kPoolInputs), windows, true, false);
       out.insert(out.end(), index.begin(), index.end());
       return out;
     }},
    {"batch norm", 2380004922u,
     [](const KernelTable& t, Inputs in) {
       constexpr std::size_t batch = 18, channels = 17, pixels = 31, size = batch * channels * pixels;
       const std::span<const float> x = std::span(in.x).first(size), grad = std::span(in.y).first(size);
       const std::span<const float> weight = std::span(in.y).last(channels);
       std::vector<float> mean(channels), variance(channels), gradients(2 * channels), out(size), back(size);
       ops::batchNorm(context_of(t), x, weight, std::nullopt, out, mean, variance, batch, channels, pixels, 1e-5,
                      false);
       ops::batchNormBackward(context_of(t), grad, x, weight, mean, variance, std::span(back),
                              std::span(gradients).first(channels), std::span(gradients).last(channels), batch,
                              channels, pixels, 1e-5, true);
       for (const auto* each : {&mean, &variance, &gradients, &back}) out.insert(out.end(), each->begin(), each->end());
       return out;
     }},
    {"layer norm", 1715029585u,
     [](const KernelTable& t, Inputs in) {
       constexpr std::size_t rows = 57, channels = 175, size = rows * channels;
       const std::span<const float> x = std::span(in.x).first(size), grad = std::span(in.y).first(size);
       const std::span<const float> weight = std::span(in.y).last(channels);
       std::vector<float> mean(rows), variance(rows), gradients(2 * channels), out(size), back(size);
       ops::layerNorm(context_of(t), x, weight, std::nullopt, out, mean, variance, rows, 1, channels, 1, 1e-5, true);
       ops::layerNormBackward(context_of(t), grad, x, weight, mean, variance, std::span(back),
                              std::span(gradients).first(channels), std::span(gradients).last(channels), rows, 1,
                              channels, 1, 1e-5, true);
       for (const auto* each : {&mean, &variance, &gradients, &back}) out.insert(out.end(), each->begin(), each->end());
       return out;
     }},
    {"winograd", 262465017u,
     [](const KernelTable& t, Inputs in) {
       // Three images of 8×9 pixels, 32 channels to 33.
       const std::vector<double> geometry{3, 32, 33, 1, 2, 8, 8, 3, 1, 1, 1, 1, 9, 9, 3, 1, 1, 1, 1};
       const std::size_t inputs = 3 * 32 * 72, outputs = 3 * 33 * 72, weights = 33 * 32 * 9;
       std::vector<float> out(outputs + inputs + weights);
       const std::span<float> all(out);
       ops::conv(context_of(t), in.x, in.y, std::nullopt, all.first(outputs), geometry, true, true);
       ops::convInputGradient(context_of(t), in.x, in.y, std::nullopt, all.subspan(outputs, inputs), geometry, true,
                              true);
       ops::convWeightGradient(context_of(t), in.x, in.y, all.last(weights), std::nullopt, geometry, true, true);
       return out;
     }},
};

TEST_CASE("every instruction set with fused multiply-adds gives the bits that are written down") {
  on_each_isa([](const KernelTable& table) {
    if (!has_fma(table)) return;
    for (const GoldenBits& golden : kGoldenBits) {
      CAPTURE(std::string(golden.name));
      CHECK(hash_of(golden.run(table, Inputs())) == golden.hash);
    }
  });
}

}  // namespace
}  // namespace lanewise::test
