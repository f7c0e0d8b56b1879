/** Statistics, norms and equations that make no sense. Sentences are PyTorch's where it has one. */
import { functional as F, ones } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const equations: readonly (readonly [equation: string, count: number, message: string])[] = [
  ['ij,jk->ik', 1, 'einsum(): fewer operands were provided than specified in the equation'],
  ['ij->ij', 2, 'einsum(): more operands were provided than specified in the equation'],
  ['i1->i', 1, 'einsum(): invalid subscript "1" given for operand 0, subscripts must be in [a-zA-Z]'],
  ['ij->ii', 1, 'einsum(): output subscript i appears more than once in the output'],
  ['ij->ik', 1, 'einsum(): output subscript k does not appear in the equation for any input operand'],
  ['......->...', 1, "einsum(): found '.' for operand 0 for which an ellipsis was already found"],
  ['i.j->ij', 1, "einsum(): found '.' for operand 0 that is not part of any ellipsis"],
  ['ij->i->j', 1, 'subscripts must be in [a-zA-Z]'],
];

export const productRows: readonly Row[] = [
  ...equations.map(([equation, count, message]) =>
    argument(
      `einsum: ${equation} of ${count}`,
      ({ matrix }) => F.einsum(equation, ...Array.from({ length: count }, () => matrix)),
      message,
    ),
  ),
  shape(
    'einsum: too few letters',
    ({ matrix }) => F.einsum('i->i', matrix),
    'einsum(): the number of subscripts in the equation (1) does not match the number of dimensions (2) for operand 0 and no ellipsis was given',
  ),
  shape('einsum: too many letters next to an ellipsis', ({ matrix }) => F.einsum('ijk...->i', matrix), 'is more than'),
  shape(
    'einsum: sizes',
    ({ matrix }) => F.einsum('ij,jk->ik', matrix, matrix),
    'einsum(): subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3',
  ),
  shape(
    'einsum: a diagonal of a rectangle',
    ({ matrix }) => F.einsum('ii->i', matrix),
    "einsum(): subscript i is repeated for operand 0 but the sizes don't match, 3 != 2",
  ),
  argument('einsum: no operand', () => F.einsum('->'), 'must specify the equation string and at least one operand'),
  argument('einsum: no equation', ({ matrix }) => F.einsum(bad(matrix)), 'expected an equation, got'),
  shape('bmm: a matrix', ({ matrix }) => matrix.bmm(matrix), 'batch1 must be a 3D tensor'),
  shape('bmm: a matrix on the right', ({ cube, matrix }) => cube.bmm(matrix), 'batch2 must be a 3D tensor'),
  shape(
    'bmm: sizes',
    ({ cube }) => cube.bmm(ones([3, 4, 5])),
    'Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [3, 4].',
  ),
  shape(
    'outer: a matrix',
    ({ matrix, vector }) => matrix.outer(vector),
    'outer: Expected 1-D argument self, but got 2-D',
  ),
  shape(
    'outer: by a matrix',
    ({ matrix, vector }) => vector.outer(matrix),
    'outer: Expected 1-D argument vec2, but got 2-D',
  ),
  shape('dot: matrices', ({ matrix }) => matrix.dot(matrix), '1D tensors expected, but got 2D and 2D tensors'),
  shape(
    'dot: lengths',
    ({ vector }) => vector.dot(ones([2])),
    'inconsistent tensor size, expected tensor [3] and src [2]',
  ),
  argument('var: dim 2', ({ matrix }) => matrix.var({ dim: 2 }), 'but got 2'),
  argument(
    'var: correction NaN',
    ({ matrix }) => matrix.var({ correction: Number.NaN }),
    'correction must be a number, got NaN',
  ),
  argument('std: keepdim 1', ({ matrix }) => matrix.std({ keepdim: bad(1) }), 'keepdim must be a boolean, got 1'),
  argument('prod: dim -3', ({ matrix }) => matrix.prod({ dim: -3 }), 'but got -3'),
  argument('norm: nuc', ({ matrix }) => matrix.norm(bad('nuc')), 'p must be a number, got "nuc"'),
  argument(
    'norm: inf of nothing',
    ({ empty }) => empty.norm(Number.POSITIVE_INFINITY),
    'cannot compute the inf norm on an empty tensor',
  ),
  argument(
    'norm: -inf of nothing',
    ({ empty }) => empty.norm(Number.NEGATIVE_INFINITY, { dim: 0 }),
    'cannot compute the -inf norm',
  ),
];
