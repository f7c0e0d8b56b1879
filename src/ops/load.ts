/** Loads the native addon. Together with native.ts the only file that knows it. */
import { toNamespacedPath } from 'node:path';
import { version } from '../copies.js';
import { addonFiles, openFirst } from './addon-files.js';
import type { HostArray } from './ops.js';

/** What crosses into C++: typed arrays, numbers, booleans, and null where the role ends in a question mark. */
export type NativeValue = HostArray | readonly HostArray[] | number | boolean | null;

/**
 * An op of one instruction set: its arguments by position, in the order of the signature in ops.ts. For a pointwise program its number may stand;
 * for an array of numbers how many of the frame are meant, and for a list how many of the arrays after the arguments; in the order of the arguments.
 */
export type NativeFunction = (...args: NativeValue[]) => void;

/** An object of the addon that owns a buffer, a program or a sequence. */
export abstract class NativeHandle {
  declare protected readonly isOfAddon: true;
}

/** What native.ts and native-programs.ts work with: an addon, or what wasm.ts makes of a WebAssembly module. */
export interface ProgramAddon {
  /** The names of the ops that programs can run; an opcode is an index. */
  readonly opcodes: readonly string[];
  /** Where numbers cross that would take a separate array: much faster. Empty where the engine allows no such memory. */
  readonly frame: Float64Array;
  /** Makes a pointwise program known until it is forgotten: its number. */
  pointwiseProgram(code: Float64Array): number;
  /** Frees a pointwise program. Another one may get its number. */
  forgetPointwiseProgram(number: number): void;
  /**
   * Frees what collected buffers and programs hold; unless `all`, only when enough have been made since the last time. The
   * buffers of programs that were collected and not disposed of, once for each of those.
   */
  reclaim(all: boolean): NativeHandle[];
  /** dtype: 0 float32, 1 int32. Zero-filled. */
  createBuffer(dtype: number, length: number): NativeHandle;
  bufferCopyIn(buffer: NativeHandle, from: HostArray, offset: number): void;
  bufferCopyOut(buffer: NativeHandle, to: HostArray): void;
  /** Reads as many elements as `to` takes, from `offset` on. */
  bufferCopyPart(buffer: NativeHandle, to: HostArray, offset: number): void;
  buffersCopyOut(buffers: NativeHandle[], to: HostArray[]): void;
  freeBuffer(buffer: NativeHandle): void;
  /** Memories, code and the numbers after them as native/program/graph.h says. */
  createProgram(
    instructionSet: string,
    memories: Float64Array,
    code: Float64Array,
    arena: number,
    dynamicScalars: number,
    keySources: number,
    blocks: readonly NativeHandle[],
  ): NativeHandle;
  arenaBytes(program: NativeHandle): number;
  /** By which {@link runProgram} knows a program. No other program ever has it. */
  programNumber(program: NativeHandle): number;
  /** @param inputs how many of the arrays are inputs; the outputs follow them. Null: the program has no dynamic scalars, no key sources. */
  runProgram(
    number: number,
    dynamicScalars: Float64Array | null,
    keys: Uint32Array | null,
    inputs: number,
    ...arrays: readonly HostArray[]
  ): void;
  disposeProgram(program: NativeHandle): void;
  /** For jobs of which none begins once one before it has failed or was stopped. */
  createSequence(): NativeHandle;
}

/** What native/binding/addon.cc exports. */
export interface NativeAddon extends ProgramAddon {
  /** The ops by name, by the name of each instruction set that this processor can run, narrowest first. */
  readonly instructionSets: Readonly<Record<string, Readonly<Record<string, NativeFunction>>>>;
  /** The instruction sets in the binary, whether or not this processor has them. */
  readonly compiled: readonly string[];
  readonly version: string;
  readonly maxThreads: number;
  /** How many threads an op may use, the calling one included. */
  threads(): number;
  setThreads(count: number): void;
  /** Where the number comes from that `threads()` gives at first. */
  threadSource(): string;

  /** For each op the kinds of its parameters, as its C++ function has them: named as roles of ops.ts, with `?` where null may be given. */
  opParameters(): Readonly<Record<string, readonly string[]>>;
  /** The names of the nodes of pointwise programs; a node's number is an index. */
  readonly pointwiseNodes: readonly string[];
  /** Before all that concerns jobs. `wake` is called on the event loop when a job is over and no call of `settleJob` is to come for it. */
  openJobs(wake: () => void): void;
  /**
   * Calls `settle` of the job that has been over for longest; it is to be called again then. False when there is none: then `wake`
   * announces the next, unless it is called again anyway.
   */
  settleJob(comesAgain: boolean): boolean;
  /**
   * Queues runs of a program; the number by which the job is known until `settle` returns. Inputs and what outputs hold
   * are copied. Null: no counter; the environment's number of threads; no sequence; sums of zeros.
   */
  submitJob(
    program: NativeHandle,
    inputs: readonly HostArray[],
    outputs: readonly HostArray[],
    dynamicScalars: Float64Array,
    keys: Uint32Array,
    times: number,
    counter: number | null,
    threads: number | null,
    background: boolean,
    sequence: NativeHandle | null,
    settle: NativeSettle,
    sums: Float64Array | null,
  ): number;
  /** Fills an int32 buffer with a permutation. Of the seed the low 32 bits count. */
  submitShuffle(order: NativeHandle, seed: number, settle: NativeSettle): number;
  /** Whole runs so far; `sums` has one number for each output. */
  jobProgress(job: number, sums: Float64Array): number;
  /** Copies what the last run put out; only within `settle`. */
  jobOutputs(job: number, outputs: readonly HostArray[]): void;
  stopJob(job: number): void;
  stopJobs(): void;

  /**
   * Opens an MPI library as the process group of this process. `settle` is called for each task that is over, and with 0 when
   * the ranks are connected or have failed to.
   */
  groupOpen(library: string, timeoutSeconds: number, settle: (task: number, error: Error | null) => void): void;
  groupInfo(): { rank: number; size: number; engine: string };
  groupPlace(cpus: number, sharesHost: boolean): void;
  /** Kinds and ops are numbers of native/distributed. The arrays are copied, one behind the other. The number of the task. */
  groupSubmit(
    kind: number,
    op: number,
    divisor: number,
    parts: number,
    root: number,
    arrays: readonly (HostArray | Uint16Array | Uint8Array)[],
  ): number;
  /** Copies the result out, as much as the arrays take; only within `settle`. */
  groupTake(task: number, arrays: readonly (HostArray | Uint16Array | Uint8Array)[]): void;
  /** Ends all processes of the job. */
  groupAbort(message: string, code: number): void;
  /** The same, if the group is still open. */
  groupLeave(message: string, code: number): void;
}

/** Called once, by `settleJob`, when a job is over. */
export type NativeSettle = (runs: number, error: Error | null) => void;

export interface LoadReport {
  /** The addon, or null when none could be loaded. */
  readonly addon: NativeAddon | null;
  /** The file it came from. */
  readonly path: string | null;
  /** The files that were tried before, and why each failed. */
  readonly tried: readonly {
    /** The file. */
    readonly path: string;
    /** Why it could not be loaded. */
    readonly error: string;
  }[];
}

function isAddon(value: unknown): value is NativeAddon {
  return typeof value === 'object' && value !== null && 'instructionSets' in value && 'createProgram' in value;
}

/** As `require` does, which bundlers would take for a module of theirs, and which some of them do not leave in the code. */
function open(path: string): NativeAddon {
  const holder: { exports: unknown } = { exports: {} };
  process.dlopen(holder, toNamespacedPath(path));
  if (!isAddon(holder.exports)) throw new Error("not lanewise's addon");
  if (holder.exports.version !== version)
    throw new Error(`of version ${holder.exports.version}, and this is version ${version}`);
  return holder.exports;
}

/**
 * Loads the addon: the file named by the environment variable LANEWISE_ADDON if that is set, else the prebuilt binary
 * of this platform, else the one that `npm run build` makes. Never throws: what went wrong is in the report.
 */
export function loadAddon(): LoadReport {
  const { opened, path, tried } = openFirst(addonFiles(), 'the binary of this platform', open);
  return { addon: opened, path, tried };
}
