// Programs keep what convolutions make of weights that they only read: until the weight changes, by whichever hand.
#include <algorithm>

#include "../ops/conv_geometry.h"
#include "../ops/ops.h"
#include "arithmetic.h"
#include "conv_shapes.h"
#include "program_graphs.h"

namespace lanewise::test {
namespace {

using program::Call;
using program::Program;

// out = conv(x, weight), or the gradient for the input.
struct OneConvolution {
  OneConvolution(const KernelTable& of, const ConvShape& shape, bool is_forward)
      : table(of),
        forward(is_forward),
        geometry(shape.geometry()),
        sizes(ops::decode_geometry("test", geometry)),
        x(Random(3).floats(forward ? sizes.in_size() : sizes.out_size())) {}

  double add_to(TestGraph& graph, std::shared_ptr<DeviceBuffer> weight) const {
    const double from = graph.value(ValueKind::kInput, 0, x.size()), state = graph.state(std::move(weight));
    const double out = graph.value(ValueKind::kOutput, 0, forward ? sizes.out_size() : sizes.in_size());
    graph.op(forward ? "conv" : "convInputGradient", {from, state, -1, out});
    graph.code.push_back(static_cast<double>(geometry.size()));
    graph.code.insert(graph.code.end(), geometry.begin(), geometry.end());
    for (int i = 0; i < 8; ++i) graph.code.push_back(0);  // channels first, no post-op
    return state;
  }
  std::vector<float> eager(const std::vector<float>& weight) const {
    std::vector<float> out(forward ? sizes.out_size() : sizes.in_size());
    (forward ? ops::conv : ops::convInputGradient)(context_of(table), x, {weight}, std::nullopt, out, geometry, false,
                                                   false, std::nullopt, {}, {}, {}, {}, 0);
    return out;
  }
  std::vector<float> run(Program& program) const {
    std::vector<float> out(forward ? sizes.out_size() : sizes.in_size(), kNan);
    Call call{{bytes(x)}, {writable(out)}, {}, {}};
    program.run(context_of(table, 2), call);
    return out;
  }

  const KernelTable& table;
  bool forward;
  std::vector<double> geometry;
  ops::ConvGeometry sizes;
  std::vector<float> x;
};

void for_each_convolution(const std::function<void(const OneConvolution&)>& body) {
  on_each_isa([&](const KernelTable& table) {
    for (const ConvShape& shape : kConvShapes) {
      CAPTURE(shape.text());
      for (const bool forward : {true, false}) {
        CAPTURE(forward);
        const OneConvolution made(table, shape, forward);
        if (made.sizes.weight_size() != 0) body(made);
      }
    }
  });
}

TEST_CASE("kept weights: every change of the weight reaches the next run") {
  for_each_convolution([](const OneConvolution& of) {
    const std::size_t n = of.sizes.weight_size();
    const std::vector<float> first = Random(5).floats(n), second = Random(6).floats(n);
    const auto weight = buffer_of(first);
    TestGraph graph, other;
    of.add_to(graph, weight);
    const double state = other.state(weight);
    other.unary(Node::neg, state, state, static_cast<double>(n));
    Program program = graph.make(of.table), negate = other.make(of.table);
    for (int i = 0; i < 2; ++i) CHECK(same_bits(of.run(program), of.eager(first)));
    // A copy from the host, whole and in part.
    weight->copy_in(bytes(second));
    for (int i = 0; i < 2; ++i) CHECK(same_bits(of.run(program), of.eager(second)));
    std::vector<float> expected = second;
    expected.back() = 7;
    weight->copy_in(bytes(std::vector<float>{7}), n - 1);
    CHECK(same_bits(of.run(program), of.eager(expected)));
    // Another program.
    Call call{};
    negate.run(context_of(of.table), call);
    for (float& w : expected) w = -w;
    for (int i = 0; i < 2; ++i) CHECK(same_bits(of.run(program), of.eager(expected)));
  });
}

TEST_CASE("kept weights: a program that writes the weight itself reads it at each run, whatever its name") {
  for_each_convolution([](const OneConvolution& of) {
    const std::size_t n = of.sizes.weight_size();
    std::vector<float> expected = Random(5).floats(n);
    const auto weight = buffer_of(expected);
    for (const bool twice : {false, true}) {
      TestGraph graph;
      double state = of.add_to(graph, weight);
      if (twice) state = graph.state(weight);  // another value of the same buffer
      graph.unary(Node::neg, state, state, static_cast<double>(n));
      Program program = graph.make(of.table);
      for (int i = 0; i < 3; ++i) {
        CHECK(same_bits(of.run(program), of.eager(expected)));
        for (float& w : expected) w = -w;
      }
    }
  });
}

TEST_CASE("kept weights: the weight is not read again while it stays as it is") {
  for_each_convolution([](const OneConvolution& of) {
    const std::vector<float> first = Random(5).floats(of.sizes.weight_size());
    const auto weight = buffer_of(first);
    TestGraph graph;
    of.add_to(graph, weight);
    Program program = graph.make(of.table);
    const std::vector<float> before = of.run(program);
    // Behind the back of the buffer.
    std::fill_n(reinterpret_cast<float*>(weight->data()), first.size(), 9.0f);
    CHECK(same_bits(of.run(program), before));
    weight->changed();
    CHECK(same_bits(of.run(program), of.eager(std::vector<float>(first.size(), 9.0f))));
  });
}

}  // namespace
}  // namespace lanewise::test
