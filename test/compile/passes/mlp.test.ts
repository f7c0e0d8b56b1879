import { describe, expect, it } from 'vitest';
import { applyPasses, type PassName, passNames } from '../../../src/compile/passes/index.js';
import { nn, optim, type Tensor } from '../../../src/index.js';
import { lines } from './list.js';
import { record } from './record.js';

const rows = 32;
const arguments_ = [
  { shape: [rows, 784], dtype: 'float32' },
  { shape: [rows], dtype: 'int32' },
] as const;

/** A training step of the network that the project measures itself by. */
function training(optimizerOf: (model: nn.Module) => optim.Optimizer, more: (model: nn.Module) => Tensor[] = () => []) {
  const model = new nn.Sequential(
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(128, 10),
  );
  const optimizer = optimizerOf(model);
  const criterion = new nn.CrossEntropyLoss();
  return (x: Tensor, y: Tensor): Tensor[] => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    const returned = more(model);
    optimizer.step();
    return [loss, ...returned];
  };
}

const ops = (list: readonly string[]) => list.map((line) => /(\w+)\(/.exec(line)![1]);
const sgd = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1 });

describe('the training step of an MLP', () => {
  it('becomes forward, loss, input gradients and updates', () => {
    const { listing } = record(training(sgd), arguments_);
    expect(listing.instructions.length).toBeGreaterThan(25);
    const { listing: final } = applyPasses(listing, { fuses: true });
    const settings = 'ignoreIndex=-100, smoothing=0, reduction=1';
    const names = new Map<string, string>();
    const renamed = lines(final).map((line) => line.replace(/%\d+/g, (name) => names.get(name) ?? rename(names, name)));
    expect(renamed).toEqual([
      `checkTarget(input1, ignoreIndex=-100)`,
      't0 = drawKey()',
      't1 = linearActivation(input0, state0, bias=state1, key=t0, relu, p=0.5, packed)',
      't2 = drawKey()',
      't3 = linearActivation(t1, state2, bias=state3, key=t2, relu, p=0.5, packed)',
      't4 = linearActivation(t3, state4, bias=state5, p=0, packed)',
      't5 = fill(value=1)',
      `output0, t6, biasGrad=t7 = crossEntropyTrain(t5, t4, input1, ${settings})`,
      't8, biasGrad=t9 = linearInputGradient(t6, state4, y=t3, scale=2, packed)',
      't10, biasGrad=t11 = linearInputGradient(t8, state2, y=t1, scale=2, packed)',
      'state0 = linearWeightSgd(t10, input0, state0, packed)',
      'state1 = sgd(state1, t11)',
      'state2 = linearWeightSgd(t8, t1, state2, packed)',
      'state3 = sgd(state3, t9)',
      'state4 = linearWeightSgd(t6, t3, state4, packed)',
      'state5 = sgd(state5, t7)',
    ]);
  });

  it('keeps the state of Adam in panels beside the weights', () => {
    const adam = (model: nn.Module) => new optim.Adam(model.parameters());
    const { listing } = applyPasses(record(training(adam), arguments_).listing, { fuses: true });
    expect(ops(lines(listing))).toEqual([
      'checkTarget',
      'drawKey',
      'linearActivation',
      'drawKey',
      'linearActivation',
      'linearActivation',
      'fill',
      'crossEntropyTrain',
      'linearInputGradient',
      'linearInputGradient',
      ...['linearWeightAdam', 'adam', 'linearWeightAdam', 'adam', 'linearWeightAdam', 'adam'],
    ]);
    expect(listing.memories.filter(({ panels }) => panels !== null)).toHaveLength(9);
  });

  it('computes the gradient of a weight by itself where it is returned, and keeps that weight row-major', () => {
    const firstGradient = (model: nn.Module) => [model.parameters()[0]!.grad!];
    const { listing } = applyPasses(record(training(sgd, firstGradient), arguments_).listing, { fuses: true });
    expect(ops(lines(listing)).slice(10)).toEqual(['matmul', 'sgd', 'sgd', ...updates, ...updates]);
    expect(listing.memories.filter(({ panels }) => panels !== null)).toHaveLength(2);
  });

  it('keeps all gradients where they are asked for', () => {
    const { listing } = applyPasses(record(training(sgd), arguments_, true).listing, { fuses: true });
    expect(ops(lines(listing))).not.toContain('linearWeightSgd');
    expect(ops(lines(listing)).filter((op) => op === 'sgd')).toHaveLength(6);
  });

  it('takes less memory than each temporary by itself, and much less than unfused', () => {
    const { listing } = record(training(sgd), arguments_);
    const arena = (fuses: boolean, off: PassName[]) => applyPasses(listing, { fuses, off }).listing.arena;
    expect(arena(true, [])).toBeLessThan(arena(true, ['arena']));
    expect(arena(true, [])).toBeLessThan(arena(false, []) / 3);
  });

  it('reports each pass that ran, and leaves out what is switched off', () => {
    const { listing } = record(training(sgd), arguments_);
    expect(applyPasses(listing, { fuses: true }).stages.map(({ name }) => name)).toEqual(passNames);
    const plain = applyPasses(listing, { fuses: false });
    expect(plain.stages.map(({ name }) => name)).toEqual(['copies', 'dead-stores', 'hoist-checks', 'arena']);
    expect(ops(lines(plain.listing))).not.toContain('linearActivation');
    for (const name of passNames) {
      const { stages } = applyPasses(listing, { fuses: true, off: [name] });
      expect(stages.map((stage) => stage.name)).toEqual(
        passNames.filter((other) => other !== name || name === 'arena'),
      );
    }
    const wrong = { fuses: true, off: ['nothing' as PassName] };
    expect(() => applyPasses(listing, wrong)).toThrow('pass to leave out must be one of copies');
  });
});

const updates = ['linearWeightSgd', 'sgd'];

function rename(names: Map<string, string>, name: string): string {
  names.set(name, `t${names.size}`);
  return names.get(name)!;
}
