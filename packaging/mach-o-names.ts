/**
 * Takes the local symbols out of a Mach-O file, which zig's linker keeps and has no flag against. They are overwritten with zeros, so
 * that everything else stays where it is, and pack to nothing; the hashes of the signature, without which arm64 runs nothing, are made again.
 */
import { createHash } from 'node:crypto';
import { findCommand } from './mach-o-commands.js';
import { keepExports } from './mach-o-exports.js';

/** What a binary of the package calls itself. Nothing links against it. */
export const installName = '@rpath/lanewise.node';

const command = { symbols: 2, signature: 0x1d } as const;
/** A symbol's type. */
const absolute = 2;

/** The hashes of a signature's pages: where each stands, and of what. */
function* pages(bytes: Buffer): Generator<{ slot: number; hash: Buffer }> {
  const at = findCommand(bytes, command.signature);
  if (at === undefined) return;
  const start = bytes.readUInt32LE(at + 8);
  for (let i = 0; i < bytes.readUInt32BE(start + 8); i++) {
    const directory = start + bytes.readUInt32BE(start + 16 + 8 * i);
    if (bytes.readUInt32BE(directory) !== 0xfade0c02) continue;
    const [hashes, , count, limit] = [16, 20, 28, 32].map((offset) => bytes.readUInt32BE(directory + offset)) as [
      number,
      number,
      number,
      number,
    ];
    if (bytes[directory + 36] !== 32 || bytes[directory + 37] !== 2) throw new Error('the signature is not SHA-256');
    const size = 2 ** bytes[directory + 39]!;
    for (let page = 0; page < count; page++) {
      const part = bytes.subarray(page * size, Math.min((page + 1) * size, limit));
      yield { slot: directory + hashes + 32 * page, hash: createHash('sha256').update(part).digest() };
    }
  }
}

/** Whether the signature, if there is one, is of these bytes. @throws Error when it is none that is understood. */
export function signatureFits(bytes: Buffer): boolean {
  return [...pages(bytes)].every(({ slot, hash }) => hash.equals(bytes.subarray(slot, slot + 32)));
}

/**
 * Leaves the symbols that others look up: imports and these exports.
 * @throws Error when the signature is none that is understood
 */
export function clearLocalNames(bytes: Buffer, exported: readonly string[]): void {
  if (!signatureFits(bytes)) throw new Error('the signature is of another file');
  keepExports(bytes, exported);
  const at = findCommand(bytes, command.symbols);
  if (at === undefined) return;
  const [table, count, strings, size] = [8, 12, 16, 20].map((offset) => bytes.readUInt32LE(at + offset)) as [
    number,
    number,
    number,
    number,
  ];
  const kept: [start: number, end: number][] = [];
  for (let symbol = table; symbol < table + 16 * count; symbol += 16) {
    const type = bytes[symbol + 4]!;
    const isPublic = (type & 0xe0) === 0 && (type & 1) !== 0 && (type & 0x10) === 0;
    const name = strings + bytes.readUInt32LE(symbol);
    if (isPublic) kept.push([name, bytes.indexOf(0, name)]);
    else {
      // No name, of no section, of value 0.
      bytes.fill(0, symbol, symbol + 16);
      bytes[symbol + 4] = absolute;
    }
  }
  const before = Buffer.from(bytes.subarray(strings, strings + size));
  bytes.fill(0, strings, strings + size);
  for (const [start, end] of kept) before.copy(bytes, start, start - strings, end - strings);
  for (const { slot, hash } of [...pages(bytes)]) hash.copy(bytes, slot);
}
