// Matrix products as ops ask for them: blocks of k, panels of columns, and the split over threads.
#pragma once

#include <cstddef>

#include "../core/function_ref.h"
#include "context.h"

namespace lanewise::ops {

// Below this many multiply-adds a thread, waking it costs more than it saves.
inline constexpr std::size_t kMultiplyGrain = 60000;

// How the second operand, op(b) [k, n], lies in memory.
enum class OperandLayout {
  kRows,         // [k, n], b_stride apart
  kColumns,      // [n, k], b_stride apart
  kPanels,       // [n, k] in panels of outputs n, as panels.h has it: used where they stand
  kPanelsAcross  // [k, n] in panels of outputs k
};

// What is to become of a block of C whose sums are complete, called by the thread that made it, while it is in cache.
// `workspace` is scratch of that thread.
using Epilogue = core::FunctionRef<void(float* workspace, std::size_t row, std::size_t rows, std::size_t column,
                                        std::size_t columns)>;

// c [m, n] = start + op(a)·op(b). One accumulator per output, k ascending, whatever the blocks and the threads.
struct Product {
  const float* a;
  std::size_t a_row, a_k;  // strides; one of them is 1
  const float* b;
  std::size_t b_stride;
  OperandLayout b_layout;
  const float* bias;  // [n] or null
  float* c;
  std::size_t m, n, k;
  const Epilogue* epilogue = nullptr;
  std::size_t epilogue_workspace = 0;  // floats of scratch for each thread
};

// `batch` products whose operands lie a_step and b_step elements apart; the blocks of C follow one another.
void multiply(const Context& context, const Product& first, std::size_t batch = 1, std::size_t a_step = 0,
              std::size_t b_step = 0);

// Whether threads had better own columns of C, whole panels of them, or rows: by counted rows, the packing of a panel
// counted as eight.
bool by_columns(std::size_t m, std::size_t n, std::size_t parts, std::size_t nr);

}  // namespace lanewise::ops
