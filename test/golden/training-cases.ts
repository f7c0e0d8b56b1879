/** Types of the golden files of training: optimizers, samplers, helpers. */
import type { optim } from '../../src/index.js';
import type { GoldenTensor } from './tensor.js';

type Named<T> = Readonly<Record<string, T>>;
type Tensors = Named<GoldenTensor>;

export interface OptimizerCase {
  /** The name of a class of `optim`. */
  readonly optimizer: Exclude<keyof typeof optim, 'lrScheduler' | 'Optimizer' | 'swaUtils' | 'LBFGS' | 'Muon'>;
  /** In lanewise's spelling. */
  readonly options: Named<number | boolean | readonly number[]>;
  readonly losses: GoldenTensor;
  readonly losses64: GoldenTensor;
  readonly parameters: Tensors;
  readonly parameters64: Tensors;
  /** By parameter, in PyTorch's spelling. */
  readonly state: readonly Tensors[];
  /** PyTorch's `state_dict()['param_groups'][0]`. */
  readonly paramGroup: Named<unknown>;
}

export interface OptimizerRuns {
  readonly layers: readonly number[];
  readonly modelSeed: number;
  readonly dataSeed: number;
  readonly initial: Tensors;
  /** [step, row, feature] */
  readonly inputs: GoldenTensor;
  /** [step, row] */
  readonly targets: GoldenTensor;
  readonly cases: readonly OptimizerCase[];
}

/** What was drawn after manual_seed(31), with a generator seeded with 47 when `own`; two numbers of each generator afterwards. */
interface Drawn {
  readonly own: boolean;
  readonly after: GoldenTensor;
  readonly ownAfter: GoldenTensor | null;
}

interface SamplerCase extends Drawn {
  readonly sampler: 'RandomSampler' | 'SubsetRandomSampler' | 'WeightedRandomSampler';
  readonly options: { readonly numSamples?: number; readonly replacement?: boolean; readonly indices?: number[] };
  readonly length: number;
}

export interface SamplerFile {
  readonly weights: readonly number[];
  readonly size: number;
  readonly cases: readonly (SamplerCase & { readonly orders: readonly (readonly number[])[] })[];
  /** batchSize null: with a batchSampler of 2 and dropLast. */
  readonly loaders: readonly (SamplerCase & {
    readonly batchSize: number | null;
    readonly epochs: readonly (readonly (readonly number[])[])[];
  })[];
  readonly splits: readonly (Drawn & {
    readonly size: number;
    readonly lengths: readonly number[];
    readonly parts: readonly (readonly number[])[];
  })[];
}

export interface HelperFile {
  /** [6, 8, 4]: inputs of six steps. */
  readonly data: GoldenTensor;
  readonly norms: readonly {
    readonly maxNorm: number;
    /** As Python prints it: `2.0`, `inf`. */
    readonly normType: string;
    /** Gradients of three parameters; the fourth has none. */
    readonly before: readonly GoldenTensor[];
    readonly total: GoldenTensor;
    readonly after: readonly GoldenTensor[];
  }[];
  readonly values: readonly {
    readonly clipValue: number;
    readonly before: readonly GoldenTensor[];
    readonly after: readonly GoldenTensor[];
  }[];
  /** Of the first layer of 4-5-3 with Tanh, trained by SGD with momentum 0.9 and lr 0.1 on the sum of squared outputs. */
  readonly weightNorms: readonly {
    readonly dim: number | null;
    readonly initial: Tensors;
    readonly normed: Tensors;
    readonly trained: Tensors;
    readonly removed: Tensors;
  }[];
  /** The same network by plain SGD: AveragedModel after the first, the second and the last step. */
  readonly averages: readonly {
    readonly name: 'mean' | 'emaMulti' | 'ema' | 'swaMulti';
    readonly initial: Tensors;
    readonly states: readonly Tensors[];
  }[];
}
