/** Prints tensors as PyTorch's `torch/_tensor_str.py` does, with its defaults: 4 digits, 80 columns, 1,000 elements. */
import type { DType, HostArray } from '../ops/ops.js';
import { numelOf, type Shape, stridesOf } from './shape.js';

const precision = 4;
const lineWidth = 80;
const threshold = 1000;
const edgeItems = 3;
const prefix = 'tensor(';

/** `tensor([1., 2.])`, with `dtype=` where it is not the default and `suffix` (of gradients) at the end. */
export function formatTensor(data: HostArray, shape: Shape, dtype: DType, suffix: string): string {
  const suffixes: string[] = [];
  const isEmpty = data.length === 0;
  if (isEmpty && shape.length !== 1) suffixes.push(`size=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`);
  if (dtype !== 'float32') suffixes.push(`dtype=torch.${dtype}`);
  if (suffix !== '') suffixes.push(suffix);
  const body = isEmpty ? '[]' : formatBody(data, shape, dtype);
  return addSuffixes(prefix + body, suffixes);
}

function addSuffixes(text: string, suffixes: readonly string[]): string {
  let result = text;
  // As PyTorch counts: one more than the line is long, two more for a first line.
  let lastLine = text.length - text.lastIndexOf('\n') + 1;
  for (const suffix of suffixes) {
    if (lastLine + suffix.length + 2 > lineWidth) {
      result += `,\n${' '.repeat(prefix.length)}${suffix}`;
      lastLine = prefix.length + suffix.length;
    } else {
      result += `, ${suffix}`;
      lastLine += suffix.length + 2;
    }
  }
  return `${result})`;
}

type Format = { readonly width: number; readonly print: (value: number) => string };

function formatBody(data: HostArray, shape: Shape, dtype: DType): string {
  const summarize = numelOf(shape) > threshold;
  const strides = stridesOf(shape);
  const shown: number[] = [];
  collect(data, shape, strides, summarize, 0, 0, shown);
  const format = dtype === 'int32' ? integerFormat(shown) : floatFormat(shown);
  return formatDim(data, shape, strides, summarize, format, 0, 0, prefix.length);
}

/** The indices along a dimension that are shown; -1 stands for the dots. */
function indices(size: number, summarize: boolean): number[] {
  if (!summarize || size <= 2 * edgeItems) return Array.from({ length: size }, (_, i) => i);
  const head = Array.from({ length: edgeItems }, (_, i) => i);
  return [...head, -1, ...head.map((i) => size - edgeItems + i)];
}

function collect(
  data: HostArray,
  shape: Shape,
  strides: readonly number[],
  summarize: boolean,
  dim: number,
  at: number,
  into: number[],
): void {
  if (dim === shape.length) {
    into.push(data[at]!);
    return;
  }
  for (const i of indices(shape[dim]!, summarize))
    if (i >= 0) collect(data, shape, strides, summarize, dim + 1, at + i * strides[dim]!, into);
}

function formatDim(
  data: HostArray,
  shape: Shape,
  strides: readonly number[],
  summarize: boolean,
  format: Format,
  dim: number,
  at: number,
  indent: number,
): string {
  if (dim === shape.length) return pad(format.print(data[at]!), format.width);
  const left = shape.length - dim;
  const isRow = left === 1;
  const parts = indices(shape[dim]!, summarize).map((i) => {
    if (i < 0) return isRow ? ' ...' : '...';
    return formatDim(data, shape, strides, summarize, format, dim + 1, at + i * strides[dim]!, indent + 1);
  });
  const margin = ' '.repeat(indent + 1);
  if (!isRow) return `[${parts.join(`,${'\n'.repeat(left - 1)}${margin}`)}]`;
  const perLine = Math.max(1, Math.floor((lineWidth - indent) / (format.width + 2)));
  const lines: string[] = [];
  for (let start = 0; start < parts.length; start += perLine)
    lines.push(parts.slice(start, start + perLine).join(', '));
  return `[${lines.join(`,\n${margin}`)}]`;
}

function integerFormat(values: readonly number[]): Format {
  return { width: Math.max(...values.map((value) => String(value).length)), print: String };
}

function floatFormat(values: readonly number[]): Format {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  const print = finitePrinter(finite);
  const width = Math.max(1, ...finite.map((value) => print(value).length));
  return {
    width,
    print: (value) => {
      if (Number.isNaN(value)) return 'nan';
      if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
      return print(value);
    },
  };
}

/** How the finite numbers of a tensor are written: as integers with a point, with 4 decimals, or with exponents. */
function finitePrinter(finite: readonly number[]): (value: number) => string {
  const sizes = finite.map(Math.abs);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const isScientific = finite.length > 0 && (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4);
  if (isScientific) return scientific;
  if (finite.every(Number.isInteger)) return (value) => `${Object.is(value, -0) ? '-0' : value}.`;
  return fixed;
}

function pad(text: string, width: number): string {
  return text.padStart(width);
}

/** `%.4f` with C's rounding: half to even, where toFixed takes halves up. */
function fixed(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + roundDigits(Math.abs(value).toFixed(40));
}

/** `%.4e`: at least two digits of exponent. */
function scientific(value: number): string {
  const [mantissa, exponent] = Math.abs(value).toExponential(40).split('e') as [string, string];
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  let digits = roundDigits(mantissa);
  let power = Number(exponent);
  if (digits.startsWith('10')) {
    digits = roundDigits('1.'.padEnd(42, '0'));
    power++;
  }
  return `${sign}${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Cuts a decimal number with 40 decimals to {@link precision} of them, rounding half to even. */
function roundDigits(exact: string): string {
  const cut = exact.indexOf('.') + 1 + precision;
  const kept = exact.slice(0, cut);
  const rest = exact.slice(cut);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  const isOdd = Number(kept.at(-1)) % 2 === 1;
  if (rest < half || (rest === half && !isOdd)) return kept;
  const digits = String(BigInt(kept.replace('.', '')) + 1n).padStart(kept.length - 1, '0');
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}
