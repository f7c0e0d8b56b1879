/** Pieces of listings as the functions of src/functional and the tape write them. */
import type { MemoryId } from '../../../src/ops/listing.js';
import { reductions } from '../../../src/ops/ops.js';
import type { List } from './list.js';

const rows = 8;
/** Of a multiplication of [rows, in] by a weight [out, in]. */
export interface Layer {
  readonly x: MemoryId;
  readonly weight: MemoryId;
  readonly bias: MemoryId | null;
  readonly out: MemoryId;
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

export const matrix = (list: List, columns: number): MemoryId => list.temporary(rows * columns);

export function linear(
  list: List,
  x: MemoryId,
  inFeatures: number,
  outFeatures: number,
  given: { weight?: MemoryId; out?: MemoryId; bias?: null } = {},
): Layer {
  const weight = given.weight ?? list.state(outFeatures * inFeatures);
  const bias = given.bias === null ? null : list.state(outFeatures);
  const out = given.out ?? matrix(list, outFeatures);
  const layer = { x, weight, bias, out, rows, inFeatures, outFeatures };
  list.add('linear', layer);
  return layer;
}

export function relu(list: List, x: MemoryId): MemoryId {
  const { length } = list.memories[x]!;
  const out = list.temporary(length);
  list.add('relu', { x, out, n: length });
  return out;
}

export function reluBackward(list: List, grad: MemoryId, y: MemoryId): MemoryId {
  const { length } = list.memories[y]!;
  const out = list.temporary(length);
  list.add('reluBackward', { grad, y, out, n: length });
  return out;
}

export function drawKey(list: List): MemoryId {
  const key = list.temporary(2, 'int32');
  list.add('drawKey', { source: list.keys(), key });
  return key;
}

export function dropout(list: List, x: MemoryId, key: MemoryId, p = 0.5): MemoryId {
  const { length } = list.memories[x]!;
  const out = list.temporary(length);
  list.add('dropout', { x, key, out, rows, columns: length / rows, p, rowOffset: 0 });
  return out;
}

export function inputGradient(list: List, layer: Layer, grad: MemoryId): MemoryId {
  const { weight, inFeatures, outFeatures } = layer;
  const out = matrix(list, inFeatures);
  const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
  list.add('matmul', { a: grad, b: weight, out, m: rows, n: inFeatures, k: outFeatures, ...plain });
  return out;
}

export function weightGradient(
  list: List,
  { x, inFeatures, outFeatures }: Layer,
  grad: MemoryId,
  out: MemoryId = list.temporary(inFeatures * outFeatures),
): MemoryId {
  const plain = { batch: 1, transA: true, transB: false, aStride: 0, bStride: 0 };
  list.add('matmul', { a: grad, b: x, out, m: outFeatures, n: inFeatures, k: rows, ...plain });
  return out;
}

export function biasGradient(list: List, grad: MemoryId): MemoryId {
  const inner = list.memories[grad]!.length / rows;
  const out = list.temporary(inner);
  list.add('sum', { x: grad, out, outer: 1, size: rows, inner });
  return out;
}

/** Of rows × 4 classes. */
export function crossEntropy(
  list: List,
  logits: MemoryId,
  target: MemoryId,
  reduction = reductions.mean as number,
  sum: MemoryId | null = null,
) {
  const out = list.temporary(reduction === reductions.none ? rows : 1);
  const [softmaxStats, total] = [list.temporary(2 * rows), list.temporary(1)];
  const settings = { rows, classes: 4, ignoreIndex: -100, smoothing: 0, reduction };
  const common = { logits, target, weight: null, softmaxStats, total, ...settings };
  list.add('crossEntropy', { ...common, out, sum });
  return {
    loss: out,
    backward(grad: MemoryId): MemoryId {
      const gradLogits = matrix(list, 4);
      list.add('crossEntropyBackward', { ...common, grad, out: gradLogits });
      return gradLogits;
    },
  };
}

export function fill(list: List, value: number, out: MemoryId = list.temporary(1)): MemoryId {
  list.add('fill', { out, value, n: list.memories[out]!.length });
  return out;
}

export function copy(list: List, x: MemoryId, out: MemoryId): void {
  const layout = Float64Array.of(list.memories[out]!.length, 1, 1);
  list.add('copy', { x, out, layout, xOffset: 0, outOffset: 0 });
}

export function sgd(list: List, param: MemoryId, grad: MemoryId, momentum = false): void {
  const n = list.memories[param]!.length;
  const buffer = momentum ? list.state(n) : null;
  const step = momentum ? list.state(1, 'int32') : null;
  const cells = { lr: list.cell(), momentum: list.cell(), dampening: list.cell(), weightDecay: list.cell() };
  list.add('sgd', { param, grad, buffer, step, n, ...cells, nesterov: false });
}

export function adam(list: List, param: MemoryId, grad: MemoryId): void {
  const n = list.memories[param]!.length;
  const state = { m: list.state(n), v: list.state(n), maxV: null, step: list.state(1, 'int32') };
  const betas = { beta1: list.cell(), beta2: list.cell() };
  const cells = { lr: list.cell(), ...betas, eps: list.cell(), weightDecay: list.cell() };
  list.add('adam', { param, grad, ...state, n, ...cells, decoupled: false });
}
