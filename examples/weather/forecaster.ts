/** A network that reads the last days and says how much warmer the next ones are. */
import { nn, type Tensor, tensor } from 'lanewise';
import { type Day, featuresOf } from './days.js';

/** Days that it reads, and days that it tells. */
export const daysRead = 14;
export const daysTold = 3;

/** Reads a sequence of days, and tells from the last state of the GRU. */
export class Forecaster extends nn.Module<readonly [days: Tensor]> {
  readonly gru = new nn.GRU(6, 16, { batchFirst: true });
  readonly head = new nn.Linear(16, daysTold);

  /** @param days [batch, daysRead, 6] @returns [batch, daysTold]: the change from the last day, in tens of degrees */
  override forward(days: Tensor): Tensor {
    const [, last] = this.gru.forward(days);
    return this.head.forward(last.squeeze(0));
  }
}

/** Samples for the days number `first` to `end` (excluded) as the last of those that are read. */
export function samplesOf(days: readonly Day[], first: number, end: number): [inputs: Tensor, targets: Tensor] {
  const inputs: number[] = [];
  const targets: number[] = [];
  for (let today = first; today < end; today++) {
    for (const day of days.slice(today - daysRead + 1, today + 1)) inputs.push(...featuresOf(day));
    for (let ahead = 1; ahead <= daysTold; ahead++) targets.push((days[today + ahead]!.high - days[today]!.high) / 10);
  }
  return [
    tensor(Float32Array.from(inputs), { shape: [end - first, daysRead, 6] }),
    tensor(Float32Array.from(targets), { shape: [end - first, daysTold] }),
  ];
}
