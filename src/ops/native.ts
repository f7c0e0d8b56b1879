/** The native backends: every op of the contract marshalled by its signature to the addon's function of that name. */
import { BackendError } from '../errors.js';
import { hostOps } from './host.js';
import type { NativeFunction, NativeValue, ProgramAddon } from './load.js';
import { failure } from './native-programs.js';
import { type Layout, type Memory, type Ops, type Signature, signatures } from './ops.js';
import type { PointwiseProgram } from './pointwise-program.js';
import { numberOf, roleTraits, type Scalar } from './roles.js';

type HostOp = keyof typeof hostOps;
type NativeOp = Exclude<keyof Ops, HostOp>;

/** The arguments of any op, by name. */
type Args = Readonly<Record<string, unknown>>;

/** What crosses without a copy: programs as numbers, numbers in the frame. */
export type Crossing = Pick<ProgramAddon, 'frame' | 'pointwiseProgram' | 'forgetPointwiseProgram'>;

const isFloat64 = (memory: Memory | null): boolean => memory !== null && memory.dtype === 'float64';

/** The numbers by which an addon knows programs, for as long as the programs live. */
class ProgramNumbers {
  readonly #crossing: Crossing;
  readonly #numbers = new WeakMap<PointwiseProgram, number>();
  readonly #collected: FinalizationRegistry<number>;

  constructor(crossing: Crossing) {
    this.#crossing = crossing;
    this.#collected = new FinalizationRegistry((number) => crossing.forgetPointwiseProgram(number));
  }

  of(program: PointwiseProgram): number {
    const known = this.#numbers.get(program);
    if (known !== undefined) return known;
    const number = this.#crossing.pointwiseProgram(program.code);
    this.#numbers.set(program, number);
    this.#collected.register(program, number);
    return number;
  }
}

/** One for each addon, which every instruction set shares. */
const programNumbers = new WeakMap<Crossing, ProgramNumbers>();

/** Numbers written one behind the other to the frame of an addon, or to arrays where they do not fit. */
class Frame {
  readonly #numbers: Float64Array;
  #used = 0;

  constructor({ frame }: Crossing) {
    this.#numbers = frame;
  }

  begin(): void {
    this.#used = 0;
  }

  /** What crosses instead of the numbers. */
  layout(numbers: ArrayLike<number>): NativeValue {
    const { length } = numbers;
    if (this.#used + length > this.#numbers.length) return Float64Array.from(numbers);
    for (let i = 0; i < length; i++) this.#numbers[this.#used++] = numbers[i]!;
    return length;
  }

  scalars(numbers: readonly Scalar[]): NativeValue {
    const { length } = numbers;
    if (this.#used + length > this.#numbers.length) return Float64Array.from(numbers, numberOf);
    for (let i = 0; i < length; i++) this.#numbers[this.#used++] = numberOf(numbers[i]!);
    return length;
  }
}

/** @param reference - the same op of the reference, which computes when any memory is float64: the addon has none of that */
function createOp(
  call: NativeFunction,
  signature: Signature,
  reference: (args: Args) => void,
  crossing: Crossing,
): (args: Args) => void {
  const names = Object.keys(signature);
  const how = Object.values(signature).map((role) => roleTraits[role]);
  const count = names.length;
  const frame = new Frame(crossing);
  let numbers = programNumbers.get(crossing);
  if (numbers === undefined) programNumbers.set(crossing, (numbers = new ProgramNumbers(crossing)));
  const programs = numbers;
  /** Arguments that go to the frame, by position. */
  const framed = how.flatMap(({ kind }, i) => (kind === 'layout' || kind === 'scalars' ? [i] : []));
  return (args) => {
    // A fresh array at each call: one that is kept would hold the caller's memory and break under re-entry.
    const values = new Array<NativeValue>(count);
    for (let i = 0; i < count; i++) {
      const value = args[names[i]!];
      if (value === null) {
        values[i] = null;
        continue;
      }
      const { kind, writes } = how[i]!;
      switch (kind) {
        case 'memory': {
          const memory = value as Memory;
          if (isFloat64(memory)) return reference(args);
          values[i] = writes ? memory.write() : memory.read();
          break;
        }
        case 'memories': {
          const memories = value as readonly Memory[];
          values[i] = memories.length;
          for (const memory of memories) {
            if (isFloat64(memory)) return reference(args);
            values.push(writes ? memory.write() : memory.read());
          }
          break;
        }
        case 'scalar':
          values[i] = numberOf(value as Scalar);
          break;
        case 'program':
          values[i] = programs.of(value as PointwiseProgram);
          break;
        case 'value':
          values[i] = value as NativeValue;
          break;
      }
    }
    // After all memory has been read, which may run other ops.
    frame.begin();
    for (let f = 0; f < framed.length; f++) {
      const i = framed[f]!;
      const value = args[names[i]!];
      values[i] = how[i]!.kind === 'layout' ? frame.layout(value as Layout) : frame.scalars(value as readonly Scalar[]);
    }
    try {
      call(...values);
    } catch (error) {
      throw failure(error);
    }
  };
}

const isHostOp = (name: string): name is HostOp => Object.hasOwn(hostOps, name);

/**
 * The ops of one instruction set.
 * @param isa - its name, for messages
 * @param functions - the addon's functions by the names of the ops
 * @param reference - the ops that compute with float64 memory
 * @param crossing - the addon
 * @throws BackendError when the addon lacks an op: it was built from other sources than this file
 */
export function createNativeOps(
  isa: string,
  functions: Readonly<Record<string, NativeFunction>>,
  reference: Ops,
  crossing: Crossing,
): Ops {
  const ops: Partial<Record<NativeOp, (args: Args) => void>> = {};
  for (const name of Object.keys(signatures) as (keyof Ops)[]) {
    if (isHostOp(name)) continue;
    const call = functions[name];
    if (typeof call !== 'function')
      throw new BackendError(`native:${isa}: the addon has no op '${name}'; build it again: npm run build`);
    ops[name] = createOp(call, signatures[name], reference[name] as (args: Args) => void, crossing);
  }
  return { ...(ops as Record<NativeOp, (args: Args) => void>), ...hostOps };
}
