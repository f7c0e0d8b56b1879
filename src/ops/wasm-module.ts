/** The WebAssembly module: found, instantiated, and its memory. native/wasm/module.cc says what it exports. */
import { readFileSync } from 'node:fs';
import { version } from '../copies.js';
import { isFloat32Array, isInt32Array } from '../realm.js';
import { openFirst, wasmFiles } from './addon-files.js';
import { hostOps } from './host.js';
import type { LoadReport } from './load.js';
import { type HostArray, signatures } from './ops.js';

/** What is used of it; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

/** What a function that can fail returns: `Status` of native/wasm/module.cc. */
type Status = number;

/** Addresses are numbers. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  version(): number;
  opcodes(): number;
  failure(): number;
  allocate(bytes: number): number;
  release(address: number): void;
  call(op: number, words: number): Status;
  pointwiseProgram(code: number, length: number): Status;
  forgetPointwiseProgram(number: number): void;
  createBuffer(dtype: number, length: number, made: number): Status;
  freeBuffer(buffer: number): void;
  copyIn(buffer: number, from: number, length: number, offset: number): Status;
  copyOut(buffer: number, to: number, length: number, offset: number): Status;
  createProgram(values: number, valueNumbers: number, code: number, codeNumbers: number, rest: number): Status;
  arenaBytes(program: number): number;
  disposeProgram(program: number): void;
  runProgram(program: number, words: number, keys: number, keyNumbers: number): Status;
}

/** Why a call failed, as the addon throws it. */
const statuses = { refused: 1, noMemory: 2, notFinite: 3 } as const;

const unit = 8;

/** Bytes that an array takes in a block, so that the next one is aligned. */
const roomFor = (array: HostArray): number => Math.ceil(array.byteLength / unit) * unit;

/** Numbers and arrays that go into the module's memory one behind the other, for one call. */
export class Block {
  readonly words: number[] = [];
  readonly #arrays: HostArray[] = [];
  #bytes = 0;

  /** Where in {@link words} each array's address goes. */
  readonly #places: number[] = [];

  numbers(numbers: ArrayLike<number>): void {
    for (let i = 0; i < numbers.length; i++) this.words.push(numbers[i]!);
  }

  /** @throws TypeError for an array of another type. */
  array(array: HostArray): void {
    if (!isInt32Array(array) && !isFloat32Array(array)) throw new TypeError('expected a Float32Array or an Int32Array');
    this.#places.push(this.words.length);
    this.#arrays.push(array);
    this.words.push(0, array.length, isInt32Array(array) ? 1 : 0);
    this.#bytes += roomFor(array);
  }

  /** Writes all of it to the module's memory: the address of the words. */
  write(module: WasmModule): number {
    const { words } = this;
    const start = words.length * unit;
    const block = module.reserve(start + this.#bytes);
    let at = block + start;
    for (const [i, array] of this.#arrays.entries()) {
      words[this.#places[i]!] = at;
      module.set(at, array);
      at += roomFor(array);
    }
    module.doubles.set(words, block / unit);
    return block;
  }

  /** Copies the array with that number, counted from 0, from where {@link write} has put it. */
  readBack(module: WasmModule, index: number): void {
    module.get(this.words[this.#places[index]!]!, this.#arrays[index]!);
  }
}

export class WasmModule {
  readonly call: Exports;
  /** The names of the ops of programs; the first ones are those of the module's `call`. */
  readonly opcodes: readonly string[];
  #floats = new Float32Array();
  #ints = new Int32Array();
  #doubles = new Float64Array();
  #block = 0;
  #blockBytes = 0;

  /** @throws Error for a module of another version, or of other ops, which was built from other sources. */
  constructor(exports: Exports) {
    this.call = exports;
    exports._initialize();
    const built = this.#text(exports.version());
    if (built !== version) throw new Error(`of version ${built}, and this is version ${version}`);
    this.opcodes = this.#text(exports.opcodes()).trimEnd().split(' ');
    const needed = Object.keys(signatures).filter((name) => !Object.hasOwn(hostOps, name));
    const lacking = needed.filter((name) => !this.opcodes.includes(name));
    const unknown = this.opcodes.filter((name) => !Object.hasOwn(signatures, name));
    if (lacking.length + unknown.length > 0)
      throw new Error(`of other ops than this code (${[...lacking, ...unknown]}): build it again`);
  }

  /** Memory for one call: what stood there before is lost. */
  reserve(bytes: number): number {
    if (bytes > this.#blockBytes) {
      this.call.release(this.#block);
      this.#blockBytes = 0;
      const wanted = Math.ceil(bytes / 65536) * 65536;
      this.#block = wanted > 2 ** 32 - 65536 ? 0 : this.call.allocate(wanted) >>> 0;
      if (this.#block === 0) this.throwNoMemory();
      this.#blockBytes = wanted;
    }
    return this.#block;
  }

  /** The address that stands at an address. */
  addressAt(address: number): number {
    this.#refresh();
    return this.#ints[address / 4]! >>> 0;
  }

  /** The whole memory. Not to be kept: it is another array when the memory has grown. */
  get doubles(): Float64Array {
    this.#refresh();
    return this.#doubles;
  }

  set(address: number, array: HostArray): void {
    this.#refresh();
    (isInt32Array(array) ? this.#ints : this.#floats).set(array, address / 4);
  }

  get(address: number, array: HostArray): void {
    this.#refresh();
    const from = address / 4;
    array.set((isInt32Array(array) ? this.#ints : this.#floats).subarray(from, from + array.length));
  }

  /** @throws what the addon throws when the function of that name fails; a program's messages name who refuses. */
  check(name: string | null, status: Status): void {
    if (status === 0) return;
    if (status === statuses.noMemory) this.throwNoMemory();
    const text = this.#text(this.call.failure());
    if (status === statuses.notFinite)
      throw Object.assign(new Error(`output ${text} is not finite`), { layer: Number(text) });
    const message = name === null || text.startsWith(`${name}:`) ? text : `${name}: ${text}`;
    throw status === statuses.refused ? new RangeError(message) : new Error(message);
  }

  /** @throws what the addon throws where there is no memory. */
  throwNoMemory(): never {
    throw Object.assign(new Error('lanewise: out of memory'), { code: 'ERR_LANEWISE_NO_MEMORY' });
  }

  #refresh(): void {
    const { buffer } = this.call.memory;
    if (this.#doubles.buffer === buffer) return;
    this.#floats = new Float32Array(buffer);
    this.#ints = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  #text(address: number): string {
    const bytes = new Uint8Array(this.call.memory.buffer);
    const start = address >>> 0;
    return Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString();
  }
}

/** What became of loading the module. */
export interface WasmReport {
  readonly module: WasmModule | null;
  /** The file it came from. */
  readonly path: string | null;
  readonly tried: LoadReport['tried'];
}

/** What its C library would ask of the system: it has none of it. */
const noSystem = { get: () => () => 52 } as const;

function open(path: string): WasmModule {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {
    wasi_snapshot_preview1: new Proxy({}, noSystem),
  });
  if (!isModule(exports)) throw new Error("not lanewise's module");
  return new WasmModule(exports);
}

const isModule = (exports: object): exports is Exports => 'runProgram' in exports && 'memory' in exports;

/** Loads the module: the file named by the environment variable LANEWISE_WASM if that is set, else the one of the package. Never throws. */
export function loadWasm(): WasmReport {
  const { opened, path, tried } = openFirst(wasmFiles(), 'the WebAssembly module', open);
  return { module: opened, path, tried };
}
