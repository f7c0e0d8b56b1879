// What op pointwise refuses: programs that are none, and arguments that do not fit.
#include "pointwise_calls.h"

namespace lanewise::test {
namespace {

TEST_CASE("pointwise: programs that are none are refused") {
  const auto refusal = [](Numbers code) {
    try {
      const ops::PointwiseProgram program(code);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("made");
  };
  struct Row {
    const char* reason;
    Numbers code;
  };
  const double nan = kNan;
  const Row rows[] = {
      {"made", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1}},
      {"needs 6 numbers", {}},
      {"needs 6 numbers", {1, 0, 0, 0, 1}},
      {"a count must be", {-1, 0, 0, 0, 0, 1, 0}},
      {"a count must be", {1.5, 0, 0, 0, 0, 1, 0}},
      {"a count must be", {nan, 0, 0, 0, 0, 1, 0}},
      {"a count must be", {1e9, 0, 0, 0, 0, 1, 0}},
      {"needs 12 numbers, got 11", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}},
      {"needs 12 numbers, got 13", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0}},
      {"has no output", {1, 0, 0, 0, 0, 0}},
      {"a node must be", {1, 0, 0, 0, 1, 1, 29, 0, 0, 0, 0, 1}},
      {"a node must be", {1, 0, 0, 0, 1, 1, -1, 0, 0, 0, 0, 1}},
      {"an operand must be a whole number in [0, 1), got 1", {1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1}},
      {"an operand must be", {1, 0, 0, 0, 1, 1, 17, 0, nan, 0, 0, 1}},
      {"that its node does not have", {1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1}},
      {"an output must be", {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 2}},
      {"a key must be", {1, 1, 1, 0, 1, 1, 28, 1, 1, 0, 0, 2}},
      {"must be uniform", {1, 1, 1, 0, 1, 1, 28, 0, 0, 0, 0, 2}},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.reason));
    CHECK(refusal(row.code).find(row.reason) != std::string::npos);
  }
}

TEST_CASE("pointwise: arguments that do not fit are refused, and nothing changes") {
  const KernelTable& table = *kernels::available().back();
  TestProgram masked;
  masked.inputs = 2;
  masked.keys = 1;
  masked.scalars = 1;
  masked.add(Node::mask, 0, 2);
  masked.add(Node::mul, 0, 3);
  masked.outputs = {masked.add(Node::add, 4, 1)};
  const ops::PointwiseProgram program(masked.code()), counter(counting().code());
  Floats a(Random(1).floats(12)), b(Random(2).floats(12)), out(12);
  const std::vector<float> before = a.values();
  Ints step(std::vector<std::int32_t>{0}), last(std::vector<std::int32_t>{INT32_MAX}),
      below(std::vector<std::int32_t>{-1});
  struct Call {
    std::vector<ops::FloatIn> ins;
    std::vector<ops::IndexIn> keys;
    Numbers scalars;
    std::vector<ops::FloatOut> outs;
    std::optional<ops::IndexOut> step;
    Numbers layout;
    std::size_t columns;
  };
  const Call good{{a.in(), b.in()}, keys(1), {0.5}, {out.span()}, std::nullopt, {3, 4, 4, 1, 0, 1}, 4};
  const auto refusal = [&](const auto& spoil) {
    Call call = good;
    spoil(call);
    try {
      ops::pointwise(context_of(table), call.step ? counter : program, call.ins, call.keys, {call.scalars}, call.outs,
                     call.step, call.layout, call.columns, 0);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("done");
  };
  struct Row {
    std::string reason;
    std::function<void(Call&)> spoil;
  };
  const Row rows[] = {
      {"pointwise: inputs must be 2 for this program, got 1", [&](Call& c) { c.ins.pop_back(); }},
      {"keys must be 1", [&](Call& c) { c.keys.clear(); }},
      {"scalars must be 1", [&](Call& c) { c.scalars.clear(); }},
      {"outputs must be 1", [&](Call& c) { c.outs.push_back(a.span()); }},
      {"key needs 2", [&](Call& c) { c.keys[0] = c.keys[0].first(1); }},
      {"inputs[0] needs 12 elements, got 11", [&](Call& c) { c.ins[0] = a.in().first(11); }},
      {"inputs[1] needs 4 elements, got 3", [&](Call& c) { c.ins[1] = b.in().first(3); }},
      {"outputs[0] needs 12 elements, got 11", [&](Call& c) { c.outs[0] = out.span().first(11); }},
      {"layout must be 3 numbers for each", [&](Call& c) { c.layout.pop_back(); }},
      {"layout must hold", [&](Call& c) { c.layout[0] = -1; }},
      {"p must be in [0, 1]", [&](Call& c) { c.scalars[0] = 1.5; }},
      {"p must be in [0, 1]", [&](Call& c) { c.scalars[0] = static_cast<double>(kNan); }},
      {"columns must divide 12", [&](Call& c) { c.columns = 5; }},
      {"columns must divide 12", [&](Call& c) { c.columns = 0; }},
      {"overlaps an input", [&](Call& c) { c.outs[0] = b.span(); }},
      {"overlaps an input", [&](Call& c) { c.layout = {6, 1, 1}, c.outs[0] = a.span().subspan(3); }},
      {"scalars must be 2", [&](Call& c) { c.step = step.span(), c.keys.clear(), c.scalars.clear(); }},
      {"step must be in", [&](Call& c) { c.step = last.span(), c.keys.clear(); }},
      {"step must be in", [&](Call& c) { c.step = below.span(), c.keys.clear(); }},
      {"step needs 1", [&](Call& c) { c.step = step.span().first(0), c.keys.clear(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    CAPTURE(refusal(row.spoil));
    CHECK(refusal(row.spoil).find(row.reason) != std::string::npos);
  }
  CHECK(out.untouched());
  CHECK(same_bits(a.values(), before));
  CHECK(step[0] == 0);
  CHECK(refusal([](Call&) {}) == "done");
  CHECK(!out.untouched());

  TestProgram both;
  both.inputs = 1;
  both.outputs = {0, 0};
  const ops::PointwiseProgram copies(both.code());
  const ops::FloatIn ins[]{a.in()};
  const ops::FloatOut outs[]{out.span(), out.span().subspan(2)};
  const Numbers layout{6, 1};
  CHECK_THROWS_WITH_AS(ops::pointwise(context_of(table), copies, ins, {}, {}, outs, std::nullopt, layout, 1, 0),
                       "pointwise: outputs[1] overlaps another output", std::invalid_argument);
  const Numbers large{9e15, 9e15, 0, 0};
  CHECK_THROWS_AS(ops::pointwise(context_of(table), copies, ins, {}, {}, outs, std::nullopt, large, 1, 0),
                  std::overflow_error);
}

}  // namespace
}  // namespace lanewise::test
