/**
 * Runs traced programs in plain TypeScript: the reference ops over typed arrays of this file's own. Jobs run on the
 * event loop, one run a turn.
 */
import { ArgumentError, StateError } from '../../errors.js';
import { isFloat32Array, isFloat64Array, isInt32Array } from '../../realm.js';
import type {
  DeviceBuffer,
  Graph,
  GraphScalar,
  Job,
  JobCall,
  JobSequence,
  ProgramFactory,
  ProgramHandle,
  RunCall,
  ValueSpec,
} from '../graph.js';
import { maskKey } from '../mask.js';
import { type DType, type HostArray, type KeySource, type Memory, type Ops, type Role, signatures } from '../ops.js';
import { roleTraits } from '../roles.js';
import { JobQueue, shuffleNextTurn } from '../turn-jobs.js';

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

function allocate(dtype: DType, length: number): HostArray {
  try {
    return new constructors[dtype](length);
  } catch (cause) {
    throw new ArgumentError(`cannot allocate ${length} elements of ${dtype}`, { cause });
  }
}

function allocateArena(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new ArgumentError(`cannot allocate an arena of ${bytes} bytes`, { cause });
  }
}

class ReferenceBuffer implements DeviceBuffer {
  readonly dtype: DType;
  readonly length: number;
  readonly array: HostArray;

  constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
    this.array = allocate(dtype, length);
  }

  copyIn(host: HostArray, offset = 0): void {
    this.array.set(host, offset);
  }

  copyOut(host: HostArray, offset = 0): void {
    host.set(this.array.subarray(offset, offset + host.length));
  }

  /** The garbage collector does it. */
  free(): void {}
}

/** A value of a graph: inputs and outputs get another array at each run. */
class BoundMemory implements Memory {
  readonly dtype: DType;
  readonly length: number;
  array: HostArray;

  constructor({ dtype, length }: ValueSpec, array: HostArray) {
    this.dtype = dtype;
    this.length = length;
    this.array = array;
  }

  read(): HostArray {
    return this.array;
  }

  write(): HostArray {
    return this.array;
  }
}

/** A dynamic scalar or a source of keys, as one run is given it. */
interface Bindings {
  dynamicScalars: Float64Array;
  keys: Uint32Array;
}

class ReferenceProgram implements ProgramHandle {
  readonly arenaBytes: number;
  readonly #inputs: BoundMemory[] = [];
  readonly #outputs: BoundMemory[] = [];
  readonly #bindings: Bindings = { dynamicScalars: new Float64Array(0), keys: new Uint32Array(0) };
  readonly #calls: (() => void)[];
  readonly #queue: JobQueue;
  #jobs = 0;
  #disposed = false;

  constructor(ops: Ops, graph: Graph, buffers: readonly ReferenceBuffer[], queue: JobQueue) {
    this.#queue = queue;
    const unit = graph.values.some(({ dtype }) => dtype === 'float64') ? 8 : 4;
    this.arenaBytes = graph.arena * unit;
    const arena = allocateArena(graph.arena * unit);
    const memories = graph.values.map((spec) => {
      const { dtype, length, kind, index } = spec;
      if (spec.panels !== null) throw new ArgumentError('the reference keeps weights row by row, not in panels');
      if (kind === 'temporary') return new BoundMemory(spec, new constructors[dtype](arena, index * unit, length));
      if (kind === 'state') return new BoundMemory(spec, checkBuffer(spec, buffers[index]).array);
      const memory = new BoundMemory(spec, new constructors[dtype](0));
      (kind === 'input' ? this.#inputs : this.#outputs)[index] = memory;
      return memory;
    });
    const bindings = this.#bindings;
    const values = {
      memory: (index: number) => memories[index]!,
      dynamicScalar: (index: number) => ({
        get value() {
          return bindings.dynamicScalars[index]!;
        },
      }),
      source: (index: number) => keySource(bindings, index),
    };
    this.#calls = graph.instructions.map(({ op, args }) => {
      const bound = Object.entries<Role>(signatures[op]).map(([name, role]) => [name, bind(role, args[name], values)]);
      const run = (ops[op] as (args: unknown) => void).bind(ops);
      const given: unknown = Object.fromEntries(bound);
      return () => run(given);
    });
  }

  run(call: RunCall): void {
    this.#checkAlive();
    const { inputs, outputs, dynamicScalars, keys } = call;
    this.#inputs.forEach((memory, i) => {
      memory.array = checkArray('input', memory, inputs[i]);
    });
    this.#outputs.forEach((memory, i) => {
      memory.array = checkArray('output', memory, outputs[i]);
    });
    this.#bindings.dynamicScalars = dynamicScalars;
    // Each run counts its keys in a copy: the caller's stay as they are.
    this.#bindings.keys = keys.slice();
    for (const op of this.#calls) op();
  }

  submit(call: JobCall): Job {
    this.#checkAlive();
    const { sequence } = call;
    if (sequence !== null && !(sequence instanceof ReferenceSequence))
      throw new ArgumentError('submit: the sequence is one of another backend');
    const run = (each: RunCall) => {
      this.run(each);
      return this.#bindings.keys;
    };
    const job = this.#queue.submit(run, call, sequence, () => {
      this.#jobs--;
    });
    this.#jobs++;
    return job;
  }

  dispose(): void {
    if (this.#jobs > 0) throw new StateError('a program cannot be disposed while a job has not settled');
    this.#disposed = true;
    this.#calls.length = 0;
  }

  #checkAlive(): void {
    if (this.#disposed) throw new StateError('the program has been disposed');
  }
}

function checkBuffer({ dtype, length }: ValueSpec, buffer: ReferenceBuffer | undefined): ReferenceBuffer {
  if (buffer === undefined || buffer.dtype !== dtype || buffer.length !== length)
    throw new ArgumentError('a state does not fit its buffer');
  return buffer;
}

const isOf = { float32: isFloat32Array, float64: isFloat64Array, int32: isInt32Array } as const;

function checkArray(what: string, { dtype, length }: BoundMemory, array: HostArray | undefined): HostArray {
  if (array !== undefined && isOf[dtype](array) && array.length === length) return array;
  throw new ArgumentError(`an ${what} of a program must be ${length} elements of ${dtype}`);
}

function keySource(bindings: Bindings, index: number): KeySource {
  const at = 4 * index;
  return {
    nextKey() {
      const { keys } = bindings;
      const key = maskKey(keys[at]!, keys[at + 1]!, keys[at + 2]!, keys[at + 3]!);
      keys[at + 2]!++;
      if (keys[at + 2] === 0) keys[at + 3]!++;
      return key;
    },
  };
}

interface Values {
  memory(index: number): unknown;
  dynamicScalar(index: number): unknown;
  source(index: number): unknown;
}

/** What stands for an argument of an instruction when its op is called. */
function bind(role: Role, value: unknown, values: Values): unknown {
  const scalar = (each: GraphScalar) => (typeof each === 'number' ? each : values.dynamicScalar(each.dynamic));
  switch (roleTraits[role].kind) {
    case 'layout':
    case 'program':
    case 'value':
      return value;
    case 'memory':
      return value === null ? null : values.memory(value as number);
    case 'memories':
      return (value as readonly number[]).map((index) => values.memory(index));
    case 'scalar':
      return scalar(value as GraphScalar);
    case 'scalars':
      return (value as readonly GraphScalar[]).map(scalar);
    case 'keySource':
      return values.source(value as number);
    case 'draw':
      throw new ArgumentError('random numbers are drawn before a program runs');
  }
}

class ReferenceSequence implements JobSequence {
  readonly factory: ProgramFactory;
  isBroken = false;

  constructor(factory: ProgramFactory) {
    this.factory = factory;
  }
}

/** @param ops the reference's. */
export function createReferencePrograms(ops: Ops): ProgramFactory {
  const queue = new JobQueue();
  const factory: ProgramFactory = {
    fuses: false,
    createBuffer: (dtype, length) => new ReferenceBuffer(dtype, length),
    // The garbage collector does it.
    reclaim() {},
    createSequence: () => new ReferenceSequence(factory),
    createProgram(graph, buffers) {
      const own = buffers.map((buffer) => {
        if (!(buffer instanceof ReferenceBuffer)) throw new ArgumentError('a buffer of another backend');
        return buffer;
      });
      return new ReferenceProgram(ops, graph, own, queue);
    },
    // Runs are between turns of the event loop.
    copyOut(buffers, to) {
      for (const [i, buffer] of buffers.entries()) buffer.copyOut(to[i]!);
    },
    async shuffle(order, seed) {
      if (!(order instanceof ReferenceBuffer) || !isInt32Array(order.array))
        throw new ArgumentError('an order is an int32 buffer of this backend');
      await shuffleNextTurn(order.array, seed);
    },
  };
  return factory;
}
