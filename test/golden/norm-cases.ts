/** Rows of norms.json and pooling.json. */
import type { GoldenTensor } from './tensor.js';

type Tensors = Readonly<Record<string, GoldenTensor>>;

export interface NormCase {
  /** The name of a layer, and what lanewise gives its constructor. */
  readonly layer: 'BatchNorm2d';
  readonly args: [number];
  readonly text: string;
  readonly parameters: Tensors;
  /** In training, one after the other; buffers as each leaves them. */
  readonly steps: readonly {
    readonly input: GoldenTensor;
    readonly output: GoldenTensor;
    readonly gradient: GoldenTensor;
    readonly grad: GoldenTensor;
    readonly grads: Tensors;
    readonly buffers: Tensors;
  }[];
  /** Then in evaluation, with the gradient of the sum. */
  readonly evaluated: {
    readonly input: GoldenTensor;
    readonly output: GoldenTensor;
    readonly grad: GoldenTensor;
    readonly grads: Tensors;
  };
}

export interface PoolCase {
  /** The name of a layer, and what lanewise gives its constructor. */
  readonly layer: 'MaxPool2d';
  readonly args: [number];
  /** As it is printed. */
  readonly text: string;
  readonly input: GoldenTensor;
  readonly output: GoldenTensor;
  readonly indices: GoldenTensor | null;
  readonly gradient: GoldenTensor;
  readonly grad: GoldenTensor;
}

export interface UnpoolCase extends Omit<PoolCase, 'layer' | 'indices' | 'gradient' | 'grad'> {
  readonly layer: 'MaxUnpool2d';
  readonly indices: GoldenTensor;
  readonly outputSize: readonly number[];
}
