/** nn.utils: gradients, vectors of parameters, packed sequences, weight norm; lists and records of parameters. */
import { nn, tensor } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

const { utils } = nn;
const { packPaddedSequence, packSequence, padPackedSequence, padSequence } = utils.rnn;

export const utilRows: readonly Row[] = [
  ...(['clipGradNorm_', 'clipGradValue_'] as const).flatMap((name) => [
    argument(
      `${name} of 5`,
      () => utils[name](bad(5), 1),
      `${name}: expected a Tensor or an iterable of Tensors, got 5`,
    ),
    argument(
      `${name} of a parameter and 5`,
      ({ leaf }) => utils[name](bad([leaf, 5]), 1),
      `${name}: expected a Tensor or an iterable of Tensors, got 5 among them`,
    ),
    argument(`${name}: NaN`, ({ leaf }) => utils[name](leaf, Number.NaN), 'must be a number, got NaN'),
    argument(`${name}: text`, ({ leaf }) => utils[name](leaf, bad('1')), 'must be a number, got "1"'),
  ]),
  argument(
    'clipGradNorm_: normType NaN',
    ({ leaf }) => utils.clipGradNorm_(leaf, 1, { normType: Number.NaN }),
    'clipGradNorm_: normType must be a number, got NaN',
  ),
  argument(
    'clipGradNorm_: an unknown option',
    ({ leaf }) => utils.clipGradNorm_(leaf, 1, bad({ norm_type: 1 })),
    'clipGradNorm_: unknown option "norm_type"; it takes normType, errorIfNonfinite',
  ),
  state(
    'clipGradNorm_: a norm that is not finite',
    () => {
      const leaf = tensor([1, 2], { requiresGrad: true });
      leaf.div(0).sum().backward();
      utils.clipGradNorm_(leaf, 1, { errorIfNonfinite: true });
    },
    'The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot be clipped.',
  ),
  argument('getTotalNorm of 5', () => utils.getTotalNorm(bad(5)), 'getTotalNorm: expected a Tensor or an iterable'),
  argument('parametersToVector of nothing', () => utils.parametersToVector([]), 'expected a non-empty list of Tensors'),
  argument('parametersToVector of 5', () => utils.parametersToVector(bad(5)), 'parametersToVector: expected a Tensor'),
  argument(
    'vectorToParameters of a list',
    ({ leaf }) => utils.vectorToParameters(bad([1, 2]), [leaf]),
    'vectorToParameters: expected torch.Tensor, but got: [1, 2]',
  ),
  shape(
    'vectorToParameters: too short',
    ({ leaf, vector }) => utils.vectorToParameters(vector, [leaf]),
    'vectorToParameters: expected a vector of at least 6 elements, got shape [3]',
  ),
  argument('weightNorm of 5', () => utils.weightNorm(bad(5)), 'weightNorm: 5 is not a Module subclass'),
  argument(
    'weightNorm: no such parameter',
    ({ model }) => utils.weightNorm(bad(model.at(0)), 'w'),
    'weightNorm: Linear has no parameter "w"',
  ),
  argument(
    'weightNorm: dim 5',
    ({ model }) => utils.weightNorm(bad(model.at(0)), 'weight', 5),
    'Dimension out of range',
  ),
  argument(
    'removeWeightNorm without one',
    ({ model }) => utils.removeWeightNorm(bad(model.at(0))),
    "removeWeightNorm: weight_norm of 'weight' not found in Linear",
  ),

  argument('padSequence of nothing', () => padSequence([]), 'padSequence: received an empty list of sequences'),
  argument('padSequence of 5', () => padSequence(bad(5)), 'padSequence: expected a list of Tensors, got 5'),
  argument('packSequence of 5', () => packSequence(bad(5)), 'packSequence: expected a list of Tensors, got 5'),
  argument(
    'packSequence: unsorted',
    ({ vector, doubles }) => packSequence([vector.reshape([1, 3]), doubles.to('float32')]),
    'array must be sorted in decreasing order when `enforceSorted` is true',
  ),
  argument('packPaddedSequence of 5', () => packPaddedSequence(bad(5), [1]), 'packPaddedSequence: expected a Tensor'),
  argument(
    'packPaddedSequence: a length of 0',
    ({ cube }) => packPaddedSequence(cube, [0]),
    'Length of all samples has to be greater than 0',
  ),
  argument(
    'packPaddedSequence: a length too many',
    ({ cube }) => packPaddedSequence(cube, [2, 1]),
    'Expected `len(lengths)` to be equal to batch_size, but got 2 (batch_size=1)',
  ),
  shape('packPaddedSequence of a vector', ({ vector }) => packPaddedSequence(vector, [3]), 'at least 2 dimensions'),
  argument('padPackedSequence of 5', () => padPackedSequence(bad(5)), 'padPackedSequence: expected a PackedSequence'),
  argument(
    'padPackedSequence: totalLength 1',
    ({ cube }) => padPackedSequence(packPaddedSequence(cube, [2]), { totalLength: 1 }),
    'Expected total_length to be at least the length of the longest sequence in input',
  ),

  argument('ParameterList of numbers', () => new nn.ParameterList(bad([1])), 'expected a Tensor or Parameter, got 1'),
  argument(
    'ParameterList.at(0) of none',
    () => new nn.ParameterList().at(0),
    'ParameterList.at: index 0 is out of range',
  ),
  argument(
    'ParameterList.extend(5)',
    () => new nn.ParameterList().extend(bad(5)),
    'ParameterList.extend should be called with an iterable, but got 5',
  ),
  argument(
    'ParameterDict of numbers',
    () => new nn.ParameterDict(bad({ a: 1 })),
    'expected a Tensor or Parameter, got 1',
  ),
  argument('ParameterDict(5)', () => new nn.ParameterDict(bad(5)), 'expected an object or Map of tensors, got 5'),
  argument('ParameterDict.pop', () => new nn.ParameterDict().pop('a'), 'ParameterDict.pop: there is no parameter "a"'),
];
