/**
 * A service that trains in the background while it answers: what the event loop, Node's own calls, the requests and the
 * training itself feel of each other, and whether memory or handles grow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Fastify from 'fastify';
import { quantile } from 'simple-statistics';
import { type Figure, figure, type Study, workload } from '../case.js';
import type { Library } from '../contenders/library.js';
import { layerSizes } from '../mlp.js';
import { Load } from '../service/load.js';
import { callNames, Probes } from '../service/probes.js';
import { stepsAnEpoch, stepsBetween, Training } from '../service/training.js';

type Lanewise = Library['lanewise'];

const requestsPerSecond = 50;
/** Training with and without requests takes turns of this length, or shorter ones in a short run. */
const longestTurnMs = 5000;
const fewestTurns = 4;
/** What comes before a turn counts: requests of the turn before may be under way. The client takes longer to start. */
const settleMs = { without: 200, with: 2000 } as const;

/** Small, so that 100,000 steps take seconds; each step does what a step of a large one does. */
const small = { layers: [256, 64, 10], batchSize: 32 } as const;
const [fromStep, toStep] = [10_000, 100_000];
const bytesInMiB = 2 ** 20;

/** The service that is measured: one route that predicts, as in examples/service. */
async function startServer({ predict, rand, tensor }: Lanewise, model: Training['model'], inputs: number) {
  const server = Fastify();
  server.post<{ Body: { readonly pixels: readonly number[] } }>('/predict', async (request) => {
    const { pixels } = request.body;
    const logits = await predict(model, tensor(pixels, { shape: [1, pixels.length] }));
    return { probabilities: logits.softmax(1).toArray() };
  });
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/predict`;
  const body = JSON.stringify({ pixels: rand([inputs]).toArray() });
  return { server, load: () => new Load(url, body, requestsPerSecond) };
}

/** Idles for a quarter of the time, then trains for twice the time, half of it with requests. */
async function measureBoth(lanewise: Lanewise, milliseconds: number): Promise<Figure[]> {
  const training = new Training(lanewise, { layers: layerSizes, batchSize: 128, epochs: 1_000_000 });
  const { server, load } = await startServer(lanewise, training.model, layerSizes[0]!);
  const idle = new Probes();
  const [asked, unasked] = [0, 1].map(() => ({ probes: new Probes(), steps: 0, ms: 0 })) as [Side, Side];
  const latenciesMs: number[] = [];
  let failed = 0;
  let client: Load | null = null;
  const turns = Math.max(fewestTurns, Math.ceil(milliseconds / longestTurnMs));
  const turn = async (side: Side, settle: number) => {
    await sleep(settle);
    client?.begin();
    const start = performance.now();
    await training.during(side.probes.run(milliseconds / turns));
    const { steps, ms } = stepsBetween(training.told, start, performance.now());
    side.steps += steps;
    side.ms += ms;
  };
  try {
    await idle.run(milliseconds / 4);
    training.start();
    for (let i = 0; i < turns; i++) {
      client = load();
      await turn(asked, settleMs.with);
      const heard = await client.stop();
      client = null;
      latenciesMs.push(...heard.latenciesMs);
      failed += heard.failed;
      await turn(unasked, settleMs.without);
    }
  } finally {
    client?.close();
    // What went wrong has been thrown by then.
    await Promise.allSettled([training.stop(), server.close()]);
  }
  const [loaded, alone] = [asked, unasked].map(({ steps, ms }) => (1000 * steps) / ms) as [number, number];
  return [
    figure('event-loop delay idle, p99', idle.loopDelay(99), ' ms'),
    figure('event-loop delay idle, max', idle.loopDelay(100), ' ms'),
    figure('event-loop delay training, p50', asked.probes.loopDelay(50), ' ms'),
    figure('event-loop delay training, p99', asked.probes.loopDelay(99), ' ms'),
    figure('event-loop delay training, max', asked.probes.loopDelay(100), ' ms'),
    ...callNames.flatMap((name) => [
      figure(`${name} idle, p99`, idle.p99(name), ' ms'),
      figure(`${name} training, p99`, asked.probes.p99(name), ' ms'),
      figure(`${name}: p99 training over idle`, asked.probes.p99(name) / idle.p99(name), 'x'),
    ]),
    figure('steps/s without requests', alone),
    figure(`steps/s with ${requestsPerSecond} requests/s`, loaded),
    figure('steps/s with requests, of that without', (100 * loaded) / alone, ' %'),
    figure('requests answered', latenciesMs.length),
    figure('requests that failed', failed),
    figure('latency of a request, p50', quantile(latenciesMs, 0.5), ' ms'),
    figure('latency of a request, p99', quantile(latenciesMs, 0.99), ' ms'),
  ];
}

interface Side {
  readonly probes: Probes;
  steps: number;
  ms: number;
}

/** What the process holds when all garbage is gone: how far V8 lets its heap grow in between is its own affair. */
function residentMiB(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The first leaves the memory of arrays to another thread; the second waits for that.
  collect();
  collect();
  return process.memoryUsage.rss() / bytesInMiB;
}

/** Whether memory or handles grow in a long training with requests. */
async function measureGrowth(lanewise: Lanewise): Promise<Figure[]> {
  const resident = new Map<number, number>();
  const onEpoch = (epoch: number) => {
    const step = epoch * stepsAnEpoch;
    if (step === fromStep || step === toStep) resident.set(step, residentMiB());
  };
  const training = new Training(lanewise, { ...small, epochs: toStep / stepsAnEpoch, onEpoch });
  const { server, load } = await startServer(lanewise, training.model, small.layers[0]);
  const handles = async () => {
    // Connections and processes that are gone take a moment to be noticed.
    await sleep(settleMs.without);
    return process.getActiveResourcesInfo().length;
  };
  // What others have left behind in this process goes now, and not in the middle.
  residentMiB();
  const handlesBefore = await handles();
  const client = load();
  try {
    training.start();
    await training.ended;
    const answered = (await client.stop()).latenciesMs.length;
    const [from, to] = [resident.get(fromStep)!, resident.get(toStep)!];
    const name = `${small.layers.join('-')} at batch ${small.batchSize}, ${answered} requests`;
    return [
      figure(`RSS at step ${fromStep} (${name})`, from, ' MiB'),
      figure(`RSS growth from step ${fromStep} to ${toStep}`, to - from, ' MiB'),
      figure('growth in handles over that training', (await handles()) - handlesBefore),
    ];
  } finally {
    client.close();
    await Promise.allSettled([training.stop(), server.close()]);
  }
}

const service: Study = {
  name: 'service',
  contenders: 'study',
  workloads: [workload({ shape: layerSizes.join('-'), batch: 128, optimizer: 'SGD' })],
  // A quarter at rest, twice in training, the starts of clients, then the steps that show whether memory grows.
  duration: (seconds) => 2.25 * seconds + 2.2 * Math.max(fewestTurns, seconds / 5) + 45,
  async measure(_params, contender, seconds) {
    const { lanewise } = contender.library();
    lanewise.manualSeed(0);
    return [...(await measureBoth(lanewise, seconds * 1000)), ...(await measureGrowth(lanewise))];
  },
};

export default service;
