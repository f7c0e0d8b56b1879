/** Random training steps, recorded and run on the reference: what passes make of them gives the same numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPasses, type PassName, passNames } from '../../../src/compile/passes/index.js';
import { backend, functional, Generator, manualSeed, nn, optim, randn, type Tensor } from '../../../src/index.js';
import { getBackend } from '../../../src/ops/backend.js';
import type { HostArray } from '../../../src/ops/ops.js';
import { expectClose } from '../../helpers/close.js';
import { type Recorded, record, runAll } from './record.js';

interface LayerSpec {
  readonly out: number;
  readonly bias: boolean;
  readonly activation: 'none' | 'relu' | 'tanh' | 'twice';
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
  readonly optimizer: 'SGD' | 'momentum' | 'Adam' | 'AMSGrad';
  readonly loss: 'mean' | 'sum' | 'none' | 'squares' | 'halved' | 'both' | 'smoothed';
  readonly gradients: 'dropped' | 'clipped' | 'returned' | 'accumulated';
  readonly returnHidden: boolean;
  readonly masks: 'counter' | 'mt19937';
}

const size = fc.integer({ min: 1, max: 9 });
const layer = fc.record<LayerSpec>({
  out: size,
  bias: fc.boolean(),
  activation: fc.constantFrom('none', 'relu', 'relu', 'tanh', 'twice'),
  p: fc.constantFrom(0, 0.1, 0.5, 0.5, 1),
  early: fc.boolean(),
  residual: fc.boolean(),
});
const step = fc.record<StepSpec>({
  rows: size,
  inFeatures: size,
  classes: fc.integer({ min: 2, max: 5 }),
  layers: fc.array(layer, { maxLength: 3 }),
  optimizer: fc.constantFrom('SGD', 'momentum', 'Adam', 'AMSGrad'),
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
  const optimizer = optimizerOf(spec, parameters);
  return (x, y) => {
    if (spec.gradients !== 'accumulated') optimizer.zeroGrad();
    const hidden: Tensor[] = [];
    let h = x;
    for (const { linear, back, activation, p, early } of layers) {
      let inner = linear.forward(h);
      if (early) inner = functional.dropout(inner, p, true, generator);
      if (activation === 'relu' || activation === 'twice') inner = inner.relu();
      if (activation === 'twice') inner = inner.relu();
      if (activation === 'tanh') inner = inner.tanh();
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

function optimizerOf({ optimizer }: StepSpec, parameters: Tensor[]): optim.Optimizer {
  const adam = { lr: 0.01, eps: 0.01, weightDecay: 0.1 };
  if (optimizer === 'Adam') return new optim.Adam(parameters, adam);
  if (optimizer === 'AMSGrad') return new optim.AdamW(parameters, { ...adam, amsgrad: true });
  return new optim.SGD(parameters, { lr: 0.1, momentum: optimizer === 'momentum' ? 0.9 : 0, weightDecay: 0.01 });
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

/** What each run is given: numbers of its own, so that what a run leaves in the arena is wrong for the next. */
function inputsOf({ rows, inFeatures, classes }: StepSpec, { draws }: Recorded): HostArray[][] {
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
}

function recordStep(spec: StepSpec): Recorded {
  manualSeed(1);
  const shape = [spec.rows, spec.inFeatures];
  const inputs = [
    { shape, dtype: 'float32' },
    { shape: [spec.rows], dtype: 'int32' },
  ] as const;
  return record(write(spec), inputs);
}

/** Runs a recorded step with these passes only. */
function results(backendName: string, spec: StepSpec, recorded: Recorded, on: readonly PassName[]) {
  const off = passNames.filter((name) => !on.includes(name));
  const { listing } = applyPasses(recorded.listing, { fuses: true, off });
  return runAll(getBackend(backendName).programs(), recorded, listing, inputsOf(spec, recorded));
}

function expectEqual(actual: ReturnType<typeof results>, expected: typeof actual, tolerance: number, what: string) {
  const flat = ({ outputs, states }: typeof actual) => [...outputs.flat(), ...states];
  const wanted = flat(expected);
  expect(wanted.flatMap((array) => [...array]).every(Number.isFinite)).toBe(true);
  flat(actual).forEach((array, i) => {
    expectClose(array, wanted[i]!, { tolerance, what: `${what}: result ${i}` });
  });
}

/** The passes that round otherwise than the ops they replace. */
const rounding: readonly PassName[] = ['cross-entropy-train'];
/** The reference has no panels. */
const onReference = passNames.filter((name) => name !== 'weight-panels');

describe('random training steps', () => {
  it('give the same numbers after each pass alone, and after all of them', () => {
    fc.assert(
      fc.property(step, (spec) => {
        const recorded = recordStep(spec);
        const expected = results('reference', spec, recorded, []);
        for (const name of onReference)
          expectEqual(results('reference', spec, recorded, [name]), expected, rounding.includes(name) ? 1e-5 : 0, name);
        const exact = onReference.filter((name) => !rounding.includes(name));
        expectEqual(results('reference', spec, recorded, exact), expected, 0, 'all but those that round');
        expectEqual(results('reference', spec, recorded, onReference), expected, 1e-5, 'all');
      }),
      { numRuns: 60 },
    );
  });

  const natives = backend.available.filter((name) => name !== 'reference');
  it.each(natives)('give the same numbers on %s with all passes, to its rounding', (name) => {
    fc.assert(
      fc.property(step, (spec) => {
        const recorded = recordStep(spec);
        const expected = results('reference', spec, recorded, []);
        expectEqual(results(name, spec, recorded, passNames), expected, 2e-5, 'all');
      }),
      { numRuns: 60 },
    );
  });
});
