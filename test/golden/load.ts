/** Reads the golden files that generate.py made with PyTorch. See README.md for what each holds. */

import { readFileSync } from 'node:fs';
import type { GoldenTensor } from './tensor.js';
import type { VocabularyFiles } from './vocabulary.js';

export type { GoldenTensor } from './tensor.js';
export type { ActivationCase, ObjectiveCase } from './vocabulary.js';

import type { AttentionCases } from './attention-types.js';
import type { DistributedFile } from './distributed-cases.js';
import type { NormCase, PoolCase, UnpoolCase } from './norm-cases.js';
import type { PackingCase, RecurrentCase } from './recurrent-types.js';
import type { HelperFile, OptimizerRuns, SamplerFile } from './training-cases.js';
import type { WeightedCase } from './weighted-case.js';

export type { OptimizerCase, OptimizerRuns } from './training-cases.js';

type Named<T> = Readonly<Record<string, T>>;
type Tensors = Named<GoldenTensor>;

export interface RandomCall {
  readonly call: string;
  readonly args: readonly number[];
  readonly result: GoldenTensor;
}

export interface WeightSummary {
  readonly shape: readonly number[];
  /** Of the little-endian float32 bytes. */
  readonly sha256: string;
  readonly first: GoldenTensor;
  readonly last: GoldenTensor;
}

export interface LoaderCase {
  readonly n: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly defaultSeed: number;
  readonly generatorSeed: number | null;
  readonly length: number;
  readonly epochs: readonly (readonly (readonly number[])[])[];
  readonly defaultAfter: GoldenTensor;
  readonly generatorAfter: GoldenTensor | null;
}

export interface ScheduleCase {
  readonly scheduler: string;
  /** In lanewise's spelling. */
  readonly options: Named<unknown>;
  readonly optimizer: 'SGD' | 'Adam';
  /** [step, 4], from before the first step: rates of the two groups, then their momenta or beta1. */
  readonly rates: GoldenTensor;
}

export interface DropoutCase {
  readonly module: string;
  readonly p: number;
  readonly shape: readonly number[];
  readonly seed: number;
  readonly training: boolean;
  readonly special: boolean;
  /** null: all ones. */
  readonly input: GoldenTensor | null;
  /** Of two calls, one after the other. */
  readonly outputs: readonly GoldenTensor[];
  /** Gradient of the first output's sum. */
  readonly grad: GoldenTensor;
  readonly sameTensor: boolean;
  readonly warnings: readonly string[];
  /** torch.rand(2) afterwards. */
  readonly after: GoldenTensor;
}

export interface DropoutRun {
  readonly optimizer: 'SGD' | 'Adam';
  readonly options: Named<number>;
  readonly losses: GoldenTensor;
  readonly losses64: GoldenTensor;
  readonly lastBias: GoldenTensor;
  readonly after: GoldenTensor;
}

export interface LossCase {
  readonly name: string;
  readonly reduction: 'mean' | 'sum' | 'none';
  readonly input: GoldenTensor;
  readonly target: GoldenTensor;
  readonly loss: GoldenTensor;
  /** What backward() was given. */
  readonly gradient: GoldenTensor;
  readonly grad: GoldenTensor;
}

export interface CrossEntropyCase extends LossCase {
  readonly weight: GoldenTensor | null;
  readonly ignoreIndex: number | null;
  readonly labelSmoothing: number | null;
}

export interface FunctionCase {
  readonly function: string;
  readonly note: string;
  /** What follows the tensors in lanewise's call. */
  readonly args: readonly (number | string | boolean | null | readonly number[] | Named<unknown>)[];
  readonly inputs: readonly GoldenTensor[];
  readonly output: GoldenTensor;
  /** What backward() was given, and what it made; absent where there is no gradient. */
  readonly gradient?: GoldenTensor;
  readonly grads?: readonly (GoldenTensor | null)[];
}

export interface NodeCase {
  readonly node: string;
  /** float64, flat. Of clamp, the bounds follow. */
  readonly inputs: readonly GoldenTensor[];
  readonly output: GoldenTensor;
  /** What backward() was given, and what it made; null where PyTorch has no gradient. */
  readonly gradient: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

export interface PrintedTensor {
  readonly tensor: GoldenTensor;
  readonly requiresGrad: boolean;
  readonly text: string;
}

/** A file as one of Python's libraries writes it. */
export interface FileCase {
  readonly name: string;
  /** As lanewise has them: narrow floats as float32, integers as int32 or float64. */
  readonly tensors: Tensors;
  readonly base64: string;
}

/** What TensorFlow.js hands to a handler that saves a model. */
export interface TfjsModel {
  readonly modelTopology: object;
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
  readonly base64: string;
}

/** A layer over space: made after `manualSeed(5)`, then its input is drawn in [-2, 2). backward() is given {@link spaceGradient}. */
export interface SpaceCase {
  readonly layer: string;
  /** In lanewise's spelling. */
  readonly args: readonly (number | readonly number[])[];
  readonly options: Named<unknown>;
  readonly shape: readonly number[];
  readonly text: string;
  readonly state: Tensors;
  readonly output: GoldenTensor;
  readonly grad: GoldenTensor;
  readonly grads: Tensors;
}

/** Inputs and targets from seed 100, then `manualSeed(0)`, the model, SGD of rate 0.05 with momentum 0.9. */
export interface ConvRun {
  readonly model: string;
  readonly steps: number;
  readonly batch: number;
  readonly size: number;
  readonly losses: GoldenTensor;
  readonly losses64: GoldenTensor;
  readonly lastBias: GoldenTensor;
  readonly after: GoldenTensor;
}

/** What each file holds. */
export interface GoldenFiles extends VocabularyFiles {
  readonly attention: AttentionCases;
  readonly recurrent: {
    readonly layers: readonly RecurrentCase[];
    readonly cells: readonly RecurrentCase[];
    readonly packing: readonly PackingCase[];
    readonly training: readonly number[];
  };
  index: { readonly torch: string; readonly capability: string; readonly machine: string };
  random: {
    readonly cases: readonly {
      readonly seed: string;
      readonly initialSeed: string;
      readonly calls: readonly RandomCall[];
      /** normal(0, 1) and normal(-1000, 0.3), 100,003 each, drawn after the calls. */
      readonly large: readonly WeightSummary[];
    }[];
  };
  weights: {
    readonly cases: readonly {
      readonly name: string;
      readonly seed: number;
      readonly summaries: Named<WeightSummary>;
      readonly after: GoldenTensor;
    }[];
    readonly full: {
      readonly seed: number;
      /** Of each Linear: features in, features out, bias or not. */
      readonly sizes: readonly (readonly [number, number, boolean])[];
      readonly parameters: Tensors;
      readonly after: GoldenTensor;
    };
  };
  loader: {
    readonly cases: readonly LoaderCase[];
    readonly leftEarly: readonly {
      readonly first: readonly (readonly number[])[];
      readonly second: readonly (readonly number[])[];
      readonly after: GoldenTensor;
    }[];
    readonly twoAtOnce: { readonly batches: readonly (readonly number[])[]; readonly after: GoldenTensor };
  };
  optimizers: OptimizerRuns;
  'optimizers-rest': OptimizerRuns;
  schedules: {
    readonly cases: readonly ScheduleCase[];
    readonly sequences: readonly {
      readonly members: readonly Omit<ScheduleCase, 'optimizer' | 'rates'>[];
      readonly milestones: readonly number[];
      readonly rates: GoldenTensor;
    }[];
    /** LambdaLR with 0.95^epoch and 1 / (epoch + 1). */
    readonly lambdas: GoldenTensor;
    /** What ReduceLROnPlateau was shown. */
    readonly metrics: GoldenTensor;
  };
  'schedules-rest': {
    readonly cases: readonly ScheduleCase[];
    /** ChainedScheduler where there are no milestones, else SequentialLR. */
    readonly compounds: readonly {
      readonly members: readonly Omit<ScheduleCase, 'optimizer' | 'rates'>[];
      readonly milestones: readonly number[] | null;
      readonly rates: GoldenTensor;
    }[];
    /** With `last_epoch=4` and initial rates of three times the rates. */
    readonly resumed: readonly ScheduleCase[];
    /** What CosineAnnealingWarmRestarts.step is given, one after the other. */
    readonly jumps: readonly (number | null)[];
    /** [step, 3]: the rates of the two groups, and last_epoch. */
    readonly jumped: readonly { readonly options: Named<number>; readonly rows: GoldenTensor }[];
  };
  dropout: { readonly cases: readonly DropoutCase[] };
  'conv-training': { readonly cases: readonly ConvRun[] };
  conv: { readonly convolutions: readonly SpaceCase[]; readonly shapes: readonly SpaceCase[] };
  'dropout-training': {
    readonly modelSeed: number;
    readonly dataSeed: number;
    readonly steps: number;
    readonly batch: number;
    readonly cases: readonly DropoutRun[];
  };
  losses: {
    readonly crossEntropy: readonly CrossEntropyCase[];
    readonly mse: readonly LossCase[];
    readonly weighted: readonly WeightedCase[];
  };
  functions: { readonly cases: readonly FunctionCase[] };
  nodes: { readonly cases: readonly NodeCase[] };
  norms: { readonly rows: readonly NormCase[] };
  pooling: { readonly rows: readonly PoolCase[]; readonly unpool: readonly UnpoolCase[] };
  printing: {
    readonly modules: readonly { readonly name: string; readonly text: string }[];
    readonly tensors: readonly PrintedTensor[];
  };
  tfjs: {
    readonly mlp: TfjsModel & { readonly inputs: number[][]; readonly outputs: number[][] };
    readonly others: TfjsModel;
  };
  files: {
    readonly safetensors: readonly (FileCase & { readonly metadata: Named<string> })[];
    readonly torch: readonly (FileCase & { readonly key: readonly string[] | null })[];
    readonly refused: readonly { readonly name: string; readonly base64: string }[];
    readonly npy: readonly FileCase[];
    readonly npz: readonly FileCase[];
    readonly refusedArrays: readonly { readonly name: string; readonly base64: string }[];
  };
  errors: { readonly cases: readonly { readonly name: string; readonly type: string; readonly message: string }[] };
  samplers: SamplerFile;
  distributed: DistributedFile;
  helpers: HelperFile;
  hooks: {
    readonly scenes: readonly { readonly scene: string; readonly log: readonly unknown[] }[];
    /** What PyTorch says about what a backward hook has returned. */
    readonly errors: readonly { readonly returned: string; readonly type: string; readonly message: string }[];
  };
}

/** The content of `test/golden/<name>.json`. */
export function golden<Name extends keyof GoldenFiles>(name: Name): GoldenFiles[Name] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as GoldenFiles[Name];
}

/** The numbers of a golden tensor, in row-major order, in an array of their dtype. */
export function values(tensor: GoldenTensor): Float32Array | Float64Array | Int32Array {
  const bytes = Uint8Array.from(Buffer.from(tensor.base64, 'base64'));
  const expected = tensor.shape.reduce((product, size) => product * size, tensor.dtype === 'float64' ? 8 : 4);
  if (bytes.length !== expected) throw new Error(`golden tensor of ${bytes.length} bytes, expected ${expected}`);
  if (tensor.dtype === 'float32') return new Float32Array(bytes.buffer);
  return tensor.dtype === 'float64' ? new Float64Array(bytes.buffer) : new Int32Array(bytes.buffer);
}

/** Numbers that are different for neighbours, and exact. */
export const spaceGradient = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (((i * 7) % 11) - 5) / 4);

/** PyTorch's sentence about a mistake named in errors.json. */
export function sentence(mistake: string): string {
  const found = golden('errors').cases.find((row) => row.name === mistake);
  if (found === undefined) throw new Error(`errors.json has no mistake called ${JSON.stringify(mistake)}`);
  return found.message;
}
