/**
 * Random training steps, traced: what passes make of them gives the same numbers, on native backends to the bit. The reference does not round
 * within a program, so there programs of several ops give the numbers to rounding.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPasses, type PassName, passNames } from '../../../src/compile/passes/index.js';
import { backend, functional, Generator, manualSeed, nn, optim, randn, type Tensor } from '../../../src/index.js';
import { getBackend } from '../../../src/ops/backend.js';
import type { HostArray } from '../../../src/ops/ops.js';
import { expectClose } from '../../helpers/close.js';
import { Own } from '../../helpers/own-optimizer.js';
import { rememberLast } from '../../helpers/remember-last.js';
import { gelu, soft } from '../fixtures.js';
import { runAll, type TracedFunction, traceFunction } from './trace-function.js';

const activations = {
  none: (x: Tensor) => x,
  relu: (x: Tensor) => x.relu(),
  twice: (x: Tensor) => x.relu().relu(),
  tanh: (x: Tensor) => x.tanh(),
  silu: (x: Tensor) => x.mul(x.sigmoid()),
  gelu,
  soft: (x: Tensor) => soft(x, { beta: 0.5 }),
  scaled: (x: Tensor) => x.mul(x.abs().mean({ dim: 1, keepdim: true }).add(1)).clamp(-1, 2),
  inPlace: (x: Tensor) => x.add(x.detach().neg().mul_(0.5).add_(1)),
};

const adam = { lr: 0.01, eps: 0.01, weightDecay: 0.1 };
const optimizers = {
  SGD: (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.1, weightDecay: 0.01 }),
  momentum: (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  Adam: (parameters: Tensor[]) => new optim.Adam(parameters, adam),
  AMSGrad: (parameters: Tensor[]) => new optim.AdamW(parameters, { ...adam, amsgrad: true }),
  RMSprop: (parameters: Tensor[]) => new optim.RMSprop(parameters, { eps: 0.1, centered: true, momentum: 0.5 }),
  own: (parameters: Tensor[]) => new Own(parameters, { eps: 0.01 }),
  ownCentered: (parameters: Tensor[]) => new Own(parameters, { eps: 0.1, centered: true }),
};

interface LayerSpec {
  readonly out: number;
  readonly bias: boolean;
  readonly activation: keyof typeof activations;
  readonly p: number;
  /** The other way round: dropout, then the activation. */
  readonly early: boolean;
  /** Adds what comes out to what went in: through another layer, or the same again where it is square. */
  readonly residual: boolean;
}

interface StepSpec {
  readonly rows: number;
  readonly inFeatures: number;
  readonly classes: number;
  readonly layers: readonly LayerSpec[];
  readonly optimizer: keyof typeof optimizers;
  readonly loss: 'mean' | 'sum' | 'none' | 'squares' | 'halved' | 'both' | 'smoothed';
  readonly gradients: 'dropped' | 'clipped' | 'returned' | 'accumulated';
  readonly returnHidden: boolean;
  readonly masks: 'counter' | 'mt19937';
}

const keysOf = <K extends string>(object: Readonly<Record<K, unknown>>) => Object.keys(object) as K[];
const small = fc.integer({ min: 1, max: 9 });
/** Mostly small, and some beyond the tiles of products and the blocks of programs. */
const any = fc.oneof({ weight: 5, arbitrary: small }, fc.constantFrom(16, 33, 70));
const layer = (size: fc.Arbitrary<number>) =>
  fc.record<LayerSpec>({
    out: size,
    bias: fc.boolean(),
    activation: fc.constantFrom('relu', ...keysOf(activations)),
    p: fc.constantFrom(0, 0.1, 0.5, 0.5, 1),
    early: fc.boolean(),
    residual: fc.boolean(),
  });
const step = (size: fc.Arbitrary<number>) =>
  fc.record<StepSpec>({
    rows: size,
    inFeatures: size,
    classes: fc.integer({ min: 2, max: 5 }),
    layers: fc.array(layer(size), { maxLength: 3 }),
    optimizer: fc.constantFrom(...keysOf(optimizers)),
    loss: fc.constantFrom('mean', 'mean', 'sum', 'none', 'squares', 'halved', 'both', 'smoothed'),
    gradients: fc.constantFrom('dropped', 'dropped', 'clipped', 'returned', 'accumulated'),
    returnHidden: fc.boolean(),
    masks: fc.constantFrom('counter', 'counter', 'mt19937'),
  });

/** A step as someone might write it. */
function write(spec: StepSpec): (x: Tensor, y: Tensor) => Tensor[] {
  const generator = new Generator(3, { masks: spec.masks });
  let features = spec.inFeatures;
  const layers = spec.layers.map((each) => {
    const linear = new nn.Linear(features, each.out, { bias: each.bias });
    const square = each.out === features;
    const back = !each.residual ? null : square ? linear : new nn.Linear(each.out, features);
    if (back === null) features = each.out;
    return { ...each, linear, back };
  });
  const last = new nn.Linear(features, spec.classes);
  const modules = new Set([...layers.flatMap(({ linear, back }) => (back ? [linear, back] : [linear])), last]);
  const parameters = [...modules].flatMap((module) => module.parameters());
  const optimizer = optimizers[spec.optimizer](parameters);
  return (x, y) => {
    if (spec.gradients !== 'accumulated') optimizer.zeroGrad();
    const hidden: Tensor[] = [];
    let h = x;
    for (const { linear, back, activation, p, early } of layers) {
      let inner = linear.forward(h);
      if (early) inner = functional.dropout(inner, p, true, generator);
      inner = activations[activation](inner);
      hidden.push(inner);
      if (!early) inner = functional.dropout(inner, p, true, generator);
      h = back === null ? inner : h.add(back.forward(inner));
    }
    const loss = lossOf(spec, last.forward(h), y);
    loss.backward();
    if (spec.gradients === 'clipped')
      for (const parameter of parameters) parameter.grad = parameter.grad!.clamp(-0.1, 0.1);
    const gradients = spec.gradients === 'returned' ? [parameters[0]!.grad!, parameters.at(-1)!.grad!] : [];
    optimizer.step();
    return [loss, ...gradients, ...(spec.returnHidden ? hidden.slice(0, 1) : [])];
  };
}

function lossOf({ loss: kind }: StepSpec, logits: Tensor, y: Tensor): Tensor {
  const { crossEntropy } = functional;
  if (kind === 'squares') return logits.mul(logits).mean();
  if (kind === 'none') return crossEntropy(logits, y, { reduction: 'none' }).mean();
  if (kind === 'smoothed') return crossEntropy(logits, y, { labelSmoothing: 0.1 });
  const loss = crossEntropy(logits, y, { reduction: kind === 'sum' ? 'sum' : 'mean' });
  if (kind === 'halved') return loss.div(2);
  return kind === 'both' ? loss.add(logits.mul(logits).mean()) : loss;
}

const runs = 2;

/** What each run is given: different numbers, so that what a run leaves in the arena is wrong for the next. */
const inputsOf = rememberLast(({ draws }: TracedFunction, { rows, inFeatures, classes }: StepSpec): HostArray[][] => {
  const generator = new Generator(5);
  for (const { source } of draws) source.manualSeed(6);
  return Array.from({ length: runs }, (_, run) => [
    randn([rows, inFeatures], { generator }).toTypedArray(),
    Int32Array.from({ length: rows }, (_, row) => (row * 7 + run) % classes),
    ...draws.map(({ fill, length }) => {
      const mask = new Float32Array(length);
      fill(mask);
      return mask;
    }),
  ]);
});

function traceStep(spec: StepSpec): TracedFunction {
  manualSeed(1);
  const shape = [spec.rows, spec.inFeatures];
  const inputs = [
    { shape, dtype: 'float32' },
    { shape: [spec.rows], dtype: 'int32' },
  ] as const;
  return traceFunction(write(spec), inputs);
}

/** Runs a traced step with these passes only. */
function results(backendName: string, spec: StepSpec, traced: TracedFunction, on: readonly PassName[]) {
  const off = passNames.filter((name) => !on.includes(name));
  const { graph } = applyPasses(traced.graph, { fuses: true, off });
  return runAll(getBackend(backendName).programs(), traced, graph, inputsOf(traced, spec));
}

/** Expected results, which are finite and are compared with many times. */
const finite = new WeakSet<object>();

function expectEqual(actual: ReturnType<typeof results>, expected: typeof actual, tolerance: number, what: string) {
  const flat = ({ outputs, states }: typeof actual) => [...outputs.flat(), ...states];
  const wanted = flat(expected);
  if (!finite.has(expected)) expect(wanted.every((array) => array.every(Number.isFinite))).toBe(true);
  finite.add(expected);
  flat(actual).forEach((array, i) => {
    expectClose(array, wanted[i]!, { tolerance, what: `${what}: result ${i}` });
  });
}

/** The passes after which the reference rounds less often. */
const rounding: readonly PassName[] = [
  'pointwise-chains',
  'linear-input-gradient',
  'linear-epilogue',
  'cross-entropy-train',
  'linear-weight-update',
];
/** The reference has no panels. */
const onReference = passNames.filter((name) => name !== 'weight-panels');

describe('random training steps', () => {
  it('give the same numbers after each pass alone, and after all of them', () => {
    fc.assert(
      fc.property(step(small), (spec) => {
        const traced = traceStep(spec);
        const expected = results('reference', spec, traced, []);
        for (const name of onReference)
          expectEqual(results('reference', spec, traced, [name]), expected, rounding.includes(name) ? 1e-5 : 0, name);
        const exact = onReference.filter((name) => !rounding.includes(name));
        expectEqual(results('reference', spec, traced, exact), expected, 0, 'all but those that round');
        expectEqual(results('reference', spec, traced, onReference), expected, 1e-5, 'all');
      }),
      { numRuns: 60 },
    );
  });

  const natives = backend.available.filter((name) => name !== 'reference');
  it.runIf(natives.length > 0).each(natives)('give the same numbers on %s, to the bit after any passes', (name) => {
    fc.assert(
      fc.property(step(any), (spec) => {
        const traced = traceStep(spec);
        const expected = results(name, spec, traced, []);
        for (const pass of passNames) expectEqual(results(name, spec, traced, [pass]), expected, 0, pass);
        expectEqual(results(name, spec, traced, passNames), expected, 0, 'all');
        // Rounding grows with the sizes and from step to step.
        if (Math.max(spec.rows, spec.inFeatures, ...spec.layers.map(({ out }) => out)) <= 9)
          expectEqual(expected, results('reference', spec, traced, []), 2e-5, 'as on the reference');
      }),
      { numRuns: 60 },
    );
  });
});
