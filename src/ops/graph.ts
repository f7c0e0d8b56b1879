/**
 * A traced program as data, and who runs it. The tracer of src/compile makes a {@link Graph}, its passes rewrite it,
 * and a {@link ProgramFactory}, one for each backend, makes it run: the addon for the native ones, plain TypeScript
 * over the reference ops otherwise. Nothing here knows a tensor.
 */
import { StateError } from '../errors.js';
import type { DType, HostArray, Layout, OpName } from './ops.js';
import type { PointwiseProgram } from './pointwise-program.js';

/** The number of a value in its graph. */
export type ValueId = number;

/** Memory that a graph names: a value. */
export interface ValueSpec {
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;
  /**
   * Where the numbers live. `temporary`: in the program's arena, nothing in it outlives a run. `state`: in a {@link DeviceBuffer}
   * that outlives the program and that other programs may share; `index` counts the buffers given to `createProgram`.
   * `input`, `output`: bound at each run; `index` counts inputs and outputs of {@link RunCall}. Inputs are only read.
   */
  readonly kind: 'temporary' | 'state' | 'input' | 'output';
  /** Position among the values of that kind; for `temporary` the offset in the arena in elements, once planned, else -1. */
  readonly index: number;
  /**
   * How a weight [out, in] lies in memory: null for row-major; else in panels of as many outputs as the backend's GEMM
   * tile has columns, `[out/nr][in][nr]`, zero-padded. Only of `state`, and only where every op that names it has `packed`.
   */
  readonly panels: { readonly out: number; readonly in: number } | null;
}

/** A number, or the index in {@link RunCall.dynamicScalars} of one that may change between runs. */
export type GraphScalar = number | { readonly dynamic: number };

/** What an argument is in an instruction. */
export type Argument =
  | number
  | boolean
  | Layout
  | PointwiseProgram
  | readonly ValueId[]
  | GraphScalar
  | readonly GraphScalar[]
  | null;

/**
 * One op call. Arguments have the names of the op's signature; by its role a value is: for a value a {@link ValueId} or
 * null (a list of them for a list), for a scalar a {@link GraphScalar}, for a key source its index in {@link RunCall.keys},
 * for a layout or a program the object itself, else the number or flag. `draw` does not occur: it is done on the host before each run.
 */
export interface Instruction {
  readonly op: OpName;
  readonly args: Readonly<Record<string, Argument>>;
}

export interface Graph {
  readonly values: readonly ValueSpec[];
  readonly instructions: readonly Instruction[];
  /** Elements (of 4 bytes; of 8 when anything is float64) that the temporaries take, once planned; else -1. */
  readonly arena: number;
  readonly dynamicScalars: number;
  readonly keySources: number;
}

/** The side of a storage that programs compute on: memory that the backend owns. */
export interface DeviceBuffer {
  readonly dtype: DType;
  readonly length: number;
  /** Writes `host` to the elements from `offset` (default 0). */
  copyIn(host: HostArray, offset?: number): void;
  /** Reads as many elements as `host` takes, from `offset` (default 0) on. While a job runs on the buffer: the numbers between two runs. */
  copyOut(host: HostArray, offset?: number): void;
  /** Releases the memory; a program that still has the buffer keeps it alive. */
  free(): void;
}

/** What one run is given. Arrays are read and written by the time `run` returns, or `Job.done` settles. */
export interface RunCall {
  readonly inputs: readonly HostArray[];
  readonly outputs: readonly HostArray[];
  readonly dynamicScalars: Float64Array;
  /**
   * For each key source seedLow, seedHigh, counterLow, counterHigh; each `drawKey` counts one up, as `Generator.nextKey`, but in a
   * copy: the caller's words stay as they are.
   */
  readonly keys: Uint32Array;
}

/** Runs on a thread of the library's own. */
export interface JobCall extends RunCall {
  /** How many runs, one after the other. Inputs are copied when the job is submitted; outputs are those of the last run. */
  readonly times: number;
  /** Whether the outputs are read: when not, they hold anything afterwards. */
  readonly isWanted: boolean;
  /** A dynamic scalar that goes up by 1 after each run, or null. */
  readonly counter: number | null;
  /** How many threads, the runner included; null for the backend's number. */
  readonly threads: number | null;
  /** `background` computes on threads with a lower nice value (Linux: nice 19). */
  readonly priority: 'normal' | 'background';
  /** What the job is one of, or null. */
  readonly sequence: JobSequence | null;
  /** What the outputs are added to, one number for each; null: zeros. */
  readonly sums?: Float64Array | null;
}

/**
 * Jobs of one priority that belong one behind the other, in the order in which they are submitted: once one of them fails or is
 * stopped, none of them begins a run. It is decided where jobs run, before the next begins, so not by timing.
 */
export interface JobSequence {
  /** Of which backend. */
  readonly factory: ProgramFactory;
}

export interface Job {
  /**
   * Settles on the event loop with the number of runs that were made: all, or fewer after {@link stop}. Rejects with the
   * error of the run that failed; the runs before it stand.
   */
  readonly done: Promise<number>;
  /** Whole runs so far. Asks for no memory. */
  readonly runs: number;
  /** How far it is: whole runs so far, and for each output of one element the sum of its values over them, added to {@link JobCall.sums}. */
  progress(): { readonly runs: number; readonly sums: Float64Array };
  /** No further run begins. */
  stop(): void;
}

export interface ProgramHandle {
  /** One run on the calling thread. Waits for the run of a job in progress, if there is one. @throws ArgumentError, StateError */
  run(call: RunCall): void;
  /**
   * Queues runs for the backend's runner thread. Jobs take turns run by run, in the order in which they came, so none waits for
   * another's end.
   */
  submit(call: JobCall): Job;
  /** Bytes of the arena. */
  readonly arenaBytes: number;
  /** Releases the arena; after that only `dispose` may be called. @throws StateError while a job has not settled */
  dispose(): void;
}

export interface ProgramFactory {
  /** Whether passes may fuse and lay out in panels: the reference runs lists as they were traced. */
  readonly fuses: boolean;
  /**
   * Zero-filled.
   * @param lost called for each program with the buffer that was collected and had not been disposed of.
   * @throws ArgumentError when there is no memory for it
   */
  createBuffer(dtype: DType, length: number, lost?: () => void): DeviceBuffer;
  /**
   * Gives back the memory of what has been collected, where that would wait for a turn of the event loop otherwise. To be
   * called before a program and its buffers are made: it calls `lost` of other buffers.
   */
  reclaim(): void;
  /** The numbers of several buffers as one run has left them: no run begins before all are copied. */
  copyOut(buffers: readonly DeviceBuffer[], to: readonly HostArray[]): void;
  /** Fills an int32 buffer with the permutation that `new Generator(seed).randperm(length)` gives, off the event loop. */
  shuffle(order: DeviceBuffer, seed: bigint): Promise<void>;
  /** For jobs on this backend. */
  createSequence(): JobSequence;
  /** @throws ArgumentError for a graph that does not hold together, or when there is no memory for it */
  createProgram(graph: Graph, buffers: readonly DeviceBuffer[]): ProgramHandle;
}

/** The op `checkFinite` met a value that is not finite. */
export class NotFiniteError extends StateError {
  /** The op's `layer`. */
  readonly layer: number;

  constructor(layer: number) {
    super(`output ${layer} is not finite`);
    this.layer = layer;
  }
}
