/** Where PyTorch keeps what a layer of Keras has learnt, and in which order. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { gatherRows } from '../files/strided.js';
import type { HostArray } from '../ops/ops.js';
import { type Shape, stridesOf } from '../tensor/shape.js';
import { dtypeOf, Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

/** A weight of a TensorFlow.js model, for a function that names it. */
export interface TfjsWeight {
  /** As the file has it: `dense_Dense1/kernel`. */
  readonly name: string;
  /** The name of its layer: `dense_Dense1`. */
  readonly layer: string;
  /** The class of the layer: `Dense`; null when the file does not say. */
  readonly className: string | null;
  /** What it is in the layer: `kernel`. */
  readonly parameter: string;
  /** Sizes as in the file. */
  readonly shape: Shape;
}

/** What PyTorch calls it, and the order of its dimensions there; null: as it is. */
interface Place {
  readonly name: string;
  readonly order: ((rank: number) => readonly number[]) | null;
}

const asIs = (name: string): Place => ({ name, order: null });
/** [...spatial, in, out] becomes [out, in, ...spatial]. */
const lastFirst: Place = {
  name: 'weight',
  order: (rank) => [rank - 1, rank - 2, ...Array.from({ length: Math.max(0, rank - 2) }, (_, dim) => dim)],
};

const kernel = { kernel: lastFirst, bias: asIs('bias') };
const normalization = {
  gamma: asIs('weight'),
  beta: asIs('bias'),
  moving_mean: asIs('running_mean'),
  moving_variance: asIs('running_var'),
};

const layouts: ReadonlyMap<string, Readonly<Record<string, Place>>> = new Map<string, Readonly<Record<string, Place>>>([
  ['Dense', kernel],
  ['Conv1D', kernel],
  ['Conv2D', kernel],
  ['Conv3D', kernel],
  // [height, width, out, in], and [in, out, height, width] in PyTorch: the same exchange.
  ['Conv2DTranspose', kernel],
  ['BatchNormalization', normalization],
  ['LayerNormalization', normalization],
  ['Embedding', { embeddings: asIs('weight') }],
]);

/** The name and the numbers of a weight as PyTorch has them. @throws ArgumentError for a layer that has no place in PyTorch here. */
export function inTorch(
  caller: string,
  weight: TfjsWeight,
  prefix: string,
  array: HostArray,
): [name: string, tensor: Tensor] {
  const { className, parameter, shape, name } = weight;
  const found = layouts.get(className ?? '');
  const to = found !== undefined && Object.hasOwn(found, parameter) ? found[parameter] : undefined;
  if (to === undefined)
    throw new ArgumentError(
      `${caller}: there is no rule for ${show(parameter)} of a ${className ?? 'layer of unknown class'} (${show(name)}): ` +
        `rules are for ${[...layouts.keys()].join(', ')}; load it without mapping`,
    );
  const isMatrix = to.order === null || shape.length >= 2;
  if (!isMatrix)
    throw new ArgumentError(`${caller}: ${show(name)} has the shape [${shape.join(', ')}], which no kernel has`);
  const full = prefix === '' ? to.name : `${prefix}.${to.name}`;
  return [full, permuted(array, shape, to.order?.(shape.length) ?? null)];
}

/** The tensor with its dimensions in that order. */
export function permuted(array: HostArray, shape: Shape, order: readonly number[] | null): Tensor {
  const dtype = dtypeOf(array) ?? 'float32';
  if (order === null) return new Tensor(new Storage(dtype, array), shape);
  const strides = stridesOf(shape);
  const sizes = order.map((dim) => shape[dim]!);
  return new Tensor(
    new Storage(
      dtype,
      gatherRows(
        array,
        dtype,
        sizes,
        order.map((dim) => strides[dim]!),
      ),
    ),
    sizes,
  );
}
