/**
 * Random networks over images, traced with their training step: what passes make of them gives the same numbers, on native backends to the bit on
 * any number of threads.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { applyPasses, type PassName, passNames } from '../../../src/compile/passes/index.js';
import {
  backend,
  cat,
  functional as F,
  Generator,
  manualSeed,
  nn,
  optim,
  randn,
  type Tensor,
} from '../../../src/index.js';
import { getBackend } from '../../../src/ops/backend.js';
import type { HostArray } from '../../../src/ops/ops.js';
import { expectClose } from '../../helpers/close.js';
import { runAll, type TracedFunction, traceFunction } from './trace-function.js';

interface BlockSpec {
  readonly out: number;
  readonly kernel: 1 | 2 | 3;
  readonly stride: 1 | 2;
  readonly grouped: boolean;
  readonly bias: boolean;
  readonly activation: 'none' | 'relu' | 'relu' | 'silu';
  readonly norm: 'none' | 'eval';
  readonly pool: 'none' | 'max' | 'max' | 'overlapping' | 'average' | 'regrouped';
  readonly drop: 'none' | 'maps' | 'elements';
  readonly joined: 'none' | 'sum' | 'cat' | 'residual';
}

interface NetSpec {
  readonly rows: number;
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly blocks: readonly BlockSpec[];
  readonly head: 'linear' | 'mean';
  readonly optimizer: 'SGD' | 'Adam';
  readonly returnHidden: boolean;
}

const channels = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.constantFrom(16, 33));
const block = fc.record<BlockSpec>({
  out: channels,
  kernel: fc.constantFrom(1, 2, 3, 3),
  stride: fc.constantFrom(1, 1, 2),
  grouped: fc.boolean(),
  bias: fc.boolean(),
  activation: fc.constantFrom('none', 'relu', 'relu', 'silu'),
  norm: fc.constantFrom('none', 'none', 'eval'),
  pool: fc.constantFrom('none', 'max', 'max', 'overlapping', 'average', 'regrouped'),
  drop: fc.constantFrom('none', 'none', 'maps', 'elements'),
  joined: fc.constantFrom('none', 'none', 'sum', 'cat', 'residual'),
});
const net = fc.record<NetSpec>({
  rows: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 4 }),
  size: fc.tuple(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 11 })),
  blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
  head: fc.constantFrom('linear', 'linear', 'mean'),
  optimizer: fc.constantFrom('SGD', 'Adam'),
  returnHidden: fc.boolean(),
});

/** A block as someone might write it, for images of that many channels. */
function blockOf(spec: BlockSpec, inChannels: number, generator: Generator) {
  const groups = spec.grouped && inChannels % 2 === 0 && spec.out % 2 === 0 ? 2 : 1;
  const { bias, kernel, stride } = spec;
  const conv = new nn.Conv2d(inChannels, spec.out, kernel, { stride, padding: Math.floor(kernel / 2), groups, bias });
  const square = stride === 1 && kernel % 2 === 1;
  const side =
    (spec.joined === 'sum' || spec.joined === 'cat') && square ? new nn.Conv2d(inChannels, spec.out, 1) : null;
  const [gain, shift] = [randn([spec.out, 1, 1], { generator }), randn([spec.out, 1, 1], { generator })];
  const modules = side === null ? [conv] : [conv, side];
  const forward = (x: Tensor): Tensor => {
    let y = conv.forward(x);
    if (spec.norm === 'eval') y = y.mul(gain).add(shift);
    if (spec.activation === 'relu') y = y.relu();
    if (spec.activation === 'silu') y = y.mul(y.sigmoid());
    if (side !== null) y = spec.joined === 'sum' ? y.add(side.forward(x)) : cat([y, side.forward(x)], 1);
    if (spec.joined === 'residual' && square && inChannels === spec.out) y = y.add(x);
    const [height, width] = y.shape.slice(2) as [number, number];
    const fits = (size: number) => height >= size && width >= size;
    if (spec.pool === 'max' && fits(2)) y = F.maxPool2d(y, 2);
    if (spec.pool === 'overlapping' && fits(2)) y = F.maxPool2d(y, 3, { stride: 2, padding: 1, ceilMode: true });
    if (spec.pool === 'regrouped' && fits(2)) {
      const [rows, maps] = y.shape as [number, number];
      const pooled = F.maxPool2d(y.reshape([1, rows * maps, height, width]), 2);
      y = pooled.reshape([rows, maps, ...pooled.shape.slice(2)]);
    }
    if (spec.pool === 'average' && fits(2)) y = F.avgPool2d(y, 2);
    if (spec.drop === 'maps') y = F.dropout2d(y, 0.4, true, generator);
    if (spec.drop === 'elements') y = F.dropout(y, 0.3, true, generator);
    return y;
  };
  const out = side !== null && spec.joined === 'cat' ? 2 * spec.out : spec.out;
  return { modules, forward, out };
}

const classes = 3;

function write(spec: NetSpec): (x: Tensor, y: Tensor) => Tensor[] {
  const generator = new Generator(3);
  let features = spec.channels;
  const blocks = spec.blocks.map((each) => {
    const made = blockOf(each, features, generator);
    features = made.out;
    return made;
  });
  const run = (x: Tensor) => blocks.reduce((h, { forward }) => forward(h), x);
  const hidden = run(randn([1, spec.channels, ...spec.size]));
  const last = new nn.Linear(spec.head === 'linear' ? hidden.numel : features, classes);
  const parameters = [...blocks.flatMap(({ modules }) => modules), last].flatMap((module) => module.parameters());
  const optimizer = new optim[spec.optimizer](parameters, { lr: 0.01 });
  return (x, y) => {
    optimizer.zeroGrad();
    const images = run(x);
    const logits = last.forward(spec.head === 'linear' ? images.flatten(1) : images.mean({ dim: [2, 3] }));
    const loss = F.crossEntropy(logits, y);
    loss.backward();
    optimizer.step();
    return [loss, ...(spec.returnHidden ? [images] : [])];
  };
}

function trace(spec: NetSpec): TracedFunction {
  manualSeed(1);
  const shape = [spec.rows, spec.channels, ...spec.size];
  const inputs = [
    { shape, dtype: 'float32' },
    { shape: [spec.rows], dtype: 'int32' },
  ] as const;
  return traceFunction(write(spec), inputs);
}

const runs = 2;
function inputsOf({ rows, channels: count, size }: NetSpec): HostArray[][] {
  const generator = new Generator(5);
  return Array.from({ length: runs }, (_, run) => [
    randn([rows, count, ...size], { generator }).toTypedArray(),
    Int32Array.from({ length: rows }, (_, row) => (row * 7 + run) % classes),
  ]);
}

function results(backendName: string, spec: NetSpec, traced: TracedFunction, on: readonly PassName[]) {
  const off = passNames.filter((name) => !on.includes(name));
  const { graph } = applyPasses(traced.graph, { fuses: true, off });
  return runAll(getBackend(backendName).programs(), traced, graph, inputsOf(spec));
}

function expectEqual(actual: ReturnType<typeof results>, expected: typeof actual, tolerance: number, what: string) {
  const flat = ({ outputs, states }: typeof actual) => [...outputs.flat(), ...states];
  const wanted = flat(expected);
  flat(actual).forEach((array, i) => {
    expectClose(array, wanted[i]!, { tolerance, what: `${what}: result ${i}` });
  });
}

/** A gradient cut from that of a concatenation: the first channel is a part of the images, and lies without a gap. */
const cutFromTheFront: NetSpec = {
  ...{ rows: 1, channels: 1, size: [2, 2], head: 'linear', optimizer: 'SGD', returnHidden: false },
  blocks: [
    {
      ...{ out: 1, kernel: 1, stride: 1, grouped: false, bias: false, activation: 'none', norm: 'eval' },
      ...{ pool: 'max', drop: 'none', joined: 'cat' },
    },
  ],
};

const plain = { stride: 1, grouped: false, bias: false, activation: 'none', norm: 'none', drop: 'none' } as const;

/** The gradient of the second pool goes through the convolution and past it. */
const residual: NetSpec = {
  ...{ rows: 2, channels: 1, size: [4, 4], head: 'linear', optimizer: 'SGD', returnHidden: false },
  blocks: [
    { ...plain, out: 2, kernel: 1, pool: 'none', joined: 'none' },
    { ...plain, out: 2, kernel: 3, pool: 'max', joined: 'residual' },
  ],
};

/** A pool that sees the feature maps of all images as those of one. */
const regrouped: NetSpec = {
  ...{ rows: 2, channels: 1, size: [4, 4], head: 'linear', optimizer: 'SGD', returnHidden: false },
  blocks: [{ ...plain, out: 1, kernel: 1, pool: 'regrouped', joined: 'none' }],
};

const examples = [cutFromTheFront, residual, regrouped];

const own: readonly PassName[] = ['relu-max-pool', 'channels-last', 'conv-epilogue', 'conv-max-pool'];

describe('random networks over images', () => {
  it('give the same numbers on the reference after each pass of convolutions, and after all', () => {
    fc.assert(
      fc.property(net, (spec) => {
        const traced = trace(spec);
        const expected = results('reference', spec, traced, []);
        for (const name of ['relu-max-pool', 'channels-last', 'conv-max-pool'] as const)
          expectEqual(results('reference', spec, traced, [name]), expected, 0, name);
        const all = passNames.filter((name) => name !== 'weight-panels');
        expectEqual(results('reference', spec, traced, all), expected, 1e-4, 'all');
      }),
      { numRuns: 25, examples: examples.map((each) => [each]) },
    );
  });

  const natives = backend.available.filter((name) => name !== 'reference');
  it.runIf(natives.length > 0).each(natives)('give the same numbers on %s, to the bit after any passes', (name) => {
    const { threads } = backend;
    try {
      fc.assert(
        fc.property(net, fc.constantFrom(1, 2, 3, 8), (spec, count) => {
          const traced = trace(spec);
          backend.threads = 1;
          const expected = results(name, spec, traced, []);
          backend.threads = count;
          for (const pass of own) expectEqual(results(name, spec, traced, [pass]), expected, 0, pass);
          expectEqual(results(name, spec, traced, own), expected, 0, 'those of convolutions');
          expectEqual(results(name, spec, traced, passNames), expected, 0, 'all');
        }),
        { numRuns: 40, examples: examples.map((each) => [each, 1]) },
      );
    } finally {
      backend.threads = threads;
    }
  });
});
