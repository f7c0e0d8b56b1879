import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import {
  type Entry,
  entryId,
  isTimed,
  loadCases,
  type NodeContender,
  programOf,
  selectEntries,
  type TimedCase,
} from '../../bench/case.js';
import { neighbours } from '../../bench/cases/odd-shapes.js';
import { forwardFlops, stepFlops, stepProducts } from '../../bench/mlp.js';
import { Program } from '../../src/compile/program.js';
import * as lanewise from '../../src/index.js';
import { getBackend } from '../../src/ops/backend.js';
import type { OpName, Ops } from '../../src/ops/ops.js';

type Storage = ReturnType<typeof lanewise.zeros>['storage'];

const cases = await loadCases();
const named = (name: string) => cases.find((each): each is TimedCase => each.name === name && 'prepare' in each)!;
const all = selectEntries(cases, '', false);

/** A contender on the reference of src, and the ops that were called with it, one list for each. */
function contender(compiles = false) {
  const calls: { name: string; args: Readonly<Record<string, unknown>> }[] = [];
  const { ops } = getBackend('reference');
  const spied: Ops = new Proxy(ops, {
    get(target, name: OpName) {
      return (args: Readonly<Record<string, unknown>>) => {
        calls.push({ name, args });
        (target[name] as (args: unknown) => void)(args);
      };
    },
  });
  const library = () => ({ lanewise, ops: spied, Program, fmaPeak: () => 0 });
  const node: NodeContender = { id: 'reference', compiles, library };
  return { node, calls };
}

const iterate = (entry: Entry) => {
  const { node, calls } = contender();
  if (!isTimed(entry)) throw new Error('a study has no iterations');
  entry.case.prepare(entry.workload.params, node)();
  return calls;
};
const entriesOf = (filter: string) => selectEntries(cases, filter, false);

describe('cases', () => {
  it('are those that the issue names', () => {
    const names = [
      'compiled-step',
      'contention',
      'dropout',
      'event-loop',
      'forward',
      'gemm',
      'import',
      'mlp-train-step',
      'odd-shapes',
      'relu',
      'service',
    ];
    const sweeps = ['sweep-batch', 'sweep-depth', 'sweep-threads', 'sweep-width'];
    expect(cases.map(({ name }) => name)).toEqual([...names, ...sweeps]);
  });

  it('have workloads with ids of their own', () => {
    const ids = all.map(entryId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('have parameters that survive JSON', () => {
    for (const { workload } of all) expect(JSON.parse(JSON.stringify(workload.params))).toEqual(workload.params);
  });

  it.each(['with_pytorch.py', 'with_jax.py', 'with_tensorflow.py'])('are all known to %s', (file) => {
    const source = readFileSync(new URL(`../../bench/contenders/python/${file}`, import.meta.url), 'utf8');
    const known = new Set([...source.matchAll(/"([a-z-]+)": [a-z_]+[,}]/g)].map((match) => match[1]));
    for (const entry of all.filter((each) => each.case.contenders === 'compute'))
      expect(known).toContain(programOf(entry));
  });
});

describe('selectEntries', () => {
  it('looks for the text in the id', () => {
    expect(entriesOf('gemm/512').map(entryId)).toEqual(['gemm/512x512x512 nn']);
    expect(entriesOf('batch 32/Adam').map(entryId)).toEqual(['mlp-train-step/784-256-128-10/batch 32/Adam']);
    expect(entriesOf('nothing')).toEqual([]);
  });

  it('keeps something of every case when quick, but not all, and none of the long studies', () => {
    const long = new Set(['contention', 'event-loop', 'service']);
    const quick = selectEntries(cases, '', true);
    expect(new Set(quick.map((entry) => entry.case))).toEqual(new Set(cases.filter(({ name }) => !long.has(name))));
    expect(quick.length).toBeLessThan(all.length / 2);
  });
});

describe('the MLP', () => {
  it('has the products of a step without the first input gradient', () => {
    expect(stepProducts(32)).toHaveLength(8);
    expect(stepProducts(32)).not.toContainEqual({ form: 'nn', m: 32, n: 784, k: 256 });
    const [first, second, third] = [784 * 256, 256 * 128, 128 * 10] as const;
    expect(stepFlops(128)).toBe(2 * 128 * (2 * first + 3 * second + 3 * third));
    expect(stepFlops(1, [3, 5])).toBe(2 * 2 * 3 * 5);
    expect(forwardFlops(7)).toBe(2 * 7 * (first + second + third));
  });
});

describe('gemm', () => {
  it('multiplies matrices of the sizes that it names', () => {
    const sizes = entriesOf('batch 32').filter((entry) => entry.case.name === 'gemm');
    expect(sizes).toHaveLength(8);
    for (const entry of sizes) {
      const [{ name, args }] = iterate(entry) as [ReturnType<typeof iterate>[number]];
      const [m, n, k] = name === 'linear' ? ['rows', 'outFeatures', 'inFeatures'] : ['m', 'n', 'k'];
      const form = name === 'linear' ? 'nt' : args.transA ? 'tn' : 'nn';
      expect(`${args[m!]}x${args[n!]}x${args[k!]} ${form}`).toBe(entry.workload.shape);
      expect(entry.workload.flops).toBe(2 * Number(args[m!]) * Number(args[n!]) * Number(args[k!]));
    }
  });
});

describe('relu and dropout', () => {
  it('run over as many numbers as they name', () => {
    expect(iterate(entriesOf('relu/128x256')[0]!)).toMatchObject([{ name: 'relu', args: { n: 128 * 256 } }]);
    const calls = iterate(entriesOf('dropout/128x256')[0]!);
    expect(calls.map(({ name }) => name)).toEqual(['drawKey', 'dropout']);
    expect(calls[1]?.args).toMatchObject({ rows: 128, columns: 256, p: 0.5 });
  });

  it('draws another mask at each iteration', () => {
    const { node, calls } = contender();
    const once = named('dropout').prepare({ rows: 4, columns: 16, what: 'dropout' }, node);
    const keys = [1, 2].map(() => {
      once();
      return [...(calls.at(-1)!.args.key as { read(): Int32Array }).read()];
    });
    expect(keys[0]).not.toEqual(keys[1]);
  });

  it('copies as many numbers as dropout reads', () => {
    const set = vi.spyOn(Float32Array.prototype, 'set');
    try {
      iterate(entriesOf('dropout/copy of 128x256')[0]!);
      expect(set.mock.calls.map(([source]) => source.length)).toEqual([128 * 256]);
    } finally {
      set.mockRestore();
    }
    const [call] = iterate(entriesOf('dropout/scaled copy of 128x256')[0]!);
    const { b, out } = call!.args as Readonly<Record<'b' | 'out', Storage>>;
    expect([call!.name, b.read()[0], out.read().length]).toEqual(['mul', 2, 128 * 256]);
  });
});

describe('mlp-train-step', () => {
  it.each(['SGD', 'Adam'])('trains with %s', (name) => {
    const step = vi.spyOn(lanewise.optim[name as 'SGD' | 'Adam'].prototype, 'step');
    const { node } = contender();
    const params = { layers: '784-8-10', dropout: 0.5, batch: 3, optimizer: name, learningRate: 0.01 };
    try {
      const iteration = named('mlp-train-step').prepare(params, node);
      iteration();
      iteration();
      expect(step).toHaveBeenCalledTimes(2);
    } finally {
      step.mockRestore();
    }
  });

  it('is one function for contenders that compile', () => {
    const compiled = vi.fn<() => void>();
    const compile = vi.fn(() => compiled);
    const { node } = contender(true);
    const library = { ...node.library(), lanewise: { ...lanewise, compile } as unknown as typeof lanewise };
    const params = { layers: '784-8-10', dropout: 0.5, batch: 3, optimizer: 'SGD', learningRate: 0.01 };
    const iteration = named('mlp-train-step').prepare(params, { ...node, library: () => library });
    iteration();
    iteration();
    expect([compile.mock.calls.length, compiled.mock.calls.length]).toEqual([1, 2]);
  });
});

describe('a network without dropout', () => {
  it('draws no masks, and one with it draws one for each hidden layer', () => {
    const step = { batch: 3, optimizer: 'SGD', learningRate: 0.01, layers: '4-5-6-2' };
    const drawn = [0, 0.5].map((dropout) => {
      const { node } = contender();
      const masks = vi.spyOn(lanewise.nn.Dropout.prototype, 'forward');
      try {
        named('mlp-train-step').prepare({ ...step, dropout }, node)();
        return masks.mock.calls.length;
      } finally {
        masks.mockRestore();
      }
    });
    expect(drawn).toEqual([0, 2]);
  });
});

describe('forward', () => {
  it('is a pass in eval mode that records nothing', () => {
    const forward = vi.spyOn(lanewise.nn.Sequential.prototype, 'forward');
    try {
      iterate(entriesOf('forward/784-256-128-10/batch 8')[0]!);
      expect(forward.mock.calls.map(([input]) => (input as lanewise.Tensor).shape)).toEqual([[8, 784]]);
      const result = forward.mock.results[0]?.value as lanewise.Tensor;
      expect([result.shape, result.requiresGrad]).toEqual([[8, 10], false]);
      expect((forward.mock.contexts[0] as lanewise.nn.Module).training).toBe(false);
    } finally {
      forward.mockRestore();
    }
  });
});

describe('odd-shapes', () => {
  it('has every odd size with every other, and the neighbours of all', () => {
    const { workloads } = named('odd-shapes');
    const ids = workloads.map(({ shape, batch }) => `${shape} ${batch}`);
    expect(new Set(neighbours.map(({ odd }) => JSON.stringify(odd))).size).toBe(27);
    for (const { shape, batch } of neighbours.flatMap(({ odd, round }) => [odd, round]))
      expect(ids).toContain(`${shape} ${batch}`);
    expect(neighbours).toContainEqual({
      odd: { shape: '784-300-300-1000', batch: 7 },
      round: { shape: '784-320-320-1024', batch: 8 },
    });
    const quick = workloads.filter((workload) => workload.quick).map(({ shape, batch }) => `${shape} ${batch}`);
    expect(quick.sort()).toEqual(['784-100-100-10 33', '784-96-96-16 32']);
  });
});
