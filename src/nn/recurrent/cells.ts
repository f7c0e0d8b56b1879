/** RNNCell, GRUCell and LSTMCell: one step. */
import { checkOptions, show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { type CellKind, gatesOf, type RecurrentState, recurrent } from '../../functional/recurrent.js';
import { zeroed } from '../../functional/support.js';
import { isArray } from '../../realm.js';
import { allocate } from '../../tensor/creation.js';
import type { Shape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { fillUniform } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import {
  type CellOptions,
  type CellSettings,
  cellKeys,
  checkNonlinearity,
  checkPositive,
  type Nonlinearity,
  readCellSettings,
} from './options.js';

/** Options of {@link RNNCell}. */
export interface RNNCellOptions extends CellOptions {
  /** Default `'tanh'`. */
  nonlinearity?: Nonlinearity;
}

abstract class RecurrentCell<State> extends Module<readonly [input: Tensor, state?: State | null], State> {
  /** Features of an input. */
  readonly inputSize: number;
  /** Features of a state. */
  readonly hiddenSize: number;
  /** [gates·hiddenSize, inputSize]. */
  declare weight_ih: Parameter;
  /** [gates·hiddenSize, hiddenSize]. */
  declare weight_hh: Parameter;
  /** [gates·hiddenSize], or null. */
  declare bias_ih: Parameter | null;
  /** [gates·hiddenSize], or null. */
  declare bias_hh: Parameter | null;

  constructor(name: string, gates: number, inputSize: number, hiddenSize: number, settings: CellSettings) {
    super();
    this.inputSize = checkPositive(name, 'inputSize', 'input_size', inputSize);
    this.hiddenSize = checkPositive(name, 'hiddenSize', 'hidden_size', hiddenSize);
    const width = gates * hiddenSize;
    const add = (what: string, shape: Shape | null) =>
      this.registerParameter(what, shape === null ? null : new Parameter(allocate(shape, settings.dtype)));
    add('weight_ih', [width, inputSize]);
    add('weight_hh', [width, hiddenSize]);
    add('bias_ih', settings.bias ? [width] : null);
    add('bias_hh', settings.bias ? [width] : null);
    for (const parameter of this.parameters()) fillUniform(parameter, 1 / Math.sqrt(hiddenSize), settings.generator);
  }

  /** One step from `states`: hidden, and cell of an LSTM; an empty list stands for zeros. */
  protected step(name: string, kind: CellKind, input: Tensor, states: readonly Tensor[]): Tensor[] {
    if (!(input instanceof Tensor)) throw new ArgumentError(`${name}: expected a Tensor, got ${show(input)}`);
    if (input.ndim !== 1 && input.ndim !== 2)
      throw new ShapeError(`${name}: Expected input to be 1D or 2D, got ${input.ndim}D instead`);
    const batched = input.ndim === 2;
    const rows = batched ? input : input.unsqueeze(0);
    if (rows.shape[1] !== this.inputSize)
      throw new ShapeError(
        `${name}: input has inconsistent input_size: got ${rows.shape[1]} expected ${this.inputSize}`,
      );
    const count = rows.shape[0]!;
    const state = states.map((each, i) => this.readState(name, each, i, count, batched));
    const isLstm = kind === 'LSTM';
    const zeros = () => zeroed([count, this.hiddenSize], input.dtype);
    const first: RecurrentState = { hidden: state[0] ?? zeros(), cell: isLstm ? (state[1] ?? zeros()) : null };
    const weights = { ih: this.weight_ih, hh: this.weight_hh, biasIh: this.bias_ih, biasHh: this.bias_hh };
    const { hidden, cell } = recurrent(kind, rows.unsqueeze(0), first, weights);
    const results = cell === null ? [hidden] : [hidden, cell];
    return batched ? results : results.map((each) => each.squeeze(0));
  }

  private readState(name: string, state: Tensor, index: number, rows: number, batched: boolean): Tensor {
    if (!(state instanceof Tensor)) throw new ArgumentError(`${name}: expected a Tensor, got ${show(state)}`);
    if (state.ndim !== 1 && state.ndim !== 2)
      throw new ShapeError(`${name}: Expected hidden to be 1D or 2D, got ${state.ndim}D instead`);
    const given = batched || state.ndim === 2 ? state : state.unsqueeze(0);
    if (given.shape[0] !== rows)
      throw new ShapeError(
        `${name}: Input batch size ${rows} doesn't match hidden${index} batch size ${given.shape[0]}`,
      );
    if (given.shape[1] !== this.hiddenSize)
      throw new ShapeError(
        `${name}: hidden${index} has inconsistent hidden_size: got ${given.shape[1]}, expected ${this.hiddenSize}`,
      );
    return given;
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias_ih === null ? ', bias=False' : ''}`;
  }
}

/**
 * One step of {@link RNN}: input [batch, inputSize] or [inputSize], state [batch, hiddenSize], default zeros.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html | torch.nn.RNNCell}.
 */
export class RNNCell extends RecurrentCell<Tensor> {
  /** `'tanh'` or `'relu'`. */
  readonly nonlinearity: Nonlinearity;

  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(inputSize: number, hiddenSize: number, options?: RNNCellOptions) {
    const given = checkOptions('RNNCell', options, [...cellKeys, 'nonlinearity']);
    const nonlinearity = checkNonlinearity('RNNCell', given.nonlinearity ?? 'tanh');
    super('RNNCell', 1, inputSize, hiddenSize, readCellSettings('RNNCell', given));
    this.nonlinearity = nonlinearity;
  }

  /** @throws ShapeError for sizes that do not fit. */
  override forward(input: Tensor, state: Tensor | null = null): Tensor {
    const kind = this.nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH';
    return this.step('RNNCell', kind, input, state === null ? [] : [state])[0]!;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`);
  }
}

/**
 * One step of {@link GRU}: input [batch, inputSize] or [inputSize], state [batch, hiddenSize], default zeros.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html | torch.nn.GRUCell}.
 */
export class GRUCell extends RecurrentCell<Tensor> {
  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(inputSize: number, hiddenSize: number, options?: CellOptions) {
    const given = checkOptions('GRUCell', options, cellKeys);
    super('GRUCell', gatesOf('GRU'), inputSize, hiddenSize, readCellSettings('GRUCell', given));
  }

  /** @throws ShapeError for sizes that do not fit. */
  override forward(input: Tensor, state: Tensor | null = null): Tensor {
    return this.step('GRUCell', 'GRU', input, state === null ? [] : [state])[0]!;
  }
}

/**
 * One step of {@link LSTM}: input [batch, inputSize] or [inputSize], state `[hidden, cell]`, each [batch, hiddenSize], default zeros; gives the next state.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html | torch.nn.LSTMCell}.
 */
export class LSTMCell extends RecurrentCell<[hidden: Tensor, cell: Tensor]> {
  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(inputSize: number, hiddenSize: number, options?: CellOptions) {
    const given = checkOptions('LSTMCell', options, cellKeys);
    super('LSTMCell', gatesOf('LSTM'), inputSize, hiddenSize, readCellSettings('LSTMCell', given));
  }

  /** @throws ShapeError for sizes that do not fit. */
  override forward(input: Tensor, state: readonly [Tensor, Tensor] | null = null): [hidden: Tensor, cell: Tensor] {
    if (state !== null && (!isArray(state) || state.length !== 2))
      throw new ArgumentError(`LSTMCell: expected a state [hidden, cell], got ${show(state)}`);
    return this.step('LSTMCell', 'LSTM', input, state ?? []) as [Tensor, Tensor];
  }
}
