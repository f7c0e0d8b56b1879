/** What attention.json holds. */
import type { GoldenTensor } from './tensor.js';

type Named<T> = Readonly<Record<string, T>>;

/** Made after `manualSeed(4)`; dropout draws from there. */
export interface DotCase {
  readonly name: string;
  readonly options: Named<never>;
  /** Query, key, value, and a mask that is added. */
  readonly inputs: readonly GoldenTensor[];
  /** A mask of booleans. */
  readonly mask: GoldenTensor | null;
  readonly output: GoldenTensor;
  readonly grad: GoldenTensor;
  readonly grads: readonly GoldenTensor[];
  /** What `rand(1)` gives afterwards. */
  readonly after: GoldenTensor;
}

/** Made after `manualSeed(12)`, called after `manualSeed(6)`; backward of Σ result·grad. */
export interface AttentionCase {
  readonly name: string;
  readonly args: readonly number[];
  /** In lanewise's spelling. */
  readonly options: Named<never>;
  readonly printed: string;
  readonly keys: readonly string[];
  /** One behind the other. */
  readonly weights: GoldenTensor;
  /** What `rand(1)` gives after it was made. */
  readonly made: GoldenTensor;
  readonly training: boolean;
  readonly inputs: readonly GoldenTensor[];
  readonly masks: Named<GoldenTensor>;
  readonly call: Named<boolean>;
  readonly results: readonly GoldenTensor[];
  readonly grads: readonly GoldenTensor[];
  readonly inputGrads: readonly GoldenTensor[];
  readonly weightGrads: GoldenTensor;
  readonly after: GoldenTensor;
}

export interface AttentionCases {
  readonly dots: readonly DotCase[];
  readonly heads: readonly AttentionCase[];
  readonly layers: readonly AttentionCase[];
  readonly encoders: readonly AttentionCase[];
}
