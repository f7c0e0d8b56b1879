/** Calls `forward` of a model once, and notes what it does and in which module. */

import { readReturned } from '../compile/returned.js';
import { Tracer } from '../compile/tracer.js';
import { StateError } from '../errors.js';
import { withModes } from '../nn/mode-scope.js';
import type { AnyModule } from '../nn/module.js';
import { withOps } from '../ops/backend.js';
import { withTrace } from '../ops/trace.js';
import { isArray, isPlainObject } from '../realm.js';
import { noGrad } from '../tensor/grad-scope.js';
import type { Shape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import type { ExampleInput } from './example.js';

/** A tensor that the model returns. */
export interface TracedOutput {
  /** Its key in the object or array that `forward` returns; null for a tensor alone. */
  readonly key: string | null;
  /** The number of its memory. */
  readonly memory: number;
  readonly shape: Shape;
}

export interface Trace {
  readonly tracer: ModuleTracer;
  readonly inputs: readonly ExampleInput[];
  readonly outputs: readonly TracedOutput[];
}

/** A tracer that knows which module is running, and speaks of exporting in its messages. */
export class ModuleTracer extends Tracer {
  override readonly wantsPlainOps = true;
  readonly #names: ReadonlyMap<object, string>;
  readonly #stack: string[] = [''];
  /** From which instruction on which module was running. */
  readonly #places: { readonly from: number; readonly name: string }[] = [];

  constructor(place: string, model: AnyModule) {
    super(place);
    this.#names = new Map(model.namedModules().map(([name, module]) => [module, name]));
  }

  override watchFields(owner: object): () => void {
    const end = super.watchFields(owner);
    const inner = this.#names.get(owner);
    this.#enter(inner ?? this.#stack.at(-1)!);
    return () => {
      this.#stack.pop();
      this.#note();
      end();
    };
  }

  override refuse(what: string): Error {
    return new StateError(
      `${what} is not possible while a model is exported${this.#describe(this.#stack.at(-1)!)}: an ONNX graph is made of what is done to ` +
        'tensors, and does not know their numbers',
    );
  }

  /** The name of the module that an instruction is of, empty for the model itself. */
  placeOf(instruction: number): string {
    return this.#places.findLast(({ from }) => from <= instruction)?.name ?? '';
  }

  #describe(name: string): string {
    return name === '' ? '' : ` (in '${name}')`;
  }

  #enter(name: string): void {
    this.#stack.push(name);
    this.#note();
  }

  #note(): void {
    this.#places.push({ from: this.instructions.length, name: this.#stack.at(-1)! });
  }
}

/**
 * Calls `model.forward` in evaluation mode with its ops noted. Nothing of the model changes.
 * @throws what `forward` throws; StateError for what cannot be noted.
 */
export function trace(place: string, model: AnyModule, inputs: readonly ExampleInput[]): Trace {
  const tracer = new ModuleTracer(place, model);
  try {
    const value = withTrace(tracer, () => {
      const args = inputs.map(({ shape, dtype, numel }) => new Tensor(Storage.uninitialized(dtype, numel), shape));
      for (const { storage } of args) tracer.addInput(storage);
      const call = () => noGrad(() => Reflect.apply(model.forward, model, args) as unknown);
      return withOps(tracer.ops, () => withModes(() => false, call));
    });
    const { tensors } = readReturned(place, value);
    const keys = isArray(value) ? [...value.keys()].map(String) : isPlainObject(value) ? Object.keys(value) : [null];
    const outputs = tensors.map(({ storage, shape }, i) => ({
      key: keys[i] ?? null,
      memory: tracer.numberOf(storage),
      shape,
    }));
    return { tracer, inputs, outputs };
  } finally {
    tracer.undo();
  }
}
