// Graphs that do not hold together are refused when the program is made, each for its own reason.
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "arithmetic.h"
#include "program_graphs.h"

namespace lanewise::test {
namespace {

constexpr double kMissing = -1;

const KernelTable& table() { return *kernels::available().front(); }

// The message that making a program of it fails with.
std::string refusal(const TestGraph& graph) {
  try {
    graph.make(table());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "made";
}

// relu over 16 numbers: input -> temporary -> output, and a buffer of 6.
struct Right : TestGraph {
  Right() {
    arena = 48;
    x = value(ValueKind::kInput, 0, 16);
    t = value(ValueKind::kTemporary, 32, 16);
    y = value(ValueKind::kOutput, 0, 16);
    buffer = DeviceBuffer::create(ops::DType::kFloat32, 6);
    s = state(buffer);
    labels = value(ValueKind::kInput, 1, 4, true);
  }
  double x, t, y, s, labels;
  std::shared_ptr<DeviceBuffer> buffer;
};

TEST_CASE("graph: a right one is made") {
  Right graph;
  graph.unary(Node::relu, graph.x, graph.t, 16);
  graph.unary(Node::relu, graph.t, graph.y, 16);
  CHECK(refusal(graph) == "made");
}

TEST_CASE("graph: values that are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Row {
    const char* reason;
    std::function<void(Right&)> spoil;
  };
  const auto number = [](double Right::* id, std::size_t field, double value) {
    return [=](Right& r) { r.values[static_cast<std::size_t>(r.*id) * program::kValueNumbers + field] = value; };
  };
  const Row rows[] = {
      {"6 numbers each", [](Right& r) { r.values.pop_back(); }},
      {"value 0: dtype must be", number(&Right::x, 0, 2)},
      {"value 0: dtype must be a", number(&Right::x, 0, -1)},
      {"value 0: length must be", number(&Right::x, 1, -1)},
      {"value 0: length must be", number(&Right::x, 1, 1.5)},
      {"value 0: length must be", number(&Right::x, 1, nan)},
      {"value 0: length must be", number(&Right::x, 1, 1e300)},
      {"value 0: unknown kind", number(&Right::x, 2, 4)},
      {"value 0: index must be", number(&Right::x, 3, 0.5)},
      {"value 0: index too large", number(&Right::x, 3, 1e6)},
      {"value 1: has no offset in the arena", number(&Right::t, 3, -1)},
      {"value 1: offset in the arena must be", number(&Right::t, 3, 31)},
      {"value 1: reaches beyond the arena", number(&Right::t, 3, 48)},
      {"value 1: reaches beyond the arena", number(&Right::t, 3, 9007199254740976.0)},
      {"value 1: reaches beyond the arena", number(&Right::t, 1, 17)},
      {"value 1: reaches beyond the arena", number(&Right::t, 1, 9007199254740991.0)},
      {"value 1: only state lies in panels", [](Right& r) { r.values[10] = 4, r.values[11] = 4; }},
      {"value 2: only state lies in panels", [](Right& r) { r.values[16] = 4, r.values[17] = 4; }},
      {"value 3: there is no buffer 1", number(&Right::s, 3, 1)},
      {"value 3: its buffer has another", number(&Right::s, 0, 1)},
      {"value 3: its buffer has another", number(&Right::s, 1, 7)},
      {"value 3: panels of another length", [](Right& r) { r.values[22] = 4, r.values[23] = 2; }},
      {"value 3: panels must be", [](Right& r) { r.values[22] = 6; }},
      {"value 4: another value is bound", number(&Right::labels, 3, 0)},
      {"value 5: the same buffer is wanted in two layouts", [](Right& r) { r.state(r.buffer, 3, 2); }},
      {"a buffer is missing", [](Right& r) { r.buffers[0] = nullptr; }},
  };
  for (const Row& row : rows) {
    Right graph;
    row.spoil(graph);
    CAPTURE(std::string(row.reason));
    CHECK(refusal(graph).find(row.reason) != std::string::npos);
  }
}

TEST_CASE("graph: panels of int32 are refused") {
  TestGraph graph;
  graph.state(DeviceBuffer::create(ops::DType::kInt32, 6), 3, 2);
  CHECK(refusal(graph).find("only float32 lies in panels") != std::string::npos);
}

TEST_CASE("graph: instructions that are refused") {
  struct Row {
    const char* reason;
    std::function<void(Right&)> add;
  };
  const Row rows[] = {
      {"instruction 0 (?): no such op", [](Right& r) { r.code = {1e6}; }},
      {"instruction 0 (?): no such op", [](Right& r) { r.code = {-1}; }},
      {"instruction 0 (cast): the graph ends here", [](Right& r) { r.op("cast", {}); }},
      {"instruction 0 (cast), argument 1: the graph ends here", [](Right& r) { r.op("cast", {r.x, r.y}); }},
      {"argument 0: no such value", [](Right& r) { r.op("cast", {5, r.y, 16}); }},
      {"argument 0: no such value", [](Right& r) { r.op("cast", {0.5, r.y, 16}); }},
      {"argument 0: no such value", [](Right& r) { r.op("cast", {kMissing, r.y, 16}); }},
      {"argument 2: no such value", [](Right& r) { r.op("linear", {r.x, r.t, -2, r.y, 1, 4, 4}); }},
      {"argument 0: value of another dtype", [](Right& r) { r.op("matmul", {r.labels, r.t, r.y}); }},
      {"argument 0: value of another dtype", [](Right& r) { r.op("checkIndex", {r.x, 4, 0}); }},
      {"argument 1: inputs are only read", [](Right& r) { r.op("cast", {r.t, r.x, 16}); }},
      {"argument 0: inputs are only read", [](Right& r) { r.op("fill", {r.labels, 0, 3, 4}); }},
      {"argument 2: expected a non-negative", [](Right& r) { r.op("cast", {r.x, r.y, -1}); }},
      {"argument 2: expected a 32-bit", [](Right& r) { r.op("checkTarget", {r.labels, 4, 2147483648.0}); }},
      {"argument 7: expected a flag", [](Right& r) { r.op("matmul", {r.x, r.t, r.y, 1, 4, 4, 4, 2, 0, 0, 0}); }},
      {"argument 1: no such dynamic scalar", [](Right& r) { r.op("fill", {r.y, 1, 0, 16}); }},
      {"argument 1: no such dynamic scalar", [](Right& r) { r.op("fill", {r.y, 2, 0, 16}); }},
      {"argument 0: no such key source", [](Right& r) { r.op("drawKey", {0, r.labels}); }},
      {"argument 2: the graph ends within a layout", [](Right& r) { r.op("copy", {r.x, r.y, 3, 16, 1}); }},
      {"argument 2: the graph ends within a layout", [](Right& r) { r.op("copy", {r.x, r.y, 1e15}); }},
      {"copy: layout must be 3 numbers", [](Right& r) { r.op("copy", {r.x, r.y, 2, 16, 1}); }},
      {"overlaps another", [](Right& r) { r.op("softmax", {r.t, r.t, 1, 16, 1, 0}); }},
      {"overlaps another", [](Right& r) { r.product("linear", {r.y, r.t, kMissing, r.y, 1, 4, 4, 0}); }},
      {"overlaps another", [](Right& r) { r.op("sum", {r.s, r.state(r.buffer), 1, 6, 1}); }},
  };
  for (const Row& row : rows) {
    Right graph;
    row.add(graph);
    CAPTURE(std::string(row.reason));
    CAPTURE(refusal(graph));
    CHECK(refusal(graph).find(row.reason) != std::string::npos);
  }
}

// out = scalar·exp(x) + x for 16 elements.
std::vector<double> with_program(std::initializer_list<double> rest) {
  const std::vector<double> program{1, 0, 1, 0, 3, 1, 3, 0, 0, 0, 0, 19, 1, 2, 0, 0, 17, 3, 0, 0, 0, 4};
  std::vector<double> result{static_cast<double>(program.size())};
  result.insert(result.end(), program.begin(), program.end());
  result.insert(result.end(), rest);
  return result;
}

TEST_CASE("graph: pointwise programs with their lists") {
  struct Row {
    const char* reason;
    std::function<std::vector<double>(Right&)> arguments;
  };
  const Row rows[] = {
      {"made", [](Right& r) { return with_program({1, r.x, 0, 1, 0, 0.5, 1, r.y, kMissing, 2, 16, 1, 1, 0}); }},
      {"made", [](Right& r) { return with_program({1, r.t, 0, 1, 0, 0.5, 1, r.t, kMissing, 2, 16, 1, 1, 0}); }},
      {"ends within a pointwise program", [](Right&) { return std::vector<double>{3, 1, 0}; }},
      {"pointwise program: has no output", [](Right&) { return std::vector<double>{6, 1, 0, 0, 0, 0, 0}; }},
      {"argument 1: the graph ends within a list", [](Right& r) { return with_program({5, r.x}); }},
      {"argument 1: no such value", [](Right&) { return with_program({1, 77}); }},
      {"argument 1: value of another dtype", [](Right& r) { return with_program({1, r.labels}); }},
      {"argument 2: value of another dtype", [](Right& r) { return with_program({1, r.x, 1, r.x}); }},
      {"argument 3: the graph ends within a list", [](Right& r) { return with_program({1, r.x, 0, 2, 0, 0.5}); }},
      {"argument 3: no such dynamic scalar", [](Right& r) { return with_program({1, r.x, 0, 1, 1, 0}); }},
      {"argument 4: inputs are only read", [](Right& r) { return with_program({1, r.x, 0, 1, 0, 0.5, 1, r.x}); }},
      {"layout must be 2 numbers",
       [](Right& r) { return with_program({1, r.x, 0, 1, 0, 0.5, 1, r.y, kMissing, 3, 16, 1, 1, 1, 0}); }},
      {"layout must hold",
       [](Right& r) { return with_program({1, r.x, 0, 1, 0, 0.5, 1, r.y, kMissing, 2, 16, -1, 1, 0}); }},
      {"overlaps another",
       [](Right& r) { return with_program({1, r.x, 0, 1, 0, 0.5, 2, r.y, r.y, kMissing, 2, 16, 1, 1, 0}); }},
  };
  for (const Row& row : rows) {
    Right graph;
    graph.code = row.arguments(graph);
    graph.code.insert(graph.code.begin(), opcode("pointwise"));
    CAPTURE(std::string(row.reason));
    CAPTURE(refusal(graph));
    CHECK(refusal(graph).find(row.reason) != std::string::npos);
  }
}

TEST_CASE("graph: temporaries that overlap in one instruction") {
  for (const auto& [offset, expected] :
       {std::pair{16.0, "overlaps"}, std::pair{0.0, "made"}, std::pair{32.0, "made"}}) {
    TestGraph graph;
    graph.arena = 64;
    const double a = graph.value(ValueKind::kTemporary, 0, 32);
    const double b = graph.value(ValueKind::kTemporary, static_cast<std::size_t>(offset), 32);
    graph.unary(Node::relu, a, b, 32);
    CHECK(refusal(graph).find(expected) != std::string::npos);
  }
}

TEST_CASE("graph: packed weights lie in panels of the right size, and nothing else does") {
  const auto made = [](double out, double in, bool packed, bool momentum = false) {
    TestGraph graph;
    const double x = graph.value(ValueKind::kInput, 0, 8), y = graph.value(ValueKind::kOutput, 0, 12);
    const double w = graph.state(DeviceBuffer::create(ops::DType::kFloat32, 6), out, in);
    if (momentum) {
      const double grad = graph.value(ValueKind::kInput, 1, 12);
      const double buffer = graph.state(DeviceBuffer::create(ops::DType::kFloat32, 6));
      const double step = graph.state(DeviceBuffer::create(ops::DType::kInt32, 1));
      graph.weight_update(grad, x, sgd_program(true, false, false), {{w, buffer}, {}, {.1, .9, 0, 0}, {w, buffer}},
                          step, 4, 2, 3, true);
    } else {
      graph.product("linear", {x, w, kMissing, y, 4, 2, 3, packed ? 1.0 : 0.0});
    }
    return refusal(graph);
  };
  CHECK(made(3, 2, true) == "made");
  CHECK(made(-1, -1, false) == "made");
  CHECK(made(2, 3, true).find("panels of another size") != std::string::npos);
  CHECK(made(3, 2, false).find("row-major memory expected") != std::string::npos);
  CHECK(made(-1, -1, true).find("a weight is row-major") != std::string::npos);
  CHECK(made(3, 2, true, true).find("a weight is row-major") != std::string::npos);
}

TEST_CASE("graph: an update of a packed weight reads one number from memory, and writes none") {
  const auto made = [](bool written) {
    TestGraph graph;
    const double x = graph.value(ValueKind::kInput, 0, 8), grad = graph.value(ValueKind::kInput, 1, 12);
    const double w = graph.state(DeviceBuffer::create(ops::DType::kFloat32, 6), 3, 2);
    const double number = graph.state(DeviceBuffer::create(ops::DType::kFloat32, 1));
    const double step = graph.state(DeviceBuffer::create(ops::DType::kInt32, 1));
    graph.weight_update(grad, x, sgd_program(true, false, false),
                        {{w, number}, {}, {.1, .9, 0, 0}, {w, written ? number : w}}, step, 4, 2, 3, true);
    return refusal(graph);
  };
  CHECK(made(true).find("a weight is row-major") != std::string::npos);
  CHECK(made(false).find("a weight is row-major") == std::string::npos);
}

}  // namespace
}  // namespace lanewise::test
