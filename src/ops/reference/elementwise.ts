/** Elementwise ops of one operand, and the gradients of activations. */
import type { OpArgs, Ops } from '../ops.js';
import { readFloats, roundTo, writeFloats } from './memory.js';

function unary(compute: (x: number) => number): (args: OpArgs<'neg'>) => void {
  return ({ x, out, n }) => {
    const source = readFloats(x);
    const target = writeFloats(out);
    for (let i = 0; i < n; i++) target[i] = compute(source[i]!);
  };
}

function backward(compute: (grad: number, y: number) => number): (args: OpArgs<'reluBackward'>) => void {
  return ({ grad, y, out, n }) => {
    const gradients = readFloats(grad);
    const outputs = readFloats(y);
    const target = writeFloats(out);
    for (let i = 0; i < n; i++) target[i] = compute(gradients[i]!, outputs[i]!);
  };
}

/** Every op here takes memory of one element type and walks it once, in order. */
export const elementwiseOps: Pick<
  Ops,
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'abs'
  | 'sign'
  | 'relu'
  | 'sigmoid'
  | 'tanh'
  | 'clamp'
  | 'reluBackward'
  | 'sigmoidBackward'
  | 'tanhBackward'
  | 'clampBackward'
> = {
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  abs: unary(Math.abs),
  sign: unary((x) => (x > 0 ? 1 : x < 0 ? -1 : 0)),
  relu: unary((x) => Math.max(x, 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),

  clamp({ x, out, n, low, high }) {
    const source = readFloats(x);
    const target = writeFloats(out);
    const least = roundTo(x, low);
    const most = roundTo(x, high);
    for (let i = 0; i < n; i++) target[i] = Math.min(Math.max(source[i]!, least), most);
  },

  reluBackward: backward((grad, y) => (y <= 0 ? 0 : grad)),
  sigmoidBackward: backward((grad, y) => grad * y * (1 - y)),
  tanhBackward: backward((grad, y) => grad * (1 - y * y)),

  clampBackward({ grad, x, out, n, low, high }) {
    const gradients = readFloats(grad);
    const source = readFloats(x);
    const target = writeFloats(out);
    const least = roundTo(x, low);
    const most = roundTo(x, high);
    for (let i = 0; i < n; i++) target[i] = source[i]! >= least && source[i]! <= most ? gradients[i]! : 0;
  },
};
