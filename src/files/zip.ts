/**
 * The directory of a zip file (PKWARE's APPNOTE), and its entries: stored ones in place, deflated ones inflated. What the file says of
 * itself is checked before anything is read by it.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { show } from '../check.js';
import { codeOf } from './path.js';
import { type FileFacts, type Reading, take } from './source.js';

/** A file within a zip file. */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly crc: number;
  /** Bytes in the zip file, and as they were before. */
  readonly packed: number;
  readonly size: number;
  /** Where its own header is. */
  readonly header: number;
}

const signatures = {
  entry: 0x04034b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
};
const sizes = { entry: 30, directory: 46, end: 22, end64: 56, locator: 20 };
const mostComment = 0xffff;
const utf8 = new TextDecoder();
/** The most that deflate can make of n bytes is 1032 n, and a little for its blocks. */
const mostRatio = 1032;

export function isZip(start: Uint8Array): boolean {
  return (
    start[0] === 0x50 && start[1] === 0x4b && ((start[2] === 3 && start[3] === 4) || (start[2] === 5 && start[3] === 6))
  );
}

/** All entries by name, in the order of the directory. */
export function* readDirectory(file: FileFacts): Reading<ReadonlyMap<string, ZipEntry>> {
  const { count, start, length } = yield* findDirectory(file);
  const bytes = yield* take(start, length);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + sizes.directory > length || view.getUint32(at, true) !== signatures.directory)
      file.fail(`broken zip file: entry ${i} of its directory is missing (byte ${start + at})`);
    const end =
      at +
      sizes.directory +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (end > length) file.fail(`broken zip file: entry ${i} of its directory is cut off (byte ${start + at})`);
    const entry = parseEntry(bytes, at, file, start);
    if (entries.has(entry.name)) file.fail(`broken zip file: ${show(entry.name)} is in it twice (byte ${start + at})`);
    entries.set(entry.name, entry);
    at = end;
  }
  if (at !== length) file.fail(`broken zip file: its directory has ${length} bytes, its ${count} entries take ${at}`);
  checkPlaces([...entries.values()], start, file);
  return entries;
}

/** Where the bytes of an entry begin. */
export function* entryStart(file: FileFacts, entry: ZipEntry): Reading<number> {
  const bytes = yield* take(entry.header, sizes.entry);
  const view = new DataView(bytes.buffer);
  const start = entry.header + sizes.entry + view.getUint16(26, true) + view.getUint16(28, true);
  if (view.getUint32(0, true) !== signatures.entry || start + entry.packed > file.size)
    file.fail(`broken zip file: ${show(entry.name)} is not at byte ${entry.header}, where the directory says`);
  return start;
}

/** The content of an entry, all of it. */
export function* readEntry(file: FileFacts, entry: ZipEntry): Reading<Uint8Array<ArrayBuffer>> {
  const start = yield* entryStart(file, entry);
  const packed = yield* take(start, entry.packed);
  const content = entry.isDeflated ? inflate(file, entry, packed) : packed;
  checkSum(file, entry, crc32(content));
  return content;
}

/** The sum of all bytes of an entry against the one in the directory. */
export function checkSum(file: FileFacts, entry: ZipEntry, crc: number): void {
  if (crc !== entry.crc)
    file.fail(`damaged: the bytes of ${show(entry.name)} do not have the checksum that the zip file names`);
}

function inflate(file: FileFacts, entry: ZipEntry, packed: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    const content = inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) });
    if (content.length === entry.size) return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch (cause) {
    if (codeOf(cause) !== 'ERR_BUFFER_TOO_LARGE')
      file.fail(`damaged: the bytes of ${show(entry.name)} cannot be inflated (${codeOf(cause)})`, cause);
  }
  return file.fail(`damaged: ${show(entry.name)} does not have the ${entry.size} bytes that the zip file names`);
}

/** The record at the end says where the directory is. It is followed by a comment only. */
function* findDirectory(file: FileFacts): Reading<{ count: number; start: number; length: number }> {
  const tailStart = Math.max(0, file.size - sizes.end - mostComment);
  const tail = yield* take(tailStart, file.size - tailStart);
  const view = new DataView(tail.buffer);
  let at = tail.length - sizes.end;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === signatures.end && at + sizes.end + view.getUint16(at + 20, true) === tail.length)
  )
    at--;
  if (at < 0) file.fail('truncated: it begins as a zip file, but has no directory at its end');
  const end = tailStart + at;
  let found = {
    count: view.getUint16(at + 10, true),
    start: view.getUint32(at + 16, true),
    length: view.getUint32(at + 12, true),
    end,
  };
  let isSplit = view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== found.count;
  const locator = end - sizes.locator;
  const hasLocator = locator >= sizes.end64 && (yield* take(locator, 4)).join() === '80,75,6,7';
  if (hasLocator) {
    const place = Number(new DataView((yield* take(locator + 8, 8)).buffer).getBigUint64(0, true));
    if (place + sizes.end64 > locator) file.fail('broken zip file: the record of its directory lies behind itself');
    const record = new DataView((yield* take(place, sizes.end64)).buffer);
    if (record.getUint32(0, true) !== signatures.end64)
      file.fail(`broken zip file: no record of its directory at byte ${place}`);
    const long = (offset: number) => Number(record.getBigUint64(offset, true));
    found = { count: long(32), start: long(48), length: long(40), end: place };
    isSplit = record.getUint32(16, true) !== 0 || long(24) !== found.count;
  }
  if (isSplit) file.fail('a zip file in several parts');
  if (found.start + found.length > found.end)
    file.fail(
      `broken zip file: its directory of ${found.length} bytes at byte ${found.start} does not end before byte ${found.end}`,
    );
  if (found.count * sizes.directory > found.length)
    file.fail(`broken zip file: its directory of ${found.length} bytes cannot hold ${found.count} entries`);
  return found;
}

function parseEntry(bytes: Uint8Array<ArrayBuffer>, at: number, file: FileFacts, directoryStart: number): ZipEntry {
  const view = new DataView(bytes.buffer, at);
  const nameLength = view.getUint16(28, true);
  const extraLength = view.getUint16(30, true);
  const name = utf8.decode(bytes.subarray(at + sizes.directory, at + sizes.directory + nameLength));
  const fail = (what: string) => file.fail(`broken zip file: ${show(name)} (byte ${directoryStart + at}) ${what}`);
  if ((view.getUint16(8, true) & 1) !== 0) fail('is encrypted');
  const method = view.getUint16(10, true);
  if (method !== 0 && method !== 8) fail(`is packed by method ${method}; stored (0) and deflated (8) can be read`);
  let [size, packed, header] = [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)];
  const extra = at + sizes.directory + nameLength;
  // What does not fit 32 bits stands in an extra field, in this order.
  const long = longField(new DataView(bytes.buffer, extra, extraLength));
  const next = (short: number): number => {
    if (short !== 0xffffffff) return short;
    return long.next().value ?? fail('has no size of 64 bits');
  };
  [size, packed, header] = [next(size), next(packed), next(header)];
  if (method === 0 && size !== packed) fail(`is stored, but says ${packed} bytes for ${size}`);
  if (size > mostRatio * (packed + 1)) fail(`says that ${packed} bytes were ${size}`);
  return { name, isDeflated: method === 8, crc: view.getUint32(16, true), packed, size, header };
}

/** The numbers of the extra field of kind 1. */
function* longField(extra: DataView): Generator<number, undefined> {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const end = at + 4 + extra.getUint16(at + 2, true);
    if (end > extra.byteLength) return;
    if (extra.getUint16(at, true) === 1)
      for (let field = at + 4; field + 8 <= end; field += 8) yield Number(extra.getBigUint64(field, true));
    at = end;
  }
}

/** No two entries share bytes: else a small file could have much in it. */
function checkPlaces(entries: readonly ZipEntry[], directoryStart: number, file: FileFacts): void {
  const sorted = [...entries].sort((a, b) => a.header - b.header);
  for (const [i, entry] of sorted.entries()) {
    const end = entry.header + sizes.entry + entry.packed;
    const next = sorted[i + 1]?.header ?? directoryStart;
    if (end > next)
      file.fail(`broken zip file: ${show(entry.name)} ends at byte ${end} or later, in what begins at byte ${next}`);
  }
}
