// Values of another realm, as a vm context makes them: each test of Jest and of vitest's vm pools runs in one.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as lanewise from '../../src/index.js';

const { compile, data, Generator, nn, noGrad, optim, StateError, tensor } = lanewise;

/** The value of an expression in a separate realm, which has the given names. */
function foreign<T>(expression: string, names: object = {}): T {
  return vm.runInNewContext(`(${expression})`, { ...names }) as T;
}

describe('typed arrays of another realm', () => {
  it.each([
    ['Float32Array', 'float32'],
    ['Float64Array', 'float64'],
    ['Int32Array', 'int32'],
    ['Uint8Array', 'float32'],
  ])('%s becomes a tensor', (kind, dtype) => {
    const made = tensor(foreign<Float32Array>(`new ${kind}([1, 2, 3])`));
    expect([made.dtype, made.toArray()]).toEqual([dtype, [1, 2, 3]]);
  });

  it('are filled by a generator', () => {
    const own = new Float32Array(20);
    const other = foreign<Float32Array>('new Float32Array(20)');
    new Generator(3).uniformFill(own, 0, 1);
    new Generator(3).uniformFill(other, 0, 1);
    expect(Array.from(other)).toEqual(Array.from(own));
    const order = foreign<Int32Array>('new Int32Array(10)');
    new Generator(1).randintFill(order, 0, 5);
    expect(Math.max(...order)).toBeLessThan(5);
  });

  it('are the bytes of a file, as ArrayBuffers are', () => {
    const idx = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];
    expect(data.readIdx(foreign<Uint8Array>(`new Uint8Array([${idx}])`)).toArray()).toEqual([7, 9]);
    expect(data.readIdx(foreign<ArrayBuffer>(`new Uint8Array([${idx}]).buffer`)).toArray()).toEqual([7, 9]);
    const path = join(tmpdir(), `lanewise-realm-${process.pid}.idx`);
    writeFileSync(path, Uint8Array.from(idx));
    const url = foreign<URL>(
      'new (class URL { constructor(href) { this.href = href; this.protocol = "file:"; } })(at)',
      {
        at: pathToFileURL(path).href,
      },
    );
    expect(data.readIdx(url).toArray()).toEqual([7, 9]);
  });
});

describe('collections of another realm', () => {
  const state = { weight: tensor([[3]]), bias: tensor([4]) };

  it.each([
    ['an object', '({ weight, bias })'],
    ['an object without a prototype', 'Object.assign(Object.create(null), { weight, bias })'],
    ['a Map', 'new Map([["weight", weight], ["bias", bias]])'],
  ])('%s is a state dict', (_what, expression) => {
    const layer = new nn.Linear(1, 1);
    layer.loadStateDict(foreign<typeof state>(expression, state));
    expect([layer.weight.item(), layer.bias?.item()]).toEqual([3, 4]);
  });

  it('name the modules of containers', () => {
    const modules = { one: new nn.ReLU(), two: new nn.Tanh() };
    for (const expression of ['({ one, two })', 'new Map([["one", one], ["two", two]])'])
      expect(String(new nn.Sequential(foreign<typeof modules>(expression, modules)))).toContain('(two): Tanh()');
  });

  it('are options, lists of tensors, groups and what a compiled function returns', () => {
    expect(tensor([1, 2], foreign('({ dtype: "int32" })')).dtype).toBe('int32');
    expect(tensor(foreign<number[][]>('[[1], [2]]')).shape).toEqual([2, 1]);
    const layer = new nn.Linear(1, 1);
    const names = { params: layer.parameters() };
    expect(new optim.SGD(foreign('[{ params }]', names), { lr: 1 }).paramGroups[0]?.params).toHaveLength(2);
    expect(new optim.SGD(foreign('new Set(params)', names), { lr: 1 }).paramGroups[0]?.params).toHaveLength(2);
    const double = compile((x) => foreign<{ out: lanewise.Tensor }>('({ out })', { out: x.mul(2) }));
    expect(double(tensor([3])).out.item()).toBe(6);
  });

  it('are no instances of classes', () => {
    for (const expression of ['new Date()', 'new (class { weight = 1; })', 'new Set()', '[]', 'Promise.resolve()'])
      expect(() => new nn.Linear(1, 1).loadStateDict(foreign(expression))).toThrow('state_dict to be dict-like');
  });
});

describe('promises and signals of another realm', () => {
  it('of async functions are refused where nothing waits', () => {
    const run = foreign<() => Promise<lanewise.Tensor>>('async () => { throw new Error("unheard"); }');
    expect(() => noGrad(run)).toThrow(StateError);
    expect(() => compile((_x: lanewise.Tensor) => run() as never)(tensor([1]))).toThrow('must not be async');
  });

  it('abort a training', async () => {
    const model = new nn.Linear(1, 1);
    const controller = new AbortController();
    const signal = foreign<AbortSignal>(
      `({
        get aborted() { return own.aborted; },
        get reason() { return own.reason; },
        addEventListener: (...args) => own.addEventListener(...args),
        removeEventListener: (...args) => own.removeEventListener(...args),
      })`,
      { own: controller.signal },
    );
    const training = lanewise.fit(model, {
      train: [tensor([[1]]), tensor([[1]])],
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      loss: new nn.MSELoss(),
      epochs: 1e9,
      signal,
      onEpoch: () => controller.abort(new Error('enough')),
    });
    await expect(training).rejects.toThrow('enough');
  });
});
