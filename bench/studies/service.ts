/**
 * A service that trains in the background while it answers: what the event loop, Node's own calls, the requests and the
 * training itself feel of each other, and whether memory or handles grow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Fastify from 'fastify';
import { max, quantile, sum } from 'simple-statistics';
import type { nn as Modules } from '../../src/index.js';
import type { Library } from '../contenders/library.js';
import { buildMlp } from '../contenders/network.js';
import { layerSizes, learningRate } from '../mlp.js';
import { type CallName, callNames, noTimes, sendRequests, timeCalls } from './probes.js';
import { delayDuring, figure, type Study } from './study.js';

type Lanewise = Library['lanewise'];

const rate = 50;
/** Training with and without requests takes turns of this length, or shorter ones in a short run. */
const [longestTurnMs, fewestTurns] = [5000, 4];
/** What comes before a turn does not count: the client has to start, and requests of the turn before may be under way. */
const settleMs = { with: 2000, without: 200 } as const;

interface Training {
  readonly layers: readonly number[];
  readonly batchSize: number;
  readonly epochs: number;
}
const stepsAnEpoch = 100;
const endless: Training = { layers: layerSizes, batchSize: 128, epochs: 1_000_000 };
/** Small, so that 100,000 steps take seconds; each step does what a step of a large one does. */
const [fromStep, toStep] = [10_000, 100_000];
const small: Training = { layers: [256, 64, 10], batchSize: 32, epochs: toStep / stepsAnEpoch };

/** The service that is measured: one route that predicts, as in examples/service. */
async function startServer({ nn, predict, rand, tensor }: Lanewise, layers: readonly number[]) {
  const model = buildMlp(nn, layers, 0.5);
  const server = Fastify();
  let answered = 0;
  server.post<{ Body: { readonly pixels: readonly number[] } }>('/predict', async (request) => {
    const { pixels } = request.body;
    const logits = await predict(model, tensor(pixels, { shape: [1, pixels.length] }));
    answered++;
    return { probabilities: logits.softmax(1).toArray() };
  });
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/predict`;
  const body = JSON.stringify({ pixels: rand([layers[0]!]).toArray() });
  const ask = (ms: number, signal?: AbortSignal) =>
    sendRequests({ url, body, rate, settleMs: settleMs.with, ms }, signal);
  return { model, server, ask, answered: () => answered };
}

/** Trains in the background. `last` says how far it was when it last told. */
function startTraining(
  { nn, optim, data, fit, randn, randint }: Lanewise,
  model: Modules.Sequential,
  { layers, batchSize, epochs }: Training,
  onStep: (step: number) => void = () => undefined,
) {
  const controller = new AbortController();
  const rows = batchSize * stepsAnEpoch;
  const training = { last: { ms: performance.now(), steps: 0 }, ended: Promise.resolve(), stop };
  async function stop() {
    controller.abort();
    await training.ended;
  }
  const fitted = fit(model, {
    train: new data.TensorDataset(randn([rows, layers[0]!]), randint(0, layers.at(-1)!, [rows])),
    optimizer: new optim.SGD(model.parameters(), { lr: learningRate }),
    loss: new nn.CrossEntropyLoss(),
    priority: 'background',
    signal: controller.signal,
    onProgress: ({ epoch, step }) => {
      training.last = { ms: performance.now(), steps: (epoch - 1) * stepsAnEpoch + step };
    },
    onEpoch: ({ epoch }) => onStep(epoch * stepsAnEpoch),
    ...{ batchSize, epochs },
  });
  training.ended = fitted.then(
    () => undefined,
    (error: unknown) => {
      if (!controller.signal.aborted) throw error;
    },
  );
  return training;
}

/** What is seen in one turn: delays of the event loop, times of calls, and how far the training came. */
async function takeTurn(milliseconds: number, training?: ReturnType<typeof startTraining>) {
  const before = training?.last;
  const early = training?.ended.then(() => Promise.reject(new Error('the training ended too early')));
  let calls = noTimes();
  const loop = await delayDuring(async () => {
    const work = timeCalls(milliseconds);
    calls = await Promise.race(early === undefined ? [work] : [work, early]);
  });
  const after = training?.last;
  return { loop, calls, steps: (after?.steps ?? 0) - (before?.steps ?? 0), ms: (after?.ms ?? 0) - (before?.ms ?? 0) };
}
type Turn = Awaited<ReturnType<typeof takeTurn>>;

/** Of the worst turn, above which no percentile over all turns can lie. */
const delayOf = (turns: readonly Turn[], which: keyof Turn['loop']) => max(turns.map(({ loop }) => loop[which]));
const p99Of = (turns: readonly Turn[], name: CallName) =>
  quantile(
    turns.flatMap(({ calls }) => calls[name]),
    0.99,
  );
const speedOf = (turns: readonly Turn[]) =>
  (1000 * sum(turns.map((each) => each.steps))) / sum(turns.map((each) => each.ms));

/** Idles for a quarter of the time, then trains for twice the time, half of it with requests. */
async function measureBoth(lanewise: Lanewise, milliseconds: number) {
  const { model, server, ask } = await startServer(lanewise, layerSizes);
  const [asked, unasked]: [Turn[], Turn[]] = [[], []];
  const latenciesMs: number[] = [];
  let failed = 0;
  const idle = [await takeTurn(milliseconds / 4)];
  const training = startTraining(lanewise, model, endless);
  const turns = Math.max(fewestTurns, Math.ceil(milliseconds / longestTurnMs));
  const stop = new AbortController();
  try {
    for (let i = 0; i < turns; i++) {
      const requests = ask(milliseconds / turns, stop.signal);
      const turn = sleep(settleMs.with).then(() => takeTurn(milliseconds / turns, training));
      const [heard, seen] = await Promise.all([requests, turn]);
      asked.push(seen);
      latenciesMs.push(...heard.latenciesMs);
      failed += heard.failed;
      await sleep(settleMs.without);
      unasked.push(await takeTurn(milliseconds / turns, training));
    }
  } finally {
    stop.abort();
    // What went wrong has been thrown by then.
    await Promise.allSettled([training.stop(), server.close()]);
  }
  const [without, during] = [speedOf(unasked), speedOf(asked)];
  return [
    figure('event-loop delay idle, p99', delayOf(idle, 'p99'), ' ms'),
    figure('event-loop delay idle, max', delayOf(idle, 'max'), ' ms'),
    figure('event-loop delay training, p50', delayOf(asked, 'p50'), ' ms'),
    figure('event-loop delay training, p99', delayOf(asked, 'p99'), ' ms'),
    figure('event-loop delay training, max', delayOf(asked, 'max'), ' ms'),
    ...callNames.flatMap((name) => [
      figure(`${name} idle, p99`, p99Of(idle, name), ' ms'),
      figure(`${name} training, p99`, p99Of(asked, name), ' ms'),
      figure(`${name}: p99 training over idle`, p99Of(asked, name) / p99Of(idle, name), 'x'),
    ]),
    figure('steps/s without requests', without),
    figure(`steps/s with ${rate} requests/s`, during),
    figure('steps/s with requests, of that without', (100 * during) / without, ' %'),
    figure('requests answered', latenciesMs.length),
    figure('requests that failed', failed),
    figure('latency of a request, p50', quantile(latenciesMs, 0.5), ' ms'),
    figure('latency of a request, p99', quantile(latenciesMs, 0.99), ' ms'),
  ];
}

/** What the process holds when all garbage is gone: V8 decides by itself how far its heap grows in between. */
function residentMiB(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The first leaves the memory of arrays to another thread; the second waits for that.
  collect();
  collect();
  return process.memoryUsage.rss() / 2 ** 20;
}

/** Whether memory or handles grow in a long training with requests. */
async function measureGrowth(lanewise: Lanewise) {
  const resident = new Map<number, number>();
  const { model, server, ask, answered } = await startServer(lanewise, small.layers);
  const handles = async () => {
    // Connections and processes that are gone take a moment to be noticed.
    await sleep(settleMs.without);
    return process.getActiveResourcesInfo().length;
  };
  // What others have left behind in this process goes now, and not in the middle.
  residentMiB();
  const handlesBefore = await handles();
  const stop = new AbortController();
  const requests = ask(86_400_000, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  try {
    const training = startTraining(lanewise, model, small, (step) => {
      if (step === fromStep || step === toStep) resident.set(step, residentMiB());
    });
    await Promise.race([training.ended, requests]);
    stop.abort();
    await requests;
    const [from, to] = [resident.get(fromStep)!, resident.get(toStep)!];
    const name = `${small.layers.join('-')} at batch ${small.batchSize}, ${answered()} requests`;
    return [
      figure(`RSS at step ${fromStep} (${name})`, from, ' MiB'),
      figure(`RSS growth from step ${fromStep} to ${toStep}`, to - from, ' MiB'),
      figure('growth in handles over that training', (await handles()) - handlesBefore),
    ];
  } finally {
    stop.abort();
    await server.close();
  }
}

export const service: Study = {
  name: 'service',
  workload: { shape: layerSizes.join('-'), batch: endless.batchSize, optimizer: 'SGD' },
  async measure({ lanewise }, seconds) {
    lanewise.manualSeed(0);
    return [...(await measureBoth(lanewise, seconds * 1000)), ...(await measureGrowth(lanewise))];
  },
};
