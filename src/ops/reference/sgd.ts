/** One step of stochastic gradient descent, as torch.optim.SGD. */
import type { Ops } from '../ops.js';
import { rangeOf, readFloats, writeFloats, writeInts } from './memory.js';

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
    const within = rangeOf(args.param);
    for (let i = 0; i < n; i++) {
      const g = weightDecay === 0 ? grad[i]! : within(grad[i]! + weightDecay * param[i]!);
      let direction = g;
      if (buffer !== null) {
        // As it is stored: what is infinite there is infinite here.
        buffer[i] = first ? g : within(momentum * buffer[i]!) + (1 - dampening) * g;
        direction = nesterov ? within(g + momentum * buffer[i]!) : buffer[i]!;
      }
      param[i] = param[i]! - lr * direction;
    }
    if (step !== null) step[0]! += 1;
  },
};
