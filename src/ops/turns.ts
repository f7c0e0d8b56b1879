/**
 * Turns of the event loop, given to those who need much of one each, such as trainings that make a batch in JavaScript. Jobs that are
 * over are settled in the same turns: one immediate for both, since a turn costs as much as part of a small step.
 */
import { setImmediate } from 'node:timers';

/**
 * Settles one job that is over. False when there is none: then it is called again in the next turn if `comesAgain`, else only after
 * {@link comeNextTurn} was called.
 */
export type SettleOne = (comesAgain: boolean) => boolean;

let settleOne: SettleOne = () => false;
/** The next turn is ours already. */
let isComing = false;
/** This turn has been given away. */
let isTaken = false;
const waiting: (() => void)[] = [];

/** Timers and I/O have had their turn since the last one. */
function takeTurn(): void {
  isComing = isTaken = false;
  const next = waiting.shift();
  if (next !== undefined) take();
  if (settleOne(isComing)) comeNextTurn();
  next?.();
}

function take(): void {
  isTaken = true;
  comeNextTurn();
}

/** From the next turn on jobs are settled, one in a turn, until there is none. */
export function comeNextTurn(): void {
  if (isComing) return;
  isComing = true;
  setImmediate(takeTurn);
}

/** Has jobs settled by this function from here on. */
export function settleJobsBy(settle: SettleOne): void {
  settleOne = settle;
}

/**
 * Waits for a turn of the event loop that has been given to no other caller, in the order in which they asked. Null: the caller
 * has this one.
 */
export function ownTurn(): Promise<void> | null {
  if (isTaken) return new Promise((resolve) => waiting.push(resolve));
  take();
  return null;
}
