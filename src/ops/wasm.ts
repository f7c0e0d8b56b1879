/**
 * The backend `wasm`: the kernels of the native backends compiled to WebAssembly, on one thread. The module's functions are made to look as
 * an addon's, so that native.ts and native-programs.ts work with them. An op's memory is copied into the module and what it writes is copied
 * back; the buffers of programs stay in the module.
 */
import { BackendError } from '../errors.js';
import { isFloat32Array, isInt32Array } from '../realm.js';
import type { ProgramFactory, RunCall } from './graph.js';
import { groupState } from './group-tasks.js';
import { type NativeFunction, NativeHandle, type NativeValue, type ProgramAddon } from './load.js';
import { createNativeOps } from './native.js';
import { createNativePrograms, failure, type NativeJobs, sequenceHandleOf } from './native-programs.js';
import { type HostArray, type Ops, type Signature, signatures } from './ops.js';
import { roleTraits } from './roles.js';
import { JobQueue, shuffleNextTurn } from './turn-jobs.js';
import { Block, type WasmModule } from './wasm-module.js';

/** The instruction set: native/kernels/isa. */
export const wasmInstructionSet = 'simd128';

class BufferHandle extends NativeHandle {
  readonly address: number;
  readonly length: number;
  readonly #isInt32: boolean;
  isFreed = false;

  constructor(address: number, length: number, isInt32: boolean) {
    super();
    this.address = address;
    this.length = length;
    this.#isInt32 = isInt32;
  }

  /** @throws TypeError for an array of another type: the module would take its bits for numbers of the buffer's. */
  checkType(array: HostArray): void {
    if (this.#isInt32 ? isInt32Array(array) : isFloat32Array(array)) return;
    throw new TypeError(`device buffer: expected ${this.#isInt32 ? 'an Int32Array' : 'a Float32Array'}`);
  }
}

class ProgramHandle extends NativeHandle {
  readonly number: number;
  isDisposed = false;

  constructor(number: number) {
    super();
    this.number = number;
  }
}

class SequenceHandle extends NativeHandle {
  isBroken = false;
}

/** A program in the module, for as long as its handle is there. */
interface Loaded {
  readonly address: number;
  readonly buffers: readonly BufferHandle[];
}

const cast = <T extends NativeHandle>(handle: NativeHandle, kind: abstract new (...args: never[]) => T): T => {
  if (handle instanceof kind) return handle;
  throw new TypeError('a handle of another backend');
};

/** An op: its arguments as {@link NativeFunction} says, in a block of the module's memory. */
function createFunction(
  module: WasmModule,
  frame: Float64Array,
  name: string,
  opcode: number,
  signature: Signature,
): NativeFunction {
  const how = Object.values(signature).map((role) => roleTraits[role]);
  return (...values) => {
    const block = new Block();
    /** The numbers of arrays in the block that are written. */
    const written: number[] = [];
    let arrays = 0;
    let further = how.length;
    let framed = 0;
    const put = (array: NativeValue, writes: boolean) => {
      if (writes) written.push(arrays);
      block.array(array as HostArray);
      arrays++;
    };
    for (let i = 0; i < how.length; i++) {
      const value = values[i]!;
      const { kind, writes } = how[i]!;
      if (value === null) {
        block.words.push(-1);
      } else if (kind === 'memory') {
        put(value, writes);
      } else if (kind === 'memories') {
        block.words.push(Number(value));
        for (let left = Number(value); left > 0; left--) put(values[further++]!, writes);
      } else if (kind === 'layout' || kind === 'scalars') {
        // As native.ts has them: in the frame, or where that is too small an array.
        const numbers = typeof value === 'number' ? frame.subarray(framed, (framed += value)) : (value as Float64Array);
        block.words.push(numbers.length);
        block.numbers(numbers);
      } else {
        block.words.push(Number(value));
      }
    }
    module.check(name, module.call.call(opcode, block.write(module)));
    for (const index of written) block.readBack(module, index);
  };
}

/** The module as an addon; the jobs of its programs. */
class WasmAddon implements ProgramAddon {
  readonly opcodes: readonly string[];
  readonly frame = new Float64Array(1024);
  readonly #module: WasmModule;
  readonly #programs = new Map<number, Loaded>();
  readonly #queue = new JobQueue();
  #lastNumber = 0;
  /** Of programs that were collected, until the next {@link reclaim}. */
  #bereft: BufferHandle[] = [];
  readonly #collectedBuffers: FinalizationRegistry<number>;
  readonly #collectedPrograms: FinalizationRegistry<number>;

  constructor(module: WasmModule) {
    this.#module = module;
    this.opcodes = module.opcodes;
    this.#collectedBuffers = new FinalizationRegistry((address) => module.call.freeBuffer(address));
    this.#collectedPrograms = new FinalizationRegistry((number) => {
      this.#bereft.push(...(this.#programs.get(number)?.buffers ?? []));
      this.#dispose(number);
    });
  }

  pointwiseProgram(code: Float64Array): number {
    const module = this.#module;
    const block = new Block();
    block.numbers(code);
    const at = block.write(module);
    module.check('pointwiseProgram', module.call.pointwiseProgram(at, code.length));
    return module.doubles[at / 8]!;
  }

  forgetPointwiseProgram(number: number): void {
    this.#module.call.forgetPointwiseProgram(number);
  }

  /** What was collected is freed by its finalizers. */
  reclaim(): NativeHandle[] {
    const bereft = this.#bereft.filter(({ isFreed }) => !isFreed);
    this.#bereft = [];
    return bereft;
  }

  createBuffer(dtype: number, length: number): NativeHandle {
    const module = this.#module;
    const made = module.reserve(8);
    if (length > 2 ** 32 - 1) module.throwNoMemory();
    module.check('createBuffer', module.call.createBuffer(dtype, length, made));
    const buffer = new BufferHandle(module.addressAt(made), length, dtype === 1);
    this.#collectedBuffers.register(buffer, buffer.address, buffer);
    return buffer;
  }

  bufferCopyIn(buffer: NativeHandle, from: HostArray, offset: number): void {
    const module = this.#module;
    const handle = cast(buffer, BufferHandle);
    handle.checkType(from);
    const at = module.reserve(from.byteLength);
    module.set(at, from);
    module.check('bufferCopyIn', module.call.copyIn(handle.address, at, from.length, offset));
  }

  bufferCopyOut(buffer: NativeHandle, to: HostArray): void {
    const { length } = cast(buffer, BufferHandle);
    if (to.length !== length)
      throw new RangeError(`device buffer: expected memory of ${length} elements, got ${to.length}`);
    this.bufferCopyPart(buffer, to, 0);
  }

  bufferCopyPart(buffer: NativeHandle, to: HostArray, offset: number): void {
    const module = this.#module;
    const handle = cast(buffer, BufferHandle);
    handle.checkType(to);
    const at = module.reserve(to.byteLength);
    module.check('bufferCopyOut', module.call.copyOut(handle.address, at, to.length, offset));
    module.get(at, to);
  }

  buffersCopyOut(buffers: NativeHandle[], to: HostArray[]): void {
    for (const [i, buffer] of buffers.entries()) this.bufferCopyOut(buffer, to[i]!);
  }

  freeBuffer(handle: NativeHandle): void {
    const buffer = cast(handle, BufferHandle);
    if (buffer.isFreed) return;
    buffer.isFreed = true;
    this.#collectedBuffers.unregister(buffer);
    this.#module.call.freeBuffer(buffer.address);
  }

  createProgram(
    _instructionSet: string,
    values: Float64Array,
    code: Float64Array,
    arena: number,
    dynamicScalars: number,
    keySources: number,
    blocks: readonly NativeHandle[],
  ): NativeHandle {
    const module = this.#module;
    // Sizes cross modulo 2^32.
    if (arena > 2 ** 32 - 1) module.throwNoMemory();
    const buffers = blocks.map((handle) => cast(handle, BufferHandle));
    const block = new Block();
    block.numbers([arena, dynamicScalars, keySources, buffers.length, ...buffers.map(({ address }) => address)]);
    const rest = block.words.length;
    block.numbers(values);
    block.numbers(code);
    const at = block.write(module);
    const ofValues = at + 8 * rest;
    const ofCode = ofValues + 8 * values.length;
    module.check('createProgram', module.call.createProgram(ofValues, values.length, ofCode, code.length, at));
    const program = new ProgramHandle(++this.#lastNumber);
    this.#programs.set(program.number, { address: module.doubles[at / 8]!, buffers });
    this.#collectedPrograms.register(program, program.number, program);
    return program;
  }

  arenaBytes(program: NativeHandle): number {
    return this.#module.call.arenaBytes(this.#find(this.programNumber(program)).address) >>> 0;
  }

  programNumber(program: NativeHandle): number {
    return cast(program, ProgramHandle).number;
  }

  /** Called without `this`. */
  readonly runProgram: ProgramAddon['runProgram'] = (number, dynamicScalars, keys, inputs, ...arrays) => {
    this.#run(number, {
      inputs: arrays.slice(0, inputs),
      outputs: arrays.slice(inputs),
      dynamicScalars: dynamicScalars ?? new Float64Array(),
      keys: keys ?? new Uint32Array(),
    });
  };

  disposeProgram(program: NativeHandle): void {
    this.#collectedPrograms.unregister(program);
    this.#dispose(this.programNumber(program));
  }

  createSequence(): NativeHandle {
    return new SequenceHandle();
  }

  readonly jobs: NativeJobs = {
    submit: (program, call, ended) => {
      const number = this.programNumber(program);
      const sequence = call.sequence === null ? null : cast(sequenceHandleOf(call.sequence), SequenceHandle);
      const run = (each: RunCall): Uint32Array => {
        try {
          return this.#run(number, each);
        } catch (error) {
          throw failure(error);
        }
      };
      return this.#queue.submit(run, call, sequence, ended);
    },

    shuffle: async (order, seed) => {
      const buffer = cast(order, BufferHandle);
      const numbers = new Int32Array(buffer.length);
      await shuffleNextTurn(numbers, seed);
      // A training that has been ended meanwhile has freed it.
      if (!buffer.isFreed) this.bufferCopyIn(buffer, numbers, 0);
    },
  };

  /** One run: the keys as it leaves them. */
  #run(number: number, { inputs, outputs, dynamicScalars, keys }: RunCall): Uint32Array {
    const module = this.#module;
    const { address } = this.#find(number);
    const block = new Block();
    for (const list of [inputs, outputs]) {
      block.words.push(list.length);
      for (const array of list) block.array(array);
    }
    block.words.push(dynamicScalars.length);
    block.numbers(dynamicScalars);
    const left = Int32Array.from(keys);
    block.array(left);
    const words = block.write(module);
    const at = block.words[block.words.length - 3]!;
    module.check(null, module.call.runProgram(address, words, at, keys.length));
    for (let i = 0; i < outputs.length; i++) block.readBack(module, inputs.length + i);
    block.readBack(module, inputs.length + outputs.length);
    return Uint32Array.from(left);
  }

  #find(number: number): Loaded {
    const loaded = this.#programs.get(number);
    if (loaded === undefined) throw new Error('this program has been released');
    return loaded;
  }

  #dispose(number: number): void {
    const loaded = this.#programs.get(number);
    if (loaded === undefined) return;
    this.#programs.delete(number);
    this.#module.call.disposeProgram(loaded.address);
  }
}

/** Ops that only move numbers. Copying their memory into the module and back would take longer than they do. */
const moves = ['fill', 'copy', 'cast', 'indexSelect', 'gather', 'gatherRows', 'scatter'] as const;

/** @param reference the ops that compute with float64 memory, and those that only move numbers */
export function createWasm(module: WasmModule, reference: Ops): { ops: Ops; programs: ProgramFactory } {
  const addon = new WasmAddon(module);
  const functions = Object.fromEntries(
    module.opcodes.map((name, opcode) => [
      name,
      createFunction(module, addon.frame, name, opcode, signatures[name as keyof Ops]),
    ]),
  );
  const ops = createNativeOps(wasmInstructionSet, functions, reference, addon);
  const moving = Object.fromEntries(moves.map((name) => [name, reference[name]])) as Pick<Ops, (typeof moves)[number]>;
  const programs = createNativePrograms(wasmInstructionSet, addon, addon.jobs);
  const create = programs.createProgram;
  // In place: buffers and sequences know the factory that made them.
  programs.createProgram = (graph, buffers) => {
    if (groupState.isOpen && graph.instructions.some(({ op }) => op.startsWith('allReduce')))
      throw new BackendError('sums over ranks are part of programs of a native backend, not of WebAssembly');
    return create(graph, buffers);
  };
  return { ops: { ...ops, ...moving }, programs };
}
