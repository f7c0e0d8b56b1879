/** Runs traced programs in the addon: a graph crosses once, as numbers; after that a run is one call. */
import { setImmediate } from 'node:timers';
import { ArgumentError, BackendError, LanewiseError, StateError } from '../errors.js';
import { isError, isRefusal } from '../realm.js';
import type { GraphScalar, Instruction, Job, JobCall, JobSequence, RunCall, ValueId, ValueSpec } from './graph.js';
import { type DeviceBuffer, type Graph, NotFiniteError, type ProgramFactory, type ProgramHandle } from './graph.js';
import type { NativeHandle, ProgramAddon } from './load.js';
import { type DType, type HostArray, type Layout, type Role, signatures } from './ops.js';
import type { PointwiseProgram } from './pointwise-program.js';
import { roleTraits } from './roles.js';

/** The numbers by which native/program/graph.h knows dtypes and kinds. */
const dtypes = { float32: 0, int32: 1 } as const;
const kinds = { temporary: 0, state: 1, input: 2, output: 3 } as const;

function dtypeNumber(dtype: DType): number {
  if (dtype === 'float64')
    throw new BackendError("float64 tensors need the reference backend; call backend.use('reference')");
  return dtypes[dtype];
}

/** What the addon throws as what the library throws. */
export function failure(error: unknown): unknown {
  if (!isError(error) || error instanceof LanewiseError) return error;
  const { message } = error;
  if ('layer' in error && typeof error.layer === 'number') return new NotFiniteError(error.layer);
  if ('code' in error && error.code === 'ERR_LANEWISE_STATE') return new StateError(message, { cause: error });
  const isMemory = 'code' in error && error.code === 'ERR_LANEWISE_NO_MEMORY';
  if (isMemory || isRefusal(error)) return new ArgumentError(message, { cause: error });
  // A thread that could not be started, say.
  return new BackendError(message, { cause: error });
}

/** What native-jobs.ts makes of an addon. Throws what the library throws. */
export interface NativeJobs {
  /** @param ended called when the job is over, before its `done` settles. */
  submit(program: NativeHandle, call: JobCall, ended: () => void): Job;
  shuffle(order: NativeHandle, seed: bigint): Promise<void>;
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw failure(error);
  }
}

function encodeValue({ dtype, length, kind, index, panels }: ValueSpec): number[] {
  return [dtypeNumber(dtype), length, kinds[kind], index, panels?.out ?? -1, panels?.in ?? -1];
}

const encodeScalar = (scalar: GraphScalar): [tag: number, value: number] =>
  typeof scalar === 'number' ? [0, scalar] : [1, scalar.dynamic];

function encodeArgument(role: Role, value: Instruction['args'][string] | undefined): Iterable<number> {
  switch (roleTraits[role].kind) {
    case 'layout':
      return [(value as Layout).length, ...(value as Layout)];
    case 'program': {
      const code = (value as PointwiseProgram | null)?.code ?? [];
      return [code.length, ...code];
    }
    case 'memory':
      return [value === null ? -1 : Number(value)];
    case 'memories': {
      const values = value as readonly ValueId[];
      return [values.length, ...values];
    }
    case 'scalar':
      return encodeScalar(value as GraphScalar);
    case 'scalars': {
      const scalars = value as readonly GraphScalar[];
      return [scalars.length, ...scalars.flatMap(encodeScalar)];
    }
    case 'value':
    case 'keySource':
      return [Number(value)];
    case 'draw':
      throw new ArgumentError('program: random numbers are drawn on the host, before a run');
  }
}

/** The instructions one behind the other, as native/program/graph.h describes. */
function encodeInstructions(instructions: readonly Instruction[], opcodes: readonly string[]): Float64Array {
  const numbers: number[] = [];
  for (const { op, args } of instructions) {
    numbers.push(opcodes.indexOf(op));
    for (const [name, role] of Object.entries(signatures[op])) numbers.push(...encodeArgument(role, args[name]));
  }
  return Float64Array.from(numbers);
}

class NativeBuffer implements DeviceBuffer {
  readonly dtype: DType;
  readonly length: number;
  readonly #addon: ProgramAddon;
  readonly #handle: NativeHandle;
  #freed = false;

  constructor(addon: ProgramAddon, dtype: DType, length: number) {
    this.#addon = addon;
    this.dtype = dtype;
    this.length = length;
    this.#handle = attempt(() => addon.createBuffer(dtypeNumber(dtype), length));
  }

  get handle(): NativeHandle {
    if (this.#freed) throw new StateError('buffer: it has been freed');
    return this.#handle;
  }

  copyIn(host: HostArray, offset = 0): void {
    const { handle } = this;
    attempt(() => this.#addon.bufferCopyIn(handle, host, offset));
  }

  copyOut(host: HostArray, offset?: number): void {
    const { handle } = this;
    attempt(() =>
      offset === undefined ? this.#addon.bufferCopyOut(handle, host) : this.#addon.bufferCopyPart(handle, host, offset),
    );
  }

  free(): void {
    this.#freed = true;
    this.#addon.freeBuffer(this.#handle);
  }
}

function handleOf(caller: string, buffer: DeviceBuffer): NativeHandle {
  if (!(buffer instanceof NativeBuffer)) throw new ArgumentError(`${caller}: the buffer is one of another backend`);
  return buffer.handle;
}

/** Who is told that a program with a buffer was collected. Of all instruction sets: the addon finds buffers of any of them. */
const onLost = new WeakMap<NativeHandle, () => void>();

/**
 * Gives back what collected programs and buffers hold: before others are made, since finalizers wait for a turn of the event
 * loop, and in such a turn, since nothing else may be made.
 */
class Reclaimer {
  readonly #addon: ProgramAddon;
  readonly #collected = new FinalizationRegistry<null>(() => this.#schedule());
  #isScheduled = false;

  constructor(addon: ProgramAddon) {
    this.#addon = addon;
  }

  watchProgram(handle: NativeHandle): void {
    this.#collected.register(handle, null);
  }

  reclaim(all: boolean): void {
    for (const buffer of attempt(() => this.#addon.reclaim(all))) onLost.get(buffer)?.();
  }

  /** Once for all that have been collected together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      try {
        this.reclaim(true);
      } catch {
        // No caller could catch it. Programs that are made later try again.
      }
    }).unref();
  }
}

class NativeSequence implements JobSequence {
  readonly factory: ProgramFactory;
  readonly handle: NativeHandle;

  constructor(factory: ProgramFactory, handle: NativeHandle) {
    this.factory = factory;
    this.handle = handle;
  }
}

/** What the addon knows a sequence by. @throws ArgumentError for one of another backend */
export function sequenceHandleOf(sequence: JobSequence): NativeHandle {
  if (!(sequence instanceof NativeSequence)) throw new ArgumentError('submit: the sequence is one of another backend');
  return sequence.handle;
}

class NativeProgram implements ProgramHandle {
  readonly arenaBytes: number;
  readonly #addon: ProgramAddon;
  readonly #jobs: NativeJobs;
  readonly #handle: NativeHandle;
  readonly #number: number;
  readonly #run: ProgramAddon['runProgram'];
  #unsettled = 0;
  #disposed = false;

  constructor(addon: ProgramAddon, jobs: NativeJobs, handle: NativeHandle) {
    this.#addon = addon;
    this.#jobs = jobs;
    this.#handle = handle;
    this.#number = attempt(() => addon.programNumber(handle));
    this.#run = addon.runProgram;
    this.arenaBytes = addon.arenaBytes(handle);
  }

  run({ inputs, outputs, dynamicScalars, keys }: RunCall): void {
    this.#assertUsable();
    // One spread of an array that is filled by hand costs half of two spreads.
    const given = inputs.length;
    const arrays = new Array<HostArray>(given + outputs.length);
    for (let i = 0; i < given; i++) arrays[i] = inputs[i]!;
    for (let i = 0; i < outputs.length; i++) arrays[given + i] = outputs[i]!;
    try {
      const run = this.#run;
      run(
        this.#number,
        dynamicScalars.length > 0 ? dynamicScalars : null,
        keys.length > 0 ? keys : null,
        given,
        ...arrays,
      );
    } catch (error) {
      throw failure(error);
    }
  }

  submit(call: JobCall): Job {
    this.#assertUsable();
    const job = this.#jobs.submit(this.#handle, call, () => {
      this.#unsettled--;
    });
    this.#unsettled++;
    return job;
  }

  dispose(): void {
    if (this.#unsettled > 0) throw new StateError('program: it cannot be disposed of while a job runs it');
    this.#disposed = true;
    this.#addon.disposeProgram(this.#handle);
  }

  #assertUsable(): void {
    if (this.#disposed) throw new StateError('program: it has been disposed of');
  }
}

/**
 * Runs programs on one instruction set.
 * @param isa - its name
 */
export function createNativePrograms(isa: string, addon: ProgramAddon, jobs: NativeJobs): ProgramFactory {
  const reclaimer = new Reclaimer(addon);
  const factory: ProgramFactory = {
    fuses: true,

    createBuffer(dtype, length, lost) {
      const buffer = new NativeBuffer(addon, dtype, length);
      if (lost !== undefined) onLost.set(buffer.handle, lost);
      return buffer;
    },

    reclaim: () => reclaimer.reclaim(false),

    copyOut(buffers, to) {
      const handles = buffers.map((buffer) => handleOf('copyOut', buffer));
      attempt(() => addon.buffersCopyOut(handles, [...to]));
    },

    async shuffle(order, seed) {
      await jobs.shuffle(handleOf('shuffle', order), seed);
    },

    createSequence: () => new NativeSequence(factory, addon.createSequence()),

    createProgram({ values, instructions, arena, dynamicScalars, keySources }: Graph, buffers) {
      const handles = buffers.map((buffer) => handleOf('createProgram', buffer));
      const numbers = Float64Array.from(values.flatMap(encodeValue));
      const code = encodeInstructions(instructions, addon.opcodes);
      const handle = attempt(() => addon.createProgram(isa, numbers, code, arena, dynamicScalars, keySources, handles));
      reclaimer.watchProgram(handle);
      return new NativeProgram(addon, jobs, handle);
    },
  };
  return factory;
}
