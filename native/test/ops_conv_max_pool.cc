// A convolution with ReLU and a max pool of 2x2 in one op, to the bit as the three ops that it stands for: windows that
// go through a tile and those that do not, NaN and infinity, guards around results.
#include "../ops/conv_geometry.h"
#include "../ops/ops.h"
#include "../ops/pointwise_program.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct Layer {
  std::size_t batch, channels, out_channels, groups, height, width, kernel, stride, dilation, padding;
  std::size_t out(std::size_t size) const { return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1; }
};

const Layer kLayers[] = {
    {3, 1, 32, 1, 28, 28, 3, 1, 1, 1},  {2, 3, 32, 1, 13, 20, 3, 1, 1, 1}, {2, 1, 6, 1, 28, 28, 5, 1, 1, 2},
    {2, 1, 33, 1, 12, 19, 7, 1, 1, 3},  {2, 4, 20, 2, 11, 18, 3, 1, 1, 1}, {2, 2, 17, 1, 24, 31, 3, 2, 1, 1},
    {2, 1, 9, 1, 16, 25, 3, 1, 2, 2},   {3, 1, 40, 1, 4, 9, 3, 1, 1, 1},   {3, 2, 11, 1, 3, 9, 3, 1, 1, 1},
    {3, 1, 12, 1, 7, 7, 3, 1, 1, 1},    {2, 1, 8, 1, 10, 30, 9, 1, 1, 4},  {2, 32, 32, 1, 8, 8, 3, 1, 1, 1},
    {2, 19, 21, 1, 10, 12, 4, 1, 1, 1},
};

std::vector<double> geometry_of(const Layer& l) {
  std::vector<double> numbers;
  const auto add = [&](std::size_t number) { numbers.push_back(static_cast<double>(number)); };
  for (const std::size_t number : {l.batch, l.channels, l.out_channels, l.groups, std::size_t{2}}) add(number);
  for (const std::size_t size : {l.height, l.width}) {
    for (const std::size_t number : {size, l.out(size), l.kernel, l.stride, l.dilation, l.padding, l.padding}) {
      add(number);
    }
  }
  return numbers;
}

// Windows of 2x2; of an odd row or column the last pixel is in none.
std::vector<double> windows_of(const Layer& l) {
  std::vector<double> numbers{static_cast<double>(l.batch), static_cast<double>(l.out_channels), 2};
  for (const std::size_t size : {l.out(l.height), l.out(l.width)}) {
    const std::size_t windows = size / 2;
    numbers.push_back(static_cast<double>(size));
    numbers.push_back(static_cast<double>(windows));
    for (const double end : {0.0, 2.0}) {
      for (std::size_t w = 0; w < windows; ++w) numbers.push_back(2.0 * static_cast<double>(w) + end);
    }
    numbers.push_back(1);
    numbers.insert(numbers.end(), windows, 1.0);
  }
  return numbers;
}

// A pointwise program: one input, one node, its result the output.
const std::vector<double> kRelu{1, 0, 0, 0, 1, 1, static_cast<double>(ops::Node::relu), 0, 0, 0, 0, 1};

TEST_CASE("convMaxPool: the bits of conv, relu and maxPool, with and without ReLU and index") {
  on_each_isa([](const KernelTable& table) {
    for (const Layer& layer : kLayers) {
      const std::vector<double> geometry = geometry_of(layer), windows = windows_of(layer);
      const ops::ConvGeometry g = ops::decode_geometry("test", geometry);
      const std::size_t pooled =
          g.batch * g.out_channels * (layer.out(layer.height) / 2) * (layer.out(layer.width) / 2);
      CAPTURE(layer.channels);
      CAPTURE(layer.out_channels);
      CAPTURE(layer.width);
      for (const bool special : {false, true}) {
        for (const bool relu : {false, true}) {
          CAPTURE(special);
          CAPTURE(relu);
          std::vector<float> x = Random(1).floats(g.in_size()), weights = Random(2).floats(g.weight_size());
          // Outputs that are equal, NaN, and infinite of both signs.
          for (std::size_t i = 0; i < x.size() / 4; ++i) x[i] = 0.0f;
          if (special) {
            x[x.size() / 2] = kNan;
            x[x.size() / 3] = kInf;
            x[x.size() - 3] = -kInf;
            weights[weights.size() / 2] = kInf;
          }
          Floats from(x), weight(weights), bias(Random(3).floats(g.out_channels));
          std::vector<float> between(g.out_size()), expected(pooled);
          std::vector<std::int32_t> expected_index(pooled);
          const ops::Context one = context_of(table);
          ops::conv(one, from.in(), weight.in(), bias.in(), between, geometry, true, true);
          if (relu) table.relu(between.data(), between.data(), between.size());
          ops::maxPool(one, between, expected, ops::IndexOut(expected_index), windows, true, true);
          for (const std::size_t threads : kThreadCounts) {
            for (const bool with_index : {false, true}) {
              CAPTURE(threads);
              Floats out(pooled);
              Guarded<std::int32_t> index(pooled);
              ops::convMaxPool(
                  context_of(table, threads), from.in(), ops::KeepableWeight(weight.in()), bias.in(), out.span(),
                  with_index ? std::optional<ops::IndexOut>(index.span()) : std::nullopt, geometry, windows, true, true,
                  relu ? std::optional<ops::ProgramIn>(ops::decoded_program(kRelu)) : std::nullopt, {}, {}, {}, {}, 0);
              CHECK(out.guards_intact());
              CHECK(index.guards_intact());
              // Which NaN it is does not count.
              bool same = true;
              const std::vector<float> values = out.values();
              for (std::size_t i = 0; i < pooled; ++i) {
                same = same &&
                       (same_bits(values[i], expected[i]) || (values[i] != values[i] && expected[i] != expected[i]));
              }
              CHECK(same);
              if (with_index) CHECK(index.values() == expected_index);
            }
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace lanewise::test
