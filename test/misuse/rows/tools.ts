/** What stands around models: summaries, gradcheck, modes of gradients, files, logs, ranks. */
import {
  autograd,
  bernoulli,
  CSVLogger,
  type Expression,
  enableGrad,
  gradcheck,
  inferenceMode,
  io,
  pointwise,
  randintLike,
  setGradEnabled,
  summary,
  TensorBoard,
} from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

export const toolRows: readonly Row[] = [
  argument('summary of 5', () => summary(bad(5), [1, 4]), 'summary: expected a model, got 5'),
  argument(
    'summary: inputShape text',
    ({ model }) => summary(model, bad('1x4')),
    'summary: inputShape must be a shape',
  ),
  argument('summary: mode', ({ model }) => summary(model, [1, 4], { mode: bad('test') }), 'summary: mode must be'),
  argument(
    'summary: depth -1',
    ({ model }) => summary(model, [1, 4], { depth: -1 }),
    'depth must not be negative, got -1',
  ),
  shape(
    'summary: a shape that does not fit',
    ({ model }) => summary(model, [1, 5]),
    "summary: layer '0' (Linear) cannot take [1, 5]",
  ),

  argument('gradcheck of 5', ({ doubles }) => gradcheck(bad(5), doubles), 'gradcheck: expected a function, got 5'),
  argument('gradcheck: inputs', () => gradcheck(() => bad(1), bad([5])), 'gradcheck: inputs must be tensors, got 5'),
  argument(
    'gradcheck: no gradients',
    ({ doubles }) => gradcheck((x) => x.sum(), doubles),
    'gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.',
  ),
  argument(
    'gradcheck: eps',
    ({ doubles }) => gradcheck((x) => x.sum(), doubles.detach().requiresGrad_(), { eps: bad('1') }),
    'gradcheck: eps must be a number, got "1"',
  ),
  state(
    'gradcheck: a wrong gradient',
    ({ doubles }) => gradcheck((x) => x.mul(x.detach()).sum(), doubles.clone().requiresGrad_()),
    'gradcheck: Jacobian mismatch for output 0 with respect to input 0,\nnumerical:',
  ),
  argument('detectAnomaly of 5', () => autograd.detectAnomaly(bad(5)), 'autograd.detectAnomaly: expected a function'),
  argument(
    'detectAnomaly: an async function',
    () => autograd.detectAnomaly(async () => 1),
    'autograd.detectAnomaly: the function must not be async',
  ),
  argument('enableGrad of 5', () => enableGrad(bad(5)), 'enableGrad: expected a function, got 5'),
  argument('inferenceMode of 5', () => inferenceMode(bad(5)), 'inferenceMode: expected a function, got 5'),
  argument(
    'setGradEnabled of 1',
    () => setGradEnabled(bad(1), () => 1),
    'setGradEnabled: enabled must be a boolean, got 1',
  ),
  argument('bernoulli of a list', () => bernoulli(bad([0.5])), 'bernoulli: expected a Tensor, got [0.5]'),
  argument(
    'bernoulli of 2',
    ({ scalar }) => bernoulli(scalar.add(1)),
    'bernoulli: probabilities must be in [0, 1], got 2.5',
  ),
  argument('randintLike of a list', () => randintLike(bad([1]), 0, 2), 'randintLike: expected a Tensor, got [1]'),
  argument(
    'randintLike: from 2 to 2',
    ({ matrix }) => randintLike(matrix, 2, 2),
    "random_ expects 'from' to be less than 'to', but got from=2 >= to=2",
  ),
  argument(
    'an Expression as a condition',
    ({ matrix }) => pointwise((x: Expression) => (bad(x) > 0 ? x.exp() : x))(matrix),
    'pointwise: an expression has no value yet; choose with where(), and compute with the methods of expressions',
  ),

  argument('io.fileInfo of an object', () => io.fileInfo({}), 'io.fileInfo: expected a state dict as io.load gave it'),
  argument('io.fromBrain of 5', () => io.fromBrain(5), 'expected toJSON() of a NeuralNetwork with its layers, got 5'),
  argument(
    'io.loadSync of 5',
    () => io.loadSync(bad(5)),
    'io.loadSync: expected a path, a URL or the bytes of a file, got 5',
  ),
  argument('CSVLogger of 5', () => new CSVLogger(bad(5)), 'CSVLogger: expected a path or a file: URL, got 5'),
  argument('TensorBoard of 5', () => new TensorBoard(bad(5)), 'TensorBoard: expected a path or a file: URL, got 5'),
];
