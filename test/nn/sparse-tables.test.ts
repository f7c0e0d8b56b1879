/** Tables with `sparse` and the optimizers that take their gradients, by hand and compiled, against PyTorch. */
import { describe, expect, it } from 'vitest';
import {
  autograd,
  backend,
  compile,
  functional as F,
  manualSeed,
  nn,
  optim,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { golden, values } from '../golden/load.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { load } from './models.js';

const { batches, cases, refused, dense, scaled } = golden('sparse');
type Case = (typeof cases)[number];
const titled = cases.map(
  (one) =>
    [`${one.text} by ${one.optimizer} ${JSON.stringify(one.settings)}${one.toNone ? '' : ', zeros'}`, one] as const,
);

const indexOf = (rows: readonly (readonly number[])[]) =>
  tensor(
    rows.flatMap((row) => [...row]),
    { dtype: 'int32' },
  ).reshape(rows.length, rows[0]?.length ?? 2);

type Table = nn.Module<readonly [Tensor]> & { readonly weight: nn.Parameter };
type Layer = new (rows: number, width: number, options: object) => Table;
type Maker = new (parameters: Iterable<Tensor>, options: object) => optim.Optimizer;
const makerOf = (name: string) => (optim as object as Readonly<Record<string, Maker>>)[name]!;

function made({ module, options, optimizer: name, settings, initial, initial64 }: Case, dtype: 'float32' | 'float64') {
  const table = new (nn[module] as Layer)(7, 3, { ...options, sparse: true, dtype });
  table.loadStateDict({ weight: load(dtype === 'float32' ? initial : initial64) });
  return { table, optimizer: new (makerOf(name))(table.parameters(), settings) };
}

/** All steps. `grads` are those of each step, before the optimizer takes it. */
function train(one: Case, dtype: 'float32' | 'float64', how: 'by hand' | 'compiled' | 'in pieces') {
  const { table, optimizer } = made(one, dtype);
  const pass = (index: Tensor) => {
    const output = table.forward(index);
    const loss = output.add(output.mul(output)).sum();
    loss.backward();
    return loss.detach();
  };
  const zero = () => optimizer.zeroGrad({ setToNone: one.toNone });
  const whole = (...indices: Tensor[]) => {
    zero();
    const losses = indices.map(pass);
    optimizer.step();
    return losses.reduce((sum, loss) => sum.add(loss));
  };
  const step = how === 'compiled' ? compile(whole) : null;
  // As programs that leave their gradients, and one that uses them up.
  const piece = how === 'in pieces' ? compile(pass) : pass;
  const move = how === 'in pieces' ? compile(() => optimizer.step() ?? tensor(0)) : () => optimizer.step();
  const grads: Tensor[] = [];
  const losses = batches.map((indices) => {
    const given = indices.map(indexOf);
    if (step !== null) return step(...given).item();
    zero();
    const total = given.reduce((sum, index) => sum + piece(index).item(), 0);
    grads.push(table.weight.grad!.clone());
    move();
    return total;
  });
  return { table, optimizer, losses: Float64Array.from(losses), grads };
}

const flat = (grads: readonly Tensor[]) => Float64Array.from(grads.flatMap((grad) => [...grad.toTypedArray()]));

describe('in float64', () => {
  runOn('reference');
  it.each(titled)('%s is PyTorch to 1e-12', (_title, one) => {
    for (const how of ['by hand', 'compiled', 'in pieces'] as const) {
      const { table, losses } = train(one, 'float64', how);
      expectClose(losses, values(one.losses64), { tolerance: 1e-12, what: `losses ${how}` });
      const weight = table.weight.toTypedArray();
      expectClose(weight, values(one.weight64), { tolerance: 1e-12, what: `weight ${how}` });
    }
  });
});

describeEachBackend('in float32', () => {
  it.each(titled)('%s is PyTorch, and compiled what it is by hand', (_title, one) => {
    const hows = ['by hand', 'compiled', ...(one.toNone ? [] : ['in pieces' as const])] as const;
    const runs = hows.map((how) => train(one, 'float32', how));
    for (const { table, optimizer, losses, grads } of runs) {
      expectClose(losses, values(one.losses));
      expectClose(table.weight.toTypedArray(), values(one.weight));
      if (grads.length > 0) expectClose(flat(grads), values(one.grads), { what: 'gradients' });
      expect(String(optimizer)).toBe(
        one.optimizerText.replace(/ {4}(differentiable|foreach|fused|capturable): .*\n/g, ''),
      );
      const { 0: state = {} } = optimizer.stateDict().state;
      expect(Object.keys(state).sort()).toEqual(Object.keys(one.state).sort());
      for (const [name, expected] of Object.entries(one.state))
        expectClose(state[name]!.toTypedArray(), values(expected), { what: name });
    }
    const [byHand, ...others] = runs;
    for (const { table } of others) expect(table.weight.toTypedArray()).toEqual(byHand!.table.weight.toTypedArray());
  });
});

describe('gradients of tables with `sparse`', () => {
  const lookUp = (options: object = {}) => {
    const table = new nn.Embedding(7, 3, { sparse: true, ...options });
    table
      .forward(tensor([1, 2], { dtype: 'int32' }))
      .sum()
      .backward();
    return table;
  };

  it.each(refused)('$optimizer $settings refuses', ({ optimizer: name, settings, sentence }) => {
    const table = lookUp();
    const optimizer = new (makerOf(name))(table.parameters(), settings);
    const before = table.weight.toArray();
    expect(() => optimizer.step()).toThrow(sentence);
    const again = new nn.Embedding(7, 3, { sparse: true });
    const other = new (makerOf(name))(again.parameters(), settings);
    const step = compile((index: Tensor) => {
      other.zeroGrad();
      again.forward(index).sum().backward();
      other.step();
      return index.clone();
    });
    expect(() => step(tensor([1], { dtype: 'int32' }))).toThrow(sentence);
    expect(table.weight.toArray()).toEqual(before);
    expect(optimizer.stateDict().state).toEqual(name === 'Adagrad' ? { 0: expect.anything() } : {});
  });

  it('of scaleGradByFreq there are none, and SparseAdam takes no others', () => {
    expect(() => lookUp({ scaleGradByFreq: true })).toThrow(scaled);
    const linear = new nn.Linear(2, 2);
    const optimizer = new optim.SparseAdam(linear.parameters());
    linear
      .forward(tensor([[1, 1]]))
      .sum()
      .backward();
    expect(() => optimizer.step()).toThrow(dense);
    expect(optimizer.stateDict().state).toEqual({});
  });

  it('together with dense ones, or of a table that has been computed, are dense', () => {
    const table = lookUp();
    table.weight.sum().backward();
    expect(() => new optim.SparseAdam(table.parameters()).step()).toThrow(dense);
    new optim.Adam(table.parameters()).step();
    table.zeroGrad();
    table.weight.sum().backward();
    table
      .forward(tensor([1], { dtype: 'int32' }))
      .sum()
      .backward();
    expect(() => new optim.SparseAdam(table.parameters()).step()).toThrow(dense);
    const weight = new nn.Parameter(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    F.embedding(tensor([1], { dtype: 'int32' }), weight.mul(2), { sparse: true })
      .sum()
      .backward();
    expect(() => new optim.SparseAdam([weight]).step()).toThrow(dense);
  });

  it('stay what they are in a hook that returns them, when they are clipped, and handed out by autograd.grad', () => {
    const table = lookUp();
    const { weight } = table;
    const untouched = weight.select(0, 0).toArray();
    const handle = weight.registerHook((grad) => grad);
    table.zeroGrad();
    const output = table.forward(tensor([1, 1, 2], { dtype: 'int32' }));
    output.sum().backward(undefined, { retainGraph: true });
    handle.remove();
    expect(nn.utils.clipGradNorm_(table.parameters(), 1).item()).toBeCloseTo(Math.sqrt(15), 5);
    const optimizer = new optim.SparseAdam(table.parameters());
    optimizer.step();
    const [grad] = autograd.grad(output.sum(), [weight]);
    weight.grad = grad!;
    optimizer.step();
    expect(weight.select(0, 0).toArray()).toEqual(untouched);
    expect((optimizer.stateDict().state[0]!.exp_avg!.toArray() as number[][]).map((row) => row[0] !== 0)).toEqual([
      ...[false, true, true, false, false, false, false],
    ]);
  });

  it('of one table that is used twice reach the rows of both, compiled in one program', () => {
    const runs = [false, true].map((isCompiled) => {
      manualSeed(5);
      const table = new nn.Embedding(50, 4, { sparse: true });
      const optimizer = new optim.SparseAdam(table.parameters(), { lr: 0.1 });
      const take = (a: Tensor, b: Tensor) => {
        optimizer.zeroGrad();
        const loss = table.forward(a).mul(table.forward(b)).sum();
        loss.backward();
        optimizer.step();
        return loss.detach();
      };
      const step = isCompiled ? compile(take) : take;
      const int = (...of: number[]) => tensor(of, { dtype: 'int32' });
      const losses = [0, 1, 2].map((i) => step(int(1, 2 + i, 3), int(4, 4, 9)).item());
      return { losses, weight: table.weight.toArray(), state: optimizer.stateDict().state[0]!.exp_avg!.toArray() };
    });
    expect(runs[1]).toEqual(runs[0]);
    const moved = (runs[0]!.state as number[][]).flatMap((row, i) => (row[0] === 0 ? [] : [i]));
    expect(moved).toEqual([1, 2, 3, 4, 9]);
    manualSeed(0);
  });

  it('are used up in a compiled step, which touches no other rows', () => {
    const table = new nn.Embedding(1000, 8, { sparse: true });
    for (const optimizer of [
      new optim.SGD(table.parameters(), { lr: 0.1 }),
      new optim.SparseAdam(table.parameters()),
      new optim.Adagrad(table.parameters()),
    ]) {
      const step = compile((index: Tensor) => {
        optimizer.zeroGrad();
        table.forward(index).sum().backward();
        optimizer.step();
        return index.clone();
      });
      step(tensor([3, 999], { dtype: 'int32' }));
      const last = step.describe().split('\n');
      const isNative = backend.name !== 'reference';
      expect(last.some((line) => line.includes('indexUpdate('))).toBe(isNative);
      if (isNative) expect(() => table.weight.grad!.toArray()).toThrow('the gradient was not kept');
      step.dispose();
    }
  });
});

describeEachBackend('a checkpoint', () => {
  it('of a table and SparseAdam goes on as it would have', async () => {
    const start = () => {
      const table = new nn.Embedding(9, 2, { sparse: true });
      return { table, optimizer: new optim.SparseAdam(table.parameters(), { lr: 0.1 }) };
    };
    const take = ({ table, optimizer }: ReturnType<typeof start>, ...of: number[]) => {
      optimizer.zeroGrad();
      table
        .forward(tensor(of, { dtype: 'int32' }))
        .mul(3)
        .sum()
        .backward();
      optimizer.step();
    };
    const first = start();
    take(first, 1, 2, 2);
    const second = start();
    second.table.loadStateDict(first.table.stateDict());
    second.optimizer.loadStateDict(JSON.parse(JSON.stringify(first.optimizer.stateDict())));
    for (const each of [first, second]) take(each, 2, 7);
    expect(second.table.weight.toArray()).toEqual(first.table.weight.toArray());
    expect(JSON.stringify(second.optimizer.stateDict())).toBe(JSON.stringify(first.optimizer.stateDict()));
  });
});
