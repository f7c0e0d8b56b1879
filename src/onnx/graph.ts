/** An ONNX graph as it grows: values with sizes that may depend on the batch, nodes, constants. */
import { ArgumentError, StateError } from '../errors.js';
import type { DType, HostArray } from '../ops/ops.js';
import type { Names } from './names.js';
import { type Batches, constantOf, isNumber, type Quantity, sameSizes } from './quantity.js';

/** The element types that a graph is made of. */
export type ElementType = DType | 'int64' | 'bool';

/** A tensor of the graph. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Quantity[];
}

export type Numbers = HostArray | BigInt64Array;

/** An attribute of a node: numbers are ints. */
export type Attribute =
  | number
  | readonly number[]
  | { readonly real: number }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly tensor: Constant };

export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Numbers;
}

export interface GraphNode {
  readonly op: string;
  readonly name: string;
  /** Names of values; empty for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Constants of more bytes are not compared with one another. */
const mostCompared = 4096;

/** What a size of a slice is when it goes to the end. */
const toTheEnd = 2n ** 63n - 1n;

export class Graph {
  readonly batches: Batches;
  readonly opset: number;
  readonly nodes: GraphNode[] = [];
  readonly constants = new Map<string, Constant>();
  readonly inputs: Value[] = [];
  /** The name of the module whose nodes are being made. */
  place = '';
  readonly names: Names;
  /** Constants by what they hold. */
  readonly #held = new Map<string, Value>();
  /** What a value was before it was reshaped, and its reshapes by their shapes. */
  readonly #roots = new Map<string, Value>();
  readonly #reshaped = new Map<string, Value[]>();
  #batch: Value | null = null;

  constructor(batches: Batches, opset: number, names: Names) {
    this.batches = batches;
    this.opset = opset;
    this.names = names;
  }

  input(name: string, type: DType, shape: readonly Quantity[]): Value {
    const value = { name, type, shape };
    this.inputs.push(value);
    return value;
  }

  /** Numbers under a name that users know: a parameter. */
  named(name: string, type: ElementType, dims: readonly number[], data: Numbers): Value {
    this.constants.set(name, { name, type, dims, data });
    return { name, type, shape: dims.map((size) => this.batches.number(size)) };
  }

  /** Numbers without a name. Small ones that are equal are one. */
  constant(type: ElementType, dims: readonly number[], data: Numbers): Value {
    const { buffer, byteOffset, byteLength } = data;
    const key =
      byteLength <= mostCompared
        ? `${type} ${dims.join(' ')} ${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}`
        : null;
    const known = key === null ? undefined : this.#held.get(key);
    if (known !== undefined) return known;
    const value = this.named(this.names.constant(), type, dims, data);
    if (key !== null) this.#held.set(key, value);
    return value;
  }

  /** A number, rounded to the type. */
  scalar(type: ElementType, value: number): Value {
    return this.constant(type, [], numbersOf(type, [value]));
  }

  /** int64 numbers, one-dimensional. */
  integers(values: readonly (number | bigint)[]): Value {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A node with several results. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    results: readonly Pick<Value, 'type' | 'shape'>[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    const name = this.names.node(this.place, op);
    const values = results.map((result) => ({ ...result, name: this.names.output(name) }));
    this.nodes.push({
      op,
      name,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: values.map((value) => value.name),
      attributes,
    });
    return values;
  }

  /** A node with one result. */
  one(
    op: string,
    inputs: readonly (Value | null)[],
    type: ElementType,
    shape: readonly Quantity[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value {
    return this.node(op, inputs, [{ type, shape }], attributes)[0]!;
  }

  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    return this.one('Cast', [value], type, value.shape, { to: elementTypes[type] });
  }

  /** The same numbers under another shape of as many elements. */
  reshape(value: Value, shape: readonly Quantity[]): Value {
    const root = this.#roots.get(value.name) ?? value;
    if (sameSizes(root.shape, shape)) return root;
    const known = this.#reshaped.get(root.name) ?? [];
    const found = known.find((each) => sameSizes(each.shape, shape));
    if (found !== undefined) return found;
    const made = this.one('Reshape', [root, this.#shapeToReshape(shape)], root.type, shape);
    this.#roots.set(made.name, root);
    this.#reshaped.set(root.name, [...known, made]);
    return made;
  }

  /** Dimensions in another order. */
  transpose(value: Value, order: readonly number[]): Value {
    if (order.every((dim, i) => dim === i)) return value;
    const shape = order.map((dim) => value.shape[dim]!);
    return this.one('Transpose', [value], value.type, shape, { perm: order });
  }

  /** Positions `start`, `start + step`, ... along an axis, `length` of them. */
  slice(value: Value, axis: number, start: Quantity, length: Quantity, step = 1): Value {
    const size = value.shape[axis]!;
    const last = start.map((from, i) => from + (length[i]! - 1) * step);
    if (step === 1 && isNumber(start, 0) && length.every((each, i) => each === size[i])) return value;
    const reachesEnd = last.every((at, i) => at + step >= size[i]!);
    const end = reachesEnd ? this.integers([toTheEnd]) : this.sizes([last.map((at) => at + 1)]);
    const inputs = [value, this.sizes([start]), end, this.integers([axis])];
    if (step !== 1) inputs.push(this.integers([step]));
    return this.one('Slice', inputs, value.type, value.shape.with(axis, length));
  }

  /** Repeats dimensions of size 1 to a shape. */
  expand(value: Value, shape: readonly Quantity[]): Value {
    if (sameSizes(value.shape, shape)) return value;
    return this.one('Expand', [value, this.sizes(shape)], value.type, shape);
  }

  /** A shape, or any sizes, as an int64 tensor. */
  sizes(shape: readonly Quantity[]): Value {
    const constants = shape.map(constantOf);
    if (constants.every((size) => size !== null)) return this.integers(constants);
    const parts = shape.map((size, i) => (constants[i] === null ? this.#size(size) : this.integers([constants[i]!])));
    return parts.length === 1 ? parts[0]! : this.#join(parts);
  }

  /** A number that depends on the batch, as a scalar. */
  numberOf(quantity: Quantity, type: DType): Value {
    const constant = constantOf(quantity);
    if (constant !== null) return this.scalar(type, constant);
    return this.cast(this.reshape(this.#size(quantity), []), type);
  }

  /** Why a value would have to be computed that cannot be. */
  refuse(what: string): StateError {
    return new StateError(`exportOnnx: ${what}${this.place === '' ? '' : ` (in '${this.place}')`}`);
  }

  #join(parts: readonly Value[]): Value {
    return this.one('Concat', parts, 'int64', [this.batches.number(parts.length)], { axis: 0 });
  }

  /** One size may be left to Reshape, -1; others that depend on the batch are computed. */
  #shapeToReshape(shape: readonly Quantity[]): Value {
    const constants = shape.map(constantOf);
    const open = shape.findIndex((size, i) => constants[i] === null && this.batches.affine(size) === null);
    const left = open >= 0 ? open : constants.indexOf(null);
    return this.sizes(shape.map((size, i) => (i === left ? this.batches.number(-1) : size)));
  }

  /** slope·batch + offset, computed from the first input: int64 [1]. */
  #size(quantity: Quantity): Value {
    const affine = this.batches.affine(quantity);
    if (affine === null)
      throw this.refuse(
        `a size is ${quantity.join(', ')} for a batch of ${this.batches.sizes.join(', ')}: only multiples of the batch can be exported; ` +
          'export with dynamicBatch: false',
      );
    const { slope, offset } = affine;
    const one = [this.batches.number(1)];
    if (this.#batch === null) {
      const [first] = this.inputs as [Value];
      const shape = this.one('Shape', [first], 'int64', [this.batches.number(first.shape.length)]);
      this.#batch = this.one('Gather', [shape, this.integers([0])], 'int64', [this.batches.number(1)], { axis: 0 });
    }
    const scaled = slope === 1 ? this.#batch : this.one('Mul', [this.#batch, this.integers([slope])], 'int64', one);
    return offset === 0 ? scaled : this.one('Add', [scaled, this.integers([offset])], 'int64', one);
  }
}

/** The codes of TensorProto.DataType. */
export const elementTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

export function numbersOf(type: ElementType, values: readonly number[]): Numbers {
  if (type === 'float32') return Float32Array.from(values);
  if (type === 'float64') return Float64Array.from(values);
  if (type === 'int32') return Int32Array.from(values);
  if (type === 'int64') return BigInt64Array.from(values, BigInt);
  throw new ArgumentError(`exportOnnx: no numbers of the type ${type}`);
}
