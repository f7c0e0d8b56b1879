/** One step of Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019), as in torch.optim. */
import type { Ops } from '../ops.js';
import { readFloats, writeFloats, writeInts } from './memory.js';

export const adamOps: Pick<Ops, 'adam'> = {
  adam(args) {
    const { n, decoupled } = args;
    const lr = args.lr.value;
    const beta1 = args.beta1.value;
    const beta2 = args.beta2.value;
    const eps = args.eps.value;
    const weightDecay = args.weightDecay.value;
    const grad = readFloats(args.grad);
    const param = writeFloats(args.param);
    const m = writeFloats(args.m);
    const v = writeFloats(args.v);
    const maxV = args.maxV === null ? null : writeFloats(args.maxV);
    const step = writeInts(args.step);
    const t = step[0]! + 1;
    step[0] = t;
    const stepSize = lr / (1 - beta1 ** t);
    const rootCorrection = Math.sqrt(1 - beta2 ** t);
    const shrink = 1 - lr * weightDecay;
    for (let i = 0; i < n; i++) {
      const p = decoupled ? param[i]! * shrink : param[i]!;
      const g = decoupled || weightDecay === 0 ? grad[i]! : grad[i]! + weightDecay * p;
      const first = m[i]! + (1 - beta1) * (g - m[i]!);
      const second = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = first;
      v[i] = second;
      let largest = second;
      if (maxV !== null) maxV[i] = largest = Math.max(maxV[i]!, second);
      param[i] = p - (stepSize * first) / (Math.sqrt(largest) / rootCorrection + eps);
    }
  },
};
