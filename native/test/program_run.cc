// Runs of programs: every kind of argument reaches its op, and a run that cannot be made changes nothing.
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "../program/mask_key.h"
#include "allocations.h"
#include "arithmetic.h"
#include "program_graphs.h"

namespace lanewise::test {
namespace {

using program::Call;
using program::Panels;

TEST_CASE("program: values of every kind, null, sizes, flags, layouts, numbers and dynamic scalars") {
  on_each_isa([](const KernelTable& table) {
    TestGraph graph;
    graph.arena = 32;
    graph.dynamic_scalars = 2;
    const double x = graph.value(ValueKind::kInput, 0, 6), labels = graph.value(ValueKind::kInput, 1, 2, true);
    const double state = graph.state(buffer_of(std::vector<float>{1, 2, 3, 4, 5, 6}));
    const double t = graph.value(ValueKind::kTemporary, 0, 6), u = graph.value(ValueKind::kTemporary, 16, 6);
    const double product = graph.value(ValueKind::kOutput, 0, 4), copied = graph.value(ValueKind::kOutput, 1, 2, true);
    const double step = graph.state(buffer_of(std::vector<std::int32_t>{0}));
    graph.pointwise(binary_program(Node::add), {{x, state}, {}, {}, {t}}, kNull, {6, 1, 1}, 1);  // t = x + state
    TestProgram clamp;  // u = min(max(t, low), high)
    clamp.inputs = 1;
    clamp.scalars = 2;
    clamp.add(Node::max, clamp.scalar(0), 0);
    clamp.outputs = {clamp.add(Node::min, clamp.scalar(1), 3)};
    graph.pointwise(clamp, {{t}, {}, {-2, 40}, {u}}, kNull, {6, 1}, 1);
    graph.product("linear", {u, t, kNull, product, 2, 3, 2, 0});  // no bias: u [2, 3], t [2, 3]
    graph.op("cast", {labels, copied, 2});                        // any value
    graph.pointwise(sgd_program(false, false, true),
                    {{x, state}, {}, {GraphScalar::dynamic(1), 0, 0, GraphScalar::dynamic(0)}, {state}}, kNull,
                    {6, 1, 1}, 1);
    graph.op("fill", {step, 1, 1, 1});
    program::Program made = graph.make(table);
    CHECK(made.arena_bytes() == 128);

    std::vector<float> in{10, 20, 30, -40, 50, 60}, out(4, kNan);
    std::vector<std::int32_t> targets{7, -3}, back(2, 0);
    Call call{{bytes(in), bytes(targets)}, {writable(out), writable(back)}, {0.5, 2}, {}};
    made.run(context_of(table), call);
    const std::vector<float> sums{11, 22, 33, -36, 55, 66}, clamped{11, 22, 33, -2, 40, 40};
    for (std::size_t i = 0; i < 4; ++i) {
      float expected = 0;
      for (std::size_t k = 0; k < 3; ++k) expected += clamped[i / 2 * 3 + k] * sums[i % 2 * 3 + k];
      CHECK(out[i] == expected);
    }
    CHECK(back == targets);
    // param - 2 · (grad + 0.5 · param) = -2 · grad
    CHECK(read(*graph.buffers[0]) == std::vector<float>{-20, -40, -60, 80, -100, -120});
    CHECK(read<std::int32_t>(*graph.buffers[1]) == std::vector<std::int32_t>{2});
  });
}

TEST_CASE("program: a pointwise program with dynamic scalars, keys, a counter and state that it writes over") {
  on_each_isa([](const KernelTable& table) {
    TestGraph graph;
    graph.dynamic_scalars = 1;
    graph.key_sources = 1;
    const double g = graph.value(ValueKind::kInput, 0, 4), kept = graph.value(ValueKind::kOutput, 0, 4);
    const double p = graph.state(buffer_of(std::vector<float>{1, 2, 3, 4}));
    const double step = graph.state(buffer_of(std::vector<std::int32_t>{2}));
    graph.arena = 16;
    const double key = graph.value(ValueKind::kTemporary, 0, 2, true);
    graph.op("drawKey", {0, key});
    // p - rate·t·g, and the mask's factors.
    TestProgram update;
    update.inputs = 2;
    update.keys = 1;
    update.scalars = 3;
    const std::size_t mask = update.add(Node::mask, 0, update.scalar(1));
    const std::size_t rate = update.add(Node::mul, update.scalar(0), update.scalar(2));
    const std::size_t scaled = update.add(Node::mul, rate, 1);
    update.outputs = {update.add(Node::sub, 0, scaled), mask};
    graph.pointwise(update, {{p, g}, {key}, {GraphScalar::dynamic(0), 0.5}, {p, kept}}, step, {4, 1, 1}, 2);
    program::Program made = graph.make(table);
    std::vector<float> grad{1, 10, 100, 1000}, factors(4, kNan);
    Call call{{bytes(grad)}, {writable(factors)}, {0.5}, {42, 0, 7, 1}};
    made.run(context_of(table), call);
    CHECK(read(*graph.buffers[0]) == std::vector<float>{-0.5, -13, -147, -1496});
    CHECK(read<std::int32_t>(*graph.buffers[1]) == std::vector<std::int32_t>{3});
    std::vector<float> expected(4, 1);
    const program::MaskKey drawn = program::mask_key(42, 0, 7, 1);
    table.dropout(expected.data(), expected.data(), 2, 2, 0, drawn[0], drawn[1], 32768, 2);
    CHECK(factors == expected);
  });
}

TEST_CASE("program: keys are drawn from their source, one up for each") {
  TestGraph graph;
  graph.key_sources = 2;
  const double first = graph.value(ValueKind::kOutput, 0, 2, true),
               second = graph.value(ValueKind::kOutput, 1, 2, true),
               third = graph.value(ValueKind::kOutput, 2, 2, true);
  graph.op("drawKey", {1, first});
  graph.op("drawKey", {0, second});
  graph.op("drawKey", {1, third});
  const KernelTable& table = *kernels::available().front();
  program::Program made = graph.make(table);
  std::vector<std::vector<std::int32_t>> keys(3, std::vector<std::int32_t>(2));
  Call call{{}, {writable(keys[0]), writable(keys[1]), writable(keys[2])}, {}, {1, 2, 3, 4, 42, 0, 7, 1}};
  made.run(context_of(table), call);
  const auto expected = [](const program::MaskKey& key) {
    return std::vector<std::int32_t>{static_cast<std::int32_t>(key[0]), static_cast<std::int32_t>(key[1])};
  };
  CHECK(keys[0] == expected({2414563044u, 1870483892u}));
  CHECK(keys[1] == expected(program::mask_key(1, 2, 3, 4)));
  CHECK(keys[2] == expected(program::mask_key(42, 0, 8, 1)));
  CHECK(call.keys == std::vector<std::uint32_t>{1, 2, 4, 4, 42, 0, 9, 1});
}

// state += 1; y = state; labels checked behind that.
struct Checked : TestGraph {
  Checked() {
    const double labels = value(ValueKind::kInput, 0, 3, true), grad = value(ValueKind::kInput, 1, 2);
    const double parameter = state(buffer_of(std::vector<float>{1, 2}));
    pointwise(sgd_program(false, false, false), {{grad, parameter}, {}, {1, 0, 0, 0}, {parameter}}, kNull, {2, 1, 1},
              1);
    op("checkFinite", {parameter, 2, 5});
    op("checkTarget", {labels, 4, -100});
    op("checkIndex", {labels, 3, 0});
  }
};

TEST_CASE("program: labels in inputs are checked before any number moves, finiteness where it stands") {
  const KernelTable& table = *kernels::available().front();
  Checked graph;
  program::Program made = graph.make(table);
  std::vector<float> grad{1, 1};
  const auto message = [&](std::vector<std::int32_t> labels) -> std::string {
    Call call{{bytes(labels), bytes(grad)}, {}, {}, {}};
    try {
      made.run(context_of(table), call);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "ran";
  };
  CHECK(message({0, 4, -1}) == "Target 4 is out of bounds. It is the label of row 1; there are 4 classes");
  CHECK(message({0, -1, 4}) == "Target -1 is out of bounds. It is the label of row 1; there are 4 classes");
  CHECK(message({0, 3, 2}) == "index 3 is out of bounds for dimension 0 with size 3");
  CHECK(message({0, -100, 2}) == "index -100 is out of bounds for dimension 0 with size 3");
  CHECK(read(*graph.buffers[0]) == std::vector<float>{1, 2});
  CHECK(message({0, 1, 2}) == "ran");
  CHECK(read(*graph.buffers[0]) == std::vector<float>{0, 1});

  for (const float value : {kInf, -kInf, kNan}) {
    grad[1] = value;
    const std::vector<std::int32_t> labels{0, 1, 2};
    Call call{{bytes(labels), bytes(grad)}, {}, {}, {}};
    graph.buffers[0]->copy_in(bytes(std::vector<float>{1, 2}));
    std::size_t layer = 0;
    try {
      made.run(context_of(table), call);
    } catch (const program::NotFinite& error) {
      layer = error.layer;
    }
    CHECK(layer == 5);
  }
}

TEST_CASE("program: calls that do not fit are refused before anything moves") {
  const auto available = kernels::available();
  const KernelTable& table = *available.front();
  TestGraph graph;
  graph.dynamic_scalars = 1;
  graph.key_sources = 1;
  const double parameter = graph.state(buffer_of(std::vector<float>{1, 2}));
  const double grad = graph.value(ValueKind::kInput, 0, 2), out = graph.value(ValueKind::kOutput, 0, 2);
  graph.pointwise(sgd_program(false, false, false),
                  {{grad, parameter}, {}, {GraphScalar::dynamic(0), 0, 0, 0}, {parameter}}, kNull, {2, 1, 1}, 1);
  graph.unary(Node::relu, parameter, out, 2);
  program::Program made = graph.make(table);
  std::vector<float> two{1, 1}, three(3), y(2);
  const std::vector<double> scalars{1};
  const std::vector<std::uint32_t> keys(4);
  Call calls[] = {
      {{}, {writable(y)}, scalars, keys},
      {{bytes(two)}, {}, scalars, keys},
      {{bytes(two)}, {writable(y)}, {}, keys},
      {{bytes(two)}, {writable(y)}, scalars, {1, 2, 3}},
      {{bytes(three)}, {writable(y)}, scalars, keys},
      {{bytes(two)}, {writable(three)}, scalars, keys},
      {{bytes(three).subspan(1, 8)}, {writable(y)}, scalars, keys},
  };
  for (Call& call : calls) CHECK_THROWS_AS(made.run(context_of(table), call), std::invalid_argument);
  Call right{{bytes(two)}, {writable(y)}, scalars, keys};
  if (available.size() > 1) CHECK_THROWS_AS(made.run(context_of(*available.back()), right), std::invalid_argument);
  CHECK(read(*graph.buffers[0]) == std::vector<float>{1, 2});
  made.run(context_of(table), right);
  CHECK(y == std::vector<float>{0, 1});
}

TEST_CASE("program: buffers come in whatever layout the program before left them") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t rows = 3, in = 5, out = table.gemm_nr + 1;
    const auto weight = buffer_of(Random(1).floats(out * in));
    const std::vector<float> x = Random(2).floats(rows * in);
    const auto make = [&](bool packed) {
      TestGraph graph;
      const double input = graph.value(ValueKind::kInput, 0, rows * in),
                   y = graph.value(ValueKind::kOutput, 0, rows * out);
      const double o = packed ? static_cast<double>(out) : -1, i = packed ? static_cast<double>(in) : -1;
      const double w = graph.state(weight, o, i);
      graph.product("linear", {input, w, kNull, y, static_cast<double>(rows), static_cast<double>(in),
                               static_cast<double>(out), packed ? 1.0 : 0.0});
      return graph;
    };
    program::Program packed = make(true).make(table), plain = make(false).make(table);
    std::vector<std::vector<float>> results(4, std::vector<float>(rows * out, kNan));
    for (std::size_t run = 0; run < 4; ++run) {
      Call call{{bytes(x)}, {writable(results[run])}, {}, {}};
      (run % 2 == 0 ? packed : plain).run(context_of(table), call);
      CHECK(weight->layout().has_value() == (run % 2 == 0));
    }
    for (std::size_t run = 1; run < 4; ++run) CHECK(same_bits(results[run], results[0]));
    CHECK(results[0][0] != 0.0f);
  });
}

// A small training step: linear, cross-entropy, its gradient, sgd.
struct Training : TestGraph {
  static constexpr std::size_t kRows = 33, kIn = 17, kClasses = 5;

  Training() {
    arena = 1024;
    const auto temporary = [&](std::size_t offset, std::size_t n) { return value(ValueKind::kTemporary, offset, n); };
    const double x = value(ValueKind::kInput, 0, kRows * kIn), target = value(ValueKind::kInput, 1, kRows, true);
    const double loss = value(ValueKind::kOutput, 0, 1);
    const double w = state(buffer_of(Random(5).floats(kClasses * kIn)));
    const double logits = temporary(0, kRows * kClasses), stats = temporary(176, 2 * kRows), total = temporary(256, 1);
    const double grad = temporary(272, kRows * kClasses), one = temporary(448, 1), dw = temporary(464, kClasses * kIn);
    const double rows = kRows, in = kIn, classes = kClasses;
    product("linear", {x, w, kNull, logits, rows, in, classes, 0});
    op("crossEntropy", {logits, target, kNull, loss, stats, total, kNull, rows, classes, -100, 0, 0, 1});
    op("fill", {one, 0, 1, 1});
    op("crossEntropyBackward", {one, logits, target, kNull, stats, total, grad, rows, classes, -100, 0, 0, 1});
    op("matmul", {grad, x, dw, 1, classes, in, rows, 1, 0, 0, 0});
    pointwise(sgd_program(false, false, false), {{dw, w}, {}, {0.5, 0, 0, 0}, {w}}, kNull, {classes * in, 1, 1}, 1);
  }
};

TEST_CASE("program: two programs of one graph give the same bits, for any number of threads") {
  on_each_isa([](const KernelTable& table) {
    const std::vector<float> x = Random(3).floats(Training::kRows * Training::kIn);
    const std::vector<std::int32_t> target = Random(4).ints(Training::kRows, Training::kClasses);
    std::vector<float> losses[2], weights[2];
    for (const std::size_t threads : {1, 3}) {
      Training graph;
      program::Program made = graph.make(table);
      std::vector<float> loss(1);
      Call call{{bytes(x), bytes(target)}, {writable(loss)}, {}, {}};
      for (int run = 0; run < 20; ++run) {
        made.run(context_of(table, threads), call);
        losses[threads / 2].push_back(loss[0]);
      }
      weights[threads / 2] = read(*graph.buffers[0]);
    }
    CHECK(same_bits(losses[0], losses[1]));
    CHECK(same_bits(weights[0], weights[1]));
    CHECK(losses[0].back() < 0.8f * losses[0].front());
  });
}

TEST_CASE("program: a run allocates nothing once scratch has grown") {
  on_each_isa([](const KernelTable& table) {
    Training graph;
    program::Program made = graph.make(table);
    const std::vector<float> x(Training::kRows * Training::kIn, 0.5f);
    const std::vector<std::int32_t> target(Training::kRows, 1);
    std::vector<float> loss(1);
    Call call{{bytes(x), bytes(target)}, {writable(loss)}, {}, {}};
    made.run(context_of(table), call);
    const Allocations allocations;
    made.run(context_of(table), call);
    CHECK(allocations.count() == 0);
  });
}

TEST_CASE("program: without memory for the n-th allocation none is made and nothing stays behind") {
  const KernelTable& table = *kernels::available().back();
  const Training graph;
  std::size_t failing = 0;
  for (bool made = false; !made; ++failing) {
    const Allocations allocations(failing);
    try {
      std::vector<std::shared_ptr<DeviceBuffer>> buffers = graph.buffers;
      program::Program program(table, graph.flat(), std::move(buffers));
      made = true;
    } catch (const std::bad_alloc&) {
    }
    if (!made) REQUIRE(allocations.live() == 0);
  }
  CHECK(failing > 10);
}

}  // namespace
}  // namespace lanewise::test
