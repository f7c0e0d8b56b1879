import { show } from '../check.js';
import { ArgumentError } from '../errors.js';

/** The places of a Python slice of a list of `length`: `start`, `end` and `step` may be negative. @throws ArgumentError for what are no whole numbers, and a step of 0. @internal */
export function slicePlaces(caller: string, length: number, start?: number, end?: number, step = 1): number[] {
  for (const [name, index] of Object.entries({ start, end, step }))
    if (index !== undefined && !Number.isSafeInteger(index))
      throw new ArgumentError(`${caller}: ${name} must be a whole number, got ${show(index)}`);
  if (step === 0) throw new ArgumentError(`${caller}: slice step cannot be zero`);
  const place = (index: number) => (index < 0 ? index + length : index);
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const bounded = (index: number) => Math.min(Math.max(place(index), least), most);
  const from = start === undefined ? (step > 0 ? 0 : length - 1) : bounded(start);
  const to = end === undefined ? (step > 0 ? length : -1) : bounded(end);
  const found: number[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) found.push(at);
  return found;
}
