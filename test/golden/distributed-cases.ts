/** Types of distributed.json. */
import type { GoldenTensor } from './tensor.js';

type Named<T> = Readonly<Record<string, T>>;

export interface DistributedFile {
  readonly samplers: readonly {
    readonly size: number;
    readonly options: {
      readonly numReplicas: number;
      readonly shuffle?: boolean;
      readonly dropLast?: boolean;
      readonly seed?: number;
    };
    /** Epochs 0, 1 and 5 of each rank. */
    readonly ranks: readonly {
      readonly length: number;
      readonly totalSize: number;
      readonly epochs: readonly (readonly number[])[];
    }[];
  }[];
  /** [step, row, feature]; rank 0 has the first half of the rows. */
  readonly inputs: GoldenTensor;
  /** [step, row] */
  readonly targets: GoldenTensor;
  readonly initial: Named<GoldenTensor>;
  readonly runs: readonly {
    readonly optimizer: 'SGD' | 'Adam';
    readonly options: Named<number>;
    /** Of each rank. */
    readonly losses: readonly GoldenTensor[];
    readonly parameters: Named<GoldenTensor>;
  }[];
}
