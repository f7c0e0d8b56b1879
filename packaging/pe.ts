/** Reads what a binary of Windows asks of a system. */

export interface Pe {
  readonly machine: 'x64' | 'other';
  /** Names by library, in small letters. */
  readonly imported: Readonly<Record<string, readonly string[]>>;
  /** A section is mapped both writable and executable. */
  readonly writableCode: boolean;
  /** Data are not executable, and it may be loaded at any address. */
  readonly hardened: boolean;
  /** When it was linked, in seconds since 1970, or 0. */
  readonly time: number;
}

/** Overwrites the time of linking, which zig's linker writes and has no flag against. */
export function clearTime(bytes: Buffer): void {
  bytes.writeUInt32LE(0, bytes.readUInt32LE(0x3c) + 8);
}

/** @throws Error for what is no 64-bit library of Windows. */
export function readPe(bytes: Buffer): Pe {
  const header = bytes.readUInt32LE(0x3c);
  const optional = header + 24;
  if (bytes.toString('latin1', header, header + 2) !== 'PE' || bytes.readUInt16LE(optional) !== 0x20b)
    throw new Error('no 64-bit file of Windows');
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, i) => {
    const at = optional + bytes.readUInt16LE(header + 20) + 40 * i;
    const [size, address, , position] = [8, 12, 16, 20].map((offset) => bytes.readUInt32LE(at + offset)) as number[];
    return { size: size!, address: address!, position: position!, flags: bytes.readUInt32LE(at + 36) };
  });
  const positionOf = (address: number): number => {
    const section = sections.find((each) => address >= each.address && address < each.address + each.size);
    if (section === undefined) throw new Error(`address ${address} is in no section`);
    return address - section.address + section.position;
  };
  const text = (at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));

  const imported: Record<string, string[]> = {};
  // The second directory of data.
  let library = positionOf(bytes.readUInt32LE(optional + 120));
  for (; bytes.readUInt32LE(library + 12) !== 0; library += 20) {
    const names: string[] = [];
    let entry = positionOf(bytes.readUInt32LE(library) || bytes.readUInt32LE(library + 16));
    for (; bytes.readBigUInt64LE(entry) !== 0n; entry += 8) {
      const value = bytes.readBigUInt64LE(entry);
      // The highest bit: by number, not by name.
      names.push(value >> 63n ? `#${value & 0xffffn}` : text(positionOf(Number(value)) + 2));
    }
    imported[text(positionOf(bytes.readUInt32LE(library + 12))).toLowerCase()] = names;
  }
  const traits = bytes.readUInt16LE(optional + 70);
  return {
    machine: bytes.readUInt16LE(header + 4) === 0x8664 ? 'x64' : 'other',
    imported,
    writableCode: sections.some(({ flags }) => (flags & 0xa0000000) >>> 0 === 0xa0000000),
    hardened: (traits & 0x140) === 0x140,
    time: bytes.readUInt32LE(header + 8),
  };
}
