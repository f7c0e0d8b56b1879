/** Tables: options of columns, cells, sources. */
import { data, tensor } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

const transformer = (options: unknown) => new data.ColumnTransformer(bad(options));
const numbers = { x: [1, 2, 3], y: [4, 5, 6] };
const fitted = () => new data.ColumnTransformer({ features: ['x'], target: 'y' }).fit(numbers);
const restored = (change: (json: Record<string, unknown>) => void) => {
  const json = JSON.parse(JSON.stringify(fitted()));
  change(json);
  return data.ColumnTransformer.fromJSON(json);
};
const feature = (options: object) => transformer({ features: [{ column: 'x', ...options }] });

export const tableRows: readonly Row[] = [
  argument('ColumnTransformer()', () => transformer(undefined), 'features must be a list of columns, got undefined'),
  argument('ColumnTransformer of a name', () => transformer('x'), 'options must be an object, got "x"'),
  argument('ColumnTransformer without features', () => transformer({ features: [] }), 'features must be a list'),
  argument('ColumnTransformer: an unknown option', () => transformer({ features: ['x'], scale: 1 }), /unknown option/),
  argument('ColumnTransformer: features of numbers', () => transformer({ features: [1] }), /features\[0\] must be/),
  argument('ColumnTransformer: no column', () => transformer({ features: [{}] }), /features\[0\] must name its column/),
  argument('ColumnTransformer: a column twice', () => transformer({ features: ['x', 'x'] }), 'the column "x" twice'),
  argument(
    'ColumnTransformer: the target is a feature',
    () => transformer({ features: ['x', 'y'], target: 'y' }),
    'the column "y" is the target and a feature',
  ),
  argument(
    'ColumnTransformer: a target of dates',
    () => transformer({ features: ['x'], target: { column: 'y', type: 'date' } }),
    'type must be one of',
  ),
  argument(
    'ColumnTransformer: target with missing',
    () => transformer({ features: ['x'], target: { column: 'y', missing: 'mean' } }),
    /unknown option "missing"/,
  ),
  argument(
    'ColumnTransformer: a wrong scaler',
    () => feature({ scaler: 'robust' }),
    /column "x": scaler must be one of/,
  ),
  argument('ColumnTransformer: a wrong type', () => feature({ type: 'float' }), /type must be one of numeric/),
  argument(
    'ColumnTransformer: an encoder for numbers',
    () => feature({ type: 'numeric', encoder: 'oneHot' }),
    'encoder is for the type categorical',
  ),
  argument(
    'ColumnTransformer: parts of categories',
    () => feature({ encoder: 'oneHot', parts: ['month'] }),
    'are for different types',
  ),
  argument(
    'ColumnTransformer: mean of categories',
    () => feature({ encoder: 'oneHot', missing: 'mean' }),
    'categories have no mean',
  ),
  argument('ColumnTransformer: no parts', () => feature({ parts: [] }), 'parts must be a list'),
  argument(
    'ColumnTransformer: categories twice',
    () => feature({ categories: ['1', 1] }),
    'the category "1" is named twice',
  ),
  argument('ColumnTransformer: no categories', () => feature({ categories: [] }), 'categories must be a list of names'),
  argument('ColumnTransformer: categories of objects', () => feature({ categories: [{}] }), 'categories must be texts'),
  argument(
    'ColumnTransformer: naValues of a text',
    () => transformer({ features: ['x'], naValues: '' }),
    /naValues must be a list/,
  ),
  argument(
    'ColumnTransformer: maxCategories 0',
    () => transformer({ features: ['x'], maxCategories: 0 }),
    /maxCategories must be at least 1/,
  ),

  argument('fit of null', () => fitted().fit(bad(null)), 'a table is an object of columns, a list of records'),
  argument('fit of a Map', () => fitted().fit(bad(new Map())), 'a table is an object of columns'),
  argument('fit of rows as arrays', () => fitted().fit([[1, 2]]), /row 0 must be a record.*columns: true/),
  argument('fit of a row of null', () => fitted().fit([{ x: 1, y: 2 }, bad(null)]), 'row 1 must be a record'),
  argument('fit of a column of a number', () => fitted().fit(bad({ x: 1, y: [1] })), 'column "x" must be an array'),
  shape(
    'fit of uneven columns',
    () => fitted().fit({ x: [1], y: [1, 2] }),
    'columns must have the same length: "x" has 1, "y" has 2',
  ),
  argument('fit without a column', () => fitted().fit({ x: [1] }), 'there is no column "y"; the table has "x"'),
  argument('fit of no rows', () => fitted().fit([]), 'there is no column "x"; the table has none'),
  argument('fit of empty columns', () => fitted().fit({ x: [], y: [] }), 'column "x": the column has no values'),
  argument(
    'fit of objects',
    () => fitted().fit({ x: [{}], y: [1] }),
    'row 0 must be a text, number or boolean, got an object',
  ),
  argument(
    'fit without targets',
    () => fitted().fit({ x: [1, 2], y: [1, null] }),
    'column "y": row 1 has no value (null); leave out rows without a target',
  ),
  argument('fit of a target of dates', () => fitted().fit({ x: [1], y: [new Date(0)] }), 'dates cannot be a target'),
  argument(
    'fit of numbers beyond float64',
    () => fitted().fit({ x: [1e308, -1e308], y: [1, 2] }),
    'too large to be scaled',
  ),
  argument(
    'transform of numbers beyond float32',
    () => fitted().transform({ x: [1e300] }),
    'row 0 is too large for float32, 1e+300',
  ),
  state('transform before fit', () => feature({}).transform(numbers), 'it is not fitted yet'),
  state(
    'transformTarget without a target',
    () => feature({}).fit(numbers).transformTarget(numbers),
    'it has no target',
  ),
  state(
    'inverseTransformTarget without a target',
    () =>
      feature({})
        .fit(numbers)
        .inverseTransformTarget(tensor([1])),
    'it has no target',
  ),
  argument(
    'inverseTransformTarget of an array',
    () => fitted().inverseTransformTarget(bad([1])),
    'expected a tensor, got [1]',
  ),
  shape(
    'inverseTransformTarget of two columns',
    () => fitted().inverseTransformTarget(tensor([[1, 2]])),
    'expected shape [rows, 1] or [rows], got [1, 2]',
  ),

  argument('fromJSON of a word', () => data.ColumnTransformer.fromJSON('x'), 'the text is no JSON'),
  argument('fromJSON of null', () => data.ColumnTransformer.fromJSON(null), 'expected an object, got null'),
  argument('fromJSON of another format', () => data.ColumnTransformer.fromJSON({ format: 'x' }), 'its format is "x"'),
  argument(
    'fromJSON of version 2',
    () =>
      restored((json) => {
        json.version = 2;
      }),
    'version 2 is not known',
  ),
  argument(
    'fromJSON without features',
    () =>
      restored((json) => {
        json.features = [];
      }),
    'features must be a list',
  ),
  argument(
    'fromJSON with a scale of 0',
    () =>
      restored((json) => {
        Object.assign((json.features as object[])[0]!, { scale: 0 });
      }),
    'features[0]: scale must be positive',
  ),
  argument(
    'fromJSON with a center of null',
    () =>
      restored((json) => {
        Object.assign((json.features as object[])[0]!, { center: null });
      }),
    'center must be a finite number, got null',
  ),
  argument(
    'fromJSON with a target twice',
    () =>
      restored((json) => {
        json.target = (json.features as object[])[0];
      }),
    'is the target and a feature',
  ),
  argument(
    'fromJSON without naValues',
    () =>
      restored((json) => {
        json.naValues = ['', 1];
      }),
    'naValues must be a list of texts',
  ),

  argument(
    'fromColumns without options',
    () => data.fromColumns(numbers, bad(undefined)),
    'target must name the column',
  ),
  argument(
    'fromColumns without a target',
    () => data.fromColumns(numbers, bad({ features: ['x'] })),
    'target must name the column',
  ),
  argument(
    'fromColumns without features',
    () => data.fromColumns(numbers, bad({ target: 'y' })),
    'features must be a list',
  ),
  argument(
    'fromColumns with a plain transformer',
    () => data.fromColumns(numbers, { transformer: bad({}) }),
    'transformer must be a ColumnTransformer',
  ),
  argument(
    'fromColumns with both',
    () => data.fromColumns(numbers, bad({ transformer: fitted(), features: ['x'] })),
    'features is for a new transformer',
  ),
  argument(
    'fromColumns with a batchSize',
    () => data.fromColumns(numbers, bad({ features: ['x'], target: 'y', batchSize: 2 })),
    'unknown option "batchSize"',
  ),
  state(
    'fromColumns without a target in the transformer',
    () => data.fromColumns(numbers, { transformer: bad(feature({}).fit(numbers)) }),
    'it has no target',
  ),
];
