import { describe, expect, it } from 'vitest';
import { applyPasses, type PassName, passNames } from '../../../src/compile/passes/index.js';
import { nn, optim, pointwise, type Tensor } from '../../../src/index.js';
import type { Graph } from '../../../src/ops/graph.js';
import { Own } from '../../helpers/own-optimizer.js';
import { gelu, Lambda } from '../fixtures.js';
import { lines } from './graph.js';
import { traceFunction } from './trace-function.js';

const rows = 32;
const arguments_ = [
  { shape: [rows, 784], dtype: 'float32' },
  { shape: [rows], dtype: 'int32' },
] as const;

type Activation = (x: Tensor) => Tensor;

interface Given {
  /** After each hidden layer. */
  readonly activation?: Activation;
  readonly p?: number;
  /** What the step returns besides the loss. */
  readonly more?: (model: nn.Module) => Tensor[];
}

/** A training step of the network that the project measures itself by. */
function training(optimizerOf: (model: nn.Module) => optim.Optimizer, given: Given = {}) {
  const { activation = (x) => x.relu(), p = 0.5, more = () => [] } = given;
  const model = new nn.Sequential(
    new nn.Linear(784, 256),
    new Lambda(activation),
    new nn.Dropout(p),
    new nn.Linear(256, 128),
    new Lambda(activation),
    new nn.Dropout(p),
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

const ops = ({ instructions }: Graph): string[] => instructions.map(({ op }) => op);
const sgd = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1 });
const own = (model: nn.Module) => new Own(model.parameters());
const optimized = (step: ReturnType<typeof training>, keepGradients = false): Graph =>
  applyPasses(traceFunction(step, arguments_, keepGradients).graph, { fuses: true }).graph;

/** The lines of a graph, temporaries named in the order in which they occur. */
function renamed(graph: Graph): string[] {
  const names = new Map<string, string>();
  return lines(graph).map((line) =>
    line.replace(/%\d+/g, (name) => {
      if (!names.has(name)) names.set(name, `t${names.size}`);
      return names.get(name)!;
    }),
  );
}

const settings = 'ignoreIndex=-100, smoothing=0, reduction=1';
const updates = ['linearWeightUpdate', 'pointwise'];
/** A forward pass of three products, their loss, two input gradients, and a step for each weight and bias. */
const steps = [
  ...['checkTarget', 'drawKey', 'linear', 'drawKey', 'linear', 'linear', 'fill', 'crossEntropyTrain'],
  ...['linearInputGradient', 'linearInputGradient', ...updates, ...updates, ...updates],
];

describe('the training step of an MLP', () => {
  it('becomes forward, loss, input gradients and updates', () => {
    const { graph } = traceFunction(training(sgd), arguments_);
    expect(graph.instructions.length).toBeGreaterThan(25);
    const { graph: final } = applyPasses(graph, { fuses: true });
    expect(ops(final)).toEqual(steps);
    expect(renamed(final)).toEqual([
      `checkTarget(input1, ignoreIndex=-100)`,
      't0 = drawKey()',
      't1 = linear(input0, state0, bias=state1, packed) |> mul(relu(·), mask(t0, 0.5))',
      't2 = drawKey()',
      't3 = linear(t1, state2, bias=state3, packed) |> mul(relu(·), mask(t2, 0.5))',
      't4 = linear(t3, state4, bias=state5, packed)',
      't5 = fill(value=1)',
      `output0, t6, biasGrad=t7 = crossEntropyTrain(t5, t4, input1, ${settings})`,
      't8, biasGrad=t9 = linearInputGradient(t6, state4, packed) |> selectLessEqual(t3, 0, 0, mul(·, 2))',
      't10, biasGrad=t11 = linearInputGradient(t8, state2, packed) |> selectLessEqual(t1, 0, 0, mul(·, 2))',
      'state0 = linearWeightUpdate(t10, input0, packed) |> fma(neg(scalar0), ·, state0)',
      'state1 = fma(neg(scalar0), t11, state1)',
      'state2 = linearWeightUpdate(t8, t1, packed) |> fma(neg(scalar0), ·, state2)',
      'state3 = fma(neg(scalar0), t9, state3)',
      'state4 = linearWeightUpdate(t6, t3, packed) |> fma(neg(scalar0), ·, state4)',
      'state5 = fma(neg(scalar0), t7, state5)',
    ]);
  });

  it("becomes the same with a function and an optimizer of the user's own", () => {
    const silu = pointwise((x) => x.mul(x.sigmoid()), { name: 'silu' });
    const graph = optimized(training(own, { activation: (x) => silu(x), p: 0 }));
    const gradient = (h: string) =>
      `add(mul(·, sigmoid(${h})), mul(mul(mul(·, ${h}), sigmoid(${h})), sub(1, sigmoid(${h}))))`;
    const step = (param: number, v: number, g: string) =>
      `sub(state${param}, mul(scalar0, div(${g}, add(sqrt(…), scalar2)))), ` +
      `add(mul(scalar1, state${v}), mul(mul(add(neg(scalar1), 1), ${g}), ${g}))`;
    const weight = (param: number, v: number, operands: string) =>
      `state${param}, state${v}, step=state${v + 1} = linearWeightUpdate(${operands}, packed) |> ${step(param, v, '·')}`;
    const bias = (param: number, v: number, g: string) =>
      `state${param}, state${v}, step=state${v + 1} = ${step(param, v, g)}`;
    expect(renamed(graph)).toEqual([
      `checkTarget(input1, ignoreIndex=-100)`,
      't0, t1 = linear(input0, state0, bias=state1, packed) |> mul(·, sigmoid(·)), ·',
      't2, t3 = linear(t0, state2, bias=state3, packed) |> mul(·, sigmoid(·)), ·',
      't4 = linear(t2, state4, bias=state5, packed)',
      't5 = fill(value=1)',
      `output0, t6, biasGrad=t7 = crossEntropyTrain(t5, t4, input1, ${settings})`,
      `t8, biasGrad=t9 = linearInputGradient(t6, state4, packed) |> ${gradient('t3')}`,
      `t10, biasGrad=t11 = linearInputGradient(t8, state2, packed) |> ${gradient('t1')}`,
      weight(0, 6, 't10, input0'),
      bias(1, 8, 't11'),
      weight(2, 10, 't8, t0'),
      bias(3, 12, 't9'),
      weight(4, 14, 't6, t2'),
      bias(5, 16, 't7'),
    ]);
  });

  const methods: Readonly<Record<string, Activation>> = {
    'GELU, its tanh form': gelu,
    SiLU: (x) => x.mul(x.sigmoid()),
    "an expression of the user's": (x) => x.expm1().clamp(-1, 2).mul(x.abs().add(1).log()).add(x.sin()),
  };

  it.each(Object.entries(methods))('takes as many passes with tensor methods: %s', (_name, activation) => {
    for (const optimizer of [sgd, own, (model: nn.Module) => new optim.RMSprop(model.parameters())])
      expect(ops(optimized(training(optimizer, { activation })))).toEqual(steps);
  });

  it('takes the sum of a bias along also where the gradient does not depend on the forward pass', () => {
    const model = new nn.Sequential(new nn.Linear(784, 32), new nn.ReLU(), new nn.Linear(32, 32), new nn.ReLU());
    const last = new nn.Linear(32, 10);
    const optimizer = new optim.SGD([...model.parameters(), ...last.parameters()]);
    const { graph } = traceFunction(
      (x: Tensor) => {
        optimizer.zeroGrad();
        const loss = last.forward(model.forward(x)).sum();
        loss.backward();
        optimizer.step();
        return [loss];
      },
      [arguments_[0]],
    );
    const names = ops(applyPasses(graph, { fuses: true }).graph).toSorted();
    // Two sums: the loss, and the gradient of the last bias.
    expect(names).toEqual([
      ...['copy', 'fill', 'linear', 'linear', 'linear', 'linearInputGradient', 'linearInputGradient'],
      ...['linearWeightUpdate', 'linearWeightUpdate', 'linearWeightUpdate', 'pointwise', 'pointwise', 'pointwise'],
      ...['sum', 'sum'],
    ]);
  });

  it.each([
    ['Adam', 2, (model: nn.Module) => new optim.Adam(model.parameters())],
    ['AMSGrad', 3, (model: nn.Module) => new optim.AdamW(model.parameters(), { amsgrad: true })],
    ['momentum', 1, (model: nn.Module) => new optim.SGD(model.parameters(), { momentum: 0.9, nesterov: true })],
    ['RMSprop', 3, (model: nn.Module) => new optim.RMSprop(model.parameters(), { momentum: 0.9, centered: true })],
    ["the user's own", 1, own],
  ] as const)('keeps the state of %s in panels with the weights', (_name, buffers, optimizer) => {
    const graph = optimized(training(optimizer));
    expect(ops(graph)).toEqual(steps);
    expect(graph.values.filter(({ panels }) => panels !== null)).toHaveLength(3 * (1 + buffers));
  });

  it('computes the gradient of a weight by itself where it is returned, and keeps that weight row-major', () => {
    const graph = optimized(training(sgd, { more: (model) => [model.parameters()[0]!.grad!] }));
    expect(ops(graph).slice(10)).toEqual(['matmul', 'pointwise', 'pointwise', ...updates, ...updates]);
    expect(graph.values.filter(({ panels }) => panels !== null)).toHaveLength(2);
  });

  it('keeps all gradients where they are asked for', () => {
    const graph = optimized(training(sgd), true);
    expect(ops(graph)).not.toContain('linearWeightUpdate');
    expect(ops(graph).filter((op) => op === 'pointwise')).toHaveLength(6);
  });

  it('takes less memory than each temporary by itself, and much less than unfused', () => {
    const { graph } = traceFunction(training(sgd), arguments_);
    const arena = (fuses: boolean, off: PassName[]) => applyPasses(graph, { fuses, off }).graph.arena;
    expect(arena(true, [])).toBeLessThan(arena(true, ['arena']));
    expect(arena(true, [])).toBeLessThan(arena(false, []) / 3);
  });

  it('reports each pass that ran, and leaves out what is switched off', () => {
    const { graph } = traceFunction(training(sgd), arguments_);
    expect(applyPasses(graph, { fuses: true }).stages.map(({ name }) => name)).toEqual(passNames);
    const plain = applyPasses(graph, { fuses: false });
    expect(plain.stages.map(({ name }) => name)).toEqual(['copies', 'dead-stores', 'hoist-checks', 'arena']);
    expect(ops(plain.graph)).not.toContain('linearWeightUpdate');
    for (const name of passNames) {
      const { stages } = applyPasses(graph, { fuses: true, off: [name] });
      expect(stages.map((stage) => stage.name)).toEqual(
        passNames.filter((other) => other !== name || name === 'arena'),
      );
    }
    const wrong = { fuses: true, off: ['nothing' as PassName] };
    expect(() => applyPasses(graph, wrong)).toThrow('pass to leave out must be one of single-assignment, copies');
  });
});
