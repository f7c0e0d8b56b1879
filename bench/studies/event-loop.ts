/**
 * What the event loop feels of trainings over every form of data, and of chains of calls and predictions: its delay, and
 * what the trainings make meanwhile. A batch takes a millisecond of JavaScript, except of data that need none.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tensor } from '../../src/index.js';
import type { Library } from '../contenders/library.js';
import { buildMlp } from '../contenders/network.js';
import type { Figure } from '../protocol.js';
import { delayDuring, figure, type Study } from './study.js';

type Lanewise = Library['lanewise'];

const layers = [8, 8, 4];
const [rows, stepsAnEpoch] = [8, 64];
const batchMs = 1;
const counts = [1, 4, 100];

/** What those that work at once share. */
interface Round {
  readonly lanewise: Lanewise;
  isOver(): boolean;
  /** A batch that took time to make. */
  makeBatch(): [Tensor, Tensor];
  /** Batches or steps were made. */
  note(times?: number): void;
}

/** One of the things that are done at once: does it again and again, noting each time, until it is over. */
type Form = (round: Round) => Promise<unknown>;

const resident = ({ randn, randint }: Lanewise, count: number): [Tensor, Tensor] => [
  randn([count, layers[0]!]),
  randint(0, layers.at(-1)!, [count]),
];

function createModel({ nn, optim }: Lanewise) {
  const model = buildMlp(nn, layers, 0);
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), loss: new nn.CrossEntropyLoss() };
}

/** Trains until the time is over. */
async function train({ lanewise, isOver }: Round, data: object): Promise<void> {
  const { model, ...rest } = createModel(lanewise);
  const controller = new AbortController();
  const onEpoch = () => {
    if (isOver()) controller.abort();
  };
  const options = { ...rest, epochs: 1e9, onEpoch, signal: controller.signal, ...data };
  await lanewise.fit(model, options as never).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
}

const batches = ({ makeBatch, isOver }: Round) => ({
  *[Symbol.iterator]() {
    for (let i = 0; i < stepsAnEpoch && !(i > 0 && isOver()); i++) yield makeBatch();
  },
});

const forms: Readonly<Record<string, Form>> = {
  resident(round) {
    const data = resident(round.lanewise, stepsAnEpoch * rows);
    return train(round, { train: data, batchSize: rows, callbacks: [{ onEpoch: () => round.note(stepsAnEpoch) }] });
  },
  generator: (round) => train(round, { train: batches(round) }),
  'async generator'(round) {
    const data = {
      async *[Symbol.asyncIterator]() {
        yield* batches(round);
      },
    };
    return train(round, { train: data });
  },
  DataLoader(round) {
    const { DataLoader } = round.lanewise.data;
    const get = () => round.makeBatch().map((each) => each.select(0, 0));
    return train(round, { train: new DataLoader({ length: stepsAnEpoch, get } as never) });
  },
  getBatch(round) {
    const { DataLoader } = round.lanewise.data;
    const dataset = { length: stepsAnEpoch * rows, get: () => round.makeBatch(), getBatch: () => round.makeBatch() };
    return train(round, { train: new DataLoader(dataset as never, { batchSize: rows }) });
  },
  'validation iterable': (round) =>
    train(round, { train: resident(round.lanewise, rows), batchSize: rows, validation: batches(round) }),
  async 'step.async'(round) {
    const { model, loss } = createModel(round.lanewise);
    const step = round.lanewise.compile((x, y) => loss.forward(model.forward(x), y));
    while (!round.isOver()) await step.async(...round.makeBatch());
  },
  async predict(round) {
    const { model } = createModel(round.lanewise);
    while (!round.isOver()) await round.lanewise.predict(model, round.makeBatch()[0]);
  },
};

async function measureForm(lanewise: Lanewise, name: string, form: Form, count: number, seconds: number) {
  const batch = resident(lanewise, rows);
  let [made, end] = [0, Number.POSITIVE_INFINITY];
  const isOver = () => performance.now() > end;
  /** One of those that work at once, and when it has made its first batch or step: it has recorded its program then. */
  const begin = () => {
    let begun = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const note = (times = 1) => {
      made += times;
      begun();
    };
    const makeBatch = (): [Tensor, Tensor] => {
      for (const start = performance.now(); performance.now() - start < batchMs; );
      note();
      return [...batch];
    };
    return { first, ended: form({ lanewise, isOver, makeBatch, note }) };
  };
  let ended: Promise<unknown> = Promise.resolve();
  const beginning = await delayDuring(async () => {
    const begun = Array.from({ length: count }, begin);
    ended = Promise.all(begun.map((each) => each.ended));
    await Promise.race([ended, Promise.all(begun.map(({ first }) => first))]);
    // The last of them records its program when it has made a batch.
    await sleep(100);
  });
  const [before, start] = [made, performance.now()];
  end = start + seconds * 1000;
  const { p99, max } = await delayDuring(() => sleep(seconds * 1000));
  const perSecond = ((made - before) / (performance.now() - start)) * 1000;
  await ended;
  const what = `${name}, ${count} at once`;
  return [
    figure(`${what}: delay p99`, p99, ' ms'),
    figure(`${what}: delay max`, max, ' ms'),
    figure(`${what}: delay p99 while all begin`, beginning.p99, ' ms'),
    figure(`${what}: batches or steps`, perSecond, ' /s'),
  ];
}

const secondsOf = (seconds: number): number => Math.max(seconds / 10, 0.5);

export const eventLoop: Study = {
  name: 'event-loop',
  workload: { shape: layers.join('-'), batch: rows, optimizer: 'SGD' },
  async measure({ lanewise }, seconds) {
    lanewise.manualSeed(0);
    const figures: Figure[] = [];
    for (const [name, form] of Object.entries(forms))
      for (const count of counts) figures.push(...(await measureForm(lanewise, name, form, count, secondsOf(seconds))));
    return figures;
  },
};
