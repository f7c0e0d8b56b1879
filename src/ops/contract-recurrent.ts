/** The entries of the contract for recurrent layers. */
import { op } from './traits.js';

/**
 * One layer and direction of a recurrent network. gates: 1 of a plain cell, tanh or `relu`; 3 of a GRU (r, z, n); 4 of an LSTM (i, f, g, o).
 * reverse: from the last step to the first.
 */
const recurrence = {
  steps: 'size',
  rows: 'size',
  inputs: 'size',
  units: 'size',
  gates: 'size',
  relu: 'flag',
  reverse: 'flag',
} as const;

export const recurrentContract = {
  /**
   * h, c = cell(x[t], h, c) for all t: x [steps, rows, inputs], weightIh [gates·units, inputs], weightHh [gates·units, units], biases
   * [gates·units], hidden and cell (of an LSTM) [rows, units]. out [steps, rows, units]: every h; lastHidden, lastCell: the last ones.
   * a = bias + weightIh·x + weightHh·h, both biases added first, one accumulator, inputs before units; n of a GRU has one for each.
   *   plain: h = tanh a or relu a.   LSTM: c = f·c + i·g, h = o·tanh c.   GRU: n = tanh(aₓ + r·aₕ), h = n + z·(h - n).
   * lengths [rows], 1 <= lengths[n] <= steps: a row takes part in its first steps only; out is 0 behind them.
   * For the gradient: previous [steps, rows, units], the h that each step began with; saved [steps, rows, S, units], of an LSTM i, f, g, o,
   * tanh c and the c before (S = 6), of a GRU r, z, n, aₕ of n (S = 4), else none. Both are 0 behind the lengths.
   */
  recurrent: op(
    {
      x: 'in',
      hidden: 'in',
      cell: 'in?',
      weightIh: 'in',
      weightHh: 'in',
      biasIh: 'in?',
      biasHh: 'in?',
      lengths: 'index?',
      out: 'out',
      lastHidden: 'out',
      lastCell: 'out?',
      previous: 'out?',
      saved: 'out?',
      ...recurrence,
    },
    {
      flops: [
        [2, 'steps', 'rows', 'gates', 'units', 'inputs'],
        [2, 'steps', 'rows', 'gates', 'units', 'units'],
        [4, 'steps', 'rows', 'gates', 'units'],
      ],
    },
  ),
  /**
   * Its gradient: of out (grad) and of the last hidden and cell for what the products gave, gradGates [steps, rows, gates·units], and for the first hidden and
   * cell. The n of a GRU has another gradient for what weightHh gave: gradHiddenGates has those, else it is null. Those of x, weights and
   * biases are products and sums of these.
   */
  recurrentBackward: op(
    {
      grad: 'in',
      gradLastHidden: 'in?',
      gradLastCell: 'in?',
      weightHh: 'in',
      lengths: 'index?',
      out: 'in',
      previous: 'in',
      saved: 'in?',
      gradGates: 'out',
      gradHiddenGates: 'out?',
      gradHidden: 'out',
      gradCell: 'out?',
      steps: 'size',
      rows: 'size',
      units: 'size',
      gates: 'size',
      relu: 'flag',
      reverse: 'flag',
    },
    {
      flops: [
        [2, 'steps', 'rows', 'gates', 'units', 'units'],
        [8, 'steps', 'rows', 'gates', 'units'],
      ],
    },
  ),
} as const;
