// Our own products, as the ops make them: eagerly from rows, and as compiled steps do with weights in panels.
#include <algorithm>
#include <memory>

#include "../ops/ops.h"
#include "../ops/panels.h"
#include "../ops/pointwise_program.h"
#include "contender.h"

namespace lanewise::bench {
namespace {

using Buffer = core::AlignedBuffer<float>;

std::span<const float> in(const Buffer& buffer) { return {buffer.data(), buffer.size()}; }
std::span<float> out(Buffer& buffer) { return {buffer.data(), buffer.size()}; }

// B as the weight [outputs, inputs] of a layer, in panels.
std::shared_ptr<Buffer> panels_of(const ops::Context& context, const Buffer& weight, std::size_t outputs,
                                  std::size_t inputs) {
  const ops::Panels layout{outputs, inputs, context.kernels.gemm_nr};
  auto panels = std::make_shared<Buffer>(layout.capacity());
  std::fill_n(panels->data(), panels->size(), 0.0f);
  ops::pack(layout, weight.data(), 0, weight.size(), panels->data());
  return panels;
}

Contender weight_update(const ops::Context& context, Operands& o) {
  const std::size_t rows = o.shape.k, outputs = o.shape.m, inputs = o.shape.n;
  const ops::Panels layout{outputs, inputs, context.kernels.gemm_nr};
  auto weight = std::make_shared<Buffer>(layout.capacity());
  // param - lr·grad: inputs grad and param, scalar -lr.
  const double code[]{2, 0, 1, 0, 1, 1, static_cast<double>(ops::Node::fma), 2, 0, 1, 0, 3};
  const auto program = std::make_shared<const ops::PointwiseProgram>(code);
  const auto step = [context, &o, weight, program, rows, outputs, inputs](double lr) {
    const double scalars[]{-lr};
    const std::span<const float> ins[]{in(*weight)};
    const std::span<float> outs[]{out(*weight)};
    ops::linearWeightUpdate(context, in(o.a), in(o.b), *program, ins, {scalars}, outs, {}, rows, inputs, outputs, true);
  };
  // The product is what a step of learning rate -1 adds to zeros.
  const auto product = [&o, weight, layout, step] {
    std::fill_n(weight->data(), weight->size(), 0.0f);
    step(-1);
    ops::unpack(layout, weight->data(), 0, o.c.size(), o.c.data());
  };
  return {"lanewise panels+sgd", true, [step] { step(0); }, product};
}

}  // namespace

std::vector<Contender> lanewise(const kernels::KernelTable& kernels, Operands& o, std::size_t threads) {
  const ops::Context context{kernels, core::ThreadPool::instance(), threads};
  const Shape& s = o.shape;
  const auto by_rows = [context, &o, s] {
    ops::matmul(context, in(o.a), in(o.b), out(o.c), 1, s.m, s.n, s.k, s.trans_a, s.trans_b, 0, 0);
  };
  std::vector<Contender> contenders{{"lanewise rows", true, by_rows, by_rows}};
  if (s.role == Role::kForward) {
    const auto forward = [context, &o, s, weight = panels_of(context, o.b, s.n, s.k)] {
      ops::linear(context, in(o.a), in(*weight), {}, out(o.c), s.m, s.k, s.n, true);
    };
    contenders.push_back({"lanewise panels", true, forward, forward});
  } else if (s.role == Role::kInputGradient) {
    const auto backward = [context, &o, s, weight = panels_of(context, o.b, s.k, s.n)] {
      ops::linearInputGradient(context, in(o.a), in(*weight), out(o.c), {}, s.m, s.n, s.k, true);
    };
    contenders.push_back({"lanewise panels", true, backward, backward});
  } else if (s.role == Role::kWeightGradient) {
    contenders.push_back(weight_update(context, o));
  }
  return contenders;
}

}  // namespace lanewise::bench
