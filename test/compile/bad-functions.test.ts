/** What cannot be traced: an error that says what to do, and nothing changed. */
import { expect, it } from 'vitest';
import {
  ArgumentError,
  backend,
  compile,
  defaultGenerator,
  nn,
  noGrad,
  ones,
  optim,
  randint,
  randperm,
  StateError,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bad, type Fixture, makeFixture, picture } from '../misuse/fixture.js';

interface Row {
  readonly name: string;
  readonly fn: (fixture: Fixture) => (x: Tensor, y: Tensor) => unknown;
  readonly error: new (...args: never[]) => Error;
  readonly message: string | RegExp;
}

const row = (name: string, fn: Row['fn'], message: Row['message'], error: Row['error'] = StateError): Row => ({
  name,
  fn,
  error,
  message,
});

const noNumbers = (what: string) =>
  new RegExp(`^${what} is not possible while compile .*return the tensor and read it`);
const noDraws = (what: string) =>
  new RegExp(`^${what} is not possible while compile .*draw tensors .*in the function, or draw outside`);

/** A whole step, and then something that cannot be: all that the step has done must be taken back. */
const afterStep =
  (then: (fixture: Fixture, loss: Tensor) => unknown): Row['fn'] =>
  (fixture) =>
  () => {
    fixture.optimizer.zeroGrad();
    const loss = fixture.loss();
    loss.backward();
    fixture.optimizer.step();
    fixture.model.eval();
    fixture.leaf.requiresGrad_(false);
    return then(fixture, loss);
  };

const rows: readonly Row[] = [
  row(
    'item()',
    afterStep((_, loss) => loss.item()),
    noNumbers('item\\(\\)'),
  ),
  row(
    'item() of a parameter',
    ({ scalar }) =>
      () =>
        scalar.item(),
    noNumbers('item\\(\\)'),
  ),
  row(
    'toArray()',
    afterStep((_, loss) => loss.toArray()),
    noNumbers('toArray\\(\\)'),
  ),
  row(
    'toTypedArray()',
    afterStep((_, loss) => loss.toTypedArray()),
    noNumbers('toTypedArray\\(\\)'),
  ),
  row(
    'printing',
    afterStep((_, loss) => String(loss)),
    noNumbers('printing a tensor'),
  ),
  row(
    'stateDict() of an optimizer',
    ({ optimizer }) =>
      () =>
        optimizer.stateDict(),
    noNumbers('item\\(\\)'),
  ),
  row(
    'numbers for an array of the caller',
    afterStep(() => defaultGenerator.uniformFill(new Float32Array(2))),
    noDraws('uniformFill'),
  ),
  row(
    'randint of an empty range',
    afterStep(() => randint(3, 3, [2])),
    "randint: random_ expects 'from' to be less than 'to'",
    ArgumentError,
  ),
  row(
    'randperm of a fraction',
    afterStep(() => randperm(1.5)),
    'randperm: n must be an integer',
    ArgumentError,
  ),
  row('a module with initial weights', () => () => new nn.Linear(2, 2), noDraws('uniformFill')),
  row(
    'a shuffled loader',
    ({ loader }) =>
      () => [...loader],
    /draw tensors .*in the function, or draw outside/,
  ),
  row('manualSeed', () => () => defaultGenerator.manualSeed(3), noDraws('manualSeed')),
  row('getState', () => () => defaultGenerator.getState(), noDraws('getState')),
  row(
    'nextKey',
    ({ generator }) =>
      () =>
        generator.nextKey(),
    noDraws('nextKey'),
  ),
  row('backend.use', () => () => backend.use('reference'), 'backend.use: the backend cannot change'),
  row(
    'a scheduler',
    ({ optimizer }) => {
      const schedule = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
      return () => schedule.step();
    },
    'ExponentialLR.step is not possible while compile',
  ),
  row(
    'addParamGroup',
    ({ optimizer, matrix }) =>
      () =>
        optimizer.addParamGroup({ params: [matrix] }),
    'Adam.addParamGroup is not possible',
  ),
  row(
    'loadStateDict of an optimizer',
    ({ optimizer }) => {
      const saved = optimizer.stateDict();
      return () => optimizer.loadStateDict(saved);
    },
    'Adam.loadStateDict is not possible',
  ),
  row(
    'an async function',
    afterStep(async () => ones([1])),
    'the function must not be async',
  ),
  row(
    'nothing returned',
    afterStep(() => undefined),
    'must return a tensor, or an array or plain object of tensors',
  ),
  row(
    'a number returned',
    afterStep(() => 3),
    'must return a tensor',
  ),
  row(
    'an instance returned',
    afterStep(() => new Map()),
    'must return a tensor',
  ),
  row(
    'a number among tensors',
    afterStep((_, loss) => [loss, 3]),
    'must return tensors only, but [1] is 3',
  ),
  row(
    'a number among named tensors',
    afterStep((_, loss) => ({ loss, n: 3 })),
    'must return tensors only, but [n] is 3',
  ),
  row(
    'an empty array',
    afterStep(() => []),
    'returns no tensor',
  ),
  row(
    'an empty object',
    afterStep(() => ({})),
    'returns no tensor',
  ),
  row(
    'its own error',
    afterStep(() => {
      throw new Error('mine');
    }),
    /^mine$/,
    Error,
  ),
  row(
    'a shape that does not fit',
    ({ model }) =>
      () =>
        model.forward(ones([2, 3])),
    'expected 4 features',
    Error,
  ),
  row('writing into an argument', () => (x) => noGrad(() => x.copy_(ones([]))), 'writes into one of its arguments'),
  row(
    'a learning rate changed between two steps',
    ({ optimizer, loss }) =>
      () => {
        loss().backward();
        optimizer.step();
        optimizer.paramGroups[0]!.lr = 0.01;
        optimizer.step();
        optimizer.paramGroups[0]!.lr = 0.02;
        try {
          optimizer.step();
        } finally {
          optimizer.paramGroups[0]!.lr = 0.01;
        }
        return loss();
      },
    'changes a number (a learning rate, say) that a step in it reads',
  ),
  row(
    'a graph made outside',
    ({ loss }) => {
      const made = loss();
      return () => {
        made.backward();
        return made;
      };
    },
    'backward() through a graph that was made outside is not possible',
  ),
  row(
    'a tensor of another trace',
    () => {
      let kept: Tensor | undefined;
      compile((x: Tensor) => {
        kept = x.add(1);
        return kept;
      })(ones([2]));
      return () => kept!.add(1);
    },
    'return it from the function to read it',
  ),
];

describeEachBackend('a function that cannot be traced', () => {
  it.each(rows)('$name', ({ fn, error, message }) => {
    const fixture = makeFixture();
    const inner = fn(fixture);
    const step = compile(bad(inner)) as (...args: Tensor[]) => Tensor;
    const before = picture(fixture);
    const [x, y] = [ones([2, 4]), tensor([0, 1], { dtype: 'int32' })];
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => step(x, y)).toThrow(error);
      expect(() => step(x, y)).toThrow(message);
      expect(picture(fixture)).toStrictEqual(before);
    }
  });

  it('includes one that changes a learning rate behind the step that reads it', () => {
    const { model, optimizer, loss } = makeFixture();
    const before = model.parameters().map((parameter) => parameter.toArray());
    const step = compile(() => {
      loss().backward();
      optimizer.step();
      optimizer.paramGroups[0]!.lr *= 0.5;
      return loss();
    });
    expect(() => step()).toThrow('changes a number (a learning rate, say) that a step in it reads');
    expect(model.parameters().map((parameter) => parameter.toArray())).toEqual(before);
  });

  it('leaves graphs made before it as good as they were', () => {
    const { leaf, matrix } = makeFixture();
    const loss = leaf.mul(matrix).sum();
    const step = compile(() => {
      noGrad(() => leaf.copy_(matrix.mul(2)));
      noGrad(() => matrix.copy_(leaf));
      return matrix.sum().item() > 0 ? leaf : matrix;
    });
    expect(() => step()).toThrow('item()');
    leaf.grad = null;
    loss.backward();
    expect(leaf.grad!.toArray()).toEqual(matrix.toArray());
  });

  it('goes on afterwards as if nothing had been', () => {
    const [fixture, twin] = [makeFixture(), makeFixture()];
    const step = compile(bad(afterStep((_, loss) => loss.item())(fixture))) as () => Tensor;
    expect(() => step()).toThrow(StateError);
    for (const { optimizer, loss } of [fixture, twin]) {
      optimizer.zeroGrad();
      loss().backward();
      optimizer.step();
    }
    // One generator serves both: the masks differ, not the steps that Adam has counted.
    const steps = [fixture, twin].map(({ optimizer }) =>
      Object.values(optimizer.stateDict().state).map((s) => String(s.step)),
    );
    expect(steps[0]).toEqual(steps[1]);
  });
});

describeEachBackend('a call that is refused', () => {
  const makeStep = (fixture: Fixture) =>
    compile(
      (x: Tensor, y: Tensor) => {
        fixture.optimizer.zeroGrad();
        const loss = fixture.criterion.forward(fixture.model.forward(x), y);
        loss.backward();
        fixture.optimizer.step();
        return loss;
      },
      { keepGradients: true },
    );
  const x = () => ones([2, 4]);
  const y = (...values: number[]) => tensor(values, { dtype: 'int32' });

  const calls: Readonly<
    Record<string, readonly [(fixture: Fixture) => Tensor[], new (...args: never[]) => Error, string]>
  > = {
    'a label out of range': [() => [x(), y(0, 3)], ArgumentError, 'Target 3 is out of bounds'],
    'a number': [() => [x(), bad(3)], ArgumentError, 'argument 1 must be a Tensor, got 3'],
    'an argument missing': [() => [x()], Error, 'expected'],
    'an argument that requires a gradient': [
      () => [x().requiresGrad_(), y(0, 1)],
      StateError,
      'argument 0 requires a gradient',
    ],
    'a result that requires one': [({ leaf }) => [leaf.mul(2), y(0, 1)], StateError, 'argument 0 requires a gradient'],
  };

  it.each(Object.entries(calls))('%s', async (_name, [args, error, message]) => {
    const fixture = makeFixture();
    const step = makeStep(fixture);
    step(x(), y(0, 1));
    const before = picture(fixture);
    const given = args(fixture) as [Tensor, Tensor];
    expect(() => step(...given)).toThrow(error);
    expect(() => step(...given)).toThrow(message);
    expect(picture(fixture)).toStrictEqual(before);
    await expect(step.async(...given)).rejects.toThrow(message);
    expect(picture(fixture)).toStrictEqual(before);
    expect(step(x(), y(0, 1)).shape).toEqual([]);
  });

  it.each([
    ['lr', -1, 'Adam: Invalid learning rate: -1'],
    ['betas', [2, 0], 'Invalid beta parameter at index 0'],
    ['weightDecay', Number.NaN, 'Invalid weight_decay value: NaN'],
  ])('an option set to something invalid since: %s', (key, value, message) => {
    const fixture = makeFixture();
    const step = makeStep(fixture);
    step(x(), y(0, 1));
    const [group] = fixture.optimizer.paramGroups;
    const valid = { ...group! };
    Object.assign(group!, { [key]: value });
    const before = picture(fixture);
    expect(() => step(x(), y(0, 1))).toThrow(ArgumentError);
    expect(() => step(x(), y(0, 1))).toThrow(message);
    expect(picture(fixture)).toStrictEqual(before);
    Object.assign(group!, valid);
    step(x(), y(0, 1));
  });

  it('memory that the function itself writes', () => {
    const { vector } = makeFixture();
    const step = compile((x: Tensor) => noGrad(() => vector.copy_(vector.add(x))));
    step(ones([3]));
    expect(() => step(vector)).toThrow('argument 0 is memory that the function writes; pass a clone() of it');
    step(vector.clone());
  });
});
