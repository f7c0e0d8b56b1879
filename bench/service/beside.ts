/** Training and requests at the same time: what each feels of the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Library } from '../contenders/library.js';
import { atLeast, atMost, explains, type Figure } from '../figure.js';
import { layerSizes, targetBatch } from '../mlp.js';
import { quantile } from '../report/statistics.js';
import { Load } from './load.js';
import { callNames, Probes } from './probes.js';
import { startServer } from './server.js';
import { type StepsAt, stepsBetween, Training } from './training.js';

export const requestsPerSecond = 50;
/** Training with and without requests takes turns of this length, or shorter ones in a short run. */
const longestTurnMs = 5000;
const fewestTurns = 4;
/** The beginning of a turn does not count: requests of the turn before may be under way. */
const settleMs = 200;
const stepsAnEpoch = 100;
/** More than anybody waits for. */
const epochs = 1_000_000;

/** What was seen without requests, or beside them. */
class Side {
  readonly probes = new Probes();
  #steps = 0;
  #ms = 0;

  add({ steps, ms }: StepsAt): void {
    this.#steps += steps;
    this.#ms += ms;
  }

  get stepsPerSecond(): number {
    return (1000 * this.#steps) / this.#ms;
  }
}

/** Idles for a quarter of the time, then trains for twice the time, half of it beside requests. */
export async function measureBeside(lanewise: Library['lanewise'], milliseconds: number): Promise<Figure[]> {
  const training = new Training(lanewise, {
    layerSizes,
    rows: targetBatch * stepsAnEpoch,
    batchSize: targetBatch,
    epochs,
  });
  const { server, url } = await startServer(lanewise, training.model);
  const body = JSON.stringify({ pixels: lanewise.rand([layerSizes[0]]).toArray() });
  const load = new Load({ url, body, rate: requestsPerSecond });
  const idle = new Probes();
  const [asked, unasked] = [new Side(), new Side()];
  const latenciesMs: number[] = [];
  let failed = 0;
  try {
    await idle.run(milliseconds / 4);
    training.start();
    const turns = Math.max(fewestTurns, Math.ceil(milliseconds / longestTurnMs));
    for (let turn = 0; turn < turns; turn++) {
      load.start();
      await watch(training, asked, milliseconds / turns);
      const heard = await load.stop();
      latenciesMs.push(...heard.latenciesMs);
      failed += heard.failed;
      await watch(training, unasked, milliseconds / turns);
    }
  } finally {
    // What went wrong has been thrown by then.
    await Promise.allSettled([training.stop(), load.close(), server.close()]);
  }
  return [
    ...figuresOfLoop(idle, asked.probes),
    ...figuresOfCalls(idle, asked.probes),
    explains('steps/s without requests', unasked.stepsPerSecond),
    explains(`steps/s beside ${requestsPerSecond} requests/s`, asked.stepsPerSecond),
    atLeast(
      'steps/s beside requests, of that without',
      (100 * asked.stepsPerSecond) / unasked.stepsPerSecond,
      85,
      ' %',
    ),
    explains('requests answered', latenciesMs.length),
    atMost('requests that failed', failed, 0),
    explains('latency of a request, p50', quantile(latenciesMs, 0.5), ' ms'),
    explains('latency of a request, p99', quantile(latenciesMs, 0.99), ' ms'),
  ];
}

async function watch(training: Training, side: Side, milliseconds: number): Promise<void> {
  await sleep(settleMs);
  const start = performance.now();
  await training.during(side.probes.run(milliseconds));
  side.add(stepsBetween(training.told, start, performance.now()));
}

function figuresOfLoop(idle: Probes, asked: Probes): Figure[] {
  const { p50, p99, max } = asked.loopDelay;
  return [
    explains('event-loop delay idle, p99', idle.loopDelay.p99, ' ms'),
    explains('event-loop delay idle, max', idle.loopDelay.max, ' ms'),
    explains('event-loop delay training, p50', p50, ' ms'),
    atMost('event-loop delay training, p99', p99, 5, ' ms'),
    atMost('event-loop delay training, max', max, 25, ' ms'),
  ];
}

function figuresOfCalls(idle: Probes, asked: Probes): Figure[] {
  return callNames.flatMap((name) => [
    explains(`${name} idle, p99`, idle.p99(name), ' ms'),
    explains(`${name} training, p99`, asked.p99(name), ' ms'),
    atMost(`${name}: p99 training over idle`, asked.p99(name) / idle.p99(name), 3, 'x'),
  ]);
}
