/** Reads what a binary of macOS asks of a system. */
import { loadCommands } from './mach-o-commands.js';
import { readExports } from './mach-o-exports.js';

export interface MachO {
  readonly machine: 'x64' | 'arm64' | 'other';
  /** What it calls itself. */
  readonly name: string;
  /** The oldest macOS that it is for: `11.0`. */
  readonly minimum: string;
  /** Libraries that are loaded with it. */
  readonly needed: readonly string[];
  /** Names that it defines for others. */
  readonly exported: readonly string[];
  /** Names that others must have. */
  readonly imported: readonly string[];
  /** A part of it is mapped both writable and executable. */
  readonly writableCode: boolean;
  /** It has a signature, without which arm64 runs nothing. */
  readonly signed: boolean;
}

const command = { symbols: 2, library: 0xc, name: 0xd, segment: 0x19, signature: 0x1d, buildVersion: 0x32 };

/** @throws Error for what is no 64-bit Mach-O file of one processor. */
export function readMachO(bytes: Buffer): MachO {
  if (bytes.readUInt32LE(0) !== 0xfeedfacf) throw new Error('no 64-bit Mach-O file');
  const needed: string[] = [];
  const imported: string[] = [];
  let [name, minimum, writableCode, signed] = ['', '', false, false];
  const text = (at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  for (const { kind, at } of loadCommands(bytes)) {
    switch (kind) {
      case command.library:
        needed.push(text(at + bytes.readUInt32LE(at + 8)));
        break;
      case command.name:
        name = text(at + bytes.readUInt32LE(at + 8));
        break;
      case command.segment:
        // Read 1, write 2, execute 4, from the start or to be asked for.
        writableCode ||= (bytes.readUInt32LE(at + 60) & 6) === 6;
        break;
      case command.signature:
        signed = true;
        break;
      case command.buildVersion: {
        const version = bytes.readUInt32LE(at + 12);
        minimum = `${version >>> 16}.${(version >>> 8) & 255}`;
        break;
      }
      case command.symbols: {
        const [table, count, strings] = [8, 12, 16].map((offset) => bytes.readUInt32LE(at + offset)) as [
          number,
          number,
          number,
        ];
        for (let symbol = table; symbol < table + 16 * count; symbol += 16) {
          const type = bytes[symbol + 4]!;
          // Those of debuggers, and those that only the file itself knows.
          if ((type & 0xe0) !== 0 || (type & 1) === 0 || (type & 0x10) !== 0) continue;
          if ((type & 0xe) === 0) imported.push(text(strings + bytes.readUInt32LE(symbol)));
        }
        break;
      }
    }
  }
  const machine = ({ 16777223: 'x64', 16777228: 'arm64' } as const)[bytes.readUInt32LE(4)] ?? 'other';
  const exported = [...readExports(bytes).keys()];
  return { machine, name, minimum, needed, exported, imported, writableCode, signed };
}
