/** x·weightᵀ + bias and its gradients, each with what a program does with the product. */
import { BackendError } from '../../errors.js';
import { matrixSizes, matrixStrides } from '../matrix-operands.js';
import type { Layout, Memory, OpArgs, Ops } from '../ops.js';
import { plainCall } from '../pointwise-program.js';
import { matmulOps, multiply } from './matmul.js';
import { readFloats, temporary, writeFloats } from './memory.js';
import { pointwiseOps } from './pointwise.js';
import { reduceOps } from './reduce.js';

/** Panels are a layout of the native backends. */
function refusePanels(packed: boolean): void {
  if (packed) throw new BackendError('reference: weights lie row by row, not in panels');
}

/** The layout of a matrix and of operands as a post-op has them. */
function matrixLayout(rows: number, columns: number, operands: readonly Memory[]): Layout {
  const lengths = operands.map(({ length }) => length);
  const sizes = matrixSizes(rows, columns, lengths);
  return Float64Array.of(...sizes, ...lengths.flatMap((length) => matrixStrides(length, sizes) ?? [0, 0, 0]));
}

export type PostOp = Pick<
  OpArgs<'linear'>,
  'out' | 'program' | 'inputs' | 'keys' | 'scalars' | 'outputs' | 'rowOffset'
>;

/** Runs the program over the product that `out` holds. */
export function postOp({ out, program, inputs, outputs, ...rest }: PostOp, rows: number, columns: number): void {
  if (program === null) return;
  const operands = [out, ...inputs];
  const layout = matrixLayout(rows, columns, operands);
  pointwiseOps.pointwise({
    ...rest,
    program,
    inputs: operands,
    outputs: [out, ...outputs],
    layout,
    columns,
    step: null,
  });
}

export const linearOps: Pick<Ops, 'linear' | 'linearInputGradient' | 'linearWeightUpdate'> = {
  linear(args) {
    const { x, weight, bias, out, rows, inFeatures, outFeatures } = args;
    refusePanels(args.packed);
    multiply(
      { data: readFloats(x), offset: 0, rowStride: inFeatures, columnStride: 1 },
      { data: readFloats(weight), offset: 0, rowStride: 1, columnStride: inFeatures },
      bias === null ? null : readFloats(bias),
      writeFloats(out),
      0,
      [rows, outFeatures, inFeatures],
    );
    postOp(args, rows, outFeatures);
  },

  linearInputGradient(args) {
    const { grad, weight, out, biasGrad, rows, inFeatures, outFeatures } = args;
    refusePanels(args.packed);
    const sizes = { batch: 1, m: rows, n: inFeatures, k: outFeatures, aStride: 0, bStride: 0 };
    matmulOps.matmul({ a: grad, b: weight, out, ...sizes, transA: false, transB: false });
    postOp(args, rows, inFeatures);
    if (biasGrad !== null) reduceOps.sum({ x: out, out: biasGrad, outer: 1, size: rows, inner: inFeatures });
  },

  linearWeightUpdate({ grad, x, program, inputs, scalars, outputs, step, rows, inFeatures, outFeatures, packed }) {
    refusePanels(packed);
    const gradient = temporary(grad.dtype, outFeatures * inFeatures);
    const sizes = { batch: 1, m: outFeatures, n: inFeatures, k: rows, aStride: 0, bStride: 0 };
    matmulOps.matmul({ a: grad, b: x, out: gradient, ...sizes, transA: true, transB: false });
    const operands = [gradient, ...inputs];
    const layout = matrixLayout(outFeatures, inFeatures, operands);
    pointwiseOps.pointwise({ ...plainCall, program, inputs: operands, scalars, outputs, step, layout });
  },
};
