/** Proxies that were revoked, arrays that say to be huge, or another length each time: refused, at once, by errors of the library. */
import { describe, expect, it } from 'vitest';
import {
  functional as F,
  Generator,
  LanewiseError,
  nn,
  optim,
  randn,
  randperm,
  Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { isArray, isPlainObject } from '../../src/realm.js';
import { bad, makeFixture } from './fixture.js';

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const x = () =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
const linear = () => new nn.Linear(3, 2);

describe('a revoked proxy', () => {
  const takers: readonly (readonly [name: string, call: (value: never) => unknown])[] = [
    ['tensor', (value) => tensor(value)],
    ['tensor of a list', (value) => tensor([value])],
    ['zeros', (value) => zeros(value)],
    ['randperm', (value) => randperm(value)],
    ['add', (value) => x().add(value)],
    ['sum', (value) => x().sum(value)],
    ['reshape', (value) => x().reshape(value)],
    ['permute', (value) => x().permute(value)],
    ['squeeze', (value) => x().squeeze(value)],
    ['index', (value) => x().index(value)],
    ['cat', (value) => F.cat(value)],
    ['cat of a list', (value) => F.cat([value])],
    ['linear', (value) => F.linear(x(), value)],
    ['crossEntropy', (value) => F.crossEntropy(x(), value)],
    ['Parameter', (value) => new nn.Parameter(value)],
    ['Sequential', (value) => new nn.Sequential(value)],
    ['ModuleList', (value) => new nn.ModuleList(value)],
    ['forward', (value) => linear().forward(value)],
    ['loadStateDict', (value) => linear().loadStateDict(value)],
    ['loadStateDict of a record', (value) => linear().loadStateDict({ weight: value, bias: value })],
    ['registerBuffer', (value) => linear().registerBuffer('a', value)],
    ['SGD', (value) => new optim.SGD(value, { lr: 1 })],
    ['SGD of a list', (value) => new optim.SGD([value], { lr: 1 })],
    ['options of SGD', (value) => new optim.SGD(linear().parameters(), value)],
    ['betas', (value) => new optim.Adam(linear().parameters(), { betas: value })],
    ['a scheduler', (value) => new optim.lrScheduler.StepLR(value, { stepSize: 1 })],
    ['setState', (value) => new Generator(1).setState(value)],
    ['backward', (value) => makeFixture().x.requiresGrad_(true).backward(value)],
  ];

  it.each(takers)('is refused by %s', (_name, call) => {
    for (const value of [revoked({}), revoked([]), revoked(() => 0)])
      expect(() => call(bad(value))).toThrow(LanewiseError);
  });

  it('is no array, no plain object and no instance, which own and derived objects still are', () => {
    for (const value of [revoked({}), revoked([])]) {
      expect(isArray(value)).toBe(false);
      expect(isPlainObject(value)).toBe(false);
      expect(value instanceof Tensor || value instanceof nn.Module || value instanceof nn.Parameter).toBe(false);
    }
    const parameter = new nn.Parameter(x());
    expect([parameter instanceof Tensor, parameter instanceof nn.Parameter, x() instanceof nn.Parameter]).toEqual([
      true,
      true,
      false,
    ]);
    class Own extends nn.Linear {}
    expect([new Own(1, 1) instanceof nn.Linear, linear() instanceof Own, linear() instanceof nn.Module]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

/** An array whose length is what `length` says; it has the number 1 at every index. */
const ones = (length: () => number) =>
  new Proxy<number[]>([], {
    get: (list, key) =>
      key === 'length' ? length() : typeof key === 'string' && /^\d+$/.test(key) ? 1 : Reflect.get(list, key),
  });

function growing(): number[] {
  let length = 1;
  return ones(() => length++);
}

describe('an array that lies about its length', () => {
  const takers: readonly (readonly [name: string, call: (value: number[]) => unknown])[] = [
    ['zeros', (list) => zeros(list)],
    ['randn', (list) => randn(list)],
    ['reshape', (list) => tensor([1]).reshape(list)],
    ['expand', (list) => tensor([1]).expand(list)],
    ['repeat', (list) => tensor([1]).repeat(list)],
    ['squeeze', (list) => x().squeeze(list)],
    ['permute', (list) => x().permute(list)],
    ['index', (list) => x().index(...[bad(list)])],
    ['indexPut_', (list) => x().indexPut_(list, 1)],
    ['cat', (list) => F.cat(bad(list))],
    ['sum', (list) => x().sum(list)],
  ];

  it.each(takers)('is refused by %s, or read as long as it said first', (_name, call) => {
    for (const length of [2 ** 32 - 1, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN])
      expect(() => call(ones(() => length)), `${length}`).toThrow(LanewiseError);
    expect(() => call(new Array(2 ** 32 - 1))).toThrow(LanewiseError);
    try {
      call(growing());
    } catch (error) {
      expect(error).toBeInstanceOf(LanewiseError);
    }
  });

  it('has the sizes that it said first', () => {
    expect(zeros(growing()).shape).toEqual([1]);
    expect(tensor([1]).reshape(growing()).shape).toEqual([1]);
    expect(tensor([1]).split(growing()).length).toBe(1);
  });
});
