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
import { stepFlops, stepProducts } from '../../bench/mlp.js';
import * as lanewise from '../../src/index.js';
import { Program } from '../../src/compile/program.js';
import { getBackend } from '../../src/ops/backend.js';
import type { OpName, Ops } from '../../src/ops/ops.js';

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
    const names = ['compiled-step', 'dropout', 'gemm', 'import', 'mlp-train-step', 'relu', 'service'];
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

  it('are all known to PyTorch, but those of other groups', () => {
    const source = readFileSync(new URL('../../bench/contenders/pytorch.py', import.meta.url), 'utf8');
    const known = [.../^CASES = \{(.*)\}$/m.exec(source)![1]!.matchAll(/"([^"]+)":/g)].map((match) => match[1]);
    const computed = all.filter((entry) => entry.case.contenders === 'compute').map(programOf);
    expect(known.sort()).toEqual([...new Set(computed)].sort());
  });
});

describe('selectEntries', () => {
  it('looks for the text in the id', () => {
    expect(entriesOf('gemm/512').map(entryId)).toEqual(['gemm/512x512x512 nn']);
    expect(entriesOf('batch 32/Adam').map(entryId)).toEqual(['mlp-train-step/784-256-128-10/batch 32/Adam']);
    expect(entriesOf('nothing')).toEqual([]);
  });

  it('keeps something of every case when quick, but not all, and not the long study of a service', () => {
    const quick = selectEntries(cases, '', true);
    expect(new Set(quick.map((entry) => entry.case))).toEqual(new Set(cases.filter(({ name }) => name !== 'service')));
    expect(quick.length).toBeLessThan(all.length / 2);
  });
});

describe('the MLP', () => {
  it('has the products of a step without the first input gradient', () => {
    expect(stepProducts(32)).toHaveLength(8);
    expect(stepProducts(32)).not.toContainEqual({ form: 'nn', m: 32, n: 784, k: 256 });
    const [first, second, third] = [784 * 256, 256 * 128, 128 * 10] as const;
    expect(stepFlops(128)).toBe(2 * 128 * (2 * first + 3 * second + 3 * third));
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
    const once = named('dropout').prepare({ rows: 4, columns: 16, copy: false }, node);
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
  });
});

describe('mlp-train-step', () => {
  it.each(['SGD', 'Adam'])('trains with %s', (name) => {
    const step = vi.spyOn(lanewise.optim[name as 'SGD' | 'Adam'].prototype, 'step');
    const { node } = contender();
    const params = { batch: 3, optimizer: name, learningRate: 0.01 };
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
    const params = { batch: 3, optimizer: 'SGD', learningRate: 0.01 };
    const iteration = named('mlp-train-step').prepare(params, { ...node, library: () => library });
    iteration();
    iteration();
    expect([compile.mock.calls.length, compiled.mock.calls.length]).toEqual([1, 2]);
  });
});
