/**
 * TensorBoard's event files: records of TFRecord, each an `Event` of protobuf
 * (https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto, summary.proto).
 */
import { maskedCrc32c } from './crc32c.js';
import type { Histogram } from './histogram.js';

/** A value under a tag. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: Histogram };

/** What an event says: the version of the format, values, or that the steps from this one on are made again. */
export type EventContent =
  | { readonly version: string }
  | { readonly values: readonly SummaryValue[] }
  | { readonly restart: true };

/** Bytes of a message of protobuf. */
type Message = readonly Uint8Array[];

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const text = new TextEncoder();

/** A whole number in groups of seven bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  while (left > 127) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Uint8Array.from([...bytes, left]);
}

const key = (field: number, type: number): Uint8Array => varint(field * 8 + type);

const whole = (field: number, value: number): Message => [key(field, wire.varint), varint(value)];

function bytesField(field: number, message: Message): Message {
  const length = message.reduce((total, { length }) => total + length, 0);
  return [key(field, wire.bytes), varint(length), ...message];
}

function double(field: number, value: number): Message {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [key(field, wire.fixed64), bytes];
}

function float(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [key(field, wire.fixed32), bytes];
}

/** Numbers one behind the other, each of eight bytes. */
function doubles(field: number, values: readonly number[]): Message {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true);
  return bytesField(field, [bytes]);
}

function histogramMessage({ min, max, count, sum, squares, limits, counts }: Histogram): Message {
  return [
    ...double(1, min),
    ...double(2, max),
    ...double(3, count),
    ...double(4, sum),
    ...double(5, squares),
    ...doubles(6, limits),
    ...doubles(7, counts),
  ];
}

function valueMessage(value: SummaryValue): Message {
  const tag = bytesField(1, [text.encode(value.tag)]);
  return 'scalar' in value
    ? [...tag, ...float(2, value.scalar)]
    : [...tag, ...bytesField(5, histogramMessage(value.histogram))];
}

/** SessionLog of status START: TensorBoard forgets what it has of this step and later ones. */
const restart: Message = whole(1, 1);

function eventMessage(seconds: number, step: number, content: EventContent): Message {
  // As protobuf does it: 0 is what a number is that is not there.
  const head = [...double(1, seconds), ...(step === 0 ? [] : whole(2, step))];
  if ('version' in content) return [...head, ...bytesField(3, [text.encode(content.version)])];
  if ('restart' in content) return [...head, ...bytesField(7, restart)];
  const summary = content.values.flatMap((value) => bytesField(1, valueMessage(value)));
  return [...head, ...bytesField(5, summary)];
}

/**
 * An event as a record: its length, a checksum of that, the event, a checksum of that.
 * @param seconds since 1970.
 */
export function eventRecord(seconds: number, step: number, content: EventContent): Uint8Array {
  const event = Buffer.concat(eventMessage(seconds, step, content));
  const record = new Uint8Array(event.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(event, 12);
  view.setUint32(12 + event.length, maskedCrc32c(event), true);
  return record;
}
