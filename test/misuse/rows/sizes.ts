/** Sizes that are no sizes, in everything that takes one. */
import {
  data,
  eye,
  full,
  linspace,
  nn,
  ones,
  rand,
  randint,
  randn,
  randperm,
  tensor,
  zeros,
} from '../../../src/index.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const takers: readonly (readonly [name: string, make: (size: never, fixture: Fixture) => unknown])[] = [
  ['zeros([size])', (size) => zeros([size])],
  ['zeros([2, size])', (size) => zeros([2, size])],
  ['ones([size])', (size) => ones([size])],
  ['full([size])', (size) => full([size], 1)],
  ['rand([size])', (size) => rand([size])],
  ['randn([size])', (size) => randn([size])],
  ['randint([size])', (size) => randint(0, 5, [size])],
  ['tensor, shape [size]', (size) => tensor([1, 2], { shape: [size] })],
  ['eye(size)', (size) => eye(size)],
  ['eye(2, size)', (size) => eye(2, size)],
  ['linspace steps', (size) => linspace(0, 1, size)],
  ['randperm(size)', (size) => randperm(size)],
  ['Linear(size, 2)', (size) => new nn.Linear(size, 2)],
  ['Linear(2, size)', (size) => new nn.Linear(2, size)],
  ['DataLoader batchSize', (size, { dataset }) => new data.DataLoader(dataset, { batchSize: size })],
  ['narrow length', (size, { matrix }) => matrix.narrow(0, 0, size)],
  ['reshape([size, 1])', (size, { matrix }) => matrix.reshape([size, 1])],
];

const notSizes: readonly (readonly [shown: string, value: unknown])[] = [
  ['1.5', 1.5],
  ['-2', -2],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['9007199254740992', 2 ** 53],
  ['"3"', '3'],
  ['null', null],
  ['3n', 3n],
  ['true', true],
  ['[2]', [2]],
  ['an object', { valueOf: () => 2 }],
];

/** A safe integer that no memory holds; a batch may be as large as that. */
const huge = 2 ** 40;
const takersOfAny = new Set(['DataLoader batchSize']);

/** [2, , 3] */
const withHole = () => Object.assign(new Array(3), { 0: 2, 2: 3 });

const shapes: readonly (readonly [name: string, make: (shape: never) => unknown])[] = [
  ['zeros', (sizes) => zeros(sizes)],
  ['ones', (sizes) => ones(sizes)],
  ['full', (sizes) => full(sizes, 2)],
  ['rand', (sizes) => rand(sizes)],
  ['randn', (sizes) => randn(sizes)],
  ['randint', (sizes) => randint(0, 2, sizes)],
  ['tensor', (sizes) => tensor([1, 2], { shape: sizes })],
];

export const sizeRows: readonly Row[] = [
  ...takers.flatMap(([name, make]) =>
    notSizes.map(([shown, value]) => argument(`${name}: ${shown}`, (fixture) => make(bad(value), fixture), shown)),
  ),
  ...takers
    .filter(([name]) => !takersOfAny.has(name))
    .map(([name, make]): Row => {
      const act = (fixture: Fixture) => make(bad(huge), fixture);
      // Where the size only fails to fit the tensor at hand, that is what the message says.
      return argument(`${name}: 2^40`, act, String(huge));
    }),
  ...shapes.flatMap(([name, make]) => [
    argument(`${name}: text for a size`, () => make(bad(['3'])), 'size of dimension 0 must be an integer, got "3"'),
    argument(`${name}: no shape`, () => make(bad(null)), `${name}: a shape is an array of sizes, got null`),
    argument(`${name}: text for a shape`, () => make(bad('23')), 'a shape is an array of sizes, got "23"'),
    argument(
      `${name}: a hole in a shape`,
      () => make(bad(withHole())),
      'size of dimension 1 must be an integer, got undefined',
    ),
    shape(`${name}: 17 dimensions`, () => make(bad(new Array(17).fill(1))), 'at most 16 dimensions, got 17'),
    shape(`${name}: 2^62 elements`, () => make(bad([2 ** 31, 2 ** 31])), 'has too many elements'),
    shape(
      `${name}: sizes whose product overflows`,
      () => make(bad(new Array(16).fill(2 ** 32))),
      'has too many elements',
    ),
  ]),
  argument('DataLoader batchSize: 0', ({ dataset }) => new data.DataLoader(dataset, { batchSize: 0 }), 'batch_size=0'),
  shape('Linear: 2^60 weights', () => new nn.Linear(2 ** 30, 2 ** 30), 'Linear: shape [1073741824, 1073741824]'),
];
