import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { selectWorkloads, workloadId, workloads } from '../../bench/cases.js';
import { cnnStepFlops, standardCnn } from '../../bench/cnn.js';
import { programsOf } from '../../bench/contenders/lanewise.js';
import type { Library } from '../../bench/contenders/library.js';
import { productFlops, stepProducts } from '../../bench/mlp.js';
import type { Programs } from '../../bench/protocol.js';
import { Program } from '../../src/compile/program.js';
import * as lanewise from '../../src/index.js';
import { getBackend } from '../../src/ops/backend.js';
import type { OpName, Ops } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { emit } from '../../src/pointwise/emit.js';
import { ExpressionGraph } from '../../src/pointwise/expression.js';

const ids = (filter: string, quick = false) => selectWorkloads(filter, quick).map(workloadId);

/** lanewise of src on its reference, and the ops that were called with it. */
function observed(compile = lanewise.compile) {
  const calls: { name: string; args: Readonly<Record<string, unknown>> }[] = [];
  const ops: Ops = new Proxy(getBackend('reference').ops, {
    get: (target, name: OpName) => (args: Readonly<Record<string, unknown>>) => {
      calls.push({ name, args });
      (target[name] as (args: unknown) => void)(args);
    },
  });
  const pointwiseProgram: Library['pointwiseProgram'] = (build) => {
    const graph = new ExpressionGraph();
    return emit([build(graph.input(0), graph)]).program;
  };
  const library = { lanewise: { ...lanewise, compile }, ops, pointwiseProgram, Program, fmaPeak: () => 0 };
  const prepare = (program: string, params: object, compiles = false) =>
    programsOf(library, compiles)[program as keyof Programs]!(params as never);
  return { calls, prepare };
}

function iterate(filter: string) {
  const [workload] = selectWorkloads(filter, false);
  const { calls, prepare } = observed();
  prepare(workload!.program, workload!.params)();
  return { calls, workload: workload! };
}

afterEach(() => void vi.restoreAllMocks());

describe('workloads', () => {
  it('are of the cases that README.md names, each once, and survive JSON', () => {
    const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8');
    const names = new Set(workloads.map((each) => each.case));
    for (const name of names) expect(readme).toContain(`\`${name.replace(/^sweep-.*/, 'sweep-*')}\``);
    expect(names.size).toBe(24);
    expect(new Set(workloads.map(workloadId)).size).toBe(workloads.length);
    for (const { params } of workloads) expect(JSON.parse(JSON.stringify(params))).toEqual(params);
  });

  it.each<[string, string[]]>([
    ['gemm/512', ['gemm/512x512x512 nn']],
    [
      '10/batch 32/Adam',
      ['mlp-train-step/784-256-128-10/batch 32/Adam', 'cnn-train-step/28x28 1-32-64 3x3 128-10/batch 32/Adam'],
    ],
    ['sweep-depth/784-256-256-256-10/', ['sweep-depth/784-256-256-256-10/batch 128/SGD']],
    ['sweep-batch/784-256-128-10/batch 4096', ['sweep-batch/784-256-128-10/batch 4096/SGD']],
    ['odd-shapes/784-777-777-1000/batch 1/', ['odd-shapes/784-777-777-1000/batch 1/SGD']],
    ['odd-shapes/784-320-320-1024/batch 8/', ['odd-shapes/784-320-320-1024/batch 8/SGD']],
  ])('are found by %s', (filter, found) => expect(ids(filter)).toEqual(found));

  it('are as many as their sizes make, with places along their sweep', () => {
    const counts = ['odd-shapes', 'sweep-batch', 'sweep-depth', 'sweep-threads', 'gemm', 'forward'];
    expect(counts.map((name) => ids(`${name}/`).length)).toEqual([27 + 18, 13, 7, 2, 26, 4 + 4]);
    for (const { point, shape } of selectWorkloads('sweep-width', false))
      expect(shape).toBe(`784-${point?.value}-${point?.value}-10`);
  });

  it('keep some of each case for a quick run, and none of the long studies', () => {
    const quick = selectWorkloads('', true);
    const left = new Set(workloads.map((each) => each.case));
    for (const each of quick) left.delete(each.case);
    expect([...left]).toEqual(['checkpoint', 'contention', 'convolution-sweeps', 'csv', 'event-loop', 'service']);
    expect(quick.length).toBeLessThan(workloads.length / 2);
    const odd = ['odd-shapes/784-100-100-10/batch 33/SGD', 'odd-shapes/784-96-96-16/batch 32/SGD'];
    expect(ids('odd-shapes', true).sort()).toEqual(odd);
  });

  it('count a multiply-add twice, and no input gradient of the first layer', () => {
    expect(stepProducts(32)).toHaveLength(8);
    expect(stepProducts(32)).not.toContainEqual({ form: 'nn', m: 32, n: 784, k: 256 });
    const [first, second, third] = [784 * 256, 256 * 128, 128 * 10] as const;
    expect(productFlops(...stepProducts(128))).toBe(2 * 128 * (2 * first + 3 * second + 3 * third));
    const [pass] = selectWorkloads('forward/784-256-128-10/batch 8', false);
    expect(pass?.flops).toBe(2 * 8 * (first + second + third));
  });
});

it('the CNN step has the operations of its convolutions and linear layers', () => {
  const conv = 32 * 2 * 9 * (2 * 28 * 28 * 32 + 3 * 14 * 14 * 32 * 64);
  expect(cnnStepFlops(standardCnn)).toBe(conv + 32 * 2 * 3 * (3136 * 128 + 128 * 10));
});

describe('an iteration of lanewise', () => {
  it.each(ids('gemm').filter((id) => id.endsWith('batch 32')))('multiplies what %s names', (id) => {
    const { calls, workload } = iterate(id);
    const { name, args } = calls[0]!;
    const [m, n, k] = name === 'linear' ? ['rows', 'outFeatures', 'inFeatures'] : ['m', 'n', 'k'];
    const form = name === 'linear' ? 'nt' : args.transA ? 'tn' : 'nn';
    expect(`${args[m!]}x${args[n!]}x${args[k!]} ${form}`).toBe(workload.shape);
    expect(workload.flops).toBe(2 * Number(args[m!]) * Number(args[n!]) * Number(args[k!]));
  });

  it.each([
    ['relu/128', ['relu'], []],
    ['dropout/scaled copy of 128', ['mul'], [2]],
    ['dropout/128', ['mask', 'mul'], [0.5]],
  ])('of %s is one pass over the matrix', (filter, nodes, scalars) => {
    const { name, args } = iterate(filter).calls.at(-1)!;
    expect({ name, ...args }).toMatchObject({ name: 'pointwise', scalars, layout: Float64Array.of(128 * 256, 1) });
    expect((args.program as PointwiseProgram).instructions.map(({ node }) => node)).toEqual(nodes);
    expect((args.outputs as [lanewise.Tensor['storage']])[0].read()).toHaveLength(128 * 256);
  });

  it('of dropout has another mask each time; of a copy none of the code that is measured', () => {
    const { calls, prepare } = observed();
    const once = prepare('dropout', { rows: 4, columns: 16 });
    const keys = [1, 2].map(() => {
      once();
      return [...(calls.at(-1)!.args.keys as [{ read(): Int32Array }])[0].read()];
    });
    expect(keys[0]).not.toEqual(keys[1]);
    const set = vi.spyOn(Float32Array.prototype, 'set');
    expect(iterate('dropout/copy of 128x256').calls).toEqual([]);
    expect(set.mock.calls.map(([source]) => source.length)).toEqual([128 * 256]);
  });

  const step = { layers: [784, 8, 5, 10], dropout: 0.5, batch: 3, optimizer: 'SGD', learningRate: 0.01 };

  it.each(['SGD', 'Adam'] as const)('of a training step updates by %s, with dropout or without', (optimizer) => {
    const update = vi.spyOn(lanewise.optim[optimizer].prototype, 'step');
    const masks = vi.spyOn(lanewise.nn.Dropout.prototype, 'forward');
    for (const dropout of [0, 0.5]) observed().prepare('mlp-train-step', { ...step, optimizer, dropout })();
    expect([update.mock.calls.length, masks.mock.calls.length]).toEqual([2, 2]);
  });

  it('of a CNN step trains two convolutions and two linear layers, with dropout of feature maps', () => {
    const params = { ...standardCnn, image: 6, channels: [1, 2, 3], hidden: 4, batch: 2 };
    const { Conv2d, MaxPool2d, Dropout2d, Linear } = lanewise.nn;
    const layers = [Conv2d, MaxPool2d, Dropout2d, Linear].map(({ prototype }) => vi.spyOn(prototype, 'forward'));
    const update = vi.spyOn(lanewise.optim.SGD.prototype, 'step');
    observed().prepare('cnn-train-step', params)();
    expect([...layers, update].map(({ mock }) => mock.calls.length)).toEqual([2, 2, 1, 2, 1]);
    expect((layers[2]!.mock.contexts[0] as lanewise.nn.Module).training).toBe(true);
  });

  it('of a training step is one function for contenders that compile', () => {
    const compiled = vi.fn();
    const compile = vi.fn(() => compiled);
    const iteration = observed(compile as never).prepare('mlp-train-step', step, true);
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
  });
});
