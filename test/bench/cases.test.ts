import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { entryId, isStudy, loadCases, type NodeContender, programOf, selectEntries } from '../../bench/case.js';
import type { Library } from '../../bench/contenders/library.js';
import { productFlops, stepProducts } from '../../bench/mlp.js';
import { Program } from '../../src/compile/program.js';
import * as lanewise from '../../src/index.js';
import { getBackend } from '../../src/ops/backend.js';
import type { OpName, Ops } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { emit } from '../../src/pointwise/emit.js';
import { ExpressionGraph } from '../../src/pointwise/expression.js';

const cases = await loadCases();
const all = selectEntries(cases, '', false);
const named = (name: string) => {
  const found = cases.find((each) => each.name === name)!;
  if (found.contenders === 'study') throw new Error('a study has no iterations');
  return found;
};
const ids = (filter: string, quick = false) => selectEntries(cases, filter, quick).map(entryId);

/** A contender on the reference of src, and the ops that were called with it. */
function contender(over: Partial<typeof lanewise> = {}) {
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
  const pointwiseProgram: Library['pointwiseProgram'] = (build) => {
    const graph = new ExpressionGraph();
    return emit([build(graph.input(0), graph)]).program;
  };
  const library = () => ({
    lanewise: { ...lanewise, ...over },
    ops: spied,
    pointwiseProgram,
    Program,
    fmaPeak: () => 0,
  });
  const node: NodeContender = { id: 'reference', compiles: 'compile' in over, library };
  return { node, calls };
}

function iterate(filter: string) {
  const [entry] = selectEntries(cases, filter, false);
  const { node, calls } = contender();
  named(entry!.case.name).prepare(entry!.workload.params, node)();
  return { calls, workload: entry!.workload };
}

describe('cases', () => {
  it('are those that README.md names, with workloads of their own that survive JSON', () => {
    const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8');
    for (const { name } of cases) expect(readme).toContain(`\`${name.replace(/^sweep-.*/, 'sweep-*')}\``);
    expect(cases).toHaveLength(15);
    expect(new Set(all.map(entryId)).size).toBe(all.length);
    for (const { workload } of all) expect(JSON.parse(JSON.stringify(workload))).toEqual(workload);
  });

  it.each(['with_pytorch.py', 'with_jax.py', 'with_tensorflow.py'])('are all known to %s', (file) => {
    const source = readFileSync(new URL(`../../bench/contenders/python/${file}`, import.meta.url), 'utf8');
    const known = new Set([...source.matchAll(/"([a-z-]+)": [a-z_]+[,}]/g)].map((match) => match[1]));
    for (const entry of all.filter((each) => each.case.contenders === 'compute'))
      expect(known).toContain(programOf(entry));
  });

  it('are found by a text of their id; quick keeps some of each, and none of the long studies', () => {
    expect(ids('gemm/512')).toEqual(['gemm/512x512x512 nn']);
    expect(ids('batch 32/Adam')).toEqual(['mlp-train-step/784-256-128-10/batch 32/Adam']);
    const quick = selectEntries(cases, '', true);
    const left = cases.filter((each) => quick.every((entry) => entry.case !== each));
    expect(left.map(({ name }) => name)).toEqual(['contention', 'event-loop', 'service']);
    expect(left.every((each) => isStudy({ case: each, workload: each.workloads[0]! }))).toBe(true);
    expect(quick.length).toBeLessThan(all.length / 2);
  });

  it('sweep over depth, width, batch and threads', () => {
    expect(ids('sweep-depth/784-256-256-256-10/')).toEqual(['sweep-depth/784-256-256-256-10/batch 128/SGD']);
    const swept = selectEntries(cases, 'sweep-width', false).map(({ workload }) => workload);
    expect(swept.map(({ point }) => point?.value)).toEqual(swept.map(({ shape }) => Number(shape!.split('-')[1])));
    expect(selectEntries(cases, 'sweep-threads', false).map(({ workload }) => workload.threads)).toEqual(
      Array(2).fill('every'),
    );
    expect(ids('sweep-batch')).toHaveLength(13);
  });

  it('count a multiply-add twice, and no input gradient of the first layer', () => {
    expect(stepProducts(32)).toHaveLength(8);
    expect(stepProducts(32)).not.toContainEqual({ form: 'nn', m: 32, n: 784, k: 256 });
    const [first, second, third] = [784 * 256, 256 * 128, 128 * 10] as const;
    expect(productFlops(...stepProducts(128))).toBe(2 * 128 * (2 * first + 3 * second + 3 * third));
    const [pass] = selectEntries(cases, 'forward/784-256-128-10/batch 8', false);
    expect(pass?.workload.flops).toBe(2 * 8 * (first + second + third));
  });

  it('have every odd shape with its round neighbour', () => {
    const odd = ids('odd-shapes');
    for (const hidden of [100, 300, 777])
      for (const batch of [1, 7, 33])
        for (const last of [2, 10, 1000])
          expect(odd).toContain(`odd-shapes/784-${hidden}-${hidden}-${last}/batch ${batch}/SGD`);
    expect(odd).toContain('odd-shapes/784-320-320-1024/batch 8/SGD');
    expect(odd).toHaveLength(27 + 18);
    const kept = ['odd-shapes/784-100-100-10/batch 33/SGD', 'odd-shapes/784-96-96-16/batch 32/SGD'];
    expect(ids('odd-shapes', true).sort()).toEqual(kept);
  });
});

describe('an iteration', () => {
  it.each(ids('gemm').filter((id) => id.endsWith('batch 32')))('of %s multiplies what it names', (id) => {
    const { calls, workload } = iterate(id);
    const { name, args } = calls[0]!;
    const [m, n, k] = name === 'linear' ? ['rows', 'outFeatures', 'inFeatures'] : ['m', 'n', 'k'];
    const form = name === 'linear' ? 'nt' : args.transA ? 'tn' : 'nn';
    expect(`${args[m!]}x${args[n!]}x${args[k!]} ${form}`).toBe(workload.shape);
    expect(workload.flops).toBe(2 * Number(args[m!]) * Number(args[n!]) * Number(args[k!]));
  });

  it('of relu and dropout runs over as many numbers as it names, with another mask each time', () => {
    const [relu] = iterate('relu/128x256').calls;
    expect([relu!.name, ...(relu!.args.layout as Float64Array)]).toEqual(['pointwise', 128 * 256, 1]);
    expect((relu!.args.program as PointwiseProgram).instructions).toEqual([{ node: 'relu', operands: [0] }]);
    const { node, calls } = contender();
    const once = named('dropout').prepare({ rows: 4, columns: 16, what: 'dropout' }, node);
    const keys = [1, 2].map(() => {
      once();
      return [...(calls.at(-1)!.args.keys as [{ read(): Int32Array }])[0].read()];
    });
    expect(calls[1]?.args).toMatchObject({ columns: 16, scalars: [0.5], layout: Float64Array.of(64, 1) });
    expect(keys[0]).not.toEqual(keys[1]);
  });

  it('of a copy moves as many numbers as dropout reads', () => {
    const set = vi.spyOn(Float32Array.prototype, 'set');
    iterate('dropout/copy of 128x256');
    expect(set.mock.calls.map(([source]) => source.length)).toEqual([128 * 256]);
    set.mockRestore();
    const [call] = iterate('dropout/scaled copy of 128x256').calls;
    const { scalars, outputs } = call!.args as { scalars: number[]; outputs: lanewise.Tensor['storage'][] };
    expect([call!.name, scalars, outputs[0]!.read().length]).toEqual(['pointwise', [2], 128 * 256]);
  });

  const step = { layers: '784-8-5-10', dropout: 0.5, batch: 3, optimizer: 'SGD', learningRate: 0.01 };

  it.each(['SGD', 'Adam'] as const)('of a training step updates by %s', (optimizer) => {
    const update = vi.spyOn(lanewise.optim[optimizer].prototype, 'step');
    const masks = vi.spyOn(lanewise.nn.Dropout.prototype, 'forward');
    for (const dropout of [0, 0.5])
      named('mlp-train-step').prepare({ ...step, optimizer, dropout }, contender().node)();
    expect([update.mock.calls.length, masks.mock.calls.length]).toEqual([2, 2]);
    vi.restoreAllMocks();
  });

  it('of a training step is one function for contenders that compile', () => {
    const compiled = vi.fn();
    const compile = vi.fn(() => compiled);
    const { node } = contender({ compile: compile as never });
    const iteration = named('mlp-train-step').prepare(step, node);
    iteration();
    iteration();
    expect([compile.mock.calls.length, compiled.mock.calls.length]).toEqual([1, 2]);
  });

  it('of a forward pass is in eval mode and records nothing', () => {
    const forward = vi.spyOn(lanewise.nn.Sequential.prototype, 'forward');
    iterate('forward/784-256-128-10/batch 8');
    const { value } = forward.mock.results[0]! as { value: lanewise.Tensor };
    expect([value.shape, value.requiresGrad]).toEqual([[8, 10], false]);
    expect((forward.mock.contexts[0] as lanewise.nn.Module).training).toBe(false);
    forward.mockRestore();
  });
});
