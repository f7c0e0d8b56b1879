/**
 * Gives every reader of files damaged and hostile ones: it reads them, or refuses them by a LanewiseError, at once, and takes no more memory
 * than it says.
 */
import { crc32, gzipSync } from 'node:zlib';
import { readBytes } from '../../src/files/source.js';
import { isZip, readDirectory, readEntry } from '../../src/files/zip.js';
import { data, io, LanewiseError, Tensor } from '../../src/index.js';
import { readManifest, weightsOf } from '../../src/io/load-tfjs.js';
import { golden } from '../golden/load.js';
import { zipFile } from '../io/zip.js';
import { mutate, Random } from './mutate.js';

export interface ReaderTarget {
  /** Lawful files. */
  readonly files: readonly Uint8Array[];
  readonly read: (bytes: Buffer) => unknown;
  /** The most bytes of tensors that a file of that many bytes may become. */
  readonly most: (bytes: number) => number;
}

const decoded = (rows: readonly { readonly base64: string }[]): Buffer[] =>
  rows.map(({ base64 }) => Buffer.from(base64, 'base64'));
const { safetensors, torch, refused, npy, npz, refusedArrays } = golden('files');
const small = (files: Buffer[]): Buffer[] => files.filter(({ length }) => length < 5000);
const safetensorsFiles = small(decoded(safetensors));
const torchFiles = small(decoded([...torch, ...refused])).filter((file) => isZip(file));

/** What a zip file without lies holds. */
const entriesOf = (file: Uint8Array): Record<string, Uint8Array> =>
  readBytes('fuzz', 'file', file, function* (facts) {
    const found: Record<string, Uint8Array> = {};
    for (const [name, entry] of yield* readDirectory(facts)) found[name] = yield* readEntry(facts, entry);
    return found;
  });

/** What is mutated is the pickle, in a zip file without damage, next to the storages of the first file. */
const pickles = torchFiles.map(
  (file) => Object.entries(entriesOf(file)).find(([name]) => name.endsWith('data.pkl'))![1],
);
const storages = Object.fromEntries(
  Object.entries(entriesOf(torchFiles[0]!)).filter(([name]) => name.includes('/data/')),
);

/** A zip file with that pickle: one made by hand once, in which only what depends on the pickle changes. */
const shell = zipFile({ ...storages, 'archive/data.pkl': Buffer.alloc(0) });
const shellDirectory = shell.readUInt32LE(shell.length - 6);
const shellEntry = shell.lastIndexOf('PK\x01\x02', undefined, 'latin1');

function withPickle(pickle: Uint8Array): Buffer {
  const file = Buffer.concat([shell.subarray(0, shellDirectory), pickle, shell.subarray(shellDirectory)]);
  const entry = shellEntry + pickle.length;
  file.writeUInt32LE(crc32(pickle), entry + 16);
  file.writeUInt32LE(pickle.length, entry + 20);
  file.writeUInt32LE(pickle.length, entry + 24);
  file.writeUInt32LE(shellDirectory + pickle.length, file.length - 6);
  return file;
}

const idx = (type: number, bytes: number): Buffer =>
  Buffer.from([0, 0, type, 2, 0, 0, 0, 3, 0, 0, 0, 2, ...Array.from({ length: 6 * bytes }, (_, i) => i)]);
const idxFiles = [idx(8, 1), idx(9, 1), idx(0x0b, 2), idx(0x0c, 4), idx(0x0d, 4), idx(0x0e, 8)];

const tfjsFiles = Object.values(golden('tfjs')).map(({ modelTopology, weights }) =>
  Buffer.from(JSON.stringify({ modelTopology: slim(modelTopology), weightsManifest: [{ paths: ['a.bin'], weights }] })),
);
const tfjsBytes = Object.values(golden('tfjs')).map(({ base64 }) => Buffer.from(base64, 'base64'));

/** Names and classes of the layers alone. */
function slim(topology: object): object {
  const { layers } = (topology as { config: { layers: { class_name: string; config: { name: string } }[] } }).config;
  return { config: { layers: layers.map(({ class_name, config: { name } }) => ({ class_name, config: { name } })) } };
}

/** Narrow elements take four bytes in memory. */
const widened = (bytes: number): number => 4 * bytes;

export const readerTargets: Readonly<Record<string, ReaderTarget>> = {
  safetensors: { files: safetensorsFiles, read: (bytes) => io.deserialize(bytes), most: widened },
  header: {
    // The length in front of the header is right, and there are as many bytes behind it as its last tensor names.
    files: safetensorsFiles.map((file) => file.subarray(8, 8 + file.readUInt32LE())),
    read: (bytes) => {
      const length = Buffer.alloc(8);
      length.writeUInt32LE(bytes.length);
      const ends = [...bytes.toString('latin1').matchAll(/,(\d{1,4})\]/g)].map(([, end]) => Number(end));
      return io.deserialize(Buffer.concat([length, bytes, Buffer.alloc(Math.max(0, ...ends))]));
    },
    most: (bytes) => widened(bytes + 10_000),
  },
  torch: { files: torchFiles, read: (bytes) => io.deserialize(bytes), most: (bytes) => 8 * widened(bytes) },
  pickle: {
    files: pickles,
    read: (bytes) => io.deserialize(withPickle(bytes)),
    most: (bytes) => 8 * widened(bytes + 4000),
  },
  npy: { files: decoded([...npy, ...refusedArrays]), read: (bytes) => data.readNpy(bytes), most: widened },
  npz: { files: decoded(npz), read: (bytes) => data.readNpz(bytes), most: (bytes) => 1032 * widened(bytes) },
  idx: {
    files: [...idxFiles, ...idxFiles.map((file) => gzipSync(file))],
    read: (bytes) => data.readIdx(bytes),
    most: (bytes) => 1032 * widened(bytes + 1),
  },
  tfjs: {
    files: tfjsFiles,
    read: (bytes) => {
      const manifest = readBytes('fuzz', 'model.json', bytes, readManifest);
      return weightsOf(
        'model.json',
        manifest,
        manifest.groups.map((_, i) => tfjsBytes[i % tfjsBytes.length]!),
      );
    },
    most: () => 8 * tfjsBytes.reduce((sum, { length }) => sum + length, 0),
  },
};

export interface ReaderReport {
  readonly target: string;
  readonly runs: number;
  /** How many were read in spite of the changes. */
  readonly read: number;
  readonly seconds: number;
  readonly slowestMs: number;
}

/** What a run found: all that reproduces it. */
export class ReaderFailure extends Error {}

/** A single reading must end within this time. */
const mostMs = 2000;

function bytesOf(value: unknown): number {
  if (value instanceof Tensor) return value.numel * (value.dtype === 'float64' ? 8 : 4);
  let sum = 0;
  for (const tensor of new Set(Object.values(Object(value)))) sum += bytesOf(tensor);
  return sum;
}

/** Reads `runs` mutated files. @throws ReaderFailure for the first that is neither read nor refused. */
export function fuzzReader(name: string, seed: number, runs: number): ReaderReport {
  const { files, read, most } = readerTargets[name]!;
  const random = new Random(seed);
  const start = performance.now();
  let [readable, slowest, before] = [0, 0, start];
  for (let run = 0; run < runs; run++) {
    const bytes = mutate(files[random.below(files.length)]!, random, files);
    const fail = (what: string, cause?: unknown): never => {
      const where = `${name}, seed ${seed}, run ${run}: ${what}\n${bytes.toString('base64')}`;
      throw new ReaderFailure(where, { cause });
    };
    try {
      const size = bytesOf(read(bytes));
      readable++;
      if (size > most(bytes.length)) fail(`${bytes.length} bytes became ${size}`);
    } catch (error) {
      if (error instanceof ReaderFailure) throw error;
      if (!(error instanceof LanewiseError)) fail(`threw ${error}`, error);
      // Memory that the machine would not give was asked for because the file said so.
      else if (error.message.includes('cannot allocate')) fail(error.message, error);
    }
    const now = performance.now();
    slowest = Math.max(slowest, now - before);
    if (now - before > mostMs) fail(`took ${now - before} ms`);
    before = now;
  }
  return { target: name, runs, read: readable, seconds: (performance.now() - start) / 1000, slowestMs: slowest };
}
