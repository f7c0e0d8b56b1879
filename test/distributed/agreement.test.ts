/** What ends a training on one rank ends it on all; what differs between ranks is an error. */
import { describe, expect, it } from 'vitest';
import type { ProcessGroup } from '../../src/distributed/group.js';
import {
  type Callback,
  EarlyStopping,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  optim,
  type Tensor,
  TerminateOnNaN,
  tensor,
} from '../../src/index.js';
import { withFakeRanks } from './fake-group.js';
import { inputs, kinds, labels, type Model, makeModel, rows, weightsOf } from './training.js';

describe('agreement', () => {
  /** How a training on each of three ranks ended, and what it left. */
  const ends = (options: (group: ProcessGroup, model: Model) => Partial<FitOptions>) =>
    withFakeRanks(3, async (processGroup) => {
      const model = makeModel();
      const ended = await fit(model, {
        train: [inputs, labels],
        optimizer: kinds.SGD(model),
        loss: new nn.CrossEntropyLoss(),
        batchSize: 12,
        epochs: 1000,
        generator: new Generator(3),
        distributed: { processGroup },
        ...options(processGroup, model),
      }).then(
        ({ stopped, epochs }) => ({ text: `stopped: ${stopped}`, epochs: epochs.length }),
        (error: unknown) => ({ text: String((error as Error)?.message ?? error), epochs: -1 }),
      );
      return { ...ended, weights: weightsOf(model) };
    });
  const expectAlike = (found: Awaited<ReturnType<typeof ends>>) => {
    for (const { weights, epochs } of found) {
      expect(weights).toEqual(found[0]!.weights);
      expect(epochs).toBe(found[0]!.epochs);
    }
  };

  it('a signal on one rank ends the training on all, after the same step', async () => {
    const controller = new AbortController();
    const found = await ends(({ rank }) =>
      rank === 1
        ? {
            signal: controller.signal,
            onStep: ({ epoch, step }) => void (epoch === 3 && step === 2 && controller.abort('enough')),
          }
        : {},
    );
    expect(found.map(({ text }) => text)).toEqual([
      'fit: rank 1 has aborted the training',
      'enough',
      'fit: rank 1 has aborted the training',
    ]);
    expectAlike(found);
    expect(found[0]!.weights).not.toEqual(weightsOf(makeModel()));
  });

  it('a signal that was there before', async () => {
    const found = await ends(({ rank }) => (rank === 2 ? { signal: AbortSignal.abort('early') } : {}));
    expect(found.map(({ text }) => text)).toEqual([
      'fit: rank 2 has aborted the training',
      'fit: rank 2 has aborted the training',
      'early',
    ]);
    expectAlike(found);
    expect(found[0]!.weights).toEqual(weightsOf(makeModel()));
  });

  it('a time limit', async () => {
    const found = await ends(({ rank }) => (rank === 0 ? { timeLimit: 0.3, epochs: 1e6 } : { epochs: 1e6 }));
    for (const { text } of found) expect(text).toBe('stopped: timeLimit');
    expectAlike(found);
  });

  it('a callback that stops', async () => {
    const stopper: Callback = { onEpoch: ({ epoch }, { stop }) => void (epoch === 2 && stop('mine')) };
    const found = await ends(({ rank }) => (rank === 1 ? { callbacks: [stopper] } : {}));
    expect(found.map(({ text }) => text)).toEqual([
      'stopped: rank 1 has stopped the training',
      'stopped: mine',
      'stopped: rank 1 has stopped the training',
    ]);
    expect(found[0]!.epochs).toBe(2);
    expectAlike(found);
  });

  it('EarlyStopping on all', async () => {
    const found = await ends(() => ({
      callbacks: [new EarlyStopping({ monitor: 'loss', minDelta: 1e9, patience: 2 })],
    }));
    for (const { text, epochs } of found) expect([text, epochs]).toEqual(['stopped: EarlyStopping', 3]);
    expectAlike(found);
  });

  it('a callback that throws', async () => {
    const thrower: Callback = {
      onEpoch: ({ epoch }) => {
        if (epoch === 2) throw new Error('broken');
      },
    };
    const found = await ends(({ rank }) => (rank === 1 ? { callbacks: [thrower] } : {}));
    expect(found.map(({ text }) => text)).toEqual([
      'fit: rank 1 has failed; its own error says why',
      'broken',
      'fit: rank 1 has failed; its own error says why',
    ]);
    expectAlike(found);
  });

  it('NaN on one rank: no rank makes the step', async () => {
    const numbers = inputs.toTypedArray().slice();
    // Unshuffled: rows 16 to 19 of the second batch are those of rank 1.
    numbers[17 * 6] = Number.NaN;
    const broken = tensor(numbers as Float32Array).reshape([rows, 6]);
    const found = await ends(() => ({ train: [broken, labels], shuffle: false, callbacks: [new TerminateOnNaN()] }));
    expect(found[1]!.text).toContain('is not finite in step 2 of epoch 1');
    for (const rank of [0, 2]) expect(found[rank]!.text).toBe('fit: rank 1 has failed; its own error says why');
    expectAlike(found);
    expect(found[0]!.weights.flatMap((each) => [...each]).every(Number.isFinite)).toBe(true);
  });

  it('a bad label on one rank', async () => {
    const bad = labels.toTypedArray().slice();
    bad[17] = 9;
    const found = await ends(() => ({ train: [inputs, tensor(bad as Int32Array)], shuffle: false }));
    expect(found[1]!.text).toContain('Target 9 is out of bounds');
    expect(found[0]!.text).toContain('rank 1 has failed');
    expectAlike(found);
  });

  const differences: readonly (readonly [name: string, options: (model: Model) => Partial<FitOptions>])[] = [
    ['another seed', () => ({ generator: new Generator(4) })],
    ['other data', () => ({ train: [inputs.narrow(0, 0, 48), labels.narrow(0, 0, 48)] })],
    ['another optimizer', (model) => ({ optimizer: new optim.SGD(model.parameters(), { lr: 0.2, momentum: 0.9 }) })],
    ['other options', () => ({ batchSize: 24 })],
    ['other options', () => ({ epochs: 3 })],
  ];
  it.each(differences)('%s on one rank is an error that names the rank', async (name, options) => {
    const found = await ends(({ rank }, model) => (rank === 2 ? options(model) : {}));
    for (const { text } of found) expect(text).toContain(`rank 2 has ${name}`);
    for (const { weights } of found) expect(weights).toEqual(weightsOf(makeModel()));
  });

  it('other weights and other layers', async () => {
    const texts = (make: (rank: number) => nn.Module<[Tensor], Tensor>) =>
      withFakeRanks(2, async (processGroup) => {
        const model = make(processGroup.rank);
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const options = { train: [inputs, labels] as const, optimizer, loss: new nn.CrossEntropyLoss(), batchSize: 12 };
        return fit(model, { ...options, distributed: { processGroup }, generator: new Generator(1) }).then(
          () => 'trained',
          (error: Error) => error.message,
        );
      });
    for (const text of await texts((rank) => makeModel(rank))) expect(text).toContain('rank 1 has other weights');
    const layers = (rank: number) => {
      manualSeed(1);
      return new nn.Sequential(new nn.Linear(6, 3), rank === 0 ? new nn.ReLU() : new nn.Tanh());
    };
    for (const text of await texts(layers)) expect(text).toContain('rank 1 has another model');
  });

  it('a model that one rank is training already', async () => {
    const texts = await withFakeRanks(2, async (processGroup) => {
      const model = makeModel();
      const options = {
        train: [inputs, labels] as const,
        optimizer: kinds.SGD(model),
        loss: new nn.CrossEntropyLoss(),
        batchSize: 12,
      };
      const other = processGroup.rank === 1 ? fit(model, { ...options, epochs: 3 }) : null;
      const text = await fit(model, { ...options, distributed: { processGroup } }).then(
        String,
        (error: Error) => error.message,
      );
      await other;
      return text;
    });
    expect(texts[0]).toBe('fit: rank 1 has failed; its own error says why');
    expect(texts[1]).toContain('is being trained already');
  });

  it('what fails while it is traced on one rank', async () => {
    const found = await ends(({ rank }) =>
      rank === 0
        ? {
            loss: () => {
              throw new Error('no loss');
            },
          }
        : {},
    );
    expect(found.map(({ text }) => text)).toEqual([
      'no loss',
      'fit: rank 0 has failed; its own error says why',
      'fit: rank 0 has failed; its own error says why',
    ]);
    expectAlike(found);
  });
});
