/** Writes safetensors files: the same bytes that the reference implementation writes. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { DType, HostArray } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { lengthBytes, mostHeaderBytes } from './safetensors-header.js';

/** A tensor as it goes into the file. */
export interface Item {
  readonly name: string;
  readonly bytesOfName: Uint8Array;
  readonly tensor: Tensor;
  readonly type: 'F32' | 'F64' | 'I32' | 'I64';
}

const types = { float32: 'F32', float64: 'F64', int32: 'I32' } as const satisfies Record<DType, string>;
/** The order of the reference implementation: the widest first, which keeps each tensor aligned. */
const order = ['I64', 'F64', 'F32', 'I32'];
const width = { F32: 4, F64: 8, I32: 4, I64: 8 };

/** What a file consists of: the header, and the tensors in the order in which they follow it. */
export interface SafetensorsLayout {
  readonly header: Uint8Array;
  readonly items: readonly Item[];
}

/**
 * The bytes of a file in pieces: the header, then the tensors. A piece shares its memory with its tensor, so that no number is copied.
 * @param metadata strings by name, checked by {@link checkMetadata}.
 */
export function safetensorsChunks(
  caller: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string>,
): Uint8Array[] {
  const { header, items } = safetensorsLayout(caller, tensors, metadata);
  return [header, ...items.map(({ type, tensor }) => bytesOf(type, tensor.storage.read()))];
}

/** Lays a file out. No number of a tensor is looked at. */
export function safetensorsLayout(
  caller: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string>,
): SafetensorsLayout {
  const items = [...tensors].map(([name, tensor]): Item => {
    if (name === '__metadata__') throw new ArgumentError(`${caller}: a tensor cannot be called ${show(name)}`);
    const bytesOfName = Buffer.from(name);
    if (bytesOfName.toString() !== name)
      throw new ArgumentError(`${caller}: the name ${show(name)} has half a character, which UTF-8 cannot write`);
    return { name, bytesOfName, tensor, type: typeOf(name, tensor) };
  });
  items.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type) || Buffer.compare(a.bytesOfName, b.bytesOfName));
  return { header: headerOf(caller, items, metadata), items };
}

/** PyTorch counts the batches of a BatchNorm in int64. */
function typeOf(name: string, tensor: Tensor): Item['type'] {
  const isCounter = tensor.ndim === 0 && /(^|\.)num_batches_tracked$/.test(name);
  return isCounter && tensor.dtype === 'int32' ? 'I64' : types[tensor.dtype];
}

function headerOf(caller: string, items: readonly Item[], metadata: ReadonlyMap<string, string>): Uint8Array {
  const parts: string[] = [];
  if (metadata.size > 0) parts.push(`"__metadata__":${objectOf(metadata, JSON.stringify)}`);
  let end = 0;
  for (const { name, type, tensor } of items) {
    const begin = end;
    end += tensor.numel * width[type];
    parts.push(
      `${JSON.stringify(name)}:{"dtype":"${type}","shape":[${tensor.shape.join(',')}],"data_offsets":[${begin},${end}]}`,
    );
  }
  const text = Buffer.from(`{${parts.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > mostHeaderBytes)
    throw new ArgumentError(
      `${caller}: names and metadata take ${length} bytes, at most ${mostHeaderBytes} are possible`,
    );
  const header = Buffer.alloc(lengthBytes + length, ' ');
  header.writeBigUInt64LE(BigInt(length), 0);
  text.copy(header, lengthBytes);
  return header;
}

function objectOf<T>(entries: ReadonlyMap<string, T>, write: (value: T) => string): string {
  return `{${[...entries].map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}

/** Numbers of a tensor as the file has them; they share their memory where the type is the same. */
export function bytesOf(type: Item['type'], array: HostArray): Uint8Array {
  const numbers = type === 'I64' ? BigInt64Array.from(array, BigInt) : array;
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
