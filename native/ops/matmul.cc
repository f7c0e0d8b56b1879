// The matrix product without a layer around it.
#include "check.h"
#include "ops.h"
#include "product.h"

namespace lanewise::ops {

using core::checked_add;
using core::checked_mul;

void matmul(const Context& context, FloatIn a, FloatIn b, FloatOut out, std::size_t batch, std::size_t m, std::size_t n,
            std::size_t k, bool transA, bool transB, std::size_t aStride, std::size_t bStride) {
  const std::size_t of_a = checked_mul(m, k), of_b = checked_mul(k, n), of_c = checked_mul(m, n);
  check_length("matmul", "out", out.size(), checked_mul(batch, of_c));
  if (batch == 0 || of_c == 0) return;
  if (k == 0) {  // the operands may be null, which leaves nothing to compute addresses from
    context.kernels.fill(0.0f, out.data(), batch * of_c);
    return;
  }
  check_length("matmul", "a", a.size(), checked_add(checked_mul(batch - 1, aStride), of_a));
  check_length("matmul", "b", b.size(), checked_add(checked_mul(batch - 1, bStride), of_b));
  const OperandLayout b_layout = transB ? OperandLayout::kColumns : OperandLayout::kRows;
  const Product first{.a = a.data(),
                      .a_row = transA ? 1 : k,
                      .a_k = transA ? m : 1,
                      .b = b.data(),
                      .b_stride = transB ? k : n,
                      .b_layout = b_layout,
                      .bias = nullptr,
                      .c = out.data(),
                      .m = m,
                      .n = n,
                      .k = k};
  multiply(context, first, batch, aStride, bStride);
}

void matmul_rows(const Context& context, FloatIn a, FloatIn b, FloatOut out, std::size_t first, std::size_t rows,
                 std::size_t m, std::size_t n, std::size_t k, bool transA, bool transB) {
  check_length("matmul", "a", a.size(), checked_mul(m, k));
  check_length("matmul", "b", b.size(), checked_mul(k, n));
  check_length("matmul", "out", out.size(), checked_mul(m, n));
  if (first > m || rows > m - first) refuse("matmul", "rows", "must be rows of the product");
  if (rows == 0 || n == 0) return;
  float* const c = out.data() + first * n;
  if (k == 0) return context.kernels.fill(0.0f, c, rows * n);
  const Product product{.a = a.data() + (transA ? first : first * k),
                        .a_row = transA ? 1 : k,
                        .a_k = transA ? m : 1,
                        .b = b.data(),
                        .b_stride = transB ? k : n,
                        .b_layout = transB ? OperandLayout::kColumns : OperandLayout::kRows,
                        .bias = nullptr,
                        .c = c,
                        .m = rows,
                        .n = n,
                        .k = k};
  multiply(context, product);
}

}  // namespace lanewise::ops
