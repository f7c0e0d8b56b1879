/** One step of Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019), as in torch.optim. */
import type { Ops } from '../ops.js';
import { rangeOf, readFloats, writeFloats, writeInts } from './memory.js';

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
    const within = rangeOf(args.param);
    const stepSize = within(lr / (1 - beta1 ** t));
    const rootCorrection = Math.sqrt(1 - beta2 ** t);
    const shrink = within(1 - lr * weightDecay);
    for (let i = 0; i < n; i++) {
      const p = decoupled ? within(param[i]! * shrink) : param[i]!;
      const g = decoupled || weightDecay === 0 ? grad[i]! : within(grad[i]! + weightDecay * p);
      m[i] = m[i]! + (1 - beta1) * within(g - m[i]!);
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      if (maxV !== null) maxV[i] = Math.max(maxV[i]!, v[i]!);
      // The moments as they are stored: what is infinite there is infinite here.
      const largest = maxV === null ? v[i]! : maxV[i]!;
      param[i] = p - within(stepSize * m[i]!) / (Math.sqrt(largest) / rootCorrection + eps);
    }
  },
};
