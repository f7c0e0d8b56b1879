/** One step of stochastic gradient descent, as torch.optim.SGD. */
import type { Ops } from '../ops.js';
import { readFloats, writeFloats, writeInts } from './memory.js';

export const sgdOps: Pick<Ops, 'sgd'> = {
  sgd(args) {
    const { n, nesterov } = args;
    const lr = args.lr.value;
    const momentum = args.momentum.value;
    const dampening = args.dampening.value;
    const weightDecay = args.weightDecay.value;
    const grad = readFloats(args.grad);
    const param = writeFloats(args.param);
    const buffer = args.buffer === null ? null : writeFloats(args.buffer);
    const step = args.step === null ? null : writeInts(args.step);
    const first = step === null || step[0] === 0;
    for (let i = 0; i < n; i++) {
      const g = weightDecay === 0 ? grad[i]! : grad[i]! + weightDecay * param[i]!;
      let direction = g;
      if (buffer !== null) {
        const velocity = first ? g : momentum * buffer[i]! + (1 - dampening) * g;
        buffer[i] = velocity;
        direction = nesterov ? g + momentum * velocity : velocity;
      }
      param[i] = param[i]! - lr * direction;
    }
    if (step !== null) step[0]! += 1;
  },
};
