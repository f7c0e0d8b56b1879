/** What says how the inputs of an exported model look. */
import { checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { DType } from '../ops/ops.js';
import { isArray, isPlainObject } from '../realm.js';
import { checkShape, formatShape, numelOf, type Shape } from '../tensor/shape.js';
import { dtypes } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

/** An input of a model by its shape, batch included, and its dtype: float32 unless it says otherwise. */
export interface InputShape {
  /** Sizes, the batch first. */
  readonly shape: Shape;
  /** Default `'float32'`; `'int32'` for indices. */
  readonly dtype?: DType;
}

/** One input: a shape of float32, a shape with a dtype, or a tensor that has both. */
export type ExampleOf = Shape | InputShape | Tensor;

/** What a model is called with: one input, or an array of the arguments of its `forward`. */
export type Example = ExampleOf | readonly (Shape | InputShape | Tensor)[];

export interface ExampleInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly numel: number;
}

/** Reads the inputs. @throws ArgumentError or ShapeError for what is none. */
export function readExample(place: string, example: unknown): ExampleInput[] {
  // Numbers alone are the shape of the only input; [] is that of a scalar.
  const isShape = isArray(example) && example.every((each) => typeof each === 'number');
  const list: readonly unknown[] = isArray(example) && !isShape ? example : [example];
  return list.map((each, i) => readOne(`${place}: input ${i}`, each));
}

function readOne(place: string, given: unknown): ExampleInput {
  if (given instanceof Tensor) return { shape: given.shape, dtype: given.dtype, numel: given.numel };
  if (!isArray(given) && !isPlainObject(given))
    throw new ArgumentError(`${place} must be a shape, { shape, dtype } or a tensor, got ${show(given)}`);
  const options: Partial<InputShape> = isArray(given)
    ? { shape: given as Shape }
    : checkOptions<Partial<InputShape>>(place, given, ['shape', 'dtype']);
  const dtype = options.dtype === undefined ? 'float32' : checkOneOf(place, 'dtype', options.dtype, dtypes);
  const shape = checkShape(place, options.shape);
  return { shape, dtype, numel: numelOf(shape) };
}

/** The same inputs with another number of rows. @throws ShapeError for an input without a batch, or batches that differ. */
export function withBatch(place: string, inputs: readonly ExampleInput[], batch: number): ExampleInput[] {
  return inputs.map(({ shape, dtype }, i) => {
    if (shape.length === 0 || shape[0] !== inputs[0]!.shape[0])
      throw new ShapeError(
        `${place}: the first size of every input is the batch, but input ${i} has the shape ${formatShape(shape)}` +
          `${i === 0 ? '' : `, and input 0 ${formatShape(inputs[0]!.shape)}`}; export with dynamicBatch: false`,
      );
    const sizes = checkShape(place, shape.with(0, batch));
    return { shape: sizes, dtype, numel: numelOf(sizes) };
  });
}
