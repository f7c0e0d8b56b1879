/** One initialiser of an ONNX file as a tensor. */
import { maxElements } from '../check.js';
import { readElements } from '../files/elements.js';
import { type FileFacts, type Reading, take } from '../files/source.js';
import type { HostArray } from '../ops/ops.js';
import { maxRank, numelOf, type Shape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type ElementFormat, elementFormats, nameOfType, type TypedField } from './element-types.js';

/** What an ONNX file says of a tensor. */
export interface Initializer extends TypedFields {
  readonly name: string;
  readonly dims: readonly bigint[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

interface TypedFields extends Readonly<Record<TypedField, readonly number[] | readonly bigint[]>> {
  readonly int32Data: readonly number[];
  readonly uint64Data: readonly bigint[];
}

/** The shape of an initialiser, and the form of its elements, once they are known to make sense. */
export interface Head {
  readonly format: ElementFormat;
  readonly shape: Shape;
  /** How many bytes the elements take in a file. */
  readonly bytes: number;
}

type Fail = FileFacts['fail'];

/** @throws ArgumentError that names the tensor, for elements that are no numbers and sizes that no tensor has. */
export function readHead({ name, dims, dataType }: Initializer, fail: Fail): Head {
  const format = elementFormats.get(dataType);
  if (format === undefined)
    return fail(`initializer '${name}' has elements of the type ${nameOfType(dataType)}, which lanewise does not have`);
  if (dims.length > maxRank) fail(`initializer '${name}' has ${dims.length} dimensions, more than ${maxRank}`);
  const shape = Object.freeze(dims.map(Number));
  const length = numelOf(shape);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0) || !(length <= maxElements))
    fail(`initializer '${name}' has the sizes [${dims.join(', ')}], which no tensor has`);
  return { format, shape, bytes: Math.ceil((length * format.bits) / 8) };
}

/** The bytes of the elements in the model itself. @throws ArgumentError when they are more or fewer than the sizes say. */
export function ownBytes(given: Initializer, { format, shape, bytes }: Head, fail: Fail): Uint8Array {
  const values = given[format.field];
  const isRaw = given.rawData.length > 0 || values.length === 0;
  const wanted = isRaw || format.bits < 8 ? bytes : numelOf(shape);
  const found = isRaw ? given.rawData.length : values.length;
  if (found !== wanted)
    fail(
      `initializer '${given.name}' of the type ${format.name} and the sizes [${given.dims.join(', ')}] must have ${wanted} ` +
        `${isRaw ? 'bytes' : 'numbers'}, and has ${found}`,
    );
  if (isRaw) return given.rawData;
  const array = asRaw(values, format);
  return new Uint8Array(array.buffer, 0, bytes);
}

/** The elements of a typed field as they lie in `raw_data`. */
function asRaw(values: readonly number[] | readonly bigint[], { field, bits }: ElementFormat) {
  if (field === 'int64Data' || field === 'uint64Data') {
    const wide = BigInt64Array.from(values as readonly bigint[]);
    return bits === 64 ? wide : Uint32Array.from(wide, (value) => Number(BigInt.asUintN(32, value)));
  }
  const numbers = values as readonly number[];
  if (field === 'floatData') return Float32Array.from(numbers);
  if (field === 'doubleData') return Float64Array.from(numbers);
  if (bits === 32) return Int32Array.from(numbers);
  return bits === 16 ? Int16Array.from(numbers) : Int8Array.from(numbers);
}

/** Reads the tensor from the bytes of its elements, which begin at `start`. */
export function* readTensor({ format, shape, bytes }: Head, start: number): Reading<Tensor> {
  const length = numelOf(shape);
  const { as } = format;
  if (typeof as === 'string') {
    const { dtype, array } = yield* readElements(as, length, start);
    return new Tensor(new Storage(dtype, array), shape);
  }
  const from = yield* take(start, bytes);
  const array: HostArray = as.dtype === 'float32' ? new Float32Array(length) : new Int32Array(length);
  // The first of two elements is in the lower half of a byte.
  for (let i = 0; i < length; i++)
    array[i] = as.decode(format.bits === 8 ? from[i]! : (from[i >> 1]! >> (i % 2 === 0 ? 0 : 4)) & 15);
  return new Tensor(new Storage(as.dtype, array), shape);
}
