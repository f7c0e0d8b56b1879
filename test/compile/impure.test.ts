/** Random numbers and times of JavaScript that a traced function asks for: a warning, once for each location. */
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { compile, fit, nn, ones, optim, predict, type Tensor, zeros } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';

const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
beforeEach(() => emitted.mockClear());
afterAll(() => emitted.mockRestore());

/** The line of this file that calls this. */
function line(): number {
  const [, , caller] = String(new Error().stack).split('\n');
  return Number(/:(\d+):\d+\)?$/.exec(caller!)![1]);
}

const warnings = () => emitted.mock.calls.map(([text]) => String(text));

/** Everything that is another while a function is traced. */
const builtIns = () => [
  ...[Math.random, Date, Date.now, performance.now].map((each) => ({ each })),
  Object.getOwnPropertyDescriptor(Math, 'random'),
  Object.getOwnPropertyDescriptor(globalThis, 'Date'),
  Object.getOwnPropertyDescriptor(Date, 'now'),
  Object.getOwnPropertyDescriptor(performance, 'now'),
];

const calls: Readonly<Record<string, readonly [what: string, call: () => [number, unknown]]>> = {
  'Math.random': ['Math.random()', () => [line(), Math.random()]],
  'Date.now': ['Date.now()', () => [line(), Date.now()]],
  'new Date': ['new Date()', () => [line(), new Date()]],
  Date: ['Date()', () => [line(), Date()]],
  'performance.now': ['performance.now()', () => [line(), performance.now()]],
  'Math.random, called by a built-in function': ['Math.random()', () => [line(), Array.from([1], Math.random)]],
};

describe('a traced function', () => {
  runOn('reference');

  it.each(Object.entries(calls))('is warned of once, with its place: %s', (_name, [what, call]) => {
    const before = builtIns();
    let found: [number, unknown] = [0, null];
    function step(x: Tensor): Tensor {
      for (let i = 0; i < 3; i++) found = call();
      return x.mul(1);
    }
    const compiled = compile(step);
    for (const rows of [1, 2, 1]) compiled(ones([rows]));
    const [at, value] = found;
    expect(value).toBeTruthy();
    expect(warnings()).toHaveLength(1);
    const file = import.meta.filename;
    expect(warnings()[0]).toMatch(`compile(step): ${what} is called at ${file}:${at} while the function is traced: `);
    expect(emitted.mock.calls[0]![1]).toEqual({ type: 'LanewiseWarning', code: 'LANEWISE_IMPURE' });
    expect(builtIns()).toEqual(before);
  });

  it('is not warned of what is the same in each run', () => {
    const compiled = compile((x: Tensor) => {
      const date = new Date(5);
      expect(date).toBeInstanceOf(Date);
      expect(Date.UTC(1970, 0)).toBe(0);
      expect(new Date(date).getTime()).toBe(5);
      class Own extends Date {}
      expect(new Own(7)).toBeInstanceOf(Own);
      return x.mul(date.getTime() + Math.max(1, 2));
    });
    expect(compiled(ones([1])).toArray()).toEqual([7]);
    expect(warnings()).toEqual([]);
  });

  it('leaves everything as it was when it throws, and what it has replaced itself', () => {
    const before = builtIns();
    expect(() =>
      compile(() => {
        throw new RangeError('mine');
      })(),
    ).toThrow(new RangeError('mine'));
    expect(builtIns()).toEqual(before);
    const own = () => 0.5;
    const { random } = Math;
    try {
      const compiled = compile((x: Tensor) => {
        Math.random = own;
        return x.mul(Math.random());
      });
      expect(compiled(ones([1])).toArray()).toEqual([0.5]);
      expect(Math.random).toBe(own);
    } finally {
      Math.random = random;
    }
    expect(warnings()).toEqual([]);
  });

  it('may find built-in objects that nothing can be set in', () => {
    const own = Object.getOwnPropertyDescriptor(performance, 'now');
    const frozen = vi.spyOn(Reflect, 'defineProperty').mockReturnValue(false);
    try {
      expect(compile((x: Tensor) => x.add(Math.random() < 2 ? 1 : 0))(ones([1])).toArray()).toEqual([2]);
    } finally {
      frozen.mockRestore();
    }
    expect(Object.getOwnPropertyDescriptor(performance, 'now')).toEqual(own);
    expect(warnings()).toEqual([]);
  });

  it('is named by what traces it: predict, fit', async () => {
    class Jittery extends nn.Module {
      readonly weight = new nn.Parameter(ones([1]));
      readonly #noise: () => number;
      constructor(noise: () => number) {
        super();
        this.#noise = noise;
      }
      override forward(x: Tensor): Tensor {
        return x.mul(this.weight).add(this.#noise());
      }
    }
    await predict(new Jittery(() => Math.random()), ones([1]));
    const model = new Jittery(() => Math.random());
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await fit(model, {
      train: [ones([3, 1]), zeros([3, 1])],
      optimizer,
      loss: new nn.MSELoss(),
      epochs: 2,
      batchSize: 2,
    });
    expect(warnings().map((text) => text.slice(0, 26))).toEqual([
      'predict: Math.random() is ',
      'fit: Math.random() is call',
    ]);
  });
});
