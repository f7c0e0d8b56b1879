/** Zip files and pickles for tests, lawful or not. */
import { crc32, deflateRawSync } from 'node:zlib';

/** What the directory says instead of what is true. */
export interface ZipLies {
  readonly crc?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly size?: number;
  readonly header?: number;
  readonly count?: number;
  readonly start?: number;
  readonly disk?: number;
  readonly comment?: string;
  readonly is64?: boolean;
  readonly deflate?: boolean;
  /** Names in lower case. */
  readonly lower?: boolean;
}

function fields(...parts: readonly [size: 2 | 4 | 8, value: number][]): Buffer {
  return Buffer.concat(
    parts.map(([size, value]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes.subarray(0, size);
    }),
  );
}

/** A zip file of those entries; all but what the lies say is true. */
export function zipFile(entries: Readonly<Record<string, Uint8Array>>, lies: ZipLies = {}): Buffer {
  const { deflate = false, is64 = false, comment = '', flags = 0, disk = 0 } = lies;
  const method = lies.method ?? (deflate ? 8 : 0);
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [given, content] of Object.entries(entries)) {
    const name = Buffer.from(lies.lower ? given.toLowerCase() : given);
    const packed = deflate ? deflateRawSync(content) : content;
    const crc = lies.crc ?? crc32(content);
    const size = lies.size ?? content.length;
    const header = lies.header ?? at;
    const common = (length: number, extra: number) =>
      fields(
        [2, flags],
        [2, method],
        [4, 0],
        [4, crc],
        [4, is64 ? 0xffffffff : packed.length],
        [4, is64 ? 0xffffffff : size],
        [2, length],
        [2, extra],
      );
    const file = Buffer.concat([
      fields([4, 0x04034b50], [2, 20]),
      common(name.length, 5),
      name,
      Buffer.alloc(5),
      packed,
    ]);
    const extra = is64
      ? fields([2, 7], [2, 2], [2, 0], [2, 1], [2, 24], [8, size], [8, packed.length], [8, header])
      : Buffer.alloc(0);
    directory.push(
      Buffer.concat([
        fields([4, 0x02014b50], [2, 20], [2, 20]),
        common(name.length, extra.length),
        fields([2, 3], [2, 0], [2, 0], [4, 0], [4, is64 ? 0xffffffff : header]),
        name,
        extra,
        Buffer.from('abc'),
      ]),
    );
    files.push(file);
    at += file.length;
  }
  const central = Buffer.concat(directory);
  const count = lies.count ?? directory.length;
  const start = lies.start ?? at;
  const record = fields(
    [4, 0x06064b50],
    [8, 44],
    [2, 45],
    [2, 45],
    [4, disk],
    [4, 0],
    [8, count],
    [8, count],
    [8, central.length],
    [8, start],
  );
  const locator = fields([4, 0x07064b50], [4, 0], [8, at + central.length], [4, 1]);
  const end = fields(
    [4, 0x06054b50],
    ...([
      [2, disk],
      [2, 0],
      [2, is64 ? 0xffff : count],
      [2, is64 ? 0xffff : count],
    ] as [2, number][]),
    ...([
      [4, central.length],
      [4, is64 ? 0xffffffff : start],
    ] as [4, number][]),
    [2, comment.length],
  );
  return Buffer.concat([...files, central, ...(is64 ? [record, locator] : []), end, Buffer.from(comment, 'latin1')]);
}

/** Parts of the pickle of a tensor, as instructions. */
interface TensorParts {
  readonly offset?: string;
  readonly size?: string;
  readonly stride?: string;
  readonly key?: string;
  readonly length?: string;
}

function tensorPickle(parts: TensorParts): string {
  const {
    offset = 'K\x00',
    size = 'K\x02\x85',
    stride = 'K\x01\x85',
    key = 'X\x01\0\0\x000',
    length = 'K\x02',
  } = parts;
  const storage = `(X\x07\0\0\0storagectorch\nFloatStorage\n${key}X\x03\0\0\0cpu${length}tQ`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${size}${stride}\x89NtR`;
}

/**
 * A file of torch.save with that pickle. In it `T1` and `T2` stand for tensors of the storage of 1 and 2, and `Vij` for one that
 * goes on by i and j in a storage of nine elements.
 */
export function pickleFile(pickle: string): Buffer {
  const byte = (value: string) => String.fromCharCode(Number(value));
  const text = pickle
    .replace(/T([12])/g, (_, kind) => tensorPickle(kind === '1' ? {} : { size: 'K\x01\x85' }))
    .replace(/V(\d)(\d)/g, (_, i, j) =>
      tensorPickle({
        key: 'X\x01\0\0\x001',
        length: 'K\x09',
        size: 'K\x02K\x02\x86',
        stride: `K${byte(i)}K${byte(j)}\x86`,
      }),
    );
  return zipFile({
    'a/data.pkl': Buffer.from(text, 'latin1'),
    'a/data/0': Buffer.from(new Float32Array([1, 2]).buffer),
    'a/data/1': Buffer.from(new Float32Array(9).buffer),
  });
}

/** A file with one tensor `a`, with other parts than [1, 2] has. */
export const changedPickle = (parts: TensorParts): Buffer =>
  pickleFile(`\x80\x02}X\x01\0\0\0a${tensorPickle(parts)}s.`);
