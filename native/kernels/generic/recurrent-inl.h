// Cells of recurrent layers, and their gradients: what follows the products of a step, a block of units at a time. Each
// formula is a function of one vector; `count` is how many of its elements are there.
#pragma once

#include "math-inl.h"
#include "reduce-inl.h"

LANEWISE_VEC Vf v_one_minus(Vf x) { return v_sub(v_splat(1.0f), x); }
// Gradients of sigmoid and tanh from their results.
LANEWISE_VEC Vf v_sigmoid_slope(Vf y) { return v_mul(y, v_one_minus(y)); }
LANEWISE_VEC Vf v_tanh_slope(Vf y) { return v_fnma(y, y, v_splat(1.0f)); }

LANEWISE_VEC void plain_cell_some(const CellBlock& b, std::size_t row, std::size_t u, std::size_t count, bool relu) {
  const Vf a = load_some(b.gates + row * b.gates_stride + u, count, v_splat(0.0f));
  store_some(b.out + row * b.out_stride + u, relu ? v_relu(a) : v_tanh(a), count);
}

LANEWISE_VEC void gru_cell_some(const CellBlock& b, std::size_t row, std::size_t u, std::size_t count) {
  const Vf zero = v_splat(0.0f);
  const float* const gates = b.gates + row * b.gates_stride + u;
  const Vf r = v_sigmoid(load_some(gates, count, zero));
  const Vf z = v_sigmoid(load_some(gates + b.gate_apart, count, zero));
  const Vf a = load_some(gates + 2 * b.gate_apart, count, zero);
  const Vf n = v_tanh(v_fma(r, a, load_some(b.candidate + row * b.gates_stride + u, count, zero)));
  const Vf h = load_some(b.hidden + row * b.state_stride + u, count, zero);
  store_some(b.out + row * b.out_stride + u, v_fma(z, v_sub(h, n), n), count);
  if (b.saved == nullptr) return;
  float* const saved = b.saved + row * b.saved_stride + u;
  store_some(saved, r, count);
  store_some(saved + b.saved_apart, z, count);
  store_some(saved + 2 * b.saved_apart, n, count);
  store_some(saved + 3 * b.saved_apart, a, count);
}

LANEWISE_VEC void lstm_cell_some(const CellBlock& b, std::size_t row, std::size_t u, std::size_t count) {
  const Vf zero = v_splat(0.0f);
  const float* const gates = b.gates + row * b.gates_stride + u;
  const Vf i = v_sigmoid(load_some(gates, count, zero));
  const Vf f = v_sigmoid(load_some(gates + b.gate_apart, count, zero));
  const Vf g = v_tanh(load_some(gates + 2 * b.gate_apart, count, zero));
  const Vf o = v_sigmoid(load_some(gates + 3 * b.gate_apart, count, zero));
  float* const cell = b.cell + row * b.state_stride + u;
  const Vf before = load_some(cell, count, zero);
  const Vf c = v_fma(f, before, v_mul(i, g));
  const Vf t = v_tanh(c);
  store_some(cell, c, count);
  store_some(b.out + row * b.out_stride + u, v_mul(o, t), count);
  if (b.saved == nullptr) return;
  float* const saved = b.saved + row * b.saved_stride + u;
  store_some(saved, i, count);
  store_some(saved + b.saved_apart, f, count);
  store_some(saved + 2 * b.saved_apart, g, count);
  store_some(saved + 3 * b.saved_apart, o, count);
  store_some(saved + 4 * b.saved_apart, t, count);
  store_some(saved + 5 * b.saved_apart, before, count);
}

// What reaches the hidden state of a step: from the output and from the step that comes after it.
LANEWISE_VEC Vf hidden_gradient(const CellGradient& b, std::size_t row, std::size_t u, std::size_t count) {
  const Vf zero = v_splat(0.0f);
  return v_add(load_some(b.next + row * b.state_stride + u, count, zero),
               load_some(b.grad + row * b.grad_stride + u, count, zero));
}

LANEWISE_VEC void plain_cell_backward_some(const CellGradient& b, std::size_t row, std::size_t u, std::size_t count,
                                           bool relu) {
  const Vf zero = v_splat(0.0f), d = hidden_gradient(b, row, u, count);
  const Vf h = load_some(b.out + row * b.out_stride + u, count, zero);
  store_some(b.gates + row * b.gates_stride + u, relu ? v_drop(v_le(h, zero), d) : v_mul(d, v_tanh_slope(h)), count);
}

LANEWISE_VEC void gru_cell_backward_some(const CellGradient& b, std::size_t row, std::size_t u, std::size_t count) {
  const Vf zero = v_splat(0.0f), d = hidden_gradient(b, row, u, count);
  const float* const saved = b.saved + row * b.saved_stride + u;
  const Vf r = load_some(saved, count, zero), z = load_some(saved + b.saved_apart, count, zero);
  const Vf n = load_some(saved + 2 * b.saved_apart, count, zero);
  const Vf a = load_some(saved + 3 * b.saved_apart, count, zero);
  const Vf h = load_some(b.previous + row * b.out_stride + u, count, zero);
  const Vf to_n = v_mul(v_mul(d, v_one_minus(z)), v_tanh_slope(n));
  const Vf to_r = v_mul(v_mul(to_n, a), v_sigmoid_slope(r));
  const Vf to_z = v_mul(v_mul(d, v_sub(h, n)), v_sigmoid_slope(z));
  float* const gates = b.gates + row * b.gates_stride + u;
  float* const hidden_gates = b.hidden_gates + row * b.gates_stride + u;
  store_some(gates, to_r, count);
  store_some(hidden_gates, to_r, count);
  store_some(gates + b.gate_apart, to_z, count);
  store_some(hidden_gates + b.gate_apart, to_z, count);
  store_some(gates + 2 * b.gate_apart, to_n, count);
  store_some(hidden_gates + 2 * b.gate_apart, v_mul(to_n, r), count);
  store_some(b.direct + row * b.state_stride + u, v_mul(d, z), count);
}

LANEWISE_VEC void lstm_cell_backward_some(const CellGradient& b, std::size_t row, std::size_t u, std::size_t count) {
  const Vf zero = v_splat(0.0f), d = hidden_gradient(b, row, u, count);
  const float* const saved = b.saved + row * b.saved_stride + u;
  const Vf i = load_some(saved, count, zero), f = load_some(saved + b.saved_apart, count, zero);
  const Vf g = load_some(saved + 2 * b.saved_apart, count, zero);
  const Vf o = load_some(saved + 3 * b.saved_apart, count, zero);
  const Vf t = load_some(saved + 4 * b.saved_apart, count, zero);
  const Vf before = load_some(saved + 5 * b.saved_apart, count, zero);
  float* const cell = b.cell + row * b.state_stride + u;
  const Vf c = v_fma(v_mul(d, o), v_tanh_slope(t), load_some(cell, count, zero));
  float* const gates = b.gates + row * b.gates_stride + u;
  store_some(gates, v_mul(v_mul(c, g), v_sigmoid_slope(i)), count);
  store_some(gates + b.gate_apart, v_mul(v_mul(c, before), v_sigmoid_slope(f)), count);
  store_some(gates + 2 * b.gate_apart, v_mul(v_mul(c, i), v_tanh_slope(g)), count);
  store_some(gates + 3 * b.gate_apart, v_mul(v_mul(d, t), v_sigmoid_slope(o)), count);
  store_some(cell, v_mul(c, f), count);
}

// A kernel of a formula: whole vectors, then what is left of a row.
#define LANEWISE_CELL(name, ...)                                                                             \
  for (std::size_t row = 0; row < rows; ++row) {                                                             \
    std::size_t u = 0;                                                                                       \
    for (; u + kLanes <= units; u += kLanes) name##_some(*block, row, u, kLanes __VA_OPT__(, ) __VA_ARGS__); \
    if (u < units) name##_some(*block, row, u, units - u __VA_OPT__(, ) __VA_ARGS__);                        \
  }

static void plain_cell(const CellBlock* block, std::size_t rows, std::size_t units, bool relu) {
  if (relu) {
    LANEWISE_CELL(plain_cell, true)
  } else {
    LANEWISE_CELL(plain_cell, false)
  }
}
static void gru_cell(const CellBlock* block, std::size_t rows, std::size_t units) { LANEWISE_CELL(gru_cell) }
static void lstm_cell(const CellBlock* block, std::size_t rows, std::size_t units) { LANEWISE_CELL(lstm_cell) }
static void plain_cell_backward(const CellGradient* block, std::size_t rows, std::size_t units, bool relu) {
  if (relu) {
    LANEWISE_CELL(plain_cell_backward, true)
  } else {
    LANEWISE_CELL(plain_cell_backward, false)
  }
}
static void gru_cell_backward(const CellGradient* block, std::size_t rows, std::size_t units) {
  LANEWISE_CELL(gru_cell_backward)
}
static void lstm_cell_backward(const CellGradient* block, std::size_t rows, std::size_t units) {
  LANEWISE_CELL(lstm_cell_backward)
}
#undef LANEWISE_CELL
