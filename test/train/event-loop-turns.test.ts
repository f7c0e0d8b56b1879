/** The event loop turns between any two batches that are made in JavaScript, whatever makes them. Counted, not timed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compile,
  data,
  epochs,
  fit,
  manualSeed,
  nn,
  optim,
  predict,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

type Batch = readonly [Tensor, Tensor];

/** Counts turns of the event loop, and how many times something is done in each. */
class TurnCounter {
  turns = 0;
  done = 0;
  /** The most that was done in one turn. */
  most = 0;
  #inThisTurn = 0;
  #isOver = false;

  start(): void {
    const turn = (): void => {
      this.turns++;
      this.#inThisTurn = 0;
      if (!this.#isOver) setImmediate(turn);
    };
    setImmediate(turn);
  }

  note(): void {
    this.done++;
    this.#inThisTurn++;
    this.most = Math.max(this.most, this.#inThisTurn);
  }

  /** From here on, with nothing done so far. */
  reset(): void {
    this.turns = this.done = this.most = this.#inThisTurn = 0;
  }

  end(): void {
    this.#isOver = true;
  }
}

let counter: TurnCounter;

beforeEach(async () => {
  // Immediates of the test before come first in a turn otherwise, and would be counted to the turn before.
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
  counter = new TurnCounter();
  counter.start();
});

afterEach(() => counter.end());

const batchesOfPass = 15;

function make(): { model: nn.Sequential; optimizer: optim.Optimizer; loss: nn.CrossEntropyLoss } {
  const model = new nn.Sequential(new nn.Linear(4, 5), new nn.ReLU(), new nn.Linear(5, 3));
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), loss: new nn.CrossEntropyLoss() };
}

const makeBatch = (): Batch => {
  counter.note();
  return [randn([2, 4]), tensor(Int32Array.of(0, 2))];
};

/** Each makes `batchesOfPass` batches. */
const forms: Record<string, () => Iterable<Batch> | AsyncIterable<Batch> | data.DataLoader<Batch>> = {
  'a generator': () => ({
    *[Symbol.iterator]() {
      for (let i = 0; i < batchesOfPass; i++) yield makeBatch();
    },
  }),
  'an async generator that waits for nothing': () => ({
    async *[Symbol.asyncIterator]() {
      for (let i = 0; i < batchesOfPass; i++) yield makeBatch();
    },
  }),
  'an iterator that gives promises which are settled': () => ({
    [Symbol.asyncIterator]() {
      let left = batchesOfPass;
      return {
        next: () =>
          Promise.resolve(left-- > 0 ? { done: false, value: makeBatch() } : { done: true, value: undefined }),
      } as AsyncIterator<Batch>;
    },
  }),
  'a dataset with getBatch': () =>
    new data.DataLoader(
      {
        length: 2 * batchesOfPass,
        get: () => {
          throw new Error('batches are taken whole');
        },
        getBatch: () => makeBatch(),
      },
      { batchSize: 2 },
    ),
};

describeEachBackend('the event loop turns between two batches', () => {
  const many = Object.entries(forms).map(([name, form], i) => [name, i === 0 ? 100 : 8, form] as const);
  it.each([...Object.entries(forms).map(([name, form]) => [name, 1, form] as const), ...many])(
    'of %s, %d trainings at once',
    async (_name, fits, form) => {
      manualSeed(1);
      await Promise.all(
        Array.from({ length: fits }, () => {
          const { model, optimizer, loss } = make();
          return fit(model, { train: form(), optimizer, loss });
        }),
      );
      expect(counter.done).toBe(fits * batchesOfPass);
      expect(counter.most).toBe(1);
      expect(counter.turns).toBeGreaterThanOrEqual(counter.done - 1);
    },
  );

  it('of validation data', async () => {
    const { model, optimizer, loss } = make();
    const train: Batch = [randn([4, 4]), tensor(Int32Array.of(0, 2, 1, 1))];
    await fit(model, { train, validation: forms['a generator']!(), epochs: 2, optimizer, loss });
    expect(counter.done).toBe(2 * batchesOfPass);
    expect(counter.most).toBe(1);
  });

  it('when steps fail to keep up with them, and epochs are asked for one by one', async () => {
    const { model, optimizer, loss } = make();
    for await (const { steps } of epochs(model, { train: forms['a generator']!(), epochs: 3, optimizer, loss }))
      expect(steps).toBe(batchesOfPass);
    expect(counter.most).toBe(1);
  });

  it.each([2, 10])('of %d chains of compiled calls', async (chains) => {
    const steps = Array.from({ length: chains }, () => {
      const { model, loss } = make();
      return compile((x: Tensor, y: Tensor) => loss.forward(model.forward(x), y));
    });
    for (const step of steps) step(randn([2, 4]), tensor(Int32Array.of(0, 2)));
    counter.reset();
    await Promise.all(
      steps.map(async (step) => {
        const batch = [randn([2, 4]), tensor(Int32Array.of(0, 2))] as const;
        await step.async(...batch);
        for (let i = 0; i < batchesOfPass; i++) await step.async(...makeBatch());
      }),
    );
    expect(counter.done).toBe(chains * batchesOfPass);
    expect(counter.most).toBe(1);
  });

  it('of chains of predictions', async () => {
    const { model } = make();
    await predict(model, randn([2, 4]));
    counter.reset();
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        await predict(model, randn([2, 4]));
        for (let i = 0; i < batchesOfPass; i++) await predict(model, makeBatch()[0]);
      }),
    );
    expect(counter.most).toBe(1);
  });
});

describe('a training over batches made in JavaScript', () => {
  /** Until it is ended. */
  const endless = () => ({
    *[Symbol.iterator]() {
      for (;;) yield makeBatch();
    },
  });

  it('lets a timer that is due fire before the next batch', async () => {
    const { model, optimizer, loss } = make();
    const controller = new AbortController();
    const reason = new Error('enough');
    let atAbort = 0;
    const train = {
      *[Symbol.iterator]() {
        for (let i = 1; ; i++) {
          if (i === 100) {
            setTimeout(() => {
              atAbort = counter.done;
              controller.abort(reason);
            });
            // The timer is due when the batch has been made.
            for (const start = performance.now(); performance.now() - start < 3; );
          }
          yield makeBatch();
        }
      },
    };
    await expect(fit(model, { train, optimizer, loss, signal: controller.signal })).rejects.toBe(reason);
    expect(atAbort).toBeGreaterThanOrEqual(99);
    expect(atAbort).toBeLessThanOrEqual(101);
    expect(counter.done).toBeLessThanOrEqual(atAbort + 1);
  });

  it('ends by its time limit', async () => {
    const { model, optimizer, loss } = make();
    const history = await fit(model, { train: endless(), optimizer, loss, timeLimit: 0.05 });
    expect(history.stopped).toBe('timeLimit');
  });
});
