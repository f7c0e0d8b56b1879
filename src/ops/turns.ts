/** Turns of the event loop, given to those who need much of one each, such as trainings that make a batch in JavaScript. */
import { setImmediate } from 'node:timers';

let isTaken = false;
const waiting: (() => void)[] = [];

/** Timers and I/O have had their turn since the last one. */
function giveNext(): void {
  const next = waiting.shift();
  if (next === undefined) {
    isTaken = false;
    return;
  }
  setImmediate(giveNext);
  next();
}

/**
 * Waits for a turn of the event loop that nobody else has been given, in the order in which they asked. Null: the caller
 * has this one.
 */
export function ownTurn(): Promise<void> | null {
  if (isTaken) return new Promise((resolve) => waiting.push(resolve));
  isTaken = true;
  setImmediate(giveNext);
  return null;
}
