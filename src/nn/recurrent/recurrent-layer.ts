/** What RNN, GRU and LSTM share: weights, layers and directions, the forms of inputs and states. */

import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { dropout } from '../../functional/dropout.js';
import { indexSelect } from '../../functional/index-select.js';
import {
  type CellKind,
  gatesOf,
  type RecurrentResult,
  type RecurrentState,
  recurrent,
} from '../../functional/recurrent.js';
import { cat, select, stack, transpose } from '../../functional/strided.js';
import { zeroed } from '../../functional/support.js';
import type { Generator } from '../../random/generator.js';
import { allocate } from '../../tensor/creation.js';
import { tensor } from '../../tensor/from-values.js';
import { pythonRepr } from '../../tensor/python-repr.js';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { fillUniform } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { checkPositive, type RecurrentSettings, warnOfDropout } from './options.js';
import { PackedSequence, repack, unpack } from './packed-sequence.js';
import { projectedLstm } from './projected.js';

/** Weights of one layer and direction under PyTorch's names. */
interface LayerWeights {
  readonly ih: Parameter;
  readonly hh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
  readonly hr: Parameter | null;
}

/** What a layer takes and gives: a tensor or packed rows. */
export type Sequences = Tensor | PackedSequence;

/** @typeParam State of all layers: a tensor, or the pair of an LSTM. */
export abstract class RecurrentLayer<State> extends Module<
  readonly [input: Sequences, state?: State | null],
  [output: Sequences, state: State]
> {
  /** Features of an input. */
  readonly inputSize: number;
  /** Features of a state. */
  readonly hiddenSize: number;
  /** How many layers. */
  readonly numLayers: number;
  /** Whether biases are added. */
  readonly bias: boolean;
  /** Whether tensors are [batch, steps, features]. */
  readonly batchFirst: boolean;
  /** Probability with which the output of each layer but the last is dropped in training. */
  dropout: number;
  /** Whether each layer goes in both directions. */
  readonly bidirectional: boolean;
  /** Size of the projected state of an LSTM; 0: it is not projected. */
  readonly projSize: number;
  /** Where masks of dropout are drawn from. */
  readonly generator: Generator;
  /** The cell. @internal */
  readonly kind: CellKind;

  constructor(
    name: string,
    kind: CellKind,
    sizes: { inputSize: number; hiddenSize: number; projSize?: number },
    settings: RecurrentSettings,
  ) {
    super();
    const { inputSize, hiddenSize, projSize = 0 } = sizes;
    this.inputSize = checkPositive(name, 'inputSize', 'input_size', inputSize);
    this.hiddenSize = checkPositive(name, 'hiddenSize', 'hidden_size', hiddenSize);
    this.numLayers = settings.numLayers;
    this.bias = settings.bias;
    this.batchFirst = settings.batchFirst;
    this.dropout = settings.dropout;
    this.bidirectional = settings.bidirectional;
    this.projSize = projSize;
    this.generator = settings.generator;
    this.kind = kind;
    warnOfDropout(this.dropout, this.numLayers);
    const width = gatesOf(kind) * hiddenSize;
    const state = projSize || hiddenSize;
    const { dtype } = settings;
    this.each((layer, suffix) => {
      const inputs = layer === 0 ? inputSize : state * this.directions;
      const add = (what: string, shape: Shape) =>
        this.registerParameter(`${what}_l${layer}${suffix}`, new Parameter(allocate(shape, dtype)));
      add('weight_ih', [width, inputs]);
      add('weight_hh', [width, state]);
      if (this.bias) {
        add('bias_ih', [width]);
        add('bias_hh', [width]);
      }
      if (projSize > 0) add('weight_hr', [projSize, hiddenSize]);
    });
    const bound = 1 / Math.sqrt(hiddenSize);
    for (const parameter of this.parameters()) fillUniform(parameter, bound, settings.generator);
  }

  /** 2 when it goes in both directions. @internal */
  get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  private each(visit: (layer: number, suffix: string, direction: number) => void): void {
    for (let layer = 0; layer < this.numLayers; layer++)
      for (let direction = 0; direction < this.directions; direction++)
        visit(layer, direction === 0 ? '' : '_reverse', direction);
  }

  /** Does nothing: weights have one layout. As in PyTorch, where it makes them contiguous. */
  flattenParameters(): void {}

  private weights(layer: number, direction: number): LayerWeights {
    const suffix = `_l${layer}${direction === 0 ? '' : '_reverse'}`;
    const of = (what: string): Parameter | null => {
      const found: unknown = Reflect.get(this as object, `${what}${suffix}`);
      return found instanceof Parameter ? found : null;
    };
    return {
      ih: of('weight_ih')!,
      hh: of('weight_hh')!,
      biasIh: of('bias_ih'),
      biasHh: of('bias_hh'),
      hr: of('weight_hr'),
    };
  }

  /** All layers over all steps. Input [steps, rows, features]; states as in PyTorch. */
  protected run(caller: string, input: unknown, state: readonly (Tensor | null)[] | null): [Sequences, Tensor[]] {
    if (input instanceof PackedSequence) return this.runPacked(caller, input, state);
    if (!(input instanceof Tensor))
      throw new ArgumentError(`${caller}: expected a Tensor or a PackedSequence, got ${show(input)}`);
    if (input.ndim !== 2 && input.ndim !== 3)
      throw new ShapeError(`${caller}: Expected input to be 2D or 3D, got ${input.ndim}D instead`);
    const batched = input.ndim === 3;
    const inSteps = !batched ? input.unsqueeze(1) : this.batchFirst ? transpose(input, 0, 1) : input;
    this.checkInput(inSteps);
    const given = this.readState(state, inSteps, batched);
    const [output, last] = this.layers(inSteps, given, null);
    return [
      !batched ? output.squeeze(1) : this.batchFirst ? transpose(output, 0, 1) : output,
      batched ? last : last.map((each) => each.squeeze(1)),
    ];
  }

  private runPacked(
    caller: string,
    input: PackedSequence,
    state: readonly (Tensor | null)[] | null,
  ): [Sequences, Tensor[]] {
    const lengths = input['~lengths'];
    const { sortedIndices, unsortedIndices } = input;
    if (input.data.ndim !== 2)
      throw new ShapeError(`${caller}: expected packed rows of features, got ${formatShape(input.data.shape)}`);
    const inSteps = unpack(input, lengths[0] ?? 0);
    this.checkInput(inSteps);
    const given = this.readState(state, inSteps, true);
    const sorted = sortedIndices === null ? given : given.map((each) => each && indexSelect(each, 1, sortedIndices));
    const [output, last] = this.layers(inSteps, sorted, tensor(lengths as number[], { dtype: 'int32' }));
    return [
      repack(output, input),
      unsortedIndices === null ? last : last.map((each) => indexSelect(each, 1, unsortedIndices)),
    ];
  }

  private checkInput(input: Tensor): void {
    if (input.shape[2] !== this.inputSize)
      throw new ShapeError(
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${input.shape[2]}`,
      );
    if (input.shape[0] === 0) throw new ShapeError('Expected sequence length to be larger than 0 in RNN');
  }

  /** hidden, and cell of an LSTM: [layers·directions, rows, size], or null for zeros. */
  private readState(state: readonly (Tensor | null)[] | null, input: Tensor, batched: boolean): (Tensor | null)[] {
    const isLstm = this.kind === 'LSTM';
    if (state === null) return isLstm ? [null, null] : [null];
    for (const each of state)
      if (!(each instanceof Tensor)) throw new ArgumentError(`expected a state, got ${show(each)}`);
    const tensors = state as readonly Tensor[];
    const rank = batched ? 3 : 2;
    if (tensors.some((each) => each.ndim !== rank)) {
      const what = isLstm ? 'hx and cx' : 'hx';
      const ranks = tensors.map((each) => `${each.ndim}-D`).join(', ');
      throw new ShapeError(
        `For ${batched ? 'batched 3-D' : 'unbatched 2-D'} input, ${what} should also be ${rank}-D but got ` +
          `${isLstm ? `(${ranks}) tensors` : `${ranks} tensor`}`,
      );
    }
    const all = batched ? tensors : tensors.map((each) => each.unsqueeze(1));
    for (const [i, each] of all.entries()) {
      const size = i === 0 ? this.projSize || this.hiddenSize : this.hiddenSize;
      const expected = [this.numLayers * this.directions, input.shape[1]!, size];
      if (!sameShape(each.shape, expected))
        throw new ShapeError(
          `Expected hidden${isLstm ? `[${i}]` : ''} size (${expected.join(', ')}), got [${each.shape.join(', ')}]`,
        );
    }
    return [...all];
  }

  private layers(input: Tensor, state: readonly (Tensor | null)[], lengths: Tensor | null): [Tensor, Tensor[]] {
    const isLstm = this.kind === 'LSTM';
    const rows = input.shape[1]!;
    const hiddens: Tensor[] = [];
    const cells: Tensor[] = [];
    let outputs = input;
    for (let layer = 0; layer < this.numLayers; layer++) {
      const results: Tensor[] = [];
      for (let direction = 0; direction < this.directions; direction++) {
        const at = layer * this.directions + direction;
        const stateOf = (of: Tensor | null | undefined, size: number) =>
          of ? select(of, 0, at) : zeroed([rows, size], input.dtype);
        const first: RecurrentState = {
          hidden: stateOf(state[0], this.projSize || this.hiddenSize),
          cell: isLstm ? stateOf(state[1], this.hiddenSize) : null,
        };
        const result = this.layer(outputs, first, this.weights(layer, direction), direction === 1, lengths);
        results.push(result.output);
        hiddens.push(result.hidden);
        if (result.cell !== null) cells.push(result.cell);
      }
      outputs = results.length === 1 ? results[0]! : cat(results, 2);
      if (layer < this.numLayers - 1 && this.training && this.dropout > 0)
        outputs = dropout(outputs, this.dropout, true, this.generator);
    }
    return [outputs, isLstm ? [stack(hiddens), stack(cells)] : [stack(hiddens)]];
  }

  private layer(
    input: Tensor,
    first: RecurrentState,
    weights: LayerWeights,
    reverse: boolean,
    lengths: Tensor | null,
  ): RecurrentResult {
    if (weights.hr === null) return recurrent(this.kind, input, first, weights, reverse, lengths);
    if (lengths !== null) throw new ArgumentError('LSTM: packed rows and projSize cannot be combined');
    return projectedLstm(input, first, { ...weights, hr: weights.hr }, reverse);
  }

  override extraRepr(): string {
    const parts = [String(this.inputSize), String(this.hiddenSize)];
    if (this.projSize !== 0) parts.push(`proj_size=${this.projSize}`);
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push('bias=False');
    if (this.batchFirst) parts.push('batch_first=True');
    if (this.dropout !== 0) parts.push(`dropout=${pythonRepr(this.dropout)}`);
    if (this.bidirectional) parts.push('bidirectional=True');
    return parts.join(', ');
  }
}
