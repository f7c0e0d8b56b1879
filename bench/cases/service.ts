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
import { buildMlp, layerSizes } from '../mlp.js';
import { Load } from '../service/load.js';
import { callNames, Probes } from '../service/probes.js';
import { startTraining, stepsAnEpoch, stepsBetween } from '../service/training.js';

type Lanewise = Library['lanewise'];

const requestsPerSecond = 50;
/** Training with and without requests takes turns of this length, or shorter ones in a short run. */
const [longestTurnMs, fewestTurns] = [5000, 4];
/** What comes before a turn does not count: requests of the turn before may be under way, and the client has to start. */
const settleMs = { without: 200, with: 2000 } as const;

const large = { layers: layerSizes, batchSize: 128, epochs: 1_000_000 };
/** Small, so that 100,000 steps take seconds; each step does what a step of a large one does. */
const [fromStep, toStep] = [10_000, 100_000];
const small = { layers: [256, 64, 10], batchSize: 32, epochs: toStep / stepsAnEpoch };

/** The service that is measured: one route that predicts, as in examples/service. */
async function startServer({ nn, predict, rand, tensor }: Lanewise, layers: readonly number[]) {
  const model = buildMlp(nn, layers, 0.5);
  const server = Fastify();
  server.post<{ Body: { readonly pixels: readonly number[] } }>('/predict', async (request) => {
    const { pixels } = request.body;
    const logits = await predict(model, tensor(pixels, { shape: [1, pixels.length] }));
    return { probabilities: logits.softmax(1).toArray() };
  });
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/predict`;
  const body = JSON.stringify({ pixels: rand([layers[0]!]).toArray() });
  return { model, server, load: () => new Load(url, body, requestsPerSecond) };
}

/** Idles for a quarter of the time, then trains for twice the time, half of it with requests. */
async function measureBoth(lanewise: Lanewise, milliseconds: number): Promise<Figure[]> {
  const { model, server, load } = await startServer(lanewise, layerSizes);
  const [idle, asked, unasked] = [new Probes(), new Probes(), new Probes()];
  const latenciesMs: number[] = [];
  let failed = 0;
  await idle.run(milliseconds / 4);
  const training = startTraining(lanewise, model, large);
  const turns = Math.max(fewestTurns, Math.ceil(milliseconds / longestTurnMs));
  const turn = async (probes: Probes) => {
    const start = performance.now();
    await training.during(probes.run(milliseconds / turns));
    return stepsBetween(training.told, start, performance.now());
  };
  const [alone, loaded] = [
    { steps: 0, ms: 0 },
    { steps: 0, ms: 0 },
  ];
  const add = (to: typeof alone, { steps, ms }: typeof alone) =>
    Object.assign(to, { steps: to.steps + steps, ms: to.ms + ms });
  let client: Load | null = null;
  try {
    for (let i = 0; i < turns; i++) {
      client = load();
      await sleep(settleMs.with);
      client.begin();
      add(loaded, await turn(asked));
      const heard = await client.stop();
      latenciesMs.push(...heard.latenciesMs);
      failed += heard.failed;
      await sleep(settleMs.without);
      add(alone, await turn(unasked));
    }
  } finally {
    client?.close();
    // What went wrong has been thrown by then.
    await Promise.allSettled([training.stop(), server.close()]);
  }
  const [without, beside] = [alone, loaded].map(({ steps, ms }) => (1000 * steps) / ms) as [number, number];
  return [
    figure('event-loop delay idle, p99', idle.loopDelay(99), ' ms'),
    figure('event-loop delay idle, max', idle.loopDelay(100), ' ms'),
    figure('event-loop delay training, p50', asked.loopDelay(50), ' ms'),
    figure('event-loop delay training, p99', asked.loopDelay(99), ' ms'),
    figure('event-loop delay training, max', asked.loopDelay(100), ' ms'),
    ...callNames.flatMap((name) => [
      figure(`${name} idle, p99`, idle.p99(name), ' ms'),
      figure(`${name} training, p99`, asked.p99(name), ' ms'),
      figure(`${name}: p99 training over idle`, asked.p99(name) / idle.p99(name), 'x'),
    ]),
    figure('steps/s without requests', without),
    figure(`steps/s with ${requestsPerSecond} requests/s`, beside),
    figure('steps/s with requests, of that without', (100 * beside) / without, ' %'),
    figure('requests answered', latenciesMs.length),
    figure('requests that failed', failed),
    figure('latency of a request, p50', quantile(latenciesMs, 0.5), ' ms'),
    figure('latency of a request, p99', quantile(latenciesMs, 0.99), ' ms'),
  ];
}

/** What the process holds when all garbage is gone: how far V8 lets its heap grow in between is its own affair. */
function residentMiB(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The first leaves the memory of arrays to another thread; the second waits for that.
  collect();
  collect();
  return process.memoryUsage.rss() / 2 ** 20;
}

/** Whether memory or handles grow in a long training with requests. */
async function measureGrowth(lanewise: Lanewise): Promise<Figure[]> {
  const resident = new Map<number, number>();
  const onEpoch = (epoch: number) => {
    const step = epoch * stepsAnEpoch;
    if (step === fromStep || step === toStep) resident.set(step, residentMiB());
  };
  const { model, server, load } = await startServer(lanewise, small.layers);
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
    await startTraining(lanewise, model, small, onEpoch).ended;
    const { length } = (await client.stop()).latenciesMs;
    const [from, to] = [resident.get(fromStep)!, resident.get(toStep)!];
    const name = `${small.layers.join('-')} at batch ${small.batchSize}, ${length} requests`;
    return [
      figure(`RSS at step ${fromStep} (${name})`, from, ' MiB'),
      figure(`RSS growth from step ${fromStep} to ${toStep}`, to - from, ' MiB'),
      figure('growth in handles over that training', (await handles()) - handlesBefore),
    ];
  } finally {
    client.close();
    await server.close();
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
