// Chains: steps whose running value stays in registers have the bits of the same steps one by one.
#include "pointwise_calls.h"

namespace lanewise::test {
namespace {

using kernels::LinkCode;

// Two ranges and one element.
Shape flat(std::size_t n) { return {"flat", {n}, {{1}, {1}, {0}}, 1}; }

void check(const KernelTable& table, const TestProgram& program, std::size_t n) {
  CAPTURE(n);
  const Shape shape = flat(n);
  const Memory memory = memory_of(shape, program), outputs = memory_of(shape, program);
  const auto exact = expected_outputs(table, program, shape, memory);
  run(table, 1, program, shape, memory.ins(), outputs.outs());
  for (std::size_t k = 0; k < exact.size(); ++k) CHECK(right(*outputs.outputs[k], exact[k]));
}

std::vector<LinkCode> codes(const ops::Plan::Stage& stage) {
  std::vector<LinkCode> result;
  for (const kernels::Link& link : stage.links) result.push_back(link.code);
  return result;
}

LinkCode at(LinkCode code, std::uint32_t place) {
  return static_cast<LinkCode>(static_cast<std::uint32_t>(code) + place);
}

// Each node between two others, with the running value at each place and the other operands ranges or one element each.
TEST_CASE("chains: every node, at each place of the running value") {
  on_each_isa([](const KernelTable& table) {
    for (int number = 0; number < static_cast<int>(Node::mask); ++number) {
      const Node node = static_cast<Node>(number);
      CAPTURE(ops::node_names()[static_cast<std::size_t>(number)]);
      const std::size_t operands = PlainCall::operand_count(node);
      for (std::size_t place = 0; place < operands; ++place) {
        CAPTURE(place);
        for (unsigned repeated = 0; repeated < 1u << (operands - 1); ++repeated) {
          CAPTURE(repeated);
          TestProgram program;
          program.inputs = 3;
          program.scalars = 2;
          const std::size_t ranges[]{1, 0, 1}, elements[]{program.scalar(0), 2, program.scalar(1)};
          std::array<std::size_t, 4> values{};
          values[place] = program.add(Node::sub, 0, 1);
          for (std::size_t o = 0, other = 0; o < operands; ++o) {
            if (o == place) continue;
            values[o] = (repeated >> other & 1) != 0 ? elements[other] : ranges[other];
            ++other;
          }
          const std::size_t result = program.add(node, values[0], values[1], values[2], values[3]);
          program.outputs = {program.add(Node::max, result, 1)};
          check(table, program, 1031);
        }
      }
    }
  });
}

// Values that are read again later, two outputs, and a square: the running value goes to slots and comes back.
TestProgram with_values_read_again() {
  TestProgram program;
  program.inputs = 3;
  program.scalars = 2;
  const std::size_t a = program.add(Node::fma, program.scalar(0), 0, 1), b = program.add(Node::mul, a, a);
  const std::size_t c = program.add(Node::sub, 1, b), d = program.add(Node::fma, a, c, c);
  const std::size_t e = program.add(Node::selectLess, d, 2, b, program.scalar(1));
  program.outputs = {program.add(Node::div, e, a), d};
  return program;
}

TEST_CASE("chains: pieces, blocks, and what is left of them") {
  const TestProgram program = with_values_read_again();
  TestProgram with_exp = program;  // no chain over everything at once
  with_exp.outputs.push_back(
      with_exp.add(Node::neg, with_exp.add(Node::abs, with_exp.add(Node::exp, program.outputs[0]))));
  on_each_isa([&](const KernelTable& table) {
    const std::size_t piece = table.chain_piece;
    for (const std::size_t n : {std::size_t{1}, piece - 1, piece, piece + 1, 2 * piece + 5, std::size_t{383},
                                std::size_t{384}, std::size_t{385}, 384 + piece, std::size_t{5 * 384 + 7}}) {
      check(table, program, n);
      check(table, with_exp, n);
    }
  });
}

TEST_CASE("chains: more steps than a chain has") {
  TestProgram program;
  program.inputs = 2;
  std::size_t value = 0;
  for (int i = 0; i < 70; ++i) {
    value = program.add(i % 3 == 0 ? Node::neg : i % 3 == 1 ? Node::add : Node::min, value, i % 3 == 0 ? 0 : 1);
  }
  program.outputs = {value};
  CHECK(ops::PointwiseProgram(program.code()).direct().stages.size() == 3);
  on_each_isa([&](const KernelTable& table) { check(table, program, 2000); });
}

TEST_CASE("chains: a value that only the next step reads never goes to memory") {
  TestProgram program;
  program.inputs = 2;
  program.scalars = 1;
  std::size_t value = program.add(Node::mul, program.scalar(0), 0);
  value = program.add(Node::mul, value, value);
  value = program.add(Node::sub, 1, value);
  value = program.add(Node::selectLessEqual, 1, 0, program.scalar(0), value);
  program.outputs = {program.add(Node::relu, value)};
  const ops::PointwiseProgram decoded(program.code());
  const ops::Plan& plan = decoded.direct();
  REQUIRE(plan.is_chain());
  const std::vector<LinkCode> expected{
      LinkCode::load, LinkCode::mul,  LinkCode::square, at(LinkCode::sub, 1), at(LinkCode::selectLessEqual, 3),
      LinkCode::relu, LinkCode::store};
  CHECK(codes(plan.stages[0]) == expected);
}

TEST_CASE("chains: a value that another step reads goes to its slot once; costly steps and masks end a chain") {
  TestProgram program;
  program.inputs = 2;
  program.keys = 1;
  program.scalars = 1;
  const std::size_t sum = program.add(Node::add, 0, 1), size = program.add(Node::abs, sum);
  const std::size_t root = program.add(Node::exp, size), mask = program.add(Node::mask, 0, program.scalar(0));
  const std::size_t product = program.add(Node::mul, root, mask);
  program.outputs = {program.add(Node::sub, product, sum)};
  const ops::PointwiseProgram decoded(program.code());
  const ops::Plan& plan = decoded.direct();
  REQUIRE(plan.stages.size() == 4);
  const std::vector<LinkCode> first{LinkCode::load, LinkCode::add, LinkCode::store, LinkCode::abs, LinkCode::store};
  const std::vector<LinkCode> last{LinkCode::load, LinkCode::mul, LinkCode::sub, LinkCode::store};
  CHECK(codes(plan.stages[0]) == first);
  CHECK(plan.stages[1].links.empty());
  CHECK(plan.stages[2].links.empty());
  CHECK(codes(plan.stages[3]) == last);
  CHECK_FALSE(plan.is_chain());
}

}  // namespace
}  // namespace lanewise::test
