/** Whether memory or handles grow in a long training beside requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Library } from '../contenders/library.js';
import { atMost, explains, type Figure } from '../figure.js';
import { requestsPerSecond } from './beside.js';
import { Load } from './load.js';
import { startServer } from './server.js';
import { Training } from './training.js';

/** Small, so that 100,000 steps take seconds; each step does what a step of a large one does. */
const layerSizes = [256, 64, 10] as const;
const batchSize = 32;
const stepsAnEpoch = 100;
const [fromStep, toStep] = [10_000, 100_000];
const bytesInMiB = 2 ** 20;
/** Connections and processes that are gone take a moment to be noticed. */
const settleMs = 200;

/** What the process holds when all garbage is gone: how far V8 lets its heap grow in between is its own affair. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The first leaves the memory of arrays to another thread; the second waits for that.
  collect();
  collect();
  return process.memoryUsage.rss();
}

export async function measureGrowth(lanewise: Library['lanewise']): Promise<Figure[]> {
  const rssAt = new Map<number, number>();
  const training = new Training(lanewise, {
    layerSizes,
    rows: batchSize * stepsAnEpoch,
    batchSize,
    epochs: toStep / stepsAnEpoch,
    onEpoch: (epoch) => {
      const step = epoch * stepsAnEpoch;
      if (step === fromStep || step === toStep) rssAt.set(step, residentBytes());
    },
  });
  const { server, url } = await startServer(lanewise, training.model);
  const handles = async () => {
    await sleep(settleMs);
    return process.getActiveResourcesInfo().length;
  };
  // What others have left behind in this process goes now, and not in the middle.
  residentBytes();
  const handlesBefore = await handles();
  const body = JSON.stringify({ pixels: lanewise.rand([layerSizes[0]]).toArray() });
  const load = new Load({ url, body, rate: requestsPerSecond });
  let answered = 0;
  let handlesAfter = 0;
  try {
    load.start();
    training.start();
    await training.ended;
    answered = (await load.stop()).latenciesMs.length;
    await load.close();
    handlesAfter = await handles();
  } finally {
    await Promise.allSettled([training.stop(), load.close(), server.close()]);
  }
  const grown = (rssAt.get(toStep)! - rssAt.get(fromStep)!) / bytesInMiB;
  const name = `${layerSizes.join('-')} at batch ${batchSize}, ${answered} requests`;
  return [
    explains(`RSS at step ${fromStep} (${name})`, rssAt.get(fromStep)! / bytesInMiB, ' MiB'),
    atMost(`RSS growth from step ${fromStep} to ${toStep}`, grown, 2, ' MiB'),
    atMost('growth in handles over that training', handlesAfter - handlesBefore, 0),
  ];
}
