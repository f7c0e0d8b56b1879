/** The epochs of a training as CSV (RFC 4180): numbers with all their digits, nothing where an epoch has none. */
import type { EpochResult, History } from '../history.js';
import { type Column, scoreColumnsOf, tableColumns } from './columns.js';

/** A line with the names. */
export const csvHeader = (columns: readonly Column[]): string =>
  `${columns.map(({ name }) => quoted(name)).join(',')}\n`;

/** A line with the numbers of an epoch. */
export const csvRow = (columns: readonly Column[], result: EpochResult): string =>
  `${columns.map((column) => column.read(result) ?? '').join(',')}\n`;

/** All epochs, with the names in the first line. */
export function toCSV(results: readonly EpochResult[]): string {
  const groups = results.reduce((most, { lr }) => Math.max(most, lr.length), 0);
  const columns = tableColumns(scoreColumnsOf(results), groups);
  return csvHeader(columns) + Array.from(results, (result) => csvRow(columns, result)).join('');
}

/** A history that writes itself as CSV, and is plain data otherwise: it can be cloned and compared. */
export function makeHistory(parts: Omit<History, 'toCSV'>): History {
  const method = { value: () => toCSV(parts.epochs), enumerable: false };
  return Object.defineProperty({ ...parts, toCSV: method.value }, 'toCSV', method);
}

/** Names of metrics are the caller's: in quotation marks where a comma, a quotation mark or an end of a line is in them. */
function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
