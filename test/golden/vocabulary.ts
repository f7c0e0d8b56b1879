/** What the files of activations, losses, initial weights and tables hold. */
import type { optim } from '../../src/index.js';
import type { GoldenTensor } from './tensor.js';

type Named<T> = Readonly<Record<string, T>>;
type Tensors = Named<GoldenTensor>;

/** An activation as function (null: the module alone) and as module, with the same arguments. */
export interface ActivationCase {
  readonly module: string;
  readonly function: string | null;
  readonly args: readonly unknown[];
  /** The module, printed. */
  readonly text: string;
  readonly input: GoldenTensor;
  readonly output: GoldenTensor;
  /** What backward() was given, and what it made. */
  readonly gradient: GoldenTensor;
  readonly grad: GoldenTensor;
}

/** A loss or distance as function and as module, with the same options. */
export interface ObjectiveCase {
  readonly module: string;
  readonly function: string;
  readonly note: string;
  /** The module, printed. */
  readonly text: string;
  readonly options: Named<unknown>;
  /** Options that are tensors. */
  readonly tensors: Tensors;
  readonly inputs: readonly GoldenTensor[];
  readonly output: GoldenTensor;
  /** What backward() was given, and what it made; null where none was asked for. */
  readonly gradient: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

export interface VocabularyFiles {
  tables: {
    readonly cases: readonly {
      readonly module: 'Embedding' | 'EmbeddingBag' | 'Bilinear';
      readonly sizes: readonly number[];
      readonly options: Named<unknown>;
      readonly seed: number;
      readonly text: string;
      /** torch.rand(2) after the module was made. */
      readonly after: GoldenTensor;
      readonly initial: Tensors;
      /** null for an argument that is left out. */
      readonly inputs: readonly (GoldenTensor | null)[];
      readonly output: GoldenTensor;
      readonly gradient: GoldenTensor;
      /** After forward, which maxNorm changes. */
      readonly weights: Tensors;
      readonly grads: Tensors;
      readonly inputGrads: readonly (GoldenTensor | null)[];
    }[];
  };
  sparse: {
    /** Of each step, the index of each of its backward passes; without rows: [0, 2]. */
    readonly batches: readonly (readonly (readonly number[])[])[][];
    readonly cases: readonly {
      readonly module: 'Embedding' | 'EmbeddingBag';
      readonly options: Named<unknown>;
      readonly optimizer: 'SGD' | 'Adagrad' | 'SparseAdam';
      readonly settings: Named<unknown>;
      /** Whether gradients are dropped before a step, or filled with zeros. */
      readonly toNone: boolean;
      readonly text: string;
      readonly optimizerText: string;
      readonly initial: GoldenTensor;
      readonly losses: GoldenTensor;
      /** Of all steps, before the optimizer's. */
      readonly grads: GoldenTensor;
      readonly weight: GoldenTensor;
      readonly state: Tensors;
      readonly initial64: GoldenTensor;
      readonly losses64: GoldenTensor;
      readonly weight64: GoldenTensor;
    }[];
    readonly refused: readonly {
      readonly optimizer: Exclude<keyof typeof optim, 'Optimizer' | 'lrScheduler' | 'swaUtils'>;
      readonly settings: Named<unknown>;
      readonly sentence: string;
    }[];
    /** What SparseAdam says of dense gradients, and a table of `scaleGradByFreq`. */
    readonly dense: string;
    readonly scaled: string;
  };
  initial: {
    readonly cases: readonly {
      readonly function: string;
      /** What follows the tensor in lanewise's call. */
      readonly args: readonly unknown[];
      readonly seed: number;
      readonly result: GoldenTensor;
      /** torch.rand(2) afterwards. */
      readonly after: GoldenTensor;
    }[];
    readonly gains: readonly (readonly [nonlinearity: string, param: number | null, gain: number])[];
  };
  lbfgs: {
    readonly initial: Readonly<Record<string, GoldenTensor>>;
    readonly inputs: GoldenTensor;
    readonly targets: GoldenTensor;
    readonly cases: readonly {
      readonly function: 'rosenbrock' | 'network';
      /** In lanewise's spelling. */
      readonly options: Partial<optim.LBFGSOptions>;
      readonly steps: number;
      /** Of the steps, and of all calls of the closure. */
      readonly losses: readonly number[];
      readonly calls: readonly number[];
      /** How far a few roundings of the start carry: for each call, and for the parameters. */
      readonly spread: readonly number[];
      readonly parameterSpread: number;
      readonly parameters: readonly GoldenTensor[];
      /** Of the first parameter, in PyTorch's spelling. */
      readonly state: Readonly<Record<string, number | GoldenTensor | readonly (number | GoldenTensor)[]>>;
      readonly group: Readonly<Record<string, unknown>>;
      readonly text: string;
    }[];
  };
  muon: {
    readonly start: readonly GoldenTensor[];
    /** [step][parameter] */
    readonly gradients: readonly (readonly GoldenTensor[])[];
    readonly cases: readonly {
      /** In lanewise's spelling. */
      readonly options: Partial<optim.MuonOptions>;
      /** In float64, all of it; in float32 with PyTorch's iterations in bfloat16. */
      readonly parameters: readonly GoldenTensor[];
      readonly rounded: readonly GoldenTensor[];
      readonly momenta: readonly GoldenTensor[];
      readonly group: Readonly<Record<string, unknown>>;
    }[];
  };
  objectives: Readonly<Record<'losses' | 'distances' | 'ctc', readonly ObjectiveCase[]>>;
  activations: {
    readonly cases: readonly ActivationCase[];
    /** PReLU. */
    readonly learnt: readonly (ActivationCase & { readonly weight: GoldenTensor; readonly weightGrad: GoldenTensor })[];
    /** RReLU, with a generator of this seed. */
    readonly drawn: readonly (ActivationCase & {
      readonly seed: number;
      readonly training: boolean;
      readonly after: GoldenTensor;
    })[];
    readonly inplace: readonly { readonly module: string; readonly text: string }[];
  };
}
