/** A small reader of event files, written from the definitions of TFRecord and protobuf: it checks every checksum by bits. */
import { expect } from 'vitest';

export interface ReadHistogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export interface ReadEvent {
  readonly step: number;
  readonly version: string | null;
  readonly isRestart: boolean;
  readonly scalars: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, ReadHistogram>>;
}

/** Bit by bit, from the polynomial. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  const rotated = ((crc >> 15n) | (crc << 17n)) & 0xffffffffn;
  return Number((rotated + 0xa282ead8n) & 0xffffffffn);
}

export function readEvents(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    events.push(eventOf(data));
    at += length + 16;
  }
  return events;
}

/** The fields of a message, by their numbers. */
function fieldsOf(data: Buffer): [number, Buffer | number][] {
  const fields: [number, Buffer | number][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = data[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const key = varint();
    const [field, type] = [key >> 3, key & 7];
    if (type === 0) fields.push([field, varint()]);
    else if (type === 1) fields.push([field, data.readDoubleLE((at += 8) - 8)]);
    else if (type === 5) fields.push([field, data.readFloatLE((at += 4) - 4)]);
    else {
      const length = varint();
      fields.push([field, data.subarray(at, (at += length))]);
    }
  }
  expect(at).toBe(data.length);
  return fields;
}

function eventOf(data: Buffer): ReadEvent {
  const fields = fieldsOf(data);
  const get = (field: number) => fields.find(([number]) => number === field)?.[1];
  const scalars: Record<string, number> = {};
  const histograms: Record<string, ReadHistogram> = {};
  for (const [, value] of fieldsOf((get(5) ?? Buffer.alloc(0)) as Buffer)) {
    const parts = new Map(fieldsOf(value as Buffer));
    const tag = (parts.get(1) as Buffer).toString();
    if (parts.has(2)) scalars[tag] = parts.get(2) as number;
    if (!parts.has(5)) continue;
    const histogram = new Map(fieldsOf(parts.get(5) as Buffer));
    const number = (field: number) => histogram.get(field) as number;
    histograms[tag] = { min: number(1), max: number(2), count: number(3) };
  }
  return {
    step: (get(2) as number | undefined) ?? 0,
    version: (get(3) as Buffer | undefined)?.toString() ?? null,
    isRestart: get(7) !== undefined,
    scalars,
    histograms,
  };
}
