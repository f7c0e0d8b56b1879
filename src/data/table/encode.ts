/** Cells become numbers: the columns of a table into the rows of arrays. */
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isMissing, type NaValues, toBoolean, toCategory, toNumber, toTime } from './cells.js';
import { badCell } from './column-fit.js';
import {
  type CategoricalColumn,
  type DateColumn,
  type FittedColumn,
  indexCount,
  type MissingRule,
  millisecondsOfDay,
  outputNames,
} from './fitted.js';
import type { DatePart } from './options.js';

/** Where to read and where to write. */
export interface Job {
  readonly at: string;
  readonly read: (row: number) => unknown;
  readonly rows: number;
  /** Number of the first row, for messages. */
  readonly firstRow: number;
  readonly naValues: NaValues;
  /** Numbers from one row to the next, and of the first that is written of each. */
  readonly stride: number;
  readonly offset: number;
}

/** Writes the columns that one becomes. @throws ArgumentError that names row and column. */
export function encode(column: Exclude<FittedColumn, { encoder: 'ordinal' }>, job: Job, out: Float32Array): void {
  if (column.type === 'numeric') {
    const { center, scale } = column;
    encodeNumbers(column.missing, job, out, 'numeric', toNumber, (number) => (number - center) / scale);
  } else if (column.type === 'boolean') encodeNumbers(column.missing, job, out, 'boolean', toBit, (bit) => bit);
  else if (column.type === 'date') encodeDates(column, job, out);
  else encodeOneHot(column, job, out);
}

function toBit(value: unknown): number {
  const truth = toBoolean(value);
  return truth === null ? Number.NaN : Number(truth);
}

function encodeNumbers(
  missing: MissingRule,
  job: Job,
  out: Float32Array,
  type: 'numeric' | 'boolean',
  toValue: (value: unknown) => number,
  scaled: (number: number) => number,
): void {
  const { read, rows, stride, offset, naValues } = job;
  for (let i = 0; i < rows; i++) {
    const value = read(i);
    let number = toValue(value);
    const at = i * stride + offset;
    if (Number.isNaN(number) || (naValues.haveNumbers && isMissing(value, naValues))) {
      number = fillFor(missing, job, i, type, value);
      if (missing.indicator) out[at + 1] = 1;
    }
    out[at] = scaled(number);
    if (!Number.isFinite(out[at]))
      throw new ArgumentError(`${job.at}: row ${job.firstRow + i} is too large for float32, ${show(value)}`);
  }
}

/** What stands for a cell that has no value, if it has none. */
function fillFor(
  missing: MissingRule,
  job: Job,
  row: number,
  type: 'numeric' | 'boolean' | 'date',
  value: unknown,
): number {
  if (!isMissing(value, job.naValues)) throw new ArgumentError(badCell(job.at, job.firstRow + row, type, value));
  if (missing.fill === null) throw noValue(job, row, value);
  return missing.fill;
}

function noValue(job: Job, row: number, value: unknown): ArgumentError {
  return new ArgumentError(`${job.at}: row ${job.firstRow + row} has no value (${show(value)})`);
}

/** Where in its cycle a date is, from 0 to 1. */
const cycles: Readonly<Record<Exclude<DatePart, 'time'>, (date: Date) => number>> = {
  month: (date) => date.getUTCMonth() / 12,
  day: (date) => (date.getUTCDate() - 1) / 31,
  weekday: (date) => date.getUTCDay() / 7,
  hour: (date) => (date.getUTCHours() + date.getUTCMinutes() / 60) / 24,
};

function encodeDates(column: DateColumn, job: Job, out: Float32Array): void {
  const { center, scale, missing, parts } = column;
  const width = outputNames(column).length;
  for (let i = 0; i < job.rows; i++) {
    const value = job.read(i);
    const time = toTime(value);
    const isGone = Number.isNaN(time) || isMissing(value, job.naValues);
    const days = isGone ? fillFor(missing, job, i, 'date', value) : time / millisecondsOfDay;
    const date = new Date(isGone ? 0 : time);
    const first = i * job.stride + job.offset;
    let at = first;
    for (const part of parts) {
      if (part === 'time') {
        out[at++] = (days - center) / scale;
        continue;
      }
      // No date is in no place of the cycle: both stay 0.
      const angle = isGone ? null : 2 * Math.PI * cycles[part](date);
      out[at++] = angle === null ? 0 : Math.sin(angle);
      out[at++] = angle === null ? 0 : Math.cos(angle);
    }
    if (isGone && missing.indicator) out[first + width - 1] = 1;
  }
}

function encodeOneHot(column: CategoricalColumn, job: Job, out: Float32Array): void {
  const indexOf = indexer(column, job);
  const width = column.categories.length + Number(column.hasMissing);
  for (let i = 0; i < job.rows; i++) {
    const index = indexOf(i);
    if (index < width) out[i * job.stride + job.offset + index] = 1;
  }
}

/** Writes the index of each category. @throws ArgumentError that names row and column. */
export function encodeIndices(column: CategoricalColumn, job: Job, out: Int32Array): void {
  const indexOf = indexer(column, job);
  for (let i = 0; i < job.rows; i++) out[i * job.stride + job.offset] = indexOf(i);
}

/** The index of a row's category: those that were seen, then that of a missing value, then that of an unknown one. */
function indexer(column: CategoricalColumn, job: Job): (row: number) => number {
  const { categories, hasMissing, handleUnknown } = column;
  const indices = new Map(categories.map((name, i) => [name, i]));
  const unknown = handleUnknown === 'ignore' ? indexCount(column) - 1 : null;
  return (row) => {
    const value = job.read(row);
    const name = toCategory(value);
    const index = name === null ? undefined : indices.get(name);
    if (index !== undefined) return index;
    const isGone = isMissing(value, job.naValues);
    if (isGone && hasMissing) return categories.length;
    if (unknown !== null) return unknown;
    if (isGone) throw noValue(job, row, value);
    if (name === null) throw new ArgumentError(badCell(job.at, job.firstRow + row, 'categorical', value));
    const most = 10;
    const known = categories.slice(0, most).map(show).join(', ') + (categories.length > most ? ', ...' : '');
    throw new ArgumentError(
      `${job.at}: row ${job.firstRow + row} has the category ${show(name)}, which fit has not seen; it knows ${known}`,
    );
  };
}
