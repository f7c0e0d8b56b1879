/** A network as data, which lanewise (`network.ts`) and PyTorch (`peer.py`) both build. */

export type Options = Readonly<Record<string, unknown>>;

/** The number of a tensor among those of the case, where an argument or option is one. */
export interface TensorRef {
  readonly tensor: number;
}

export interface TensorSpec {
  readonly shape: readonly number[];
  /** `bool` is int32 in lanewise. */
  readonly dtype: 'float' | 'int' | 'bool';
  readonly values: readonly number[];
}

/** A class of nn by its name, in lanewise's spelling of options. */
export interface ModuleSpec {
  readonly name: string;
  /** Numbers, lists, and modules (the layer of a TransformerEncoder). */
  readonly args: readonly unknown[];
  readonly options: Options;
  /** Whether its constructor takes a dtype. */
  readonly typed: boolean;
}

export type Step =
  /** `inputs` times the same tensor; the first of several results. */
  | { readonly kind: 'module'; readonly module: number; readonly inputs: number; readonly call?: Options }
  | { readonly kind: 'residual'; readonly body: readonly Step[] }
  | { readonly kind: 'cat'; readonly bodies: readonly (readonly Step[])[]; readonly dim: number }
  | { readonly kind: 'permute' | 'reshape'; readonly numbers: readonly number[] }
  | { readonly kind: 'attention'; readonly options: Options };

export interface LossSpec {
  readonly name: string;
  readonly options: Options;
  readonly targets: readonly TensorRef[];
}

export interface Case {
  readonly seed: number;
  readonly modules: readonly ModuleSpec[];
  readonly body: readonly Step[];
  readonly tensors: readonly TensorSpec[];
  readonly input: TensorRef;
  readonly loss: LossSpec;
  readonly optimizer: { readonly name: string; readonly options: Options; readonly groups: readonly Options[] };
  readonly clip: { readonly norm?: readonly [most: number, type: number]; readonly value?: number };
  readonly training: boolean;
  readonly steps: number;
  /** Of the compiled step: whether gradients are compared too. */
  readonly keepGradients: boolean;
}

export const isRef = (value: unknown): value is TensorRef =>
  typeof value === 'object' && value !== null && 'tensor' in value;

export const isModule = (value: unknown): value is ModuleSpec =>
  typeof value === 'object' && value !== null && 'args' in value;
