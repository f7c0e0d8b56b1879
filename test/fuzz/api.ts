/** Calls everything public with anything: it works, or it gives a LanewiseError and has changed nothing. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { backend, epochs, fit, LanewiseError, predict } from '../../src/index.js';
import { type Fixture, makeFixture, picture } from '../misuse/fixture.js';
import { optionNames } from '../misuse/takers.js';
import { type Callable, callables } from './callables.js';
import { argument, CallersError, type Made, options } from './values.js';

/** Codes of errors after which everything is as before. */
const refusals = new Set(['ERR_LANEWISE_ARGUMENT', 'ERR_LANEWISE_SHAPE', 'ERR_LANEWISE_BACKEND']);
const fitNames = [
  ...[
    'train',
    'validation',
    'batchSize',
    'epochs',
    'optimizer',
    'loss',
    'metrics',
    'shuffle',
    'scheduler',
    'callbacks',
    'threads',
  ],
  ...[
    'priority',
    'timeLimit',
    'fuse',
    'generator',
    'onEpoch',
    'onStep',
    'onProgress',
    'stepsPerEpoch',
    'validationSplit',
    'sampleWeight',
    'maxPrograms',
  ],
  ...['forward', 'speed'],
];

/** Settles what a call gives. A training ends by its signal. @throws what it rejects with */
async function settle(result: unknown): Promise<void> {
  if (Object(result) !== result) return;
  if (result instanceof Promise) await result;
}

async function hold(name: string, fixture: Fixture, act: () => unknown): Promise<void> {
  const before = picture(fixture);
  const { name: backendName, threads } = backend;
  try {
    await settle(act());
  } catch (error) {
    if (error instanceof CallersError || (error instanceof DOMException && error.name === 'TimeoutError')) return;
    if (!(error instanceof LanewiseError)) throw new Error(`${name} threw what is no LanewiseError`, { cause: error });
    // Batches that come one by one are looked at when it is their turn: the steps before them have been made.
    if (!refusals.has(error.code) || /: batch \d+ of /.test(error.message)) return;
    const after = picture(fixture);
    if (!isDeepStrictEqual(after, before))
      throw new Error(`${name} was refused, and has changed something`, { cause: error });
  } finally {
    backend.use(backendName);
    backend.threads = threads;
  }
}

const known = callables(makeFixture());
const called = (callable: Callable): fc.Arbitrary<readonly [{ readonly callable: Callable }, readonly Made[]]> =>
  fc.tuple(
    fc.constant({ [fc.toStringMethod]: () => callable.name, callable }),
    fc.array(argument(optionNames), { maxLength: 4 }),
  );

/** A call of a function, a constructor or a method. */
export const apiProperty = fc.asyncProperty(
  fc.nat(known.length - 1).chain((i) => called(known[i]!)),
  async ([{ callable }, args]) => {
    const fixture = makeFixture();
    const { name, call } = callable;
    const values = args.map(({ make }) => make(fixture));
    await hold(`${name}(${args.map((arg) => arg.name).join(', ')})`, fixture, () => call(fixture, values));
  },
);

/** A training with options of which some are anything. */
export const fitProperty = fc.asyncProperty(
  fc.constantFrom('fit', 'epochs', 'predict'),
  options(fitNames),
  argument(optionNames),
  async (form, given, input) => {
    const fixture = makeFixture();
    const { model, optimizer, criterion, dataset } = fixture;
    const base = { train: dataset, batchSize: 2, epochs: 2, optimizer, loss: criterion };
    const settings = { ...base, ...(given.make(fixture) as object), signal: AbortSignal.timeout(200) };
    await hold(`${form}(model, ${form === 'predict' ? input.name : given.name})`, fixture, async () => {
      if (form === 'predict') await predict(model, input.make(fixture) as never);
      else if (form === 'fit') await fit(model, settings as never);
      else for await (const _ of epochs(model, settings as never));
    });
  },
);
