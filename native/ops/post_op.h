// What becomes of a matrix product, block by block while it is in cache: a pointwise program whose first input is the
// product.
#pragma once

#include <cstddef>
#include <optional>

#include "../core/checked.h"
#include "ops.h"
#include "pointwise.h"
#include "product.h"

namespace lanewise::ops {

// The arguments of a product's post-op, as ops have them.
struct PostOpArguments {
  std::optional<ProgramIn> program;
  FloatIns inputs;  // but the product
  IndexIns keys;
  Scalars scalars;
  FloatOuts outputs;  // but the first
  std::size_t row_offset;
};

class PostOp {
 public:
  // For a product [rows, columns] that goes to `out`, which is also where the program's first output goes. Checks
  // everything, with std::invalid_argument for what does not fit. One at a time on each thread.
  PostOp(const char* op, const Context& context, FloatOut out, std::size_t rows, std::size_t columns,
         const PostOpArguments& arguments);
  PostOp(const PostOp&) = delete;
  PostOp& operator=(const PostOp&) = delete;

  // For a product whose rows are given to apply_rows, wherever they lie.
  PostOp(const char* op, const Context& context, std::size_t rows, std::size_t columns,
         const PostOpArguments& arguments)
      : PostOp(op, context, FloatOut(static_cast<float*>(nullptr), core::checked_mul(rows, columns)), rows, columns,
               arguments) {}

  // The same product with this after it.
  Product after(Product product) const;

  // Does it to rows [row, row + rows), all columns of them, which lie at `product`; `workspace` is scratch of
  // workspace() floats.
  void apply_rows(float* product, std::size_t row, std::size_t rows, float* workspace) const;
  std::size_t workspace() const;
  // Whether it is ReLU or nothing at all: which of them.
  std::optional<bool> only_relu() const;

 private:
  bool does_nothing() const;
  void apply(float* workspace, std::size_t row, std::size_t rows, std::size_t column, std::size_t columns) const;

  struct Apply {
    const PostOp& self;
    void operator()(float* workspace, std::size_t row, std::size_t rows, std::size_t column,
                    std::size_t columns) const {
      self.apply(workspace, row, rows, column, columns);
    }
  };

  const kernels::KernelTable& kernels_;
  const BoundPointwise* bound_ = nullptr;
  float* out_;
  std::size_t width_;
  Pattern pattern_;  // of those that a kernel does to a block
  Apply apply_{*this};
  Epilogue epilogue_{apply_};
};

}  // namespace lanewise::ops
