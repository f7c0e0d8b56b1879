/** RNN, GRU and LSTM. */
import { checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';
import type { Tensor } from '../../tensor/tensor.js';
import {
  checkNonlinearity,
  type Nonlinearity,
  type RecurrentOptions,
  readRecurrentSettings,
  recurrentKeys,
} from './options.js';
import type { PackedSequence } from './packed-sequence.js';
import { RecurrentLayer, type Sequences } from './recurrent-layer.js';

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** Default `'tanh'`. */
  nonlinearity?: Nonlinearity;
}

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** Size to which the hidden state is projected, smaller than hiddenSize; 0, the default: it is not. */
  projSize?: number;
}

/** What RNN and GRU have: one tensor as their state. */
abstract class HiddenLayer extends RecurrentLayer<Tensor> {
  /**
   * @param input [steps, batch, inputSize], with `batchFirst` [batch, steps, inputSize], unbatched [steps, inputSize], or packed rows.
   * @param state [layers·directions, batch, hiddenSize]; default zeros.
   * @returns the hidden state of the last layer at every step, and that of every layer at the last one.
   * @throws ShapeError for sizes that do not fit.
   */
  override forward(input: Tensor, state?: Tensor | null): [output: Tensor, state: Tensor];
  override forward(input: PackedSequence, state?: Tensor | null): [output: PackedSequence, state: Tensor];
  override forward(input: Sequences, state?: Tensor | null): [output: Sequences, state: Tensor];
  override forward(input: Sequences, state: Tensor | null = null): [output: Sequences, state: Tensor] {
    const [output, [hidden]] = this.run(this.constructor.name, input, state === null ? null : [state]);
    return [output, hidden!];
  }
}

/**
 * h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh), or with relu (Elman, Finding Structure in Time, 1990). Parameters are called as in PyTorch: `weight_ih_l0`
 * [hiddenSize, inputs], `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, then `..._l0_reverse`, `..._l1`; drawn from U(-1/√hiddenSize, 1/√hiddenSize).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html | torch.nn.RNN}.
 */
export class RNN extends HiddenLayer {
  /** `'tanh'` or `'relu'`. */
  readonly nonlinearity: Nonlinearity;

  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(inputSize: number, hiddenSize: number, options?: RNNOptions) {
    const given = checkOptions('RNN', options, [...recurrentKeys, 'nonlinearity']);
    const nonlinearity = checkNonlinearity('RNN', given.nonlinearity ?? 'tanh');
    const settings = readRecurrentSettings('RNN', given);
    super('RNN', nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH', { inputSize, hiddenSize }, settings);
    this.nonlinearity = nonlinearity;
  }
}

/**
 * r, z = σ(W·x + U·h + b), n = tanh(W_n·x + b_in + r·(U_n·h + b_hn)), h' = (1 - z)·n + z·h (Cho et al., Learning Phrase Representations using RNN
 * Encoder-Decoder, 2014). Rows of the weights are those of r, z and n; parameters as in {@link RNN}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html | torch.nn.GRU}.
 */
export class GRU extends HiddenLayer {
  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions) {
    const given = checkOptions('GRU', options, recurrentKeys);
    super('GRU', 'GRU', { inputSize, hiddenSize }, readRecurrentSettings('GRU', given));
  }
}

/**
 * i, f, o = σ(W·x + U·h + b), g = tanh(...), c' = f·c + i·g, h' = o·tanh c' (Hochreiter and Schmidhuber, Long Short-Term Memory, 1997). Rows of the weights are
 * those of i, f, g and o; parameters as in {@link RNN}. With `projSize` h' = W_hr·(o·tanh c').
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html | torch.nn.LSTM}.
 */
export class LSTM extends RecurrentLayer<[hidden: Tensor, cell: Tensor]> {
  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(inputSize: number, hiddenSize: number, options?: LSTMOptions) {
    const given = checkOptions('LSTM', options, [...recurrentKeys, 'projSize']);
    const settings = readRecurrentSettings('LSTM', given);
    const projSize = readProjSize(given.projSize ?? 0, hiddenSize);
    super('LSTM', 'LSTM', { inputSize, hiddenSize, projSize }, settings);
  }

  /**
   * @param input as in {@link RNN.forward}.
   * @param state `[hidden, cell]`, each [layers·directions, batch, hiddenSize] (hidden: projSize where there is one); default zeros.
   * @returns the hidden state of the last layer at every step, and `[hidden, cell]` of every layer at the last one.
   * @throws ShapeError for sizes that do not fit.
   */
  override forward(
    input: Tensor,
    state?: readonly [Tensor, Tensor] | null,
  ): [output: Tensor, state: [hidden: Tensor, cell: Tensor]];
  override forward(
    input: PackedSequence,
    state?: readonly [Tensor, Tensor] | null,
  ): [output: PackedSequence, state: [hidden: Tensor, cell: Tensor]];
  override forward(
    input: Sequences,
    state?: readonly [Tensor, Tensor] | null,
  ): [output: Sequences, state: [hidden: Tensor, cell: Tensor]];
  override forward(
    input: Sequences,
    state: readonly [Tensor, Tensor] | null = null,
  ): [output: Sequences, state: [hidden: Tensor, cell: Tensor]] {
    if (state !== null && (!isArray(state) || state.length !== 2))
      throw new ArgumentError(`LSTM: expected a state [hidden, cell], got ${show(state)}`);
    const [output, [hidden, cell]] = this.run('LSTM', input, state);
    return [output, [hidden!, cell!]];
  }
}

function readProjSize(projSize: unknown, hiddenSize: number): number {
  if (typeof projSize === 'number' && projSize < 0)
    throw new ArgumentError('LSTM: proj_size should be a positive integer or zero to disable projections');
  const size = checkSize('LSTM', 'projSize', projSize);
  if (size >= hiddenSize && size > 0) throw new ArgumentError('LSTM: proj_size has to be smaller than hidden_size');
  return size;
}
