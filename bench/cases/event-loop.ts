/**
 * What the event loop feels of trainings over every form of data, and of chains of calls and predictions: its delay, and
 * what the trainings make meanwhile. A batch takes a millisecond of JavaScript, except of data that need none.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Figure, figure, type Study, workload } from '../case.js';
import type { Library } from '../contenders/library.js';

type Lanewise = Library['lanewise'];

const [rows, features, classes] = [8, 8, 4];
const batchMilliseconds = 1;
const counts = [1, 4, 100];

/** One of the things that are done at once: does it again and again, noting each time, until it is over. */
type Form = (round: Round) => Promise<unknown>;

interface Round {
  readonly lanewise: Lanewise;
  isOver(): boolean;
  /** A batch that took time to make. */
  makeBatch(): [ReturnType<Lanewise['randn']>, ReturnType<Lanewise['randint']>];
  /** A batch or a step was made. */
  note(times?: number): void;
}

function createModel({ nn, optim }: Lanewise) {
  const model = new nn.Sequential(new nn.Linear(features, 8), new nn.ReLU(), new nn.Linear(8, classes));
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), loss: new nn.CrossEntropyLoss() };
}

/** Trains on so many epochs that the time ends them. */
async function train(round: Round, more: object): Promise<void> {
  const { lanewise } = round;
  const { model, optimizer, loss } = createModel(lanewise);
  const controller = new AbortController();
  const onEpoch = () => {
    if (round.isOver()) controller.abort();
  };
  const options = { optimizer, loss, epochs: 1e9, onEpoch, signal: controller.signal, ...more };
  await lanewise.fit(model, options as never).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
}

const batches = (round: Round, count = 64) => ({
  *[Symbol.iterator]() {
    for (let i = 0; i < count && !(i > 0 && round.isOver()); i++) yield round.makeBatch();
  },
});

const resident = ({ randn, randint }: Lanewise, count: number) =>
  [randn([count, features]), randint(0, classes, [count])] as const;

const forms: Readonly<Record<string, Form>> = {
  resident: (round) => {
    const steps = 64;
    const data = resident(round.lanewise, steps * rows);
    return train(round, { train: data, batchSize: rows, callbacks: [{ onEpoch: () => round.note(steps) }] });
  },
  generator: (round) => train(round, { train: batches(round) }),
  'async generator': (round) =>
    train(round, {
      train: {
        async *[Symbol.asyncIterator]() {
          yield* batches(round);
        },
      },
    }),
  DataLoader: (round) => {
    const { DataLoader } = round.lanewise.data;
    const get = () => round.makeBatch().map((each) => each.select(0, 0));
    return train(round, { train: new DataLoader({ length: 64, get } as never) });
  },
  getBatch: (round) => {
    const { DataLoader } = round.lanewise.data;
    const dataset = { length: 64 * rows, get: () => round.makeBatch(), getBatch: () => round.makeBatch() };
    return train(round, { train: new DataLoader(dataset as never, { batchSize: rows }) });
  },
  'validation iterable': (round) =>
    train(round, { train: resident(round.lanewise, rows), batchSize: rows, validation: batches(round) }),
  'step.async': async (round) => {
    const { model, loss } = createModel(round.lanewise);
    const step = round.lanewise.compile((x, y) => loss.forward(model.forward(x), y));
    while (!round.isOver()) await step.async(...round.makeBatch());
  },
  predict: async (round) => {
    const { model } = createModel(round.lanewise);
    while (!round.isOver()) await round.lanewise.predict(model, round.makeBatch()[0]);
  },
};

/** Milliseconds in which nothing else has had its turn. */
async function delayDuring(what: () => Promise<unknown>): Promise<{ readonly p99: number; readonly max: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await what();
  delay.disable();
  return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}

async function measureForm(lanewise: Lanewise, name: string, form: Form, count: number, seconds: number) {
  const batch = resident(lanewise, rows);
  let [made, end] = [0, Number.POSITIVE_INFINITY];
  const isOver = () => performance.now() > end;
  /** One of those that are at work at once, and when it has made its first batch or step: it has recorded its program then. */
  const begin = () => {
    let all: Promise<unknown> | undefined;
    const first = new Promise<void>((resolve) => {
      const note = (times = 1) => {
        made += times;
        resolve();
      };
      const makeBatch: Round['makeBatch'] = () => {
        for (const start = performance.now(); performance.now() - start < batchMilliseconds; );
        note();
        return [...batch];
      };
      all = form({ lanewise, isOver, makeBatch, note });
    });
    return { first, all };
  };
  let all: Promise<unknown> = Promise.resolve();
  const beginning = await delayDuring(async () => {
    const begun = Array.from({ length: count }, begin);
    all = Promise.all(begun.map((each) => each.all));
    await Promise.race([all, Promise.all(begun.map(({ first }) => first))]);
    // The last of them records its program when it has made a batch.
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  const [before, start] = [made, performance.now()];
  end = start + seconds * 1000;
  const { p99, max } = await delayDuring(() => new Promise((resolve) => setTimeout(resolve, seconds * 1000)));
  const perSecond = ((made - before) / (performance.now() - start)) * 1000;
  await all;
  const what = `${name}, ${count} at once`;
  return [
    figure(`${what}: delay p99`, p99, ' ms'),
    figure(`${what}: delay max`, max, ' ms'),
    figure(`${what}: delay p99 while all begin`, beginning.p99, ' ms'),
    figure(`${what}: batches or steps`, perSecond, ' /s'),
  ];
}

const secondsOf = (seconds: number): number => Math.max(seconds / 10, 0.5);

const eventLoop: Study = {
  name: 'event-loop',
  contenders: 'study',
  workloads: [workload({ shape: `${features}-8-${classes}`, batch: rows, optimizer: 'SGD' })],
  duration: (seconds) => Object.keys(forms).length * counts.length * (secondsOf(seconds) + 1.5),
  async measure(_params, contender, seconds) {
    const { lanewise } = contender.library();
    lanewise.manualSeed(0);
    const figures: Figure[] = [];
    for (const [name, form] of Object.entries(forms))
      for (const count of counts) figures.push(...(await measureForm(lanewise, name, form, count, secondsOf(seconds))));
    return figures;
  },
};

export default eventLoop;
