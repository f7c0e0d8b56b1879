/** What a fixture of training is. */
import { type Generator, type nn, type optim, type Tensor, tensor } from '../../src/index.js';

export type Result = Tensor | readonly Tensor[] | Record<string, Tensor>;

/** Something to train. */
export interface Fixture {
  /** What is to be compiled. */
  readonly step: (...args: Tensor[]) => Result;
  /** The arguments of call number i. */
  readonly args: (i: number) => Tensor[];
  /** What the caller does before call number i. */
  readonly before?: (i: number) => void;
  readonly modules: readonly nn.AnyModule[];
  readonly optimizers: readonly optim.Optimizer[];
  /** Tensors other than the parameters that a step changes. */
  readonly others?: readonly Tensor[];
  /** Generators other than the default one that a step draws from. */
  readonly generators?: readonly Generator[];
}

/** Labels of n samples. */
export const labels = (n: number, classes: number): Tensor =>
  tensor(
    Array.from({ length: n }, (_, i) => (i * 7) % classes),
    { dtype: 'int32' },
  );
