/** Changes files as a damaged disk, a cut connection or a hostile sender would. All of it follows from a seed. */

/** xorshift32: fast, and the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds shall not give neighbouring streams; 0 would stay 0.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** From 0 to n - 1. */
  below(n: number): number {
    return this.next() % n;
  }
}

/** Numbers at which readers go wrong. */
const edges = [
  0, 1, 2, 4, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe,
  0xffffffff,
];
/** Texts of formats that are written in letters. */
const words = [
  '0',
  '-1',
  '1e9',
  '9007199254740993',
  '4294967296',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'null',
  'F16',
  'I64',
  '__proto__',
  '\0',
  '\xff',
  "'",
  '(',
  ')',
  '>f8',
  'True',
];

type Mutation = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

const at = (bytes: Buffer, random: Random): number => random.below(Math.max(1, bytes.length));

/** Puts `insert` in the place of `length` bytes. */
function splice(bytes: Buffer, start: number, length: number, insert: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + length)]);
}

const mutations: readonly Mutation[] = [
  (bytes, random) => {
    bytes[at(bytes, random)]! ^= 1 << random.below(8);
    return bytes;
  },
  (bytes, random) => {
    bytes[at(bytes, random)] = random.next();
    return bytes;
  },
  (bytes, random) => {
    const start = random.below(bytes.length + 1);
    const value = edges[random.below(edges.length)]!;
    const field = Buffer.alloc(8);
    if (random.below(4) === 0) field.writeUInt32BE(value);
    else field.writeUInt32LE(value);
    field.copy(bytes, start, 0, [1, 2, 4, 8][random.below(4)]!);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, at(bytes, random)),
  (bytes, random) => splice(bytes, at(bytes, random), random.below(9), Buffer.alloc(0)),
  (bytes, random) =>
    splice(bytes, at(bytes, random), random.below(9), Buffer.from(words[random.below(words.length)]!, 'latin1')),
  (bytes, random) => {
    const start = at(bytes, random);
    return splice(bytes, at(bytes, random), 0, bytes.subarray(start, start + random.below(64)));
  },
  (bytes, random, others) => {
    const other = others[random.below(others.length)]!;
    return Buffer.concat([bytes.subarray(0, at(bytes, random)), other.subarray(random.below(other.length + 1))]);
  },
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(random.below(64), random.next())]),
];

/** The file with one change, or up to four. */
export function mutate(file: Uint8Array, random: Random, others: readonly Uint8Array[]): Buffer {
  let bytes = Buffer.from(file);
  for (let changes = random.below(2) === 0 ? 1 : 1 + random.below(4); changes > 0; changes--)
    bytes = mutations[random.below(mutations.length)]!(bytes, random, others) as typeof bytes;
  return bytes;
}
