import { ArgumentError, StateError } from '../errors.js';
import type { Argument, GraphScalar, Instruction } from '../ops/graph.js';
import {
  type Draw,
  type DType,
  type DynamicScalar,
  type KeySource,
  type Layout,
  type Memory,
  type OpName,
  type Ops,
  type Role,
  signatures,
} from '../ops/ops.js';
import type { PointwiseProgram } from '../ops/pointwise-program.js';
import { roleTraits, type Scalar } from '../ops/roles.js';
import type { Trace } from '../ops/trace.js';
import { Generator } from '../random/generator.js';
import { Storage } from '../tensor/storage.js';
import { SideEffectLog } from './guards.js';

/** Where the numbers of a value come from. `constant`: numbers that the function has made from JavaScript. */
type Origin = 'input' | 'draw' | 'state' | 'constant' | 'temporary';

/** Memory that instructions name by its position in {@link Tracer.values}. */
export interface TracedValue {
  readonly dtype: DType;
  readonly length: number;
  readonly origin: Origin;
  /** null for a draw, which no tensor has. */
  readonly storage: Storage | null;
  isWritten: boolean;
}

/** Numbers that are drawn on the host before each run: those of an input that no caller gives. */
export interface TracedDraw {
  readonly source: Generator;
  readonly fill: Draw['fill'];
  readonly value: number;
}

type Args = Readonly<Record<string, unknown>>;

/** An op that copies all of one value into another of the same size. */
export const copyAll = (x: number, out: number, length: number): Instruction => ({
  op: 'copy',
  args: { x, out, layout: Float64Array.of(length, 1, 1), xOffset: 0, outOffset: 0 },
});

/**
 * Notes the ops that a function calls instead of running them. Memory, dynamic scalars and generators are told apart by identity;
 * versions of storages go up as if the op had run, so that the tape's checks hold.
 */
export class Tracer implements Trace {
  readonly wantsPlainOps: boolean = false;
  /** Replaces the ops of a backend while tracing. */
  readonly ops: Ops;
  readonly sideEffects = new SideEffectLog();
  readonly instructions: Instruction[] = [];
  readonly values: TracedValue[] = [];
  readonly dynamicScalars: DynamicScalar[] = [];
  readonly sources: Generator[] = [];
  readonly draws: TracedDraw[] = [];
  readonly #numbers = new Map<Memory, number>();
  readonly #scalarValues: number[] = [];
  readonly #versions = new Map<Storage, number>();
  readonly #name: string;

  /** @param name of the function, for messages. */
  constructor(name: string) {
    this.#name = name;
    const ops: Partial<Record<OpName, (args: Args) => void>> = {};
    for (const name of Object.keys(signatures) as OpName[]) ops[name] = (args) => this.#note(name, args);
    this.ops = { ...(ops as Record<OpName, (args: Args) => void>), draw: (args) => this.#draw(args) };
  }

  /** Memory that is bound at each run. */
  addInput(storage: Storage): void {
    this.#add(storage, 'input');
  }

  /** The number of a memory, which gets one if it has none yet. */
  numberOf(memory: Memory): number {
    const known = this.#numbers.get(memory);
    if (known !== undefined) return known;
    if (!(memory instanceof Storage)) throw new ArgumentError(`${this.#name}: an op was given memory of no tensor`);
    // Another trace's memory: throws, and says what to do.
    if (memory.tracedBy !== this) memory.assertNumbers();
    return this.#add(memory, memory.tracedBy !== this ? 'state' : memory.hasNumbers ? 'constant' : 'temporary');
  }

  guard(owner: object, key: string, read: () => unknown): boolean {
    return this.sideEffects.guard(owner, key, read);
  }

  guardFields(owner: object): void {
    this.sideEffects.guardFields(owner);
  }

  watchFields(owner: object): () => void {
    return this.sideEffects.guardFields(owner).watch();
  }

  sideEffect<T>(owner: object, key: string, read: () => T, write: (value: T) => void): void {
    this.sideEffects.add(owner, key, read, write);
  }

  check(run: () => void): void {
    this.sideEffects.guards.addCheck(run);
  }

  refuse(what: string, instead = 'return the tensor and read it after the call'): Error {
    return new StateError(
      `${what} is not possible while compile traces a function, since it has no numbers: ${instead}`,
    );
  }

  /** @throws StateError when the function has changed a number after an op has read it. */
  checkDynamicScalars(): void {
    for (const number of this.dynamicScalars.keys()) this.#checkDynamicScalar(number);
  }

  /** Sets everything back that the function has set, as if it had not been called. */
  undo(): void {
    this.sideEffects.undo();
    for (const [storage, version] of this.#versions) storage.setVersion(version);
  }

  #add(storage: Storage, origin: Origin): number {
    const number = this.values.length;
    this.values.push({ dtype: storage.dtype, length: storage.length, origin, storage, isWritten: false });
    this.#numbers.set(storage, number);
    return number;
  }

  #note(op: OpName, args: Args): void {
    const noted: Record<string, Argument> = {};
    for (const [name, role] of Object.entries<Role>(signatures[op])) noted[name] = this.#valueOf(role, args[name]);
    this.instructions.push({ op, args: noted });
  }

  #valueOf(role: Role, value: unknown): Argument {
    const { kind, writes } = roleTraits[role];
    switch (kind) {
      case 'program':
        return value as PointwiseProgram | null;
      case 'memory':
        return value === null ? null : this.#memory(value as Memory, writes);
      case 'memories':
        return (value as readonly Memory[]).map((memory) => this.#memory(memory, writes));
      case 'scalar':
        return this.#scalar(value as Scalar);
      case 'scalars':
        return (value as readonly Scalar[]).map((each) => this.#scalar(each));
      case 'layout':
        return (value as Layout).slice();
      case 'value':
        return value as number | boolean;
      case 'keySource':
        return this.#source(value as KeySource);
      case 'draw':
        throw new ArgumentError('compile: random numbers are drawn before a program runs');
    }
  }

  #scalar(scalar: Scalar): GraphScalar {
    return typeof scalar === 'number' ? scalar : { dynamic: this.#dynamicScalar(scalar) };
  }

  #memory(memory: Memory, isWritten: boolean): number {
    const number = this.numberOf(memory);
    const entry = this.values[number]!;
    if (!isWritten) return number;
    const { storage, origin } = entry;
    if (origin === 'input')
      throw new StateError(`${this.#name}: the function writes into one of its arguments; write into a clone() of it`);
    entry.isWritten = true;
    if (storage !== null) {
      if (!this.#versions.has(storage)) this.#versions.set(storage, storage.version);
      storage.setVersion(storage.version + 1);
    }
    return number;
  }

  #dynamicScalar(scalar: DynamicScalar): number {
    const known = this.dynamicScalars.indexOf(scalar);
    if (known >= 0) {
      this.#checkDynamicScalar(known);
      return known;
    }
    this.#scalarValues.push(scalar.value);
    return this.dynamicScalars.push(scalar) - 1;
  }

  #checkDynamicScalar(number: number): void {
    if (!Object.is(this.#scalarValues[number], this.dynamicScalars[number]!.value))
      throw new StateError(
        `${this.#name}: the function changes a number (a learning rate, say) that a step in it reads; ` +
          'change it outside of the function',
      );
  }

  #source(source: KeySource): number {
    const generator = checkGenerator(source);
    const known = this.sources.indexOf(generator);
    return known >= 0 ? known : this.sources.push(generator) - 1;
  }

  #draw({ draw, out }: { draw: Draw; out: Memory }): void {
    const value = this.values.length;
    const { dtype, length } = out;
    this.values.push({ dtype, length, origin: 'draw', storage: null, isWritten: false });
    this.draws.push({ source: checkGenerator(draw.source), fill: (array) => draw.fill(array), value });
    this.instructions.push(copyAll(value, this.#memory(out, true), length));
  }
}

function checkGenerator(source: unknown): Generator {
  if (!(source instanceof Generator)) throw new ArgumentError('compile: random numbers are drawn from a Generator');
  return source;
}
