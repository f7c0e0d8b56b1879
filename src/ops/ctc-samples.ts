/** The samples of connectionist temporal classification: where the labels of each stand, and what is checked of them. */
import { ArgumentError } from '../errors.js';
import type { OpArgs } from './ops.js';

type Samples = OpArgs<'checkCtc'>;

/** Where the labels of each sample begin. */
export function labelStarts({ targetLengths, rows, labels, padded }: Samples): number[] {
  const lengths = targetLengths.read();
  let next = 0;
  return Array.from({ length: rows }, (_, n) => {
    if (padded) return (labels / rows) * n;
    const start = next;
    next += lengths[n]!;
    return start;
  });
}

function checkLengths(name: string, lengths: ArrayLike<number>, rows: number, most: number): void {
  for (let n = 0; n < rows; n++) {
    if (lengths[n]! < 0)
      throw new ArgumentError(`Expected ${name} to have value at least 0, but got value ${lengths[n]}`);
    if (lengths[n]! > most)
      throw new ArgumentError(`Expected ${name} to have value at most ${most}, but got value ${lengths[n]}`);
  }
}

/** The op `checkCtc`. The sentences are PyTorch's, but that of labels, which PyTorch does not check; native/ops/ctc_samples.h has the same. */
export function checkCtcSamples(samples: Samples): void {
  const { steps, rows, classes, labels, padded } = samples;
  const [targets, inputLengths, targetLengths] = [
    samples.targets.read(),
    samples.inputLengths.read(),
    samples.targetLengths.read(),
  ];
  checkLengths('input_lengths', inputLengths, rows, steps);
  checkLengths('target_lengths', targetLengths, rows, Number.POSITIVE_INFINITY);
  let [longest, sum] = [0, 0];
  for (let n = 0; n < rows; n++) {
    longest = Math.max(longest, targetLengths[n]!);
    sum += targetLengths[n]!;
  }
  const room = rows === 0 ? 0 : labels / rows;
  if (padded && longest > room)
    throw new ArgumentError(
      `Expected tensor to have size at least ${longest} at dimension 1, but got size ${room} for argument #2 'targets'`,
    );
  if (!padded && sum !== labels)
    throw new ArgumentError(
      `Expected tensor to have size ${sum} at dimension 0, but got size ${labels} for argument #2 'targets'`,
    );
  const starts = labelStarts(samples);
  for (let n = 0; n < rows; n++)
    for (let i = 0; i < targetLengths[n]!; i++) {
      const label = targets[starts[n]! + i]!;
      if (label < 0 || label >= classes)
        throw new ArgumentError(`label ${label} of sample ${n} is out of range: there are ${classes} classes`);
    }
}
