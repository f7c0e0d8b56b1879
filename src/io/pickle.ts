/**
 * A machine for the few instructions of Python's pickle that a state dict is made of. It makes plain values; nothing that a file names is
 * looked up or run: names of Python go to the caller, who knows some and refuses the others.
 */
import { show } from '../check.js';
import { isArray } from '../realm.js';
import { Dict, Global, List, type Value } from './pickle-values.js';

export interface PickleHost {
  /** Ends the reading. */
  readonly fail: (what: string) => never;
  /** What calling a name of Python gives. `at`: the byte of the call. */
  readonly call: (global: Global, args: readonly Value[], at: number) => Value;
  /** A name that may stand in the file: others are refused by it. */
  readonly global: (module: string, name: string, at: number) => Global;
  /** What is kept apart from the pickle, by what the pickle says of it. */
  readonly persistent: (id: Value, at: number) => Value;
}

type Instruction = (machine: Machine) => void;

/** The value that the pickle makes. */
export function unpickle(bytes: Uint8Array<ArrayBuffer>, host: PickleHost): Value {
  return new Machine(bytes, host).run();
}

class Machine {
  readonly host: PickleHost;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #stack: Value[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();
  #at = 0;
  /** Where the instruction being run stands. */
  start = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, host: PickleHost) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.host = host;
  }

  run(): Value {
    for (;;) {
      this.start = this.#at;
      const code = this.byte();
      if (code === 0x2e) break;
      const instruction = instructions.get(code);
      if (instruction === undefined)
        this.fail(
          `has the instruction ${code < 127 && code > 32 ? `'${String.fromCharCode(code)}'` : `0x${code.toString(16)}`}, which no state dict needs`,
        );
      instruction(this);
    }
    const value = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) this.fail('ends with values left over');
    return value;
  }

  fail(what: string): never {
    return this.host.fail(`the pickle ${what} (byte ${this.start} of it)`);
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  pop(): Value {
    // Not below the last mark.
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.fail('takes a value that is not there');
    return this.#stack.pop() as Value;
  }

  top(): Value {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** All values above the last mark. */
  popToMark(): Value[] {
    return this.#stack.splice(this.#marks.pop() ?? this.fail('has no mark'));
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    this.push(value === undefined ? this.fail(`recalls ${index}, which it has not kept`) : value);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    return this.#number(2, (at) => this.#view.getUint16(at, true));
  }

  int32(): number {
    return this.#number(4, (at) => this.#view.getInt32(at, true));
  }

  uint32(): number {
    return this.#number(4, (at) => this.#view.getUint32(at, true));
  }

  /** Pickle writes floats with the most significant byte first. */
  float(): number {
    return this.#number(8, (at) => this.#view.getFloat64(at));
  }

  text(length: number): string {
    return Buffer.from(this.take(length)).toString('utf8');
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) this.fail('breaks off');
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) this.fail('breaks off');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  #number(size: number, read: (at: number) => number): number {
    const at = this.#at;
    this.take(size);
    return read(at);
  }
}

function setItems(machine: Machine, items: readonly Value[]): void {
  const dict = machine.top();
  if (!(dict instanceof Dict)) machine.fail('sets items of what is no dict');
  if (items.length % 2 !== 0) machine.fail('sets an item without a value');
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [items[i]!, items[i + 1]!];
    if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'boolean' && key !== null)
      machine.fail('has a key that is neither a string nor a number');
    dict.entries.set(key, value);
  }
}

function append(machine: Machine, items: readonly Value[]): void {
  const list = machine.top();
  if (!(list instanceof List)) machine.fail('appends to what is no list');
  for (const item of items) list.items.push(item);
}

/** n bytes of a number in two's complement, the least significant first. */
function long(machine: Machine): number {
  const length = machine.byte();
  const bytes = machine.take(length);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return Number(BigInt.asIntN(8 * length, value));
}

function tuple(machine: Machine, length: number): void {
  const items = Array.from({ length }, () => machine.pop());
  machine.push(items.reverse());
}

function pushGlobal(machine: Machine, module: Value, name: Value): void {
  if (typeof module !== 'string' || typeof name !== 'string') machine.fail('names something by what is no string');
  machine.push(machine.host.global(module, name, machine.start));
}

function reduce(machine: Machine): void {
  const args = machine.pop();
  const called = machine.pop();
  if (!(called instanceof Global) || !isArray(args)) machine.fail('calls what is no name');
  machine.push(machine.host.call(called, args as readonly Value[], machine.start));
}

/** Sets attributes: those of an OrderedDict (versions of modules) are passed over. */
function build(machine: Machine): void {
  machine.pop();
  if (!(machine.top() instanceof Dict)) machine.fail(`sets attributes of ${show(machine.top())}`);
}

function protocol(machine: Machine): void {
  const version = machine.byte();
  if (version < 2 || version > 5) machine.fail(`is of protocol ${version}; 2 to 5 can be read`);
}

const instructions: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, protocol],
  // FRAME: how many bytes follow, for buffered reading.
  [0x95, (machine) => void machine.take(8)],
  [0x28, (machine) => machine.mark()],
  [0x30, (machine) => void machine.pop()],
  [0x4e, (machine) => machine.push(null)],
  [0x88, (machine) => machine.push(true)],
  [0x89, (machine) => machine.push(false)],
  [0x4a, (machine) => machine.push(machine.int32())],
  [0x4b, (machine) => machine.push(machine.byte())],
  [0x4d, (machine) => machine.push(machine.uint16())],
  [0x8a, (machine) => machine.push(long(machine))],
  [0x47, (machine) => machine.push(machine.float())],
  [0x58, (machine) => machine.push(machine.text(machine.uint32()))],
  [0x8c, (machine) => machine.push(machine.text(machine.byte()))],
  [0x7d, (machine) => machine.push(new Dict())],
  [0x5d, (machine) => machine.push(new List())],
  [0x29, (machine) => machine.push([])],
  [0x85, (machine) => tuple(machine, 1)],
  [0x86, (machine) => tuple(machine, 2)],
  [0x87, (machine) => tuple(machine, 3)],
  [0x74, (machine) => machine.push(machine.popToMark())],
  [0x73, (machine) => setItems(machine, [machine.pop(), machine.pop()].reverse())],
  [0x75, (machine) => setItems(machine, machine.popToMark())],
  [0x61, (machine) => append(machine, [machine.pop()])],
  [0x65, (machine) => append(machine, machine.popToMark())],
  [0x71, (machine) => machine.remember(machine.byte())],
  [0x72, (machine) => machine.remember(machine.uint32())],
  [0x94, (machine) => machine.rememberNext()],
  [0x68, (machine) => machine.recall(machine.byte())],
  [0x6a, (machine) => machine.recall(machine.uint32())],
  [0x63, (machine) => pushGlobal(machine, machine.line(), machine.line())],
  [
    0x93,
    (machine) => {
      const name = machine.pop();
      pushGlobal(machine, machine.pop(), name);
    },
  ],
  [0x51, (machine) => machine.push(machine.host.persistent(machine.pop(), machine.start))],
  [0x52, reduce],
  [0x62, build],
]);
