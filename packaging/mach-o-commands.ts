/** The load commands of a 64-bit Mach-O file, each by its number, without the bit that says that dyld has to know it, and its place. */
export function* loadCommands(bytes: Buffer): Generator<{ readonly kind: number; readonly at: number }> {
  let at = 32;
  for (let i = 0; i < bytes.readUInt32LE(16); i++) {
    yield { kind: bytes.readUInt32LE(at) & 0x7fffffff, at };
    at += bytes.readUInt32LE(at + 4);
  }
}

/** Where the data of a load command begins; undefined when there is no such command. */
export function findCommand(bytes: Buffer, kind: number): number | undefined {
  for (const command of loadCommands(bytes)) if (command.kind === kind) return command.at;
  return undefined;
}
