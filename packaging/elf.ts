/** Reads what a binary of Linux asks of a system: versions of symbols, libraries, and how its memory may be used. */

export interface Elf {
  readonly machine: 'x64' | 'arm64' | 'other';
  /** Libraries that are loaded with it. */
  readonly needed: readonly string[];
  /** Versions of symbols that it imports: `GLIBC_2.17`. */
  readonly versions: readonly string[];
  /** Names that it defines for others. */
  readonly exported: readonly string[];
  /** Names that others must have. */
  readonly imported: readonly string[];
  readonly executableStack: boolean;
  /** A part of it is mapped both writable and executable. */
  readonly writableCode: boolean;
  /** What the linker fills in becomes read-only, at once at loading. */
  readonly relro: boolean;
  /** All its thread-local memory must fit into the little room that a process keeps for libraries loaded late. */
  readonly staticTls: boolean;
}

const kLoad = 1;
const kDynamic = 2;
const kStack = 0x6474e551;
const kRelro = 0x6474e552;

/** Tags of the dynamic section. */
const tag = {
  needed: 1,
  hash: 4,
  strings: 5,
  symbols: 6,
  flags: 30,
  versionsNeeded: 0x6ffffffe,
  countNeeded: 0x6fffffff,
};

/** @throws Error for what is no 64-bit little-endian ELF file. */
export function readElf(bytes: Buffer): Elf {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error('no 64-bit ELF file');
  const start = Number(bytes.readBigUInt64LE(32));
  const headers = Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const at = start + i * bytes.readUInt16LE(54);
    const number = (offset: number) => Number(bytes.readBigUInt64LE(at + offset));
    return {
      type: bytes.readUInt32LE(at),
      flags: bytes.readUInt32LE(at + 4),
      offset: number(8),
      address: number(16),
      size: number(32),
    };
  });
  const loads = headers.filter(({ type }) => type === kLoad);
  const positionOf = (address: number): number => {
    const load = loads.find((each) => address >= each.address && address < each.address + each.size);
    if (load === undefined) throw new Error(`address ${address} is in no segment`);
    return address - load.address + load.offset;
  };

  const dynamic = headers.find(({ type }) => type === kDynamic);
  if (dynamic === undefined) throw new Error('no dynamic section');
  const entries: [number, number][] = [];
  for (let at = dynamic.offset; bytes.readBigUInt64LE(at) !== 0n; at += 16)
    entries.push([Number(bytes.readBigUInt64LE(at)), Number(bytes.readBigUInt64LE(at + 8))]);
  const entryOf = (wanted: number) => entries.find(([name]) => name === wanted)?.[1];
  const strings = positionOf(entryOf(tag.strings)!);
  const text = (offset: number) => {
    const from = strings + offset;
    return bytes.toString('latin1', from, bytes.indexOf(0, from));
  };

  const { defined, undefined: imported } = symbols(bytes, positionOf, entryOf, text);
  const flags = entryOf(tag.flags) ?? 0;
  const stack = headers.find(({ type }) => type === kStack);
  return {
    machine: ({ 62: 'x64', 183: 'arm64' } as const)[bytes.readUInt16LE(18)] ?? 'other',
    needed: entries.filter(([name]) => name === tag.needed).map(([, offset]) => text(offset)),
    versions: neededVersions(bytes, positionOf, entryOf, text),
    exported: defined,
    imported,
    // Without the header a stack is executable.
    executableStack: stack === undefined || (stack.flags & 1) !== 0,
    writableCode: loads.some((load) => (load.flags & 3) === 3),
    relro: headers.some(({ type }) => type === kRelro) && (flags & 8) !== 0,
    staticTls: (flags & 16) !== 0,
  };
}

type EntryOf = (wanted: number) => number | undefined;

function symbols(
  bytes: Buffer,
  positionOf: (address: number) => number,
  entryOf: EntryOf,
  text: (at: number) => string,
) {
  const table = positionOf(entryOf(tag.symbols)!);
  // The second number of a hash table is that of the symbols; without a table GNU's linker has their names right behind them.
  const hash = entryOf(tag.hash);
  const count =
    hash === undefined
      ? Math.floor((positionOf(entryOf(tag.strings)!) - table) / 24)
      : bytes.readUInt32LE(positionOf(hash) + 4);
  const found = { defined: [] as string[], undefined: [] as string[] };
  for (let i = 1; i < count; i++) {
    const at = table + 24 * i;
    const weak = bytes[at + 4]! >> 4 === 2;
    const isDefined = bytes.readUInt16LE(at + 6) !== 0;
    if (isDefined) found.defined.push(text(bytes.readUInt32LE(at)));
    else if (!weak) found.undefined.push(text(bytes.readUInt32LE(at)));
  }
  return found;
}

function neededVersions(
  bytes: Buffer,
  positionOf: (address: number) => number,
  entryOf: EntryOf,
  text: (at: number) => string,
) {
  const versions: string[] = [];
  const first = entryOf(tag.versionsNeeded);
  let file = first === undefined ? 0 : positionOf(first);
  for (let i = 0; i < (entryOf(tag.countNeeded) ?? 0); i++) {
    let version = file + bytes.readUInt32LE(file + 8);
    for (let j = 0; j < bytes.readUInt16LE(file + 2); j++) {
      versions.push(text(bytes.readUInt32LE(version + 8)));
      version += bytes.readUInt32LE(version + 12);
    }
    file += bytes.readUInt32LE(file + 12);
  }
  return versions;
}
