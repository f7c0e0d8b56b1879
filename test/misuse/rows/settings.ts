/** The backend, threads and generators. */
import { backend, data, defaultGenerator, Generator, manualSeed } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, backendError, type Row, typeError } from '../row.js';

/** What a JavaScript caller may do with the module object, whatever the types say. */
const setThreads = (count: unknown) => Reflect.set(backend, 'threads', count);

export const settingRows: readonly Row[] = [
  ...['cuda', 'native:', 'native:mmx', 'Reference', '', '__proto__', 'native:__proto__', 'native:constructor'].map(
    (name) => backendError(`backend.use('${name}')`, () => backend.use(name), `backend.use: no backend '${name}'`),
  ),
  ...(
    [
      [5, '5'],
      [null, 'null'],
      [undefined, 'undefined'],
      [{}, 'an object'],
      [Symbol('native'), 'a symbol'],
      [['reference'], 'reference'],
    ] as const
  ).map(([value, shown]) =>
    argument(
      `backend.use(${shown})`,
      () => backend.use(bad(value)),
      /^backend.use: expected the name of a backend, got/,
    ),
  ),
  ...[0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '2', null, undefined, true].map((count) =>
    argument(
      `backend.threads = ${typeof count} ${count}`,
      () => setThreads(count),
      'backend.threads: expected an integer',
    ),
  ),
  argument('backend.threads = {}', () => setThreads({ valueOf: () => 2 }), 'backend.threads: expected an integer'),
  argument('backend.threads = 2n', () => setThreads(2n), 'backend.threads: expected an integer'),
  argument('backend.threads = Symbol()', () => setThreads(Symbol('two')), 'backend.threads: expected an integer'),

  argument('manualSeed(1.5)', () => manualSeed(1.5), 'manualSeed: the seed must be an integer, got 1.5'),
  argument('manualSeed(NaN)', () => manualSeed(Number.NaN), 'got NaN'),
  argument('manualSeed("1")', () => manualSeed(bad('1')), 'got "1"'),
  argument('manualSeed(2^64)', () => manualSeed(2n ** 64n), 'Overflow'),
  argument(
    'manualSeed, masks',
    () => manualSeed(1, { masks: bad('philox') }),
    'masks must be one of counter, mt19937, got "philox"',
  ),
  argument('new Generator({})', () => new Generator(bad({})), 'Generator: the seed must be an integer, got an object'),
  argument(
    'setState(null)',
    () => defaultGenerator.setState(bad(null)),
    'setState: the state must be an object, got null',
  ),
  argument(
    'setState: half a state',
    ({ generator }) => generator.setState(bad({ seedLow: 1 })),
    'setState: the state lacks',
  ),
  argument(
    'uniformFill: an array',
    ({ generator }) => generator.uniformFill(bad([1])),
    'expected a Float32Array or a Float64Array, got [1]',
  ),
  argument('bernoulliFill: q 2', ({ generator }) => generator.bernoulliFill(new Float32Array(2), 2), 'got p=2'),
  typeError('nextKey of what is no generator', () => Generator.prototype.nextKey.call(bad({})), /private/),
  typeError(
    'length of what is no loader',
    () =>
      Reflect.get(data.DataLoader.prototype, 'batchSize') ??
      Reflect.apply(data.DataLoader.prototype[Symbol.iterator], {}, []),
    /private|Receiver/,
  ),
];
