#include "post_op.h"

#include <variant>

#include "check.h"

namespace lanewise::ops {
namespace {

// The pattern, if a kernel does it to a block of this call.
Pattern usable(const BoundPointwise& bound) {
  const Pattern& pattern = bound.program().pattern();
  if (std::holds_alternative<ActivationPattern>(pattern)) return pattern;
  const auto* const masked = std::get_if<MaskedPattern>(&pattern);
  if (masked != nullptr && bound.dense_input(masked->y) != nullptr) return pattern;
  return {};
}

}  // namespace

PostOp::PostOp(const char* op, const Context& context, FloatOut out, std::size_t rows, std::size_t columns,
               const PostOpArguments& arguments)
    : kernels_(context.kernels), out_(out.data()), width_(columns) {
  const std::size_t size = core::checked_mul(rows, columns);
  check_length(op, "out", out.size(), size);
  if (!arguments.program) {
    if (!arguments.inputs.empty() || !arguments.outputs.empty()) refuse(op, "program", "is missing for its operands");
    pattern_ = ActivationPattern{false, false};
    return;
  }
  ShortList<FloatIn> inputs;
  ShortList<FloatOut> outputs;
  inputs.push_back(out.first(size));
  outputs.push_back(out.first(size));
  for (const FloatIn input : arguments.inputs) inputs.push_back(input);
  for (const FloatOut output : arguments.outputs) outputs.push_back(output);
  thread_local BoundPointwise bound;  // its memory serves every call
  bound.bind(op, context.kernels, *arguments.program,
             {inputs, arguments.keys, arguments.scalars, outputs, std::nullopt, columns, arguments.row_offset}, rows,
             columns);
  bound_ = &bound;
  pattern_ = usable(bound);
}

bool PostOp::does_nothing() const {
  const auto* const activation = std::get_if<ActivationPattern>(&pattern_);
  return activation != nullptr && !activation->relu && !activation->masked;
}

std::optional<bool> PostOp::only_relu() const {
  const auto* const activation = std::get_if<ActivationPattern>(&pattern_);
  if (activation == nullptr || activation->masked) return std::nullopt;
  return activation->relu;
}

std::size_t PostOp::workspace() const {
  return std::holds_alternative<std::monostate>(pattern_) ? bound_->workspace() : 0;
}

Product PostOp::after(Product product) const {
  if (does_nothing()) return product;
  product.epilogue = &epilogue_;
  product.epilogue_workspace = workspace();
  return product;
}

void PostOp::apply_rows(float* product, std::size_t row, std::size_t rows, float* workspace) const {
  if (does_nothing()) return;
  if (const auto* const activation = std::get_if<ActivationPattern>(&pattern_)) {
    kernels_.activate(product, width_, rows, width_, activation->relu, activation->masked ? &bound_->mask(0) : nullptr,
                      row, 0);
  } else if (const auto* const masked = std::get_if<MaskedPattern>(&pattern_)) {
    kernels_.mask_gradient(product, bound_->dense_input(masked->y) + row * width_, width_, rows, width_,
                           masked->scale ? bound_->uniform(*masked->scale) : 1.0f);
  } else {
    PointwiseRun(*bound_, workspace).elements(row * width_, (row + rows) * width_, {product, product});
  }
}

void PostOp::apply(float* workspace, std::size_t row, std::size_t rows, std::size_t column, std::size_t columns) const {
  const std::size_t at = row * width_ + column;
  if (const auto* const activation = std::get_if<ActivationPattern>(&pattern_)) {
    kernels_.activate(out_ + at, width_, rows, columns, activation->relu,
                      activation->masked ? &bound_->mask(0) : nullptr, row, column);
  } else if (const auto* const masked = std::get_if<MaskedPattern>(&pattern_)) {
    kernels_.mask_gradient(out_ + at, bound_->dense_input(masked->y) + at, width_, rows, columns,
                           masked->scale ? bound_->uniform(*masked->scale) : 1.0f);
  } else {
    PointwiseRun(*bound_, workspace).block(row, rows, column, columns);
  }
}

}  // namespace lanewise::ops
