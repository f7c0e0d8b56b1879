/**
 * Whether a model computes each row of its outputs from the same row of its inputs, so that rows may be computed in pieces, or with others
 * behind them. It is read off two programs that were traced for different numbers of rows: what grows with that number must be rows,
 * everything else must be equal, and each op must work row by row. An op that has no rule here is taken to mix rows.
 */

import { accessesOf } from '../compile/passes/instruction.js';
import type { Program } from '../compile/program.js';
import type { Instruction, ValueId, ValueSpec } from '../ops/graph.js';
import type { Layout, OpName } from '../ops/ops.js';
import { isArray, isFloat64Array } from '../realm.js';

/** A program, and the rows that it was traced for: at least 2, since shapes with a 1 are merged in other ways. */
export interface Sized {
  readonly program: Program<unknown>;
  readonly rows: number;
}

/** Says whether a call works row by row; what it writes is rows then. */
type Rule = (call: CallPair) => boolean;

const elementwise: Rule = (call) => {
  const n = call.perRow('n');
  return n > 0 && call.values().every((id) => call.hasRows(id, n));
};

const alongDimension: Rule = (call) => {
  const outer = call.perRow('outer');
  const [size, inner] = [call.number('size'), call.number('inner')];
  const widths: Readonly<Record<string, number>> = { x: outer * size * inner, index: outer * inner };
  const out = call.op === 'softmax' ? widths.x! : widths.index!;
  return outer > 0 && call.accesses.every(({ arg, value }) => call.hasRows(value, widths[arg] ?? out));
};

const linear: Rule = (call) => {
  const rows = call.perRow('rows');
  return (
    rows > 0 &&
    call.isRows('x', rows * call.number('inFeatures')) &&
    call.isFixed('weight') &&
    call.isFixed('bias') &&
    call.makes('out', rows * call.number('outFeatures'))
  );
};

/** Along a dimension of each row, with a result for each element. */
const throughDimension: Rule = (call) => {
  const n = call.perRow('outer') * call.number('size') * call.number('inner');
  return n > 0 && call.values().every((id) => call.hasRows(id, n));
};

/** Each row picks from itself. */
const gather: Rule = (call) => {
  const perSlice = call.perRow('outer') * call.number('inner');
  const picked = perSlice * call.number('count');
  return (
    perSlice > 0 &&
    call.isRows('x', perSlice * call.number('size')) &&
    call.isRows('index', picked) &&
    call.makes('out', picked)
  );
};

/** Rows of a times one matrix; or matrices of each row. */
const matmul: Rule = (call) => {
  const [n, k] = [call.number('n'), call.number('k')];
  const m = call.perRow('m');
  if (m > 0 && call.number('batch') === 1)
    return !call.flag('transA') && call.isRows('a', m * k) && call.isFixed('b') && call.makes('out', m * n);
  const batch = call.perRow('batch');
  const side = (arg: 'a' | 'b', stride: number) =>
    stride === 0 ? call.isFixed(arg) : call.isRows(arg, batch * stride);
  return (
    batch > 0 &&
    side('a', call.number('aStride')) &&
    side('b', call.number('bStride')) &&
    call.makes('out', batch * call.number('m') * n)
  );
};

const broadcasting: Rule = (call) => {
  const layout = call.layout();
  if (layout === null) return false;
  return layout.reads('a', 0, 0) && layout.reads('b', 1, 0) && call.makes('out', layout.elements);
};

/** Each row from the same rows of the inputs. Masks are drawn for the rows as they stand, so none. */
const pointwise: Rule = (call) => {
  const [inputs, outputs] = [call.list('inputs'), call.list('outputs')];
  const layout = call.layout(inputs.length);
  if (layout === null || call.list('keys').length > 0) return false;
  const { elements } = layout;
  return (
    inputs.every((value, i) => layout.readsValue(value, i, 0)) &&
    outputs.every((value) => call.makesValue(value, elements))
  );
};

const copying: Rule = (call) => {
  const layout = call.layout();
  if (layout === null) return false;
  return layout.reads('x', 0, call.number('xOffset')) && layout.writes('out', 1, call.number('outOffset'));
};

/** Rows of a table. */
const indexSelect: Rule = (call) => {
  const count = call.perRow('count');
  return (
    count > 0 && call.isFixed('x') && call.isRows('index', count) && call.makes('out', count * call.number('width'))
  );
};

/** An op's rule, and the arguments that grow with the rows. */
type Entry = readonly [ops: readonly OpName[], grows: readonly string[], rule: Rule];

const table: readonly Entry[] = [
  [['fill', 'cast'], ['n'], elementwise],
  [['pointwise'], ['layout'], pointwise],
  [['sum', 'extreme', 'softmax'], ['outer'], alongDimension],
  [['cumsum', 'argsort'], ['outer'], throughDimension],
  [['gather'], ['outer'], gather],
  [['integers'], ['layout'], broadcasting],
  [['copy'], ['layout'], copying],
  [['linear'], ['rows'], linear],
  [['matmul'], ['m', 'batch'], matmul],
  [['indexSelect'], ['count'], indexSelect],
  [['checkRange'], ['n'], (call) => call.values().every((id) => call.hasRows(id, null))],
  [['checkIndex'], [], (call) => call.values().every((id) => call.hasRows(id, null))],
];

const rules: ReadonlyMap<OpName, { readonly grows: readonly string[]; readonly rule: Rule }> = new Map(
  table.flatMap(([ops, grows, rule]) => ops.map((op) => [op, { grows, rule }] as const)),
);

/** @param inputs how many inputs the programs have, all of which are rows. */
export function isRowWise(a: Sized, b: Sized, inputs: number): boolean {
  const [left, right] = [a.program, b.program];
  const [x, y] = [left.graph, right.graph];
  const isAlike =
    x.values.length === y.values.length &&
    x.instructions.length === y.instructions.length &&
    // Neither numbers that are read at each run nor random ones: rows behind, or pieces, would draw others than the whole.
    [x, y].every(({ dynamicScalars, keySources }) => dynamicScalars === 0 && keySources === 0);
  if (!isAlike) return false;
  const values = x.values.map((spec, id) => new ValuePair(spec, y.values[id]!, a.rows, b.rows));
  for (const [id, value] of values.entries()) {
    if (value.kind === 'unlike') return false;
    if (value.kind === 'input') {
      // Behind the inputs are the numbers that are drawn before each run.
      if (id >= inputs || value.width === null) return false;
      value.isRows = true;
    } else if (value.kind === 'state' && !value.isSameLength) return false;
    else if (value.kind === 'state' && !left.hasSameState(right, value.indices)) return false;
  }
  for (const [i, instruction] of x.instructions.entries()) {
    const call = new CallPair(instruction, y.instructions[i]!, a.rows, b.rows, values);
    if (!call.isRowWise()) return false;
  }
  const { returned } = left;
  return returned.every((id, i) => id === right.returned[i] && values[id]!.isRows);
}

/** One value in both programs. */
class ValuePair {
  readonly kind: ValueSpec['kind'] | 'unlike';
  readonly indices: readonly [number, number];
  /** Elements of one row, where its length grows with the rows. */
  readonly width: number | null;
  readonly isSameLength: boolean;
  isRows = false;

  constructor(a: ValueSpec, b: ValueSpec, rowsA: number, rowsB: number) {
    this.kind = a.kind === b.kind && a.dtype === b.dtype ? a.kind : 'unlike';
    this.indices = [a.index, b.index];
    const width = a.length / rowsA;
    this.width = Number.isInteger(width) && b.length / rowsB === width ? width : null;
    this.isSameLength = a.length === b.length;
  }
}

/** One call of an op in both programs. */
class CallPair {
  readonly op: OpName;
  readonly accesses: ReturnType<typeof accessesOf>;
  readonly #a: Instruction;
  readonly #b: Instruction;
  readonly #rows: readonly [number, number];
  readonly #values: readonly ValuePair[];

  constructor(a: Instruction, b: Instruction, rowsA: number, rowsB: number, values: readonly ValuePair[]) {
    this.op = a.op;
    this.accesses = accessesOf(a);
    this.#a = a;
    this.#b = b;
    this.#rows = [rowsA, rowsB];
    this.#values = values;
  }

  isRowWise(): boolean {
    if (this.#b.op !== this.op) return false;
    const written = this.accesses.filter(({ writes }) => writes).map(({ value }) => this.#values[value]!);
    if (written.some(({ kind }) => kind !== 'temporary' && kind !== 'output')) return false;
    const hasRows = this.accesses.some(({ value }) => this.#values[value]!.isRows);
    if (!hasRows && this.#isSame([])) return written.every(({ isSameLength }) => isSameLength);
    const known = rules.get(this.op);
    if (known === undefined || !this.#isSame(known.grows) || !known.rule(this)) return false;
    for (const value of written) value.isRows = true;
    return true;
  }

  values(): ValueId[] {
    return this.accesses.map(({ value }) => value);
  }

  /** A number that is the same in both. */
  number(arg: string): number {
    const [a, b] = [this.#a.args[arg], this.#b.args[arg]];
    return a === b ? (a as number) : Number.NaN;
  }

  flag(arg: string): boolean {
    return this.#a.args[arg] === true;
  }

  /** How much of a size belongs to a row; 0 where it does not grow with the rows. */
  perRow(arg: string): number {
    return this.#share(this.#a.args[arg] as number, this.#b.args[arg] as number);
  }

  /** Whether an operand is rows of that many elements. */
  isRows(arg: string, width: number): boolean {
    return this.isRowsValue(this.#value(arg), width);
  }

  isRowsValue(value: ValueId | null, width: number): boolean {
    return value !== null && this.#values[value]!.isRows && this.#values[value]!.width === width;
  }

  /** Whether an operand is the same for all rows, or absent. */
  isFixed(arg: string): boolean {
    return this.isFixedValue(this.#value(arg));
  }

  isFixedValue(value: ValueId | null): boolean {
    return value === null || !this.#values[value]!.isRows;
  }

  /** Whether a result has that many elements for each row. */
  makes(arg: string, width: number): boolean {
    return this.makesValue(this.#value(arg), width);
  }

  makesValue(value: ValueId | null, width: number): boolean {
    return value !== null && this.#values[value]!.width === width;
  }

  /** The values of an argument that is a list. */
  list(arg: string): readonly ValueId[] {
    return this.#a.args[arg] as readonly ValueId[];
  }

  #value(arg: string): ValueId | null {
    return this.#a.args[arg] as ValueId | null;
  }

  /** Whether an operand that is read is rows, and one that is written has room for them; of any width for null. */
  hasRows(id: ValueId, width: number | null): boolean {
    const value = this.#values[id]!;
    const isRead = this.accesses.some((access) => access.value === id && access.reads);
    return (value.isRows || !isRead) && value.width !== null && (width === null || value.width === width);
  }

  /** The layout, when its first dimension counts rows (or a number of parts of each) and all else is the same. */
  layout(operands = 2): RowLayout | null {
    const [a, b] = [this.#a.args.layout as Layout, this.#b.args.layout as Layout];
    if (a.length !== b.length || a.some((value, i) => i > 0 && value !== b[i])) return null;
    const parts = this.#share(a[0]!, b[0]!);
    return parts > 0 ? new RowLayout(this, a, parts, operands) : null;
  }

  #share(a: number, b: number): number {
    const share = a / this.#rows[0];
    return Number.isInteger(share) && b / this.#rows[1] === share ? share : 0;
  }

  /** Whether all arguments but those are the same. */
  #isSame(others: readonly string[]): boolean {
    return Object.entries(this.#a.args).every(([name, a]) => {
      const b = this.#b.args[name];
      if (others.includes(name)) return true;
      if (Object.is(a, b)) return true;
      const [left, right] = [listOf(a), listOf(b)];
      return (
        left !== null && right !== null && left.length === right.length && left.every((each, i) => each === right[i])
      );
    });
  }
}

/** The elements of a layout, or of a list of values or numbers. Equal programs are one object. */
function listOf(value: unknown): readonly unknown[] | null {
  if (isFloat64Array(value)) return Array.from(value);
  return isArray(value) ? value : null;
}

/** A layout whose first dimension goes through the rows. */
class RowLayout {
  /** Elements of one row of a dense result. */
  readonly elements: number;
  readonly #call: CallPair;
  readonly #layout: Layout;
  readonly #parts: number;
  readonly #rank: number;

  constructor(call: CallPair, layout: Layout, parts: number, operands: number) {
    this.#call = call;
    this.#layout = layout;
    this.#parts = parts;
    this.#rank = layout.length / (1 + operands);
    this.elements = layout.slice(1, this.#rank).reduce((product, size) => product * size, parts);
  }

  /** Whether each row reads its own row of an operand, or all of them the same of one that is fixed. */
  reads(arg: string, operand: number, offset: number): boolean {
    if (this.#call.isFixed(arg)) return this.#stride(operand, 0) === 0;
    const width = this.#span(operand, offset);
    return width !== null && this.#call.isRows(arg, width);
  }

  readsValue(value: ValueId, operand: number, offset: number): boolean {
    if (this.#call.isFixedValue(value)) return this.#stride(operand, 0) === 0;
    const width = this.#span(operand, offset);
    return width !== null && this.#call.isRowsValue(value, width);
  }

  /** Whether each row writes into its own row only. */
  writes(arg: string, operand: number, offset: number): boolean {
    const width = this.#span(operand, offset);
    return width !== null && this.#call.makes(arg, width);
  }

  /** Elements between the beginnings of two rows, when a row ends before the next. */
  #span(operand: number, offset: number): number | null {
    const width = this.#parts * this.#stride(operand, 0);
    let last = offset + (this.#parts - 1) * this.#stride(operand, 0);
    for (let dim = 1; dim < this.#rank; dim++) last += (this.#layout[dim]! - 1) * this.#stride(operand, dim);
    return this.elements > 0 && last < width ? width : null;
  }

  #stride(operand: number, dim: number): number {
    return this.#layout[this.#rank * (1 + operand) + dim]!;
  }
}
