/** Files for the tests of io: bytes with a header as the test says, and folders that vanish. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { io, Tensor } from '../../src/index.js';
import { type GoldenTensor, values } from '../golden/load.js';

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A safetensors file with that header, as text or object, and that number of bytes of data. */
export function safetensorsFile(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, typeof data === 'number' ? Buffer.alloc(data, 1) : data]);
}

/** A tensor's numbers, so that NaN and -0 count; many of them as a hash. */
export function bits(tensor: Tensor): string {
  return described(tensor.dtype, tensor.shape, tensor.toTypedArray());
}

/** The same of a golden tensor. */
export function goldenBits(tensor: GoldenTensor): string {
  return described(tensor.dtype, tensor.shape, values(tensor));
}

function described(dtype: string, shape: readonly number[], array: ArrayBufferView): string {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const text = bytes.length > 64 ? createHash('sha256').update(bytes).digest('hex') : bytes.toString('hex');
  return `${dtype} [${shape}] ${text}`;
}

/** By name; `toEqual` would take `__proto__` for something else. */
const named = <T>(tensors: Readonly<Record<string, T>>, write: (tensor: T) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`'${name}'`, write(tensor)]));

/** Name and bits of every tensor. */
export const allBits = (state: Awaited<ReturnType<typeof io.load>>): Record<string, string> => named(state, bits);

export const allGoldenBits = (tensors: Readonly<Record<string, GoldenTensor>>): Record<string, string> =>
  named(tensors, goldenBits);
