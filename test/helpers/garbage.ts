import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Collects garbage, and lets finalizers have their turn. */
export async function collectGarbage(): Promise<void> {
  // What a WeakRef was asked for lives to the end of the turn.
  await nextTurn();
  collect();
  await nextTurn();
}
