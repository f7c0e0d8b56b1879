// The ops: what each computes stands in src/ops/ops.ts, whose names (and so camel case) and argument order these keep.
//
// Each op checks all of its arguments before it touches memory. Lengths that do not fit, labels and indices out of
// range give std::invalid_argument with the op and the argument named; sizes too large to multiply std::overflow_error;
// no memory for scratch std::bad_alloc. In each of these cases every output is as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "argument.h"
#include "context.h"

namespace lanewise::ops {

using FloatIn = std::span<const float>;
using FloatOut = std::span<float>;
using IndexIn = std::span<const std::int32_t>;
using IndexOut = std::span<std::int32_t>;

// memory (memory.cc, indexing.cc)
void fill(const Context&, AnyMutable out, double value, std::size_t n);
void copy(const Context&, AnyConst x, AnyMutable out, Layout layout, std::size_t xOffset, std::size_t outOffset);
void cast(const Context&, AnyConst x, AnyMutable out, std::size_t n);
void indexSelect(const Context&, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows, std::size_t width,
                 std::size_t count);
void indexAdd(const Context&, FloatIn grad, IndexIn index, FloatOut out, std::size_t rows, std::size_t width,
              std::size_t count);

// broadcasting (binary.cc)
void add(const Context&, FloatIn a, FloatIn b, FloatOut out, Layout layout);
void sub(const Context&, FloatIn a, FloatIn b, FloatOut out, Layout layout);
void mul(const Context&, FloatIn a, FloatIn b, FloatOut out, Layout layout);
void div(const Context&, FloatIn a, FloatIn b, FloatOut out, Layout layout);
void pow(const Context&, FloatIn a, FloatIn b, FloatOut out, Layout layout);

// elementwise (elementwise.cc)
void neg(const Context&, FloatIn x, FloatOut out, std::size_t n);
void exp(const Context&, FloatIn x, FloatOut out, std::size_t n);
void log(const Context&, FloatIn x, FloatOut out, std::size_t n);
void sqrt(const Context&, FloatIn x, FloatOut out, std::size_t n);
void abs(const Context&, FloatIn x, FloatOut out, std::size_t n);
void sign(const Context&, FloatIn x, FloatOut out, std::size_t n);
void relu(const Context&, FloatIn x, FloatOut out, std::size_t n);
void sigmoid(const Context&, FloatIn x, FloatOut out, std::size_t n);
void tanh(const Context&, FloatIn x, FloatOut out, std::size_t n);
void clamp(const Context&, FloatIn x, FloatOut out, std::size_t n, double low, double high);
void reluBackward(const Context&, FloatIn grad, FloatIn y, FloatOut out, std::size_t n);
void sigmoidBackward(const Context&, FloatIn grad, FloatIn y, FloatOut out, std::size_t n);
void tanhBackward(const Context&, FloatIn grad, FloatIn y, FloatOut out, std::size_t n);
void clampBackward(const Context&, FloatIn grad, FloatIn x, FloatOut out, std::size_t n, double low, double high);

// pointwise programs (pointwise.cc)
void pointwise(const Context&, ProgramIn program, FloatIns inputs, IndexIns keys, Scalars scalars, FloatOuts outputs,
               std::optional<IndexOut> step, Layout layout, std::size_t columns, std::size_t rowOffset);

// int32 (integers.cc)
void integers(const Context&, IndexIn a, IndexIn b, IndexOut out, std::int32_t operation, Layout layout);

// along one dimension (reduce.cc, gather.cc, order.cc, softmax.cc)
void sum(const Context&, AnyConst x, AnyMutable out, std::size_t outer, std::size_t size, std::size_t inner);
void extreme(const Context&, AnyConst x, AnyMutable out, IndexOut index, std::size_t outer, std::size_t size,
             std::size_t inner, bool largest);
void reduce(const Context&, ProgramIn program, FloatIns inputs, Scalars scalars, Layout layout, FloatOut out,
            std::optional<IndexOut> index, std::size_t outer, std::size_t size, std::size_t inner, std::int32_t kind,
            double divisor);
void gather(const Context&, AnyConst x, IndexIn index, AnyMutable out, std::size_t outer, std::size_t size,
            std::size_t count, std::size_t inner);
void scatter(const Context&, AnyConst x, IndexIn index, AnyMutable out, std::size_t outer, std::size_t size,
             std::size_t count, std::size_t inner);
void scatterAdd(const Context&, FloatIn x, IndexIn index, FloatOut out, std::size_t outer, std::size_t size,
                std::size_t count, std::size_t inner);
void argsort(const Context&, AnyConst x, IndexOut index, std::size_t outer, std::size_t size, std::size_t inner,
             bool descending);
void cumsum(const Context&, AnyConst x, AnyMutable out, std::size_t outer, std::size_t size, std::size_t inner,
            bool reverse);
void softmax(const Context&, FloatIn x, FloatOut out, std::size_t outer, std::size_t size, std::size_t inner, bool log);
void softmaxBackward(const Context&, FloatIn grad, FloatIn y, FloatOut out, std::size_t outer, std::size_t size,
                     std::size_t inner, bool log);

// matrices (gemm.cc)
void matmul(const Context&, FloatIn a, FloatIn b, FloatOut out, std::size_t batch, std::size_t m, std::size_t n,
            std::size_t k, bool transA, bool transB, std::size_t aStride, std::size_t bStride);
void linear(const Context&, FloatIn x, FloatIn weight, std::optional<FloatIn> bias, FloatOut out, std::size_t rows,
            std::size_t inFeatures, std::size_t outFeatures);

// dropout (dropout.cc)
void dropout(const Context&, FloatIn x, IndexIn key, FloatOut out, std::size_t rows, std::size_t columns, double p,
             std::size_t rowOffset);

// losses (cross_entropy.cc)
void crossEntropy(const Context&, FloatIn logits, IndexIn target, std::optional<FloatIn> weight, FloatOut out,
                  FloatOut softmaxStats, FloatOut total, std::optional<FloatOut> sum, std::size_t rows,
                  std::size_t classes, std::int32_t ignoreIndex, double smoothing, std::int32_t reduction);
void crossEntropyBackward(const Context&, FloatIn grad, FloatIn logits, IndexIn target, std::optional<FloatIn> weight,
                          FloatIn softmaxStats, FloatIn total, FloatOut out, std::size_t rows, std::size_t classes,
                          std::int32_t ignoreIndex, double smoothing, std::int32_t reduction);

// optimizers (optimizers.cc)
void sgd(const Context&, FloatOut param, FloatIn grad, std::optional<FloatOut> buffer, std::optional<IndexOut> step,
         std::size_t n, double lr, double momentum, double dampening, double weightDecay, bool nesterov);
void adam(const Context&, FloatOut param, FloatIn grad, FloatOut m, FloatOut v, std::optional<FloatOut> maxV,
          IndexOut step, std::size_t n, double lr, double beta1, double beta2, double eps, double weightDecay,
          bool decoupled);

// for programs (indexing.cc, linear_activation.cc, linear_input_gradient.cc, cross_entropy.cc, linear_weight_update.cc)
void gatherRows(const Context&, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows, std::size_t width,
                std::size_t count, double step);
void linearActivation(const Context&, FloatIn x, FloatIn weight, std::optional<FloatIn> bias,
                      std::optional<IndexIn> key, FloatOut out, std::size_t rows, std::size_t inFeatures,
                      std::size_t outFeatures, bool relu, double p, std::size_t rowOffset, bool packed);
void linearInputGradient(const Context&, FloatIn grad, FloatIn weight, std::optional<FloatIn> y, FloatOut out,
                         std::optional<FloatOut> biasGrad, std::size_t rows, std::size_t inFeatures,
                         std::size_t outFeatures, double scale, bool packed);
void crossEntropyTrain(const Context&, FloatIn grad, FloatIn logits, IndexIn target, std::optional<FloatIn> weight,
                       FloatOut out, FloatOut gradLogits, std::optional<FloatOut> biasGrad, std::optional<FloatOut> sum,
                       std::optional<FloatOut> total, std::size_t rows, std::size_t classes, std::int32_t ignoreIndex,
                       double smoothing, std::int32_t reduction);
void linearWeightSgd(const Context&, FloatIn grad, FloatIn x, FloatOut weight, std::optional<FloatOut> buffer,
                     std::optional<IndexOut> step, std::size_t rows, std::size_t inFeatures, std::size_t outFeatures,
                     double lr, double momentum, double dampening, double weightDecay, bool nesterov, bool packed);
void linearWeightAdam(const Context&, FloatIn grad, FloatIn x, FloatOut weight, FloatOut m, FloatOut v,
                      std::optional<FloatOut> maxV, IndexOut step, std::size_t rows, std::size_t inFeatures,
                      std::size_t outFeatures, double lr, double beta1, double beta2, double eps, double weightDecay,
                      bool decoupled, bool packed);

}  // namespace lanewise::ops
