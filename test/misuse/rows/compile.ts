/** Compiled functions; what cannot be traced has a separate test, test/compile/bad-functions.test.ts. */
import { compile, noGrad, type Tensor } from '../../../src/index.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

/** A step of the fixture's model, traced and not run. */
const stepOf = ({ model, criterion, optimizer }: Fixture) =>
  compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });

const disposed = (fixture: Fixture) => {
  const step = stepOf(fixture);
  step.dispose();
  return step;
};

export const compileRows: readonly Row[] = [
  ...[
    ['compile()', undefined, 'undefined'],
    ['compile(3)', 3, '3'],
    ['compile({})', {}, 'an object'],
  ].map(([name, value, shown]) =>
    argument(name as string, () => compile(bad(value)), `compile: expected a function, got ${shown}`),
  ),
  argument(
    'compile of a module',
    ({ model }) => compile(bad(model)),
    'compile: expected a function, got a value of type',
  ),
  argument(
    'compile: keepGradients: 1',
    () => compile((x: Tensor) => x, bad({ keepGradients: 1 })),
    'compile: keepGradients must be a boolean, got 1',
  ),
  argument(
    'compile: passes: a list',
    () => compile((x: Tensor) => x, bad({ passes: ['arena'] })),
    'compile: passes: unknown option "0"',
  ),
  argument(
    'compile: an unknown pass',
    () => compile((x: Tensor) => x, bad({ passes: { fuse: false } })),
    'compile: passes: unknown option "fuse"; it takes single-assignment, copies, dead-stores',
  ),
  argument(
    'compile: a pass that is no boolean',
    () => compile((x: Tensor) => x, bad({ passes: { arena: 0 } })),
    'compile: passes: arena must be a boolean, got 0',
  ),
  argument(
    'a compiled step on numbers',
    (fixture) => stepOf(fixture)(bad([1]), fixture.labels),
    'argument 0 must be a Tensor',
  ),
  argument(
    'a compiled step on a label out of range',
    (fixture) => stepOf(fixture)(fixture.x, fixture.integers.narrow(1, 1, 2).reshape([2])),
    'Target 3 is out of bounds',
  ),
  shape(
    'a compiled step on another shape',
    (fixture) => stepOf(fixture)(fixture.matrix, fixture.labels),
    'Sequential[0] Linear: expected 4 features in the last dimension, got shape [2, 3]',
  ),
  state(
    'a compiled step on a parameter',
    (fixture) => stepOf(fixture)(fixture.leaf, fixture.labels),
    'argument 0 requires a gradient',
  ),
  state(
    'a compiled step after dispose',
    (fixture) => disposed(fixture)(fixture.x, fixture.labels),
    'it has been disposed',
  ),
  state(
    'a compiled function that is given what it writes',
    ({ vector }) => compile((x: Tensor) => noGrad(() => vector.copy_(x.mul(2))))(vector),
    'argument 0 is memory that the function writes; pass a clone() of it',
  ),
];
