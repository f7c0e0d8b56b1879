/** The gradients of x·weightᵀ + bias, each with what a training step does next with it. */
import type { DType, HostArray, Memory, OpArgs, Ops } from '../ops.js';
import { adamOps } from './adam.js';
import { refusePanels } from './linear.js';
import { matmulOps } from './matmul.js';
import { readFloats, writeFloats } from './memory.js';
import { reduceOps } from './reduce.js';
import { sgdOps } from './sgd.js';

/** Memory of this op's own. */
function temporary(dtype: DType, length: number): Memory {
  const array: HostArray = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
  return { dtype, length, read: () => array, write: () => array };
}

/** gradᵀ·x, as [outFeatures, inFeatures]. */
function weightGradient(args: OpArgs<'linearWeightSgd'> | OpArgs<'linearWeightAdam'>): Memory {
  const { grad, x, rows, inFeatures, outFeatures, packed } = args;
  refusePanels(packed);
  const out = temporary(grad.dtype, outFeatures * inFeatures);
  const sizes = { batch: 1, m: outFeatures, n: inFeatures, k: rows, aStride: 0, bStride: 0 };
  matmulOps.matmul({ a: grad, b: x, out, ...sizes, transA: true, transB: false });
  return out;
}

export const linearGradientOps: Pick<Ops, 'linearInputGradient' | 'linearWeightSgd' | 'linearWeightAdam'> = {
  linearInputGradient({ grad, weight, y, out, biasGrad, rows, inFeatures, outFeatures, scale, packed }) {
    refusePanels(packed);
    const sizes = { batch: 1, m: rows, n: inFeatures, k: outFeatures, aStride: 0, bStride: 0 };
    matmulOps.matmul({ a: grad, b: weight, out, ...sizes, transA: false, transB: false });
    if (y !== null) {
      const outputs = readFloats(y);
      const gradients = writeFloats(out);
      for (let i = 0; i < rows * inFeatures; i++) gradients[i] = outputs[i]! <= 0 ? 0 : gradients[i]! * scale;
    }
    if (biasGrad !== null) reduceOps.sum({ x: out, out: biasGrad, outer: 1, size: rows, inner: inFeatures });
  },

  linearWeightSgd(args) {
    const { weight: param, inFeatures, outFeatures } = args;
    sgdOps.sgd({ ...args, param, grad: weightGradient(args), n: outFeatures * inFeatures });
  },

  linearWeightAdam(args) {
    const { weight: param, inFeatures, outFeatures } = args;
    adamOps.adam({ ...args, param, grad: weightGradient(args), n: outFeatures * inFeatures });
  },
};
