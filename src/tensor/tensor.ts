import { show } from '../check.js';
import { markAsOwn } from '../copies.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType, HostArray } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import { isGradEnabled, isInferenceModeEnabled } from './grad-mode.js';
import { jsonNumbers, type TensorJSON } from './json.js';
import { isMadeIn, noteMade } from './made-in-trace.js';
import type { GradientHook, Node } from './node.js';
import { formatTensor } from './print.js';
import { broadcastStrides, formatShape, layoutOf, type Shape, sameShape, stridesOf } from './shape.js';
import { Storage } from './storage.js';

/** Numbers nested as deep as the tensor has dimensions; a plain number for a scalar. */
export type NestedArray = number | NestedArray[];

/** The typed array that belongs to a dtype. */
export type TypedArrayOf<D extends DType> = D extends 'float32'
  ? Float32Array
  : D extends 'float64'
    ? Float64Array
    : Int32Array;

/**
 * A dense, row-major array of numbers with any number of dimensions, as `torch.Tensor`.
 *
 * Make one with {@link tensor}, `zeros`, `randn` and their kin. Arithmetic, reductions and shape operations are
 * methods, each also a function in `functional`. `reshape`, `flatten`, `squeeze`, `unsqueeze` and `detach` share memory
 * with their source; `transpose`, `permute`, `select` and `narrow` copy (in PyTorch they are views).
 */
export class Tensor {
  /** The memory; of no use to callers, who read with {@link toTypedArray} and write with {@link copy_}. @internal */
  readonly storage: Storage;
  /** Sizes of the dimensions; `[]` for a scalar. Frozen. */
  readonly shape: Shape;
  #node: Node<Tensor> | null = null;
  #hooks: Set<GradientHook<Tensor>> | null = null;
  #requiresGrad = false;
  #grad: Tensor | null = null;
  #rowCounts: Tensor | null = null;

  /** @internal Use {@link tensor} or another creation function. */
  constructor(storage: Storage, shape: Shape) {
    if (!(storage instanceof Storage))
      throw new ArgumentError(`Tensor: tensors are made by tensor(values) and its kin, got ${show(storage)}`);
    this.storage = storage;
    this.shape = Object.isFrozen(shape) ? shape : Object.freeze([...shape]);
    noteMade(this);
  }

  /** Type of the elements: `'float32'`, `'int32'`, or `'float64'`, which the reference computes whatever the backend. */
  get dtype(): DType {
    return this.storage.dtype;
  }

  /** Number of elements: the product of the sizes. */
  get numel(): number {
    return this.storage.length;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Whether gradients flow to this tensor: set on leaves by the caller, on results by the functions. */
  get requiresGrad(): boolean {
    const now = currentTrace();
    if (now !== null && !isMadeIn(now, this)) now.guard(this, 'requiresGrad', () => this.#requiresGrad);
    return this.#requiresGrad;
  }

  /** The same as {@link requiresGrad_}. */
  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }

  /**
   * Sets {@link requiresGrad} of a leaf. Returns this.
   * @throws StateError for the result of a differentiable function (detach it first), or an int32 tensor.
   */
  requiresGrad_(value = true): this {
    checkReceiver('requiresGrad_', this);
    if (typeof value !== 'boolean') throw new ArgumentError(`requiresGrad: expected a boolean, got ${show(value)}`);
    if (this.node !== null && !value)
      throw new StateError('you can only change requiresGrad flags of leaf variables; use detach() for a result');
    if (value && this.dtype === 'int32')
      throw new StateError('only Tensors of floating point dtype can require gradients, got int32');
    if (value && this.storage.isInference && !isInferenceModeEnabled())
      throw new StateError('Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.');
    currentTrace()?.sideEffect(
      this,
      'requiresGrad',
      () => this.#requiresGrad,
      (to) => {
        this.#requiresGrad = to;
      },
    );
    this.#requiresGrad = value;
    return this;
  }

  /** Whether the tensor was made by a caller, not by a function that noted gradients. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** What `registerHook` has put on this as a leaf. @internal */
  get hooks(): Set<GradientHook<Tensor>> | null {
    return this.#hooks;
  }

  /** @internal */
  set hooks(value: Set<GradientHook<Tensor>> | null) {
    this.#hooks = value;
  }

  /** Whether this is a result that keeps its gradient; see `retainGrad`. */
  get retainsGrad(): boolean {
    return this.node?.retains === this;
  }

  /** Whether the memory was made inside of `inferenceMode`. */
  isInference(): boolean {
    checkReceiver('isInference', this);
    return this.storage.isInference;
  }

  /** The gradients that `backward` has added up here so far, or null. Results have one after `retainGrad` only. */
  get grad(): Tensor | null {
    const now = currentTrace();
    if (now !== null && !isMadeIn(now, this)) now.guard(this, 'grad', () => this.#grad?.storage);
    return this.#grad;
  }

  /** Null forgets the gradient. @throws ShapeError or ArgumentError unless the value has the shape and dtype of this tensor. */
  set grad(value: Tensor | null) {
    if (value !== null) {
      if (!(value instanceof Tensor)) throw new ArgumentError(`grad: expected a Tensor or null, got ${show(value)}`);
      if (!sameShape(value.shape, this.shape))
        throw new ShapeError(`grad: expected shape ${formatShape(this.shape)}, got ${formatShape(value.shape)}`);
      if (value.dtype !== this.dtype) throw new ArgumentError(`grad: expected ${this.dtype}, got ${value.dtype}`);
    }
    currentTrace()?.sideEffect(
      this,
      'grad',
      () => this.#grad,
      (to) => {
        this.#grad = to;
      },
    );
    this.#grad = value;
  }

  /**
   * Of the gradient of a table with `sparse`, how often each of its rows was named: [rows], in its dtype. Rows with 0 have a gradient of 0, and optimizers
   * leave them out. Null for every other tensor. @internal
   */
  get rowCounts(): Tensor | null {
    const now = currentTrace();
    if (now !== null && !isMadeIn(now, this)) now.guard(this, 'rowCounts', () => this.#rowCounts?.storage);
    return this.#rowCounts;
  }

  /** @internal */
  set rowCounts(value: Tensor | null) {
    const now = currentTrace();
    // What a trace has made keeps it, as it keeps its memory.
    if (now !== null && !isMadeIn(now, this))
      now.sideEffect(
        this,
        'rowCounts',
        () => this.#rowCounts,
        (to) => {
          this.#rowCounts = to;
        },
      );
    this.#rowCounts = value;
  }

  /** What made this, as far as gradients go; null for a leaf. @internal */
  get node(): Node<Tensor> | null {
    return this.#node;
  }

  /** Makes this the output of a node. @internal */
  attach(node: Node<Tensor>): void {
    this.#node = node;
    this.#requiresGrad = true;
  }

  /**
   * The only element of a tensor.
   * @throws StateError when it has more or none.
   */
  item(): number {
    checkReceiver('item', this);
    if (this.numel !== 1)
      throw new StateError(`a Tensor with ${this.numel} elements cannot be converted to a number by item()`);
    assertNotTracing('item()');
    return this.storage.read()[0]!;
  }

  /** A copy of the numbers in row-major order. */
  toTypedArray(): HostArray;
  /**
   * The same, with a type that TypeScript knows: `loss.toTypedArray('float32').reduce(...)`.
   * @param dtype that of this tensor: nothing is converted.
   * @throws ArgumentError when this tensor has another dtype.
   */
  toTypedArray<D extends DType>(dtype: D): TypedArrayOf<D>;
  toTypedArray(dtype?: DType): HostArray {
    checkReceiver('toTypedArray', this);
    if (dtype !== undefined && dtype !== this.dtype)
      throw new ArgumentError(`toTypedArray: the tensor is ${this.dtype}, not ${show(dtype)}; convert it with to()`);
    assertNotTracing('toTypedArray()');
    return this.storage.read().slice();
  }

  /** A copy of the numbers as nested arrays; a plain number for a scalar. */
  toArray(): NestedArray {
    checkReceiver('toArray', this);
    assertNotTracing('toArray()');
    return nest(this.storage.read(), this.shape, 0, 0, stridesOf(this.shape));
  }

  /**
   * What `JSON.stringify` writes: dtype, sizes and numbers, to the bit. {@link tensor} and every `loadStateDict` read it, also after
   * `JSON.parse`.
   */
  toJSON(): TensorJSON {
    checkReceiver('toJSON', this);
    return { dtype: this.dtype, shape: [...this.shape], data: jsonNumbers(this.toArray()) };
  }

  /** A tensor with the same memory that no gradient flows through. */
  detach(): Tensor {
    checkReceiver('detach', this);
    return new Tensor(this.storage, this.shape);
  }

  /**
   * Overwrites the numbers with those of `source`, broadcast and converted to this dtype. Returns this. No gradient flows
   * to `source`: in PyTorch one does.
   * @param source a tensor that broadcasts to this shape.
   * @throws StateError on a leaf that requires a gradient, or on a result, unless inside `noGrad`.
   * @throws ShapeError when source does not broadcast to this shape.
   */
  copy_(source: Tensor): this {
    checkReceiver('copy_', this);
    if (!(source instanceof Tensor)) throw new ArgumentError(`copy_: expected a Tensor, got ${show(source)}`);
    this.assertWritable('copy_');
    const lead = this.ndim - source.ndim;
    const fits = lead >= 0 && source.shape.every((size, dim) => size === 1 || size === this.shape[dim + lead]);
    if (!fits)
      throw new ShapeError(
        `copy_: shape ${formatShape(source.shape)} does not broadcast to ${formatShape(this.shape)}`,
      );
    let from = source.storage;
    if (source.dtype !== this.dtype) {
      from = Storage.uninitialized(this.dtype, source.numel);
      currentOps().cast({ x: source.storage, out: from, n: source.numel });
    }
    const layout = layoutOf(this.shape, broadcastStrides(source.shape, this.shape), stridesOf(this.shape));
    currentOps().copy({ x: from, out: this.storage, layout, xOffset: 0, outOffset: 0 });
    return this;
  }

  /** Refuses to write into a tensor that gradients are noted for; `noGrad` replaces it while it runs. @internal */
  assertWritable(caller: string): void {
    if (this.storage.isInference && !isInferenceModeEnabled())
      throw new StateError(
        `${caller}: Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a ` +
          'normal tensor before doing inplace update.',
      );
    if (!this.#requiresGrad || !isGradEnabled()) return;
    throw new StateError(
      this.isLeaf
        ? `${caller}: a leaf Variable that requires grad is being used in an in-place operation.`
        : `${caller}: a result that requires grad cannot be written in place; use detach() or noGrad`,
    );
  }

  /** The numbers as PyTorch prints them, shortened above 1,000 elements. */
  toString(): string {
    assertNotTracing('printing a tensor');
    const suffix = this.node !== null ? `grad_fn=<${this.node.name}>` : this.#requiresGrad ? 'requires_grad=True' : '';
    return formatTensor(this.storage.read(), this.shape, this.dtype, suffix);
  }

  /**
   * What JavaScript's operators take: the number of a tensor of one element in arithmetic and comparisons, as Python's `float(t)`;
   * the text of {@link toString} in template literals, which are the same as `String(t)` to a tensor.
   * @throws StateError in arithmetic, when it has more elements or none.
   */
  [Symbol.toPrimitive](hint: 'string' | 'number' | 'default'): string | number {
    if (hint === 'string') return this.toString();
    if (this.numel !== 1)
      throw new StateError(
        `a Tensor with ${this.numel} elements cannot be converted to a number: only one element tensors can; use methods ` +
          'such as add() and mul() for arithmetic',
      );
    return this.item();
  }

  /**
   * The first size, as Python's `len(t)`.
   * @throws StateError for a scalar, which has none.
   */
  get length(): number {
    const [first] = this.shape;
    if (first === undefined) throw new StateError('len() of a 0-d tensor');
    return first;
  }

  /** What `console.log` shows: the same as {@link toString}. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

markAsOwn(Tensor);

function assertNotTracing(what: string): void {
  const now = currentTrace();
  if (now !== null) throw now.refuse(what);
}

/** What a method was called on, which in JavaScript may be anything. */
function checkReceiver(caller: string, receiver: unknown): void {
  if (!(receiver instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(receiver)}`);
}

function nest(data: HostArray, shape: Shape, dim: number, at: number, strides: readonly number[]): NestedArray {
  if (dim === shape.length) return data[at]!;
  return Array.from({ length: shape[dim]! }, (_, i) => nest(data, shape, dim + 1, at + i * strides[dim]!, strides));
}
