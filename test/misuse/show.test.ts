/** How messages print what callers pass: bounded in length and time, whatever the value does when it is looked at. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { checkOptions, show } from '../../src/check.js';
import { BackendError, LanewiseError, StateError } from '../../src/errors.js';
import { ArgumentError, functional as F, nn, optim, randperm, tensor, zeros } from '../../src/index.js';
import { failure } from '../../src/ops/native-programs.js';
import { bad } from './fixture.js';

/** Nested so deep that a recursion over it overflows the stack. */
function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

/** 8 to the power of `levels` lists, in few objects. */
function wide(levels: number): unknown {
  let value: unknown = 'a long enough text';
  for (let i = 0; i < levels; i++) value = new Array(8).fill(value);
  return value;
}

function withHole(): unknown {
  const list = [1, 2, 3];
  delete list[1];
  return list;
}

function cyclic(): unknown {
  const list: unknown[] = [1];
  list.push(list);
  return list;
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Says to have more elements than memory holds, or something that is no number at all. */
const lying = (length: unknown) =>
  new Proxy([1, 2], { get: (list, key) => (key === 'length' ? length : Reflect.get(list, key)) });

const rows: readonly (readonly [name: string, value: unknown, text: string])[] = [
  ['a list', [1, [-0, 'x']], '[1, [-0, "x"]]'],
  ['a hole', withHole(), '[1, , 3]'],
  ['a list of nine', new Array(9).fill(1), 'an array'],
  ['a cyclic list', cyclic(), '[1, [1, [1, an array]]]'],
  ['a deep list', deep(100_000), '[[[an array]]]'],
  ['a wide list', wide(12), `[${new Array(8).fill('an array').join(', ')}]`],
  ['a list of long texts', wide(1), 'an array'],
  ['a revoked object', revoked({}), 'an object that cannot be read'],
  ['a revoked list', revoked([]), 'an object that cannot be read'],
  ['a list of revoked lists', [revoked([])], 'an object that cannot be read'],
  ['a list that says to be huge', lying(2 ** 53), 'an array'],
  ['a list of NaN elements', lying(Number.NaN), 'an array'],
  ['a list of negative length', lying(-1), '[]'],
  ['a large bigint', 10n ** 100_000n, 'a large bigint'],
  ['a bigint', -(2n ** 64n), '-18446744073709551616n'],
  [
    'a class of a long name',
    Object.create({ constructor: { name: 'x'.repeat(1000) } }),
    `a value of type ${'x'.repeat(40)}...`,
  ],
  [
    'a constructor that throws',
    Object.create({
      get constructor() {
        throw new SyntaxError('mine');
      },
    }),
    'an object that cannot be read',
  ],
  ['a name that is no text', Object.create({ constructor: { name: 7 } }), 'an object'],
];

describe('show', () => {
  it.each(rows)('prints %s', (_name, value, text) => {
    expect(show(value)).toBe(text);
  });

  it('never prints more than a line', () => {
    for (const value of [wide(3), wide(2), 'x'.repeat(1e6), rows.map(([, value]) => value), lying(8)])
      expect(show(value).length).toBeLessThan(200);
  });

  it('stands in the errors of calls', () => {
    const calls = [
      () => zeros(bad(cyclic())),
      () => tensor([1]).reshape(bad([cyclic()])),
      () => randperm(bad(deep(20_000))),
      () => randperm(bad(wide(7))),
      () => F.add(tensor([1]), bad(rows.at(-2)![1])),
    ];
    for (const call of calls) expect(call).toThrow(LanewiseError);
  });
});

describe('options', () => {
  const options: readonly (readonly [name: string, value: object])[] = [
    ['a Map', new Map([['lr', 0.1]])],
    ['a Set', new Set(['lr'])],
    ['a promise', Promise.resolve({ lr: 0.1 })],
    ['a promise that AsyncLocalStorage follows', new AsyncLocalStorage().run(0, () => Promise.resolve({ lr: 0.1 }))],
    ['a date', new Date(0)],
    ['an object around a number', Object(3)],
    ['a revoked object', revoked({}) as object],
  ];
  it.each(options)('are not %s', (_name, value) => {
    expect(() => checkOptions('place', value, [])).toThrow('place: options must be a plain object, got ');
    expect(() => new optim.SGD([new nn.Parameter(tensor([1]))], bad(value))).toThrow(ArgumentError);
  });

  it('are objects without a prototype, and instances with own properties', () => {
    class Options {
      lr = 3;
    }
    expect(checkOptions<Options>('place', new Options(), ['lr'])).toEqual({ lr: 3 });
    expect(checkOptions('place', Object.create(null), [])).toEqual({});
    expect(checkOptions('place', {}, [])).toEqual({});
  });
});

describe('errors of the addon', () => {
  it('are errors of the library with a code', () => {
    const noMemory = Object.assign(new Error('lanewise: out of memory'), { code: 'ERR_LANEWISE_NO_MEMORY' });
    expect(failure(noMemory)).toBeInstanceOf(ArgumentError);
    expect(failure(new RangeError('x'))).toBeInstanceOf(ArgumentError);
    const noThread = new Error('no thread can be started');
    expect(failure(noThread)).toMatchObject({ name: 'BackendError', code: 'ERR_LANEWISE_BACKEND', cause: noThread });
    expect(failure(noThread)).toBeInstanceOf(BackendError);
    const own = new StateError('mine');
    expect(failure(own)).toBe(own);
  });
});
