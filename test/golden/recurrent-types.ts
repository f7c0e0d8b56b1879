/** What recurrent.json holds. */
import type { GoldenTensor } from './tensor.js';

/** A recurrent layer or cell, with the gradients of Σ result·grad. */
export interface RecurrentCase {
  readonly name: string;
  readonly layer: 'RNN' | 'GRU' | 'LSTM' | 'RNNCell' | 'GRUCell' | 'LSTMCell';
  readonly sizes: readonly [number, number];
  /** In lanewise's spelling. */
  readonly options: Readonly<Record<string, never>>;
  readonly printed: string;
  readonly keys: readonly string[];
  /** One behind the other. */
  readonly weights: GoldenTensor;
  /** What `rand(1)` gives after the layer was made. */
  readonly after?: GoldenTensor;
  readonly lengths?: readonly number[] | null;
  readonly input: GoldenTensor;
  readonly states: readonly GoldenTensor[];
  readonly results: readonly GoldenTensor[];
  readonly grads: readonly GoldenTensor[];
  readonly inputGrad: GoldenTensor;
  readonly stateGrads: readonly GoldenTensor[];
  readonly weightGrads: GoldenTensor;
}

export interface PackingCase {
  readonly lengths: readonly number[];
  readonly enforceSorted: boolean;
  readonly batchFirst: boolean;
  readonly data: GoldenTensor;
  readonly batchSizes: readonly number[];
  readonly sortedIndices: readonly number[] | null;
  readonly unsortedIndices: readonly number[] | null;
  readonly padded: GoldenTensor;
  readonly back: readonly number[];
}
