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

// memory (copy.cc, indexing.cc)
void fill(const Context&, AnyMutable out, double value, std::size_t n);
void copy(const Context&, AnyConst x, AnyMutable out, Layout layout, std::size_t xOffset, std::size_t outOffset);
void cast(const Context&, AnyConst x, AnyMutable out, std::size_t n);
void indexSelect(const Context&, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows, std::size_t width,
                 std::size_t count);
void indexAdd(const Context&, FloatIn grad, IndexIn index, FloatOut out, std::size_t rows, std::size_t width,
              std::size_t count);

// pointwise programs (pointwise.cc)
void pointwise(const Context&, ProgramIn program, Elementwise<FloatIns> inputs, IndexIns keys, Scalars scalars,
               Elementwise<FloatOuts> outputs, std::optional<IndexOut> step, Layout layout, std::size_t columns,
               std::size_t rowOffset);

// int32 (integers.cc)
void integers(const Context&, Elementwise<IndexIn> a, Elementwise<IndexIn> b, Elementwise<IndexOut> out,
              std::int32_t operation, Layout layout);

// along one dimension (reduce.cc, reduce_program.cc, gather.cc, order.cc, softmax.cc, sparse.cc)
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
void sparseMatmul(const Context&, FloatIn x, FloatOut out, Numbers matrix, std::size_t outer, std::size_t size,
                  std::size_t rows, std::size_t entries, std::size_t inner);

// matrices (matmul.cc, linear.cc, linear_input_gradient.cc, linear_weight_update.cc)
void matmul(const Context&, FloatIn a, FloatIn b, FloatOut out, std::size_t batch, std::size_t m, std::size_t n,
            std::size_t k, bool transA, bool transB, std::size_t aStride, std::size_t bStride);
// Rows [first, first + rows) of out [m, n], the product of one batch: the bits are those of all rows at once.
void matmul_rows(const Context&, FloatIn a, FloatIn b, FloatOut out, std::size_t first, std::size_t rows, std::size_t m,
                 std::size_t n, std::size_t k, bool transA, bool transB);

void linear(const Context&, FloatIn x, Weight<FloatIn> weight, std::optional<FloatIn> bias, FloatOut out,
            std::size_t rows, std::size_t inFeatures, std::size_t outFeatures, PackedFlag packed = false,
            std::optional<ProgramIn> program = std::nullopt, FloatIns inputs = {}, IndexIns keys = {},
            Scalars scalars = {}, FloatOuts outputs = {}, std::size_t rowOffset = 0);
void linearInputGradient(const Context&, FloatIn grad, Weight<FloatIn> weight, FloatOut out,
                         std::optional<FloatOut> biasGrad, std::size_t rows, std::size_t inFeatures,
                         std::size_t outFeatures, PackedFlag packed = false,
                         std::optional<ProgramIn> program = std::nullopt, FloatIns inputs = {}, IndexIns keys = {},
                         Scalars scalars = {}, FloatOuts outputs = {}, std::size_t rowOffset = 0);
void linearWeightUpdate(const Context&, FloatIn grad, FloatIn x, ProgramIn program, Weight<FloatIns> inputs,
                        Scalars scalars, Weight<FloatOuts> outputs, std::optional<IndexOut> step, std::size_t rows,
                        std::size_t inFeatures, std::size_t outFeatures, PackedFlag packed);

// rows of tables (index_update.cc)
void indexUpdate(const Context&, FloatIn grad, IndexIn index, std::optional<FloatIn> counts, ProgramIn program,
                 FloatOuts states, Scalars scalars, std::optional<IndexOut> step, std::size_t rows, std::size_t width,
                 std::size_t count);

// convolution (conv.cc, conv_weight_gradient.cc)
void conv(const Context&, FloatIn x, KeepableWeight weight, std::optional<FloatIn> bias, FloatOut out, Numbers geometry,
          bool xChannelsLast, bool outChannelsLast, std::optional<ProgramIn> program = std::nullopt,
          FloatIns inputs = {}, IndexIns keys = {}, Scalars scalars = {}, FloatOuts outputs = {},
          std::size_t rowOffset = 0);
void convInputGradient(const Context&, FloatIn grad, KeepableWeight weight, std::optional<FloatIn> bias, FloatOut out,
                       Numbers geometry, bool gradChannelsLast, bool outChannelsLast,
                       std::optional<ProgramIn> program = std::nullopt, FloatIns inputs = {}, IndexIns keys = {},
                       Scalars scalars = {}, FloatOuts outputs = {}, std::size_t rowOffset = 0);
void convWeightGradient(const Context&, FloatIn grad, FloatIn x, FloatOut out, std::optional<FloatOut> biasGrad,
                        Numbers geometry, bool gradChannelsLast, bool xChannelsLast);
// convolution and max pooling (conv_max_pool.cc, conv_max_pool_backward.cc)
void convMaxPool(const Context&, FloatIn x, KeepableWeight weight, std::optional<FloatIn> bias, FloatOut out,
                 std::optional<IndexOut> index, Numbers geometry, Numbers windows, bool xChannelsLast,
                 bool outChannelsLast, std::optional<ProgramIn> program, FloatIns inputs, IndexIns keys,
                 Scalars scalars, FloatOuts outputs, std::size_t rowOffset);
void convMaxPoolBackward(const Context&, FloatIn grad, IndexIn index, FloatIn x, std::optional<FloatIn> weight,
                         std::optional<FloatOut> out, FloatOut weightGrad, std::optional<FloatOut> biasGrad,
                         Numbers geometry, Numbers windows, bool gradChannelsLast, bool xChannelsLast,
                         bool outChannelsLast, std::optional<ProgramIn> program, FloatIns inputs, IndexIns keys,
                         Scalars scalars, FloatOuts outputs, std::size_t rowOffset);

// recurrent layers (recurrent.cc, recurrent_backward.cc)
void recurrent(const Context&, FloatIn x, FloatIn hidden, std::optional<FloatIn> cell, FloatIn weightIh,
               FloatIn weightHh, std::optional<FloatIn> biasIh, std::optional<FloatIn> biasHh,
               std::optional<IndexIn> lengths, FloatOut out, FloatOut lastHidden, std::optional<FloatOut> lastCell,
               std::optional<FloatOut> previous, std::optional<FloatOut> saved, std::size_t steps, std::size_t rows,
               std::size_t inputs, std::size_t units, std::size_t gates, bool relu, bool reverse);
void recurrentBackward(const Context&, FloatIn grad, std::optional<FloatIn> gradLastHidden,
                       std::optional<FloatIn> gradLastCell, FloatIn weightHh, std::optional<IndexIn> lengths,
                       FloatIn out, FloatIn previous, std::optional<FloatIn> saved, FloatOut gradGates,
                       std::optional<FloatOut> gradHiddenGates, FloatOut gradHidden, std::optional<FloatOut> gradCell,
                       std::size_t steps, std::size_t rows, std::size_t units, std::size_t gates, bool relu,
                       bool reverse);
// pooling (pool.cc, pool_backward.cc)
void maxPool(const Context&, FloatIn x, FloatOut out, std::optional<IndexOut> index, Numbers windows,
             bool xChannelsLast, bool outChannelsLast);
void maxPoolBackward(const Context&, FloatIn grad, IndexIn index, FloatOut out, Numbers windows, bool gradChannelsLast,
                     bool outChannelsLast);
void avgPool(const Context&, FloatIn x, FloatOut out, Numbers windows, bool xChannelsLast, bool outChannelsLast);
void avgPoolBackward(const Context&, FloatIn grad, FloatOut out, Numbers windows, bool gradChannelsLast,
                     bool outChannelsLast);

// attention (attention.cc, attention_backward.cc)
void attention(const Context&, FloatIn query, FloatIn key, FloatIn value, std::optional<FloatIn> mask,
               std::optional<IndexIn> dropoutKey, FloatOut out, FloatOut most, FloatOut total, Numbers strides,
               std::size_t batch, std::size_t heads, std::size_t group, std::size_t queries, std::size_t keys,
               std::size_t features, std::size_t values, double scale, double p, bool causal);
void attentionBackward(const Context&, FloatIn grad, FloatIn query, FloatIn key, FloatIn value,
                       std::optional<FloatIn> mask, std::optional<IndexIn> dropoutKey, FloatIn out, FloatIn most,
                       FloatIn total, FloatOut queryGrad, FloatOut keyGrad, FloatOut valueGrad, Numbers strides,
                       std::size_t batch, std::size_t heads, std::size_t group, std::size_t queries, std::size_t keys,
                       std::size_t features, std::size_t values, double scale, double p, bool causal);

// normalisation (batch_norm.cc, layer_norm.cc)
void batchNorm(const Context&, FloatIn x, std::optional<FloatIn> weight, std::optional<FloatIn> bias, FloatOut out,
               FloatOut mean, FloatOut variance, std::size_t batch, std::size_t channels, std::size_t pixels,
               double eps, bool channelsLast);
void batchNormBackward(const Context&, FloatIn grad, FloatIn x, std::optional<FloatIn> weight, FloatIn mean,
                       FloatIn variance, std::optional<FloatOut> out, std::optional<FloatOut> weightGrad,
                       std::optional<FloatOut> biasGrad, std::size_t batch, std::size_t channels, std::size_t pixels,
                       double eps, bool channelsLast);
void layerNorm(const Context&, FloatIn x, std::optional<FloatIn> weight, std::optional<FloatIn> bias, FloatOut out,
               FloatOut mean, FloatOut variance, std::size_t outer, std::size_t groups, std::size_t channels,
               std::size_t inner, double eps, bool centered);
void layerNormBackward(const Context&, FloatIn grad, FloatIn x, std::optional<FloatIn> weight, FloatIn mean,
                       FloatIn variance, std::optional<FloatOut> out, std::optional<FloatOut> weightGrad,
                       std::optional<FloatOut> biasGrad, std::size_t outer, std::size_t groups, std::size_t channels,
                       std::size_t inner, double eps, bool centered);

// losses (cross_entropy.cc)
void crossEntropy(const Context&, FloatIn logits, IndexIn target, std::optional<FloatIn> weight, FloatOut out,
                  FloatOut softmaxStats, FloatOut total, std::optional<FloatOut> sum, std::size_t rows,
                  std::size_t classes, std::int32_t ignoreIndex, double smoothing, std::int32_t reduction);
void crossEntropyBackward(const Context&, FloatIn grad, FloatIn logits, IndexIn target, std::optional<FloatIn> weight,
                          FloatIn softmaxStats, FloatIn total, FloatOut out, std::size_t rows, std::size_t classes,
                          std::int32_t ignoreIndex, double smoothing, std::int32_t reduction);
// ctc.cc
void ctcLoss(const Context&, FloatIn logProbs, FloatOut out, std::optional<FloatOut> gradient, IndexIn targets,
             IndexIn inputLengths, IndexIn targetLengths, std::size_t steps, std::size_t rows, std::size_t classes,
             std::size_t labels, bool padded, std::size_t blank, bool zeroInfinity);

// for programs (indexing.cc, cross_entropy.cc)
void gatherRows(const Context&, AnyConst x, IndexIn index, AnyMutable out, std::size_t rows, std::size_t width,
                std::size_t count, double step);
void crossEntropyTrain(const Context&, FloatIn grad, FloatIn logits, IndexIn target, std::optional<FloatIn> weight,
                       FloatOut out, FloatOut gradLogits, std::optional<FloatOut> biasGrad, std::optional<FloatOut> sum,
                       std::optional<FloatOut> total, std::size_t rows, std::size_t classes, std::int32_t ignoreIndex,
                       double smoothing, std::int32_t reduction);

}  // namespace lanewise::ops
