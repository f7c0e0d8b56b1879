import type { GoldenTensor } from './tensor.js';

type Tensors = Readonly<Record<string, GoldenTensor>>;

/** Training on samples that have weights, by hand, in batches in the order of the samples. */
export interface WeightedCase {
  readonly name: string;
  readonly kind: 'crossEntropy' | 'mse';
  readonly options: {
    readonly weight: GoldenTensor | null;
    readonly labelSmoothing?: number;
    readonly reduction?: 'mean' | 'sum' | 'none';
  };
  readonly initial: Tensors;
  readonly inputs: GoldenTensor;
  readonly target: GoldenTensor;
  readonly sampleWeight: GoldenTensor;
  readonly batchSize: number;
  readonly lr: number;
  /** Of each epoch. */
  readonly losses: readonly number[];
  readonly after: Tensors;
}
