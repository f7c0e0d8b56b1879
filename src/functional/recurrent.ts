/** One layer and direction of a recurrent network over all its steps. */
import { ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { isGradEnabled } from '../tensor/grad-mode.js';
import { setGradFns } from '../tensor/joint.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkFloat, checkSameDtype, empty, zeroed } from './support.js';

/** The cells: which gates they have, and what is kept of a step for the gradient. */
const cells = {
  RNN_TANH: { gates: 1, saved: 0, node: 'RnnTanhBackward0' },
  RNN_RELU: { gates: 1, saved: 0, node: 'RnnReluBackward0' },
  GRU: { gates: 3, saved: 4, node: 'GruBackward0' },
  LSTM: { gates: 4, saved: 6, node: 'LstmBackward0' },
} as const;
export type CellKind = keyof typeof cells;

/** How many gates a cell has: rows of its weights in units of the hidden size. */
export const gatesOf = (kind: CellKind): number => cells[kind].gates;

/** Weights of one layer and direction, of G gates. */
export interface RecurrentWeights {
  /** [G·units, inputs]. */
  readonly ih: Tensor;
  /** [G·units, units]. */
  readonly hh: Tensor;
  /** [G·units] each, or null. */
  readonly biasIh: Tensor | null;
  readonly biasHh: Tensor | null;
}

/** Where a layer begins and ends: [rows, units] each; cell of an LSTM. */
export interface RecurrentState {
  readonly hidden: Tensor;
  readonly cell: Tensor | null;
}

export interface RecurrentResult extends RecurrentState {
  /** [steps, rows, units]. */
  readonly output: Tensor;
}

/**
 * h[t], c[t] = cell(x[t], h[t-1], c[t-1]) for input [steps, rows, inputs], from the last step to the first when `reverse`.
 * Formulas as in {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html | torch.nn.LSTM}, GRU and RNN.
 * Gradients go to the input, the state and the weights: those of the products of all steps are one product each.
 * @param lengths int32 [rows], from 1 to steps: how many steps each row has; its output behind them is 0. null: all.
 * @throws ShapeError for sizes that do not fit together.
 */
export function recurrent(
  kind: CellKind,
  input: Tensor,
  state: RecurrentState,
  weights: RecurrentWeights,
  reverse = false,
  lengths: Tensor | null = null,
): RecurrentResult {
  const { gates, saved: savedLines, node } = cells[kind];
  const [steps = 0, rows = 0, inputs = 0] = input.shape;
  const units = weights.hh.shape[1] ?? 0;
  const tensors = check(kind, input, state, weights);
  const { dtype } = input;
  const given = tensors.filter((each) => each !== null);
  const noted = isGradEnabled() && given.some((each) => each.requiresGrad);
  const all: Shape = [steps, rows, units];
  const output = empty(all, dtype);
  const hidden = empty([rows, units], dtype);
  const cell = state.cell === null ? null : empty([rows, units], dtype);
  const previous = noted ? empty(all, dtype) : null;
  const saved = noted && savedLines > 0 ? empty([steps, rows, savedLines, units], dtype) : null;
  const sizes = { steps, rows, units, gates, relu: kind === 'RNN_RELU', reverse };
  const memory = (tensor: Tensor | null) => tensor?.storage ?? null;
  currentOps().recurrent({
    x: input.storage,
    hidden: state.hidden.storage,
    cell: memory(state.cell),
    weightIh: weights.ih.storage,
    weightHh: weights.hh.storage,
    biasIh: memory(weights.biasIh),
    biasHh: memory(weights.biasHh),
    lengths: memory(lengths),
    out: output.storage,
    lastHidden: hidden.storage,
    lastCell: memory(cell),
    previous: memory(previous),
    saved: memory(saved),
    inputs,
    ...sizes,
  });
  const outputs = cell === null ? [output, hidden] : [output, hidden, cell];
  if (previous === null) return { output, hidden, cell };
  const kept = [input, weights.ih, weights.hh, output, previous, ...(saved === null ? [] : [saved])];
  setGradFns(node, outputs, given, kept, ([grad, gradHidden = null, gradCell = null]) => {
    const ops = currentOps();
    const gradGates = empty([steps, rows, gates * units], dtype);
    const gradHiddenGates = kind === 'GRU' ? empty(gradGates.shape, dtype) : null;
    const first = { hidden: empty([rows, units], dtype), cell: cell === null ? null : empty([rows, units], dtype) };
    ops.recurrentBackward({
      grad: (grad ?? zeroed(all, dtype)).storage,
      gradLastHidden: memory(gradHidden),
      gradLastCell: memory(gradCell),
      weightHh: weights.hh.storage,
      lengths: memory(lengths),
      out: output.storage,
      previous: previous.storage,
      saved: memory(saved),
      gradGates: gradGates.storage,
      gradHiddenGates: memory(gradHiddenGates),
      gradHidden: first.hidden.storage,
      gradCell: memory(first.cell),
      ...sizes,
    });
    const hiddenGates = gradHiddenGates ?? gradGates;
    const of = (tensor: Tensor | null, make: (into: Tensor) => void): Tensor | null => {
      if (!tensor?.requiresGrad) return null;
      const result = empty(tensor.shape, dtype);
      make(result);
      return result;
    };
    const lines = steps * rows;
    const width = gates * units;
    const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
    // gatesᵀ·x over all steps, and the sum over all steps.
    const weightGradient = (grads: Tensor, x: Tensor, n: number) => (into: Tensor) =>
      ops.matmul({ a: grads.storage, b: x.storage, out: into.storage, ...plain, m: width, n, k: lines, transA: true });
    const biasGradient = (grads: Tensor) => (into: Tensor) =>
      ops.sum({ x: grads.storage, out: into.storage, outer: 1, size: lines, inner: width });
    const results = [
      of(input, (into) =>
        ops.matmul({
          a: gradGates.storage,
          b: weights.ih.storage,
          out: into.storage,
          ...plain,
          m: lines,
          n: inputs,
          k: width,
        }),
      ),
      state.hidden.requiresGrad ? first.hidden : null,
      state.cell?.requiresGrad ? first.cell : null,
      of(weights.ih, weightGradient(gradGates, input, inputs)),
      of(weights.hh, weightGradient(hiddenGates, previous, units)),
      of(weights.biasIh, biasGradient(gradGates)),
      of(weights.biasHh, biasGradient(hiddenGates)),
    ];
    return results.filter((_, i) => tensors[i] !== null);
  });
  return { output, hidden, cell };
}

/** The operands, null for those that are not there. */
function check(kind: CellKind, input: Tensor, state: RecurrentState, weights: RecurrentWeights): (Tensor | null)[] {
  const caller = kind.startsWith('RNN') ? 'rnn' : kind.toLowerCase();
  const { ih, hh, biasIh, biasHh } = weights;
  const tensors = [input, state.hidden, state.cell, ih, hh, biasIh, biasHh];
  for (const tensor of tensors)
    if (tensor !== null) {
      checkFloat(caller, tensor);
      checkSameDtype(caller, input, tensor);
    }
  const [, rows = 0, inputs = 0] = input.shape;
  const units = hh.shape[1] ?? 0;
  const width = gatesOf(kind) * units;
  const expect = (what: string, tensor: Tensor | null, shape: Shape) => {
    if (tensor !== null && !sameShape(tensor.shape, shape))
      throw new ShapeError(
        `${caller}: expected ${what} of shape ${formatShape(shape)}, got ${formatShape(tensor.shape)}`,
      );
  };
  if (input.ndim !== 3)
    throw new ShapeError(
      `${caller}: expected an input of shape [steps, rows, inputs], got ${formatShape(input.shape)}`,
    );
  expect('a hidden state', state.hidden, [rows, units]);
  expect('a cell state', state.cell, [rows, units]);
  expect('weights of the input', ih, [width, inputs]);
  expect('weights of the hidden state', hh, [width, units]);
  expect('a bias', biasIh, [width]);
  expect('a bias', biasHh, [width]);
  return tensors;
}
