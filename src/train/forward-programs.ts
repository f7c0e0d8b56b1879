/** Programs that evaluate a model, by the shapes of their inputs: few of them, however many numbers of rows there are. */
import { Program } from '../compile/program.js';
import { ProgramCache } from '../compile/program-cache.js';
import type { InputSpec } from '../compile/trace.js';
import { guardModule } from '../nn/hooked-module.js';
import { withModes } from '../nn/mode-scope.js';
import type { AnyModule } from '../nn/module.js';
import { numelOf, sameShape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { type Structure, takeApart } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';
import { applyModel } from './batch.js';
import { isRowWise } from './row-wise.js';

/** A model and the input that it is to be evaluated for. */
export interface Asked {
  readonly model: AnyModule;
  readonly input: Structure;
  /** How many programs of the model are kept. */
  readonly maxPrograms: number;
}

/** What a model gives, taken apart. */
export type Answer = Pick<Structure, 'tensors' | 'rebuild'>;

/** This many of them have just the rows that were asked for; then a few sizes serve all others. */
const mostExact = 8;

const programs = new WeakMap<AnyModule, ProgramCache<Tensor[]>>();

/** What a program gives: the form of the model's output, and its shapes. */
const outputs = new WeakMap<
  Program<Tensor[]>,
  Pick<Structure, 'form' | 'rebuild'> & { readonly shapes: readonly Tensor['shape'][] }
>();

/** Whether two programs were seen to compute row by row. */
const proofs = new WeakMap<Program<Tensor[]>, WeakMap<Program<Tensor[]>, boolean>>();

/**
 * A program for these inputs, and the inputs to give it: the same, or with rows behind them where it is seen that rows do not mix.
 * @param rows of each input; null where they differ.
 */
export function programFor(asked: Asked, tensors: readonly Tensor[], rows: number | null) {
  const size = rows === null ? null : sizeFor(asked, tensors, rows);
  const inputs = size === rows ? tensors : tensors.map((tensor) => padded(tensor, rows!, size!));
  const program = get(asked, inputs);
  return { program, inputs, rebuild: outputs.get(program)!.rebuild };
}

/** Whether pieces of `rows` rows give what the whole gives. */
export function mayBeSplit(asked: Asked, rows: number): boolean {
  // Programs for one row are not looked at: their shapes are merged in other ways. Far apart, since the last piece may be small.
  return areRowWise(asked, 2, Math.max(rows, 3));
}

/** As many rows as there are or the next of 2, 3, 4, 6, 8, 12, 16, ... */
function sizeFor(asked: Asked, tensors: readonly Tensor[], rows: number): number {
  const cache = cacheOf(asked);
  if (cache.size < mostExact || rows < 5 || cache.has(tensors, asked.input.form)) return rows;
  const power = 2 ** Math.floor(Math.log2(rows - 1));
  const [below, above] = rows <= 1.5 * power ? [power, 1.5 * power] : [1.5 * power, 2 * power];
  return above > rows && areRowWise(asked, below, above) ? above : rows;
}

function areRowWise(asked: Asked, fewer: number, more: number): boolean {
  let pair: readonly [Program<Tensor[]>, Program<Tensor[]>];
  try {
    pair = [get(asked, resized(asked, fewer)), get(asked, resized(asked, more))];
  } catch {
    // A model that does not take this number of rows; as a whole it says why.
    return false;
  }
  const [a, b] = pair;
  // A forward that changes what it goes by is traced again each time.
  if (!a.isCurrent() || !b.isCurrent()) return false;
  let known = proofs.get(a);
  if (known === undefined) proofs.set(a, (known = new WeakMap()));
  let isProven = known.get(b);
  if (isProven === undefined) {
    const isAlike = hasSameRows(a, fewer, b, more);
    isProven =
      isAlike && isRowWise({ program: a, rows: fewer }, { program: b, rows: more }, asked.input.tensors.length);
    known.set(b, isProven);
  }
  return isProven;
}

/** Whether outputs are rows along their first dimension, and have the same form otherwise. */
function hasSameRows(a: Program<Tensor[]>, rowsA: number, b: Program<Tensor[]>, rowsB: number): boolean {
  const [x, y] = [outputs.get(a)!, outputs.get(b)!];
  return (
    x.form === y.form &&
    x.shapes.every((shape, i) => {
      const other = y.shapes[i]!;
      return shape[0] === rowsA && other[0] === rowsB && sameShape(shape.slice(1), other.slice(1));
    })
  );
}

const resized = ({ input }: Asked, rows: number): InputSpec[] =>
  input.tensors.map(({ dtype, shape }) => {
    const other = [rows, ...shape.slice(1)];
    return { dtype, shape: other, numel: numelOf(other) };
  });

function cacheOf({ model, maxPrograms }: Asked): ProgramCache<Tensor[]> {
  let cache = programs.get(model);
  if (cache === undefined) programs.set(model, (cache = new ProgramCache('predict', 'the model')));
  cache.maxPrograms = maxPrograms;
  return cache;
}

function get(asked: Asked, inputs: readonly InputSpec[]): Program<Tensor[]> {
  const { model, input } = asked;
  return cacheOf(asked).get(inputs, () => trace(model, input, inputs), input.form);
}

function trace(model: AnyModule, input: Structure, inputs: readonly InputSpec[]): Program<Tensor[]> {
  let output: Structure | null = null;
  const forward = (...args: Tensor[]) => {
    // Its `forward` may stand in a field that nothing has found yet.
    guardModule(model);
    const value = withModes(
      () => false,
      () => applyModel(model, input.rebuild(args)),
    );
    output = takeApart('predict: the output of the model', value);
    return [...output.tensors];
  };
  const program = Program.trace(forward, inputs, { name: 'predict' });
  const { form, rebuild, tensors } = output!;
  outputs.set(program, { form, rebuild, shapes: tensors.map(({ shape }) => shape) });
  return program;
}

/** The rows, and the first of them again and again: numbers that the model takes. */
function padded(tensor: Tensor, rows: number, size: number): Tensor {
  const width = tensor.numel / rows;
  const storage = Storage.uninitialized(tensor.dtype, size * width);
  const host = storage.write();
  host.set(tensor.storage.read());
  for (let row = rows; row < size; row++) host.copyWithin(row * width, 0, width);
  return new Tensor(storage, [size, ...tensor.shape.slice(1)]);
}
