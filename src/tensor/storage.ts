import { StateError } from '../errors.js';
import type { ProgramFactory } from '../ops/graph.js';
import type { DType, HostArray, Memory } from '../ops/ops.js';
import { currentTrace, type Trace } from '../ops/trace.js';
import { ownTurn } from '../ops/turns.js';
import { isFloat32Array, isFloat64Array, isInt32Array } from '../realm.js';
import { isInferenceModeEnabled } from './grad-mode.js';
import { uncleared, zeros } from './host-memory.js';
import type { NativeSide } from './native-side.js';

/** Bytes that are copied into a buffer in one turn of the event loop. */
const uploadBytes = 4 << 20;

/** Memory of fewer elements may well lie in two places. */
const fewElements = 1 << 18;

/** The dtypes there are, in the order in which messages list them. */
export const dtypes: readonly DType[] = ['float32', 'float64', 'int32'];

/** The dtype that a typed array holds, or null when lanewise has none for it. */
export function dtypeOf(array: ArrayBufferView): DType | null {
  if (isFloat32Array(array)) return 'float32';
  if (isFloat64Array(array)) return 'float64';
  if (isInt32Array(array)) return 'int32';
  return null;
}

/** The newest numbers of a storage, or null when it has none: as own, enumerable properties. */
export interface Numbers {
  readonly data: HostArray | null;
}

/** Who keeps memory from being written to, for longer than a job, and whether at this moment. */
export interface Holder {
  /** For messages. */
  readonly name: string;
  isHolding: boolean;
}

const isTemporary =
  'this tensor was made while a function was being traced for compile: it has numbers only inside the program; ' +
  'return it from the function to read it';

const isTrained = (writer: string) =>
  new StateError(`the tensor is being trained by ${writer}: wait for its promise before writing to it`);

/**
 * The memory of a tensor; tensors of one storage share their numbers. Only ops reach the array, through
 * {@link read} and {@link write}: users get copies, so the newest numbers may live elsewhere than in the array: in the
 * buffer of a {@link NativeSide}, once a traced program uses the storage.
 */
export class Storage implements Memory {
  readonly dtype: DType;
  readonly length: number;
  /** For what looks at objects from outside: comparisons of tests, structured clones, debuggers. The library itself does not read it. */
  numbers: Numbers;
  /** Made when it is first asked for. */
  #host: HostArray | null;
  #side: NativeSide | null = null;
  #holder: Holder | null = null;
  #version = 0;
  readonly #isInference = isInferenceModeEnabled();
  #tracedBy: Trace | null = currentTrace();
  /** Why there are no numbers, or null. */
  #refusal: string | null = null;

  /** Takes the array over: no one else may keep it. A number is the length of memory that is zero until it is written. */
  constructor(dtype: DType, host: HostArray | number) {
    this.dtype = dtype;
    this.length = typeof host === 'number' ? host : host.length;
    this.#host = typeof host === 'number' ? null : host;
    this.numbers = this.#plainNumbers();
  }

  /** Zero-filled memory. @throws ArgumentError when the machine will not give that much. */
  static allocate(dtype: DType, length: number): Storage {
    return new Storage(dtype, zeros(dtype, length));
  }

  /**
   * Memory that holds anything: clearing what an op is about to write takes as long as many an op. Made while tracing
   * it has no numbers at all.
   * @throws ArgumentError when the machine will not give that much.
   */
  static uninitialized(dtype: DType, length: number): Storage {
    if (currentTrace() !== null) {
      const storage = new Storage(dtype, length);
      storage.#refusal = isTemporary;
      return storage;
    }
    return new Storage(dtype, uncleared(dtype, length));
  }

  /** @throws StateError while tracing, and when there are no numbers. */
  read(): HostArray {
    const now = currentTrace();
    if (now !== null) throw now.refuse('reading a tensor');
    const side = this.#side;
    if (side !== null && (side.bufferIsNewer || side.writers.length > 0)) return this.#download(side);
    return this.#array();
  }

  /** @throws StateError as {@link read}, while a job writes the memory, and while it is held. */
  write(): HostArray {
    const now = currentTrace();
    if (now !== null && now !== this.#tracedBy) throw now.refuse('writing into a tensor');
    this.assertUnpinned();
    const side = this.#side;
    if (side !== null) {
      if (side.bufferIsNewer) this.#download(side);
      side.hostIsNewer = true;
    }
    this.#version++;
    return this.#array();
  }

  /** How many times an op or a program has written here: the tape compares it to see that what it saved is still there. */
  get version(): number {
    return this.#version;
  }

  /** Sets the version: one up for a write that is only traced, and back where it was when nothing comes of it. */
  setVersion(version: number): void {
    this.#version = version;
  }

  /** Whether it was made inside of `inferenceMode`. */
  get isInference(): boolean {
    return this.#isInference;
  }

  /** The trace that the storage was made in and is known to, or null. */
  get tracedBy(): Trace | null {
    return this.#tracedBy;
  }

  /** Whether there are numbers: not in what was made while tracing, nor in gradients that a program did not keep. */
  get hasNumbers(): boolean {
    return this.#refusal === null;
  }

  /** @throws StateError that says why, when there are no numbers. */
  assertNumbers(): void {
    if (this.#refusal !== null) throw new StateError(this.#refusal);
  }

  /** Makes memory that was made while tracing ordinary memory: zeros, until a program writes it. */
  settle(): void {
    this.#tracedBy = null;
    this.#refusal = null;
  }

  /** From here on there are no numbers; reading them throws with this sentence. */
  refuse(sentence = isTemporary): void {
    this.#tracedBy = null;
    this.#refusal = sentence;
  }

  /** The side that programs compute on, if there is one. */
  get side(): NativeSide | null {
    return this.#side;
  }

  /**
   * The side for a program of that factory, which is a user of it until {@link release}. A buffer of another factory is
   * released: its numbers move over, and its programs see that they compute on something else.
   * @throws ArgumentError when there is no memory for a buffer; StateError while a job writes the other one.
   */
  retain(factory: ProgramFactory): NativeSide {
    this.assertNumbers();
    let side = this.#side;
    if (side === null || side.factory !== factory) {
      if (side !== null) this.#assertNoJob();
      const buffer = factory.createBuffer(this.dtype, this.length, () => {
        if (this.#side?.buffer === buffer) this.release(this.#side);
      });
      if (side !== null) this.#drop(side);
      const hostIsNewer = this.#host !== null;
      side = { factory, buffer, users: 0, hostIsNewer, bufferIsNewer: false, writers: [] };
      this.#side = side;
      this.numbers = this.#lookedUp();
    }
    side.users++;
    return side;
  }

  /**
   * Ends one use of a side. With the last the numbers come back to the host and the buffer is released; when there is no
   * memory for them on the host, they stay in the buffer.
   */
  release(side: NativeSide): void {
    side.users--;
    if (side.users > 0 || side !== this.#side) return;
    try {
      this.#drop(side);
    } catch {
      return;
    }
    this.#side = null;
    this.numbers = this.#plainNumbers();
  }

  /** Gives the buffer the newest numbers. */
  upload(): void {
    const side = this.#side;
    if (side === null || !side.hostIsNewer) return;
    side.buffer.copyIn(this.#array());
    side.hostIsNewer = false;
  }

  /** The same in pieces, with the event loop free in between. What is written meanwhile is left to the next upload. */
  async uploadInTurns(): Promise<void> {
    const side = this.#side;
    if (side === null || !side.hostIsNewer) return;
    const host = this.#array();
    const version = this.#version;
    const piece = uploadBytes / host.BYTES_PER_ELEMENT;
    for (let start = 0; start < host.length; start += piece) {
      await ownTurn();
      if (side !== this.#side) return;
      side.buffer.copyIn(host.subarray(start, start + piece), start);
    }
    if (version === this.#version) side.hostIsNewer = false;
  }

  /**
   * Keeps the numbers in the buffer alone when they are many: for programs that stay for as long as a model does. They are read
   * from there.
   */
  leaveToBuffer(): void {
    const side = this.#side;
    if (side === null || side.hostIsNewer || this.length < fewElements) return;
    side.bufferIsNewer = true;
    this.#host = null;
  }

  /** Copies as many of the newest numbers as `to` takes, from `offset` on. */
  copyOut(to: HostArray, offset: number): void {
    this.assertNumbers();
    const side = this.#side;
    if (side !== null && (side.bufferIsNewer || side.writers.length > 0)) side.buffer.copyOut(to, offset);
    else to.set(this.#array().subarray(offset, offset + to.length));
  }

  /** A program has written the buffer. */
  wroteBuffer(): void {
    const side = this.#side;
    if (side !== null) side.bufferIsNewer = true;
    this.#version++;
  }

  /** A job begins to write the buffer; `writer` is for messages. */
  pin(writer: string): void {
    this.#side?.writers.push(writer);
    this.#version++;
  }

  /** A job has ended. */
  unpin(writer: string): void {
    const writers = this.#side?.writers;
    writers?.splice(writers.indexOf(writer), 1);
    this.wroteBuffer();
  }

  /** Who alone may write from here on, whenever it is holding; null: everyone. */
  hold(holder: Holder | null): void {
    this.#holder = holder;
  }

  /** Whether the memory is held, if only from time to time, or a job is writing it. */
  get isBeingTrained(): boolean {
    return this.#holder !== null || (this.#side?.writers.length ?? 0) > 0;
  }

  /** @throws StateError while another holder holds the memory. */
  assertNotHeld(by: Holder | null): void {
    if (this.#holder?.isHolding && this.#holder !== by) throw isTrained(this.#holder.name);
  }

  /** @throws StateError while a job writes the memory, or it is held. */
  assertUnpinned(): void {
    this.assertNotHeld(null);
    this.#assertNoJob();
  }

  #assertNoJob(): void {
    const writer = this.#side?.writers[0];
    if (writer !== undefined) throw isTrained(writer);
  }

  /** A plain object costs nothing to make, an accessor 100 ns: only where the host side may be old or missing. */
  #plainNumbers(): Numbers {
    return this.#host === null ? this.#lookedUp() : { data: this.#host };
  }

  #lookedUp(): Numbers {
    const get = () => (currentTrace() === null && this.hasNumbers ? this.read() : null);
    return Object.defineProperty({ data: null }, 'data', { get, enumerable: true, configurable: true });
  }

  #array(): HostArray {
    if (this.#refusal !== null) throw new StateError(this.#refusal);
    this.#host ??= zeros(this.dtype, this.length);
    return this.#host;
  }

  #download(side: NativeSide): HostArray {
    const host = this.#array();
    side.buffer.copyOut(host);
    side.bufferIsNewer = false;
    return host;
  }

  #drop(side: NativeSide): void {
    if (side.bufferIsNewer) this.#download(side);
    side.buffer.free();
  }
}
