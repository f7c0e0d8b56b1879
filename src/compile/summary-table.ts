/** The rows of a summary, and how they are shown. */
import { isArray, isPlainObject } from '../realm.js';
import { formatShape, type Shape } from '../tensor/shape.js';

/** Shapes of tensors in arrays and plain objects; null for anything that is no tensor. */
export type Shapes = Shape | readonly Shapes[] | { readonly [name: string]: Shapes } | null;

/** A call of a module. */
export interface SummaryRow {
  /** The name of the module in the model, `'encoder.0'`; empty: the model itself. */
  readonly name: string;
  /** Its class. */
  readonly type: string;
  /** How many calls of modules it stands in. */
  readonly depth: number;
  /** The shapes of the arguments of `forward`: of the only one, or of each in a list. */
  readonly inputShape: Shapes;
  /** The shape of what `forward` returns. */
  readonly outputShape: Shapes;
  /** Numbers in the parameters of the module and of those below it, each parameter once. */
  readonly parameters: number;
  /** Those of them that require a gradient. */
  readonly trainableParameters: number;
  /** Operations in the call, those of the layers below it with them. */
  readonly flops: number;
  /** Bytes of the parameters and buffers. */
  readonly parameterBytes: number;
  /** Bytes of what `forward` returns. */
  readonly outputBytes: number;
  /** Whether the module has a row above: its parameters are counted there. */
  readonly isRepeated: boolean;
}

/** The rows, and the numbers of the whole model. */
export interface SummaryTotals
  extends Pick<SummaryRow, 'parameters' | 'trainableParameters' | 'flops' | 'outputBytes' | 'parameterBytes'> {
  readonly rows: readonly SummaryRow[];
  readonly inputBytes: number;
}

/** `[32, 10]`; of several `[[32, 5, 16], [1, 32, 16]]`. */
export function showShapes(shapes: Shapes): string {
  if (isPlainObject(shapes))
    return `{ ${Object.entries(shapes)
      .map(([key, each]) => `${key}: ${showShapes(each as Shapes)}`)
      .join(', ')} }`;
  if (!isArray(shapes)) return '-';
  if (shapes.every((each) => typeof each === 'number')) return formatShape(shapes);
  return `[${shapes.map((each) => showShapes(each as Shapes)).join(', ')}]`;
}

/** Columns by title; those of numbers are flush right. */
const columns: readonly (readonly [title: string, cell: (row: SummaryRow) => string, isNumber: boolean])[] = [
  ['Layer', ({ name, type, depth }) => `${'  '.repeat(depth)}${type}${labelOf(name)}`, false],
  ['Output shape', ({ outputShape }) => showShapes(outputShape), false],
  ['Parameters', ({ parameters, isRepeated }) => (isRepeated ? '(above)' : count(parameters)), true],
  ['FLOPs', ({ flops }) => count(flops), true],
  ['Output bytes', ({ outputBytes }) => count(outputBytes), true],
];

const labelOf = (name: string): string => (name === '' ? '' : ` (${name})`);

/** The same on every machine: commas between thousands. */
const count = (value: number): string => value.toLocaleString('en-US');

export function formatSummary(summary: SummaryTotals): string {
  const cells = summary.rows.map((row) => columns.map(([, cell]) => cell(row)));
  const lines = [columns.map(([title]) => title), ...cells];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const [head, ...body] = lines.map((line) =>
    line
      .map((cell, i) => (columns[i]![2] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1)));
  const { parameters, trainableParameters, flops, inputBytes, outputBytes, parameterBytes } = summary;
  const totals = [
    `parameters: ${count(parameters)}, trainable: ${count(trainableParameters)}`,
    `FLOPs: ${count(flops)}`,
    `bytes: input ${count(inputBytes)}, outputs ${count(outputBytes)}, parameters and buffers ${count(parameterBytes)}`,
  ];
  return [head, rule, ...body, rule, ...totals].join('\n');
}
