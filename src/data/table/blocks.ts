/** Rows of a table as the rows of arrays. */
import { show } from '../../check.js';
import type { HostArray } from '../../ops/ops.js';
import { Storage } from '../../tensor/storage.js';
import { Tensor } from '../../tensor/tensor.js';
import { NaValues, toBoolean } from './cells.js';
import { encode, encodeIndices, type Job } from './encode.js';
import { type FittedColumn, outputNames } from './fitted.js';
import type { FittedState } from './json.js';
import { columnOf, type TableView } from './view.js';

/** The input of a model with ordinal features. */
export type IndexedInput = {
  /** Numbers, float32 [rows, inputSize]. */
  readonly dense: Tensor;
  /** Indices for embeddings, int32 [rows, ordinal features]. */
  readonly indices: Tensor;
};

/** The arrays of some rows; each has `widths` numbers a row. */
export interface Block {
  readonly rows: number;
  readonly parts: readonly HostArray[];
}

/** Which arrays a state makes of rows: numbers, indices if there are ordinal features, the target if it is wanted. */
export interface Layout {
  readonly parts: readonly {
    readonly name: 'dense' | 'indices' | 'target';
    readonly dtype: 'float32' | 'int32';
    readonly width: number;
    /** Sizes behind the rows. */
    readonly shape: readonly number[];
  }[];
}

const isOrdinal = (column: FittedColumn): boolean => column.type === 'categorical' && column.encoder === 'ordinal';

export function layoutOf({ features, target }: FittedState, withTarget: boolean): Layout {
  const width = features.reduce((sum, column) => sum + outputNames(column).length, 0);
  const indices = features.filter(isOrdinal).length;
  const parts: Layout['parts'][number][] = [{ name: 'dense', dtype: 'float32', width, shape: [width] }];
  if (indices > 0) parts.push({ name: 'indices', dtype: 'int32', width: indices, shape: [indices] });
  if (withTarget && target !== null)
    parts.push(
      target.type === 'numeric'
        ? { name: 'target', dtype: 'float32', width: 1, shape: [1] }
        : { name: 'target', dtype: 'int32', width: 1, shape: [] },
    );
  return { parts };
}

/** @param firstRow number of the first row, for messages. @throws ArgumentError that names row and column. */
export function encodeBlock(
  caller: string,
  state: FittedState,
  { parts }: Layout,
  view: TableView,
  firstRow: number,
): { block: Block; storages: readonly Storage[] } {
  const { rows } = view;
  const naValues = new NaValues(state.naValues);
  const storages = parts.map(({ dtype, width }) => Storage.allocate(dtype, rows * width));
  const arrays = storages.map((storage) => storage.write());
  const jobOf = (column: string, stride: number, offset: number): Job => {
    const at = `${caller}: column ${show(column)}`;
    return { at, read: columnOf(caller, view, column), rows, firstRow, naValues, stride, offset };
  };
  let offset = 0;
  let index = 0;
  for (const column of state.features)
    if (column.type === 'categorical' && column.encoder === 'ordinal')
      encodeIndices(column, jobOf(column.column, parts[1]!.width, index++), arrays[1] as Int32Array);
    else {
      encode(column, jobOf(column.column, parts[0]!.width, offset), arrays[0] as Float32Array);
      offset += outputNames(column).length;
    }
  const out = arrays[parts.findIndex(({ name }) => name === 'target')];
  if (out !== undefined && state.target !== null) encodeTarget(state.target, jobOf(state.target.column, 1, 0), out);
  return { block: { rows, parts: arrays }, storages };
}

/** The names of the classes: none for numbers. A boolean target has false and true. */
export function classesOf(target: FittedColumn): readonly string[] | null {
  if (target.type === 'categorical') return target.categories;
  return target.type === 'boolean' ? ['false', 'true'] : null;
}

function encodeTarget(target: FittedColumn, job: Job, out: HostArray): void {
  const categories = classesOf(target);
  if (categories === null) {
    encode(target as FittedColumn & { type: 'numeric' }, job, out as Float32Array);
    return;
  }
  const { read } = job;
  const asClass = (row: number) => {
    const value = read(row);
    return target.type === 'boolean' ? (toBoolean(value) ?? value) : value;
  };
  const { column } = target;
  const classes = { column, categories, type: 'categorical', encoder: 'ordinal', handleUnknown: 'error' } as const;
  encodeIndices({ ...classes, hasMissing: false }, { ...job, read: asClass }, out as Int32Array);
}

/** Tensors of the arrays, which are theirs from then on: the input and, where the layout has one, the target. */
export function tensorsOf(
  { parts }: Layout,
  rows: number,
  storages: readonly Storage[],
): { input: Tensor | IndexedInput; target: Tensor | null } {
  const tensors = parts.map(({ shape }, i) => new Tensor(storages[i]!, [rows, ...shape]));
  const of = (name: string) => tensors[parts.findIndex((part) => part.name === name)] ?? null;
  const dense = of('dense')!;
  const indices = of('indices');
  return { input: indices === null ? dense : { dense, indices }, target: of('target') };
}
