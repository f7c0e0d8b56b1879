/** Pieces of graphs as the functions of src/functional, the optimizers and the tape write them. */
import { noPostOp } from '../../../src/compile/passes/post-op.js';
import type { GraphScalar, ValueId } from '../../../src/ops/graph.js';
import { reductions } from '../../../src/ops/ops.js';
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { traceUpdate, type Values } from '../../../src/optim/update.js';
import { emit } from '../../../src/pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../../../src/pointwise/expression.js';
import { layoutOf } from '../../../src/tensor/shape.js';
import type { List } from './graph.js';

const rows = 8;
/** Of a multiplication of [rows, in] by a weight [out, in]. */
export interface Layer {
  readonly x: ValueId;
  readonly weight: ValueId;
  readonly bias: ValueId | null;
  readonly out: ValueId;
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

export const matrix = (list: List, columns: number): ValueId => list.temporary(rows * columns);

export function linear(
  list: List,
  x: ValueId,
  inFeatures: number,
  outFeatures: number,
  given: { weight?: ValueId; out?: ValueId; bias?: null } = {},
): Layer {
  const weight = given.weight ?? list.state(outFeatures * inFeatures);
  const bias = given.bias === null ? null : list.state(outFeatures);
  const out = given.out ?? matrix(list, outFeatures);
  const layer = { x, weight, bias, out, rows, inFeatures, outFeatures };
  list.add('linear', { ...layer, packed: false, ...noPostOp });
  return layer;
}

/** What a pointwise instruction is given besides its program and inputs. */
interface Given {
  /** Default: a new temporary for each output. */
  readonly outputs?: readonly ValueId[];
  readonly scalars?: readonly GraphScalar[];
  readonly keys?: readonly ValueId[];
  readonly step?: ValueId | null;
  /** Sizes of the elements. Default: as many as the first output, or the first input, has. */
  readonly sizes?: readonly number[];
  /** Of each input. Default: dense where it has all elements, repeated where it has one. */
  readonly strides?: readonly (readonly number[])[];
  readonly columns?: number;
  readonly rowOffset?: number;
}

/** Adds a pointwise instruction. Returns its outputs. */
export function run(list: List, program: PointwiseProgram, inputs: readonly ValueId[], given: Given = {}): ValueId[] {
  const length = (value: ValueId) => list.values[value]!.length;
  const sizes = given.sizes ?? [length(given.outputs?.[0] ?? inputs[0]!)];
  const elements = sizes.reduce((product, size) => product * size, 1);
  const outputs = given.outputs ?? program.outputs.map(() => list.temporary(elements));
  const dense = sizes.map((_, dim) => sizes.slice(dim + 1).reduce((product, size) => product * size, 1));
  const strides = given.strides ?? inputs.map((input) => (length(input) === elements ? dense : sizes.map(() => 0)));
  const { scalars = [], keys = [], step = null, columns = 1, rowOffset = 0 } = given;
  const layout = layoutOf(sizes, ...strides);
  list.add('pointwise', { program, inputs, keys, scalars, outputs, step, layout, columns, rowOffset });
  return [...outputs];
}

type Build = (
  inputs: readonly Expression[],
  scalars: readonly Expression[],
  graph: ExpressionGraph,
) => Expression | Expression[];

/** A program of that many inputs and scalars, all of which it takes. */
export function programOf(inputs: number, build: Build, scalars = 0): PointwiseProgram {
  const graph = new ExpressionGraph();
  const numbered = (count: number, make: (i: number) => Expression) => Array.from({ length: count }, (_, i) => make(i));
  const outputs = build(
    numbered(inputs, (i) => graph.input(i)),
    numbered(scalars, (i) => graph.scalar(i)),
    graph,
  );
  return emit([outputs].flat(), { inputs, scalars }).program;
}

/** Adds a pointwise instruction that computes an expression of its inputs. Returns its first output. */
export function pointwise(list: List, inputs: readonly ValueId[], build: Build, given: Given = {}): ValueId {
  return run(list, programOf(inputs.length, build, given.scalars?.length), inputs, given)[0]!;
}

export const exp = (list: List, x: ValueId, out?: ValueId): ValueId =>
  pointwise(list, [x], ([a]) => a!.exp(), out === undefined ? {} : { outputs: [out] });

export const neg = (list: List, x: ValueId, out?: ValueId): ValueId =>
  pointwise(list, [x], ([a]) => a!.neg(), out === undefined ? {} : { outputs: [out] });

export const add = (list: List, a: ValueId, b: ValueId, out?: ValueId): ValueId =>
  pointwise(list, [a, b], ([x, y]) => x!.add(y!), out === undefined ? {} : { outputs: [out] });

export const relu = (list: List, x: ValueId): ValueId => pointwise(list, [x], ([a]) => a!.relu());

export const reluBackward = (list: List, grad: ValueId, y: ValueId): ValueId =>
  pointwise(list, [grad, y], ([g, z], _, graph) => graph.apply('selectLessEqual', z!, 0, 0, g!));

export function drawKey(list: List): ValueId {
  const key = list.temporary(2, 'int32');
  list.add('drawKey', { source: list.keys(), key });
  return key;
}

export function dropout(list: List, x: ValueId, key: ValueId, p = 0.5, given: Given = {}): ValueId {
  const columns = list.values[x]!.length / rows;
  const masked: Build = ([a], [probability], graph) => a!.mul(graph.mask(0, probability!));
  return pointwise(list, [x], masked, { keys: [key], scalars: [p], columns, ...given });
}

export function inputGradient(list: List, layer: Layer, grad: ValueId): ValueId {
  const { weight, inFeatures, outFeatures } = layer;
  const out = matrix(list, inFeatures);
  const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
  list.add('matmul', { a: grad, b: weight, out, m: rows, n: inFeatures, k: outFeatures, ...plain });
  return out;
}

export function weightGradient(
  list: List,
  { x, inFeatures, outFeatures }: Layer,
  grad: ValueId,
  out: ValueId = list.temporary(inFeatures * outFeatures),
): ValueId {
  const plain = { batch: 1, transA: true, transB: false, aStride: 0, bStride: 0 };
  list.add('matmul', { a: grad, b: x, out, m: outFeatures, n: inFeatures, k: rows, ...plain });
  return out;
}

export function biasGradient(list: List, grad: ValueId): ValueId {
  const inner = list.values[grad]!.length / rows;
  const out = list.temporary(inner);
  list.add('sum', { x: grad, out, outer: 1, size: rows, inner });
  return out;
}

/** Of rows × 4 classes. */
export function crossEntropy(
  list: List,
  logits: ValueId,
  target: ValueId,
  reduction = reductions.mean as number,
  sum: ValueId | null = null,
) {
  const out = list.temporary(reduction === reductions.none ? rows : 1);
  const [softmaxStats, total] = [list.temporary(2 * rows), list.temporary(1)];
  const settings = { rows, classes: 4, ignoreIndex: -100, smoothing: 0, reduction };
  const common = { logits, target, weight: null, softmaxStats, total, ...settings };
  list.add('crossEntropy', { ...common, out, sum });
  return {
    loss: out,
    backward(grad: ValueId): ValueId {
      const gradLogits = matrix(list, 4);
      list.add('crossEntropyBackward', { ...common, grad, out: gradLogits });
      return gradLogits;
    },
  };
}

export function fill(list: List, value: number, out: ValueId = list.temporary(1)): ValueId {
  list.add('fill', { out, value, n: list.values[out]!.length });
  return out;
}

export function copy(list: List, x: ValueId, out: ValueId): void {
  const layout = Float64Array.of(list.values[out]!.length, 1, 1);
  list.add('copy', { x, out, layout, xOffset: 0, outOffset: 0 });
}

type Rule = (values: Readonly<Record<string, Expression>>, numbers: Readonly<Record<string, Expression>>) => Values;

/** A step of an optimizer as `update.ts` takes it, all its numbers dynamic scalars. */
export function update(
  list: List,
  param: ValueId,
  grad: ValueId,
  rule: Rule,
  { buffers = [], numbers = ['lr'] }: { buffers?: readonly string[]; numbers?: readonly string[] } = {},
): void {
  const counts = buffers.length > 0;
  const { program } = traceUpdate(buffers, numbers, counts, rule);
  const changed = [param, ...buffers.map(() => list.state(list.values[param]!.length))];
  run(list, program, [grad, ...changed], {
    outputs: changed,
    scalars: numbers.map(() => ({ dynamic: list.dynamicScalar() })),
    step: counts ? list.state(1, 'int32') : null,
  });
}

export function sgd(list: List, param: ValueId, grad: ValueId, momentum = false): void {
  const plain: Rule = ({ param: p, grad: g }, { lr }) => ({ param: p!.sub(lr!.mul(g!)) });
  const rule: Rule = ({ param: p, grad: g, buffer, step }, { lr }) => {
    const next = step!.eq(1).where(g!, buffer!.add(g!));
    return { param: p!.sub(lr!.mul(next)), buffer: next };
  };
  update(list, param, grad, momentum ? rule : plain, { buffers: momentum ? ['buffer'] : [] });
}

/** An optimizer with two buffers and numbers that depend on the step. */
export function adam(list: List, param: ValueId, grad: ValueId): void {
  const rule: Rule = ({ param: p, grad: g, m, v, step }, { lr, beta }) => {
    const [first, second] = [beta!.fma(m!, g!), beta!.fma(v!, g!.mul(g!))];
    return { param: p!.sub(lr!.div(step!).mul(first.div(second.sqrt()))), m: first, v: second };
  };
  update(list, param, grad, rule, { buffers: ['m', 'v'], numbers: ['lr', 'beta'] });
}
