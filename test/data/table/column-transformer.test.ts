/** What a ColumnTransformer learns and applies, by hand-computed numbers and by scikit-learn's rules. */
import { describe, expect, it } from 'vitest';
import { data, ShapeError, StateError, tensor } from '../../../src/index.js';

const people = {
  age: [20, 30, 40, 50],
  city: ['Rome', 'Paris', 'Rome', 'Oslo'],
  member: [true, false, true, true],
  since: ['2020-01-01', '2020-01-11', '2020-01-21', '2020-01-31'],
  income: Float64Array.of(1, 2, 3, 4),
};

const rowsOf = (value: { toArray(): unknown }) => value.toArray() as number[][];

describe('numbers', () => {
  it('are standardised by mean and population deviation, as StandardScaler does', () => {
    const transformer = new data.ColumnTransformer({ features: ['age'] });
    const input = transformer.fitTransform(people);
    const std = Math.sqrt((15 ** 2 + 5 ** 2 + 5 ** 2 + 15 ** 2) / 4);
    expect(rowsOf(input)).toEqual([-15, -5, 5, 15].map((distance) => [Math.fround(distance / std)]));
    expect(transformer.toJSON().features).toEqual([
      { type: 'numeric', column: 'age', center: 35, scale: std, missing: { fill: null, indicator: false } },
    ]);
  });

  it('are brought to 0 to 1 by minMax, and left alone by none', () => {
    const scaled = new data.ColumnTransformer({ features: [{ column: 'age', scaler: 'minMax' }] }).fitTransform(people);
    expect(rowsOf(scaled)).toEqual([0, 1 / 3, 2 / 3, 1].map((x) => [Math.fround(x)]));
    const plain = new data.ColumnTransformer({ features: ['age'], scaler: 'none' }).fitTransform(people);
    expect(rowsOf(plain)).toEqual([[20], [30], [40], [50]]);
  });

  it('keep their digits where the mean is large', () => {
    const base = 1e9;
    const table = { x: Array.from({ length: 1000 }, (_, i) => base + (i % 2)) };
    const input = new data.ColumnTransformer({ features: ['x'] }).fitTransform(table);
    expect(rowsOf(input).slice(0, 2)).toEqual([[-1], [1]]);
  });

  it('of one value become 0, not NaN', () => {
    for (const scaler of ['standard', 'minMax'] as const) {
      const input = new data.ColumnTransformer({ features: ['x'], scaler }).fitTransform({ x: [0.1, 0.1, 0.1] });
      expect(rowsOf(input)).toEqual([[0], [0], [0]]);
    }
  });

  it('are read from texts and bigints', () => {
    const table = { x: ['1e2', ' -5 ', '+.5', 7n] };
    expect(rowsOf(new data.ColumnTransformer({ features: ['x'], scaler: 'none' }).fitTransform(table))).toEqual([
      [100],
      [-5],
      [0.5],
      [7],
    ]);
  });

  it.each(['0x10', ' 0b1', '1,5', '12px', 'Infinity', '1e999', '-'])('are not read from %j', (text) => {
    const fit = () =>
      new data.ColumnTransformer({ features: [{ column: 'x', type: 'numeric' }] }).fit({ x: ['1', text] });
    expect(fit).toThrow(`column "x": row 1 must be a finite number, got ${JSON.stringify(text)}`);
  });
});

describe('categories', () => {
  it('are one-hot in sorted order', () => {
    const transformer = new data.ColumnTransformer({ features: ['city'] });
    expect(rowsOf(transformer.fitTransform(people))).toEqual([
      [0, 0, 1],
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(transformer.featureNames).toEqual(['city_Oslo', 'city_Paris', 'city_Rome']);
  });

  it('that are numbers are sorted by size, and agree in CSV and JSON', () => {
    const transformer = new data.ColumnTransformer({ features: [{ column: 'x', type: 'categorical' }] });
    transformer.fit({ x: ['10', '9', '2'] });
    expect(transformer.featureNames).toEqual(['x_2', 'x_9', 'x_10']);
    expect(rowsOf(transformer.transform({ x: [9, 10n] }))).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  it('are indices next to the numbers, for embeddings', () => {
    const transformer = new data.ColumnTransformer({
      features: ['age', { column: 'city', encoder: 'ordinal', handleUnknown: 'ignore', missing: 'indicator' }],
      scaler: 'none',
    });
    const { dense, indices } = transformer.fitTransform({ age: [1, 2, 3], city: ['b', null, 'a'] });
    expect(rowsOf(dense)).toEqual([[1], [2], [3]]);
    expect(indices.dtype).toBe('int32');
    expect(rowsOf(indices)).toEqual([[1], [2], [0]]);
    expect(transformer.cardinalities).toEqual([{ column: 'city', size: 4 }]);
    expect(rowsOf(transformer.transform({ age: [0], city: ['new'] }).indices)).toEqual([[3]]);
  });

  it('that are new are refused by name, or ignored', () => {
    const strict = new data.ColumnTransformer({ features: ['city'] }).fit(people);
    expect(() => strict.transform({ city: ['Rome', 'Bonn'] })).toThrow(
      'ColumnTransformer.transform: column "city": row 1 has the category "Bonn", which fit has not seen; it knows "Oslo", "Paris", "Rome"',
    );
    const lax = new data.ColumnTransformer({ features: ['city'], handleUnknown: 'ignore' }).fit(people);
    expect(rowsOf(lax.transform({ city: ['Bonn'] }))).toEqual([[0, 0, 0]]);
  });

  it('may be listed, and then may be texts that stand for nothing elsewhere', () => {
    const options = { column: 'country', categories: ['NA', 'FR'] };
    const transformer = new data.ColumnTransformer({ features: [options] });
    expect(rowsOf(transformer.fitTransform({ country: ['FR', 'NA'] }))).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(() => transformer.fit({ country: ['DE'] })).toThrow(
      '"DE" is not one of the categories that the options list',
    );
  });

  it('in large numbers are refused', () => {
    const id = Array.from({ length: 1001 }, (_, i) => `user-${i}`);
    const fit = () => new data.ColumnTransformer({ features: ['id'] }).fit({ id });
    expect(fit).toThrow('column "id": more than 1000 categories');
  });
});

describe('booleans and dates', () => {
  it('are 0 and 1', () => {
    const transformer = new data.ColumnTransformer({ features: ['member'] });
    expect(rowsOf(transformer.fitTransform(people))).toEqual([[1], [0], [1], [1]]);
    expect(rowsOf(transformer.transform({ member: ['FALSE', 'true', 0, '1'] }))).toEqual([[0], [1], [0], [1]]);
  });

  it('are days, standardised', () => {
    const std = Math.sqrt(125);
    const input = new data.ColumnTransformer({ features: ['since'] }).fitTransform(people);
    rowsOf(input).forEach(([x], i) => void expect(x).toBeCloseTo((10 * i - 15) / std, 6));
  });

  it('are read in UTC, from dates, milliseconds and ISO texts with zones', () => {
    const features = [{ column: 't', type: 'date', scaler: 'none' }] as const;
    const t = [
      new Date(Date.UTC(1970, 0, 3)),
      2 * 864e5,
      '1970-01-03',
      '1970-01-03T02:00+02:00',
      '1970-01-02 23:00-0100',
    ];
    expect(rowsOf(new data.ColumnTransformer({ features }).fitTransform({ t }))).toEqual(t.map(() => [2]));
  });

  it.each(['2023-02-29', '2023-13-01', '1/2/2023', 'Jun 12 1998', '2023'])('are not read from %j', (text) => {
    const features = [{ column: 't', type: 'date' }] as const;
    expect(() => new data.ColumnTransformer({ features }).fit({ t: [text] })).toThrow('row 0 must be a date');
  });

  it('go round their cycles', () => {
    const features = [{ column: 't', parts: ['month', 'hour'] }] as const;
    const transformer = new data.ColumnTransformer({ features });
    const [row] = rowsOf(transformer.fitTransform({ t: ['2024-04-01T18:00Z'] }));
    expect(transformer.featureNames).toEqual(['t_month_sin', 't_month_cos', 't_hour_sin', 't_hour_cos']);
    [1, 0, -1, 0].forEach((x, i) => void expect(row![i]).toBeCloseTo(x, 6));
  });
});

describe('missing values', () => {
  const gaps = { x: [1, null, 3, Number.NaN], city: ['a', '', 'b', undefined] };

  it('are refused by row and column', () => {
    expect(() => new data.ColumnTransformer({ features: ['x'] }).fit(gaps)).toThrow(
      `ColumnTransformer.fit: column "x": row 1 has no value (null); missing: 'mean' or 'indicator' allows that`,
    );
    const whole = new data.ColumnTransformer({ features: ['x'] }).fit({ x: [1, 2] });
    expect(() => whole.transform(gaps)).toThrow('ColumnTransformer.transform: column "x": row 1 has no value (null)');
  });

  it('take the mean', () => {
    const transformer = new data.ColumnTransformer({ features: ['x'], missing: 'mean', scaler: 'none' });
    expect(rowsOf(transformer.fitTransform(gaps))).toEqual([[1], [2], [3], [2]]);
  });

  it('are told by an indicator, where fit has seen some', () => {
    const transformer = new data.ColumnTransformer({ features: ['x', 'city'], missing: 'indicator' });
    expect(rowsOf(transformer.fitTransform(gaps))).toEqual([
      [-1, 0, 1, 0, 0],
      [0, 1, 0, 0, 1],
      [1, 0, 0, 1, 0],
      [0, 1, 0, 0, 1],
    ]);
    expect(transformer.featureNames).toEqual(['x', 'x_missing', 'city_a', 'city_b', 'city_missing']);
    expect(transformer.fit({ x: [1, 2], city: ['a', 'b'] }).inputSize).toBe(3);
  });

  it('may be any text', () => {
    const transformer = new data.ColumnTransformer({
      features: ['x'],
      naValues: ['-999'],
      missing: 'mean',
      scaler: 'none',
    });
    expect(rowsOf(transformer.fitTransform({ x: ['1', '-999', '3'] }))).toEqual([[1], [2], [3]]);
  });

  it('of dates are in no place of a cycle', () => {
    const features = [{ column: 't', parts: ['time', 'month'], missing: 'indicator' }] as const;
    const [, gone] = rowsOf(new data.ColumnTransformer({ features }).fitTransform({ t: ['2024-04-01', null] }));
    expect(gone).toEqual([0, 0, 0, 1]);
  });
});

describe('types', () => {
  it('that are mixed are refused by the odd cell', () => {
    const fit = (x: unknown[]) => new data.ColumnTransformer({ features: ['x'] }).fit({ x });
    expect(() => fit(['1', '2', 'three', '4'])).toThrow(
      `column "x": 3 cells are numbers, but row 2 is "three"; say what it is (type: 'numeric' or 'categorical'), or add the text to naValues`,
    );
    expect(() => fit(['2020-01-01', 'soon'])).toThrow('1 cell is a date, but row 1 is "soon"');
    expect(fit(['true', 'false', 'perhaps']).featureNames).toEqual(['x_false', 'x_perhaps', 'x_true']);
  });

  it('without values are refused', () => {
    const fit = () => new data.ColumnTransformer({ features: ['x'], missing: 'mean' }).fit({ x: [null, ''] });
    expect(fit).toThrow('column "x": the column has no values');
  });
});

describe('targets', () => {
  it('of numbers are [rows, 1], and come back in their units', () => {
    const options = { features: ['age'], target: { column: 'income', scaler: 'standard' } } as const;
    const transformer = new data.ColumnTransformer(options).fit(people);
    const target = transformer.transformTarget(people);
    expect(target.shape).toEqual([4, 1]);
    const back = transformer.inverseTransformTarget(target) as number[];
    back.forEach((x, i) => void expect(x).toBeCloseTo(i + 1, 6));
    expect(transformer.classes).toBeNull();
  });

  it('of categories are indices, and come back as names', () => {
    const transformer = new data.ColumnTransformer({ features: ['age'], target: 'city' }).fit(people);
    const target = transformer.transformTarget(people);
    expect([target.dtype, target.toArray()]).toEqual(['int32', [2, 1, 2, 0]]);
    expect(transformer.inverseTransformTarget(target)).toEqual(people.city);
    expect(transformer.classes).toEqual(['Oslo', 'Paris', 'Rome']);
    const logits = tensor([
      [0, 3, 1],
      [-1, -2, -3],
    ]);
    expect(transformer.inverseTransformTarget(logits)).toEqual(['Paris', 'Oslo']);
    expect(() => transformer.inverseTransformTarget(tensor([[1, 2]]))).toThrow(ShapeError);
    expect(() => transformer.inverseTransformTarget(tensor([3], { dtype: 'int32' }))).toThrow('there is no class 3');
  });

  it('of booleans are two classes', () => {
    const transformer = new data.ColumnTransformer({ features: ['age'], target: 'member' }).fit(people);
    const target = transformer.transformTarget({ age: [1, 2], member: ['True', 'false'] });
    expect(target.toArray()).toEqual([1, 0]);
    expect(transformer.inverseTransformTarget(target)).toEqual([true, false]);
  });
});

describe('state', () => {
  const features = ['age', 'city', 'member', { column: 'since', parts: ['time', 'weekday'] }] as const;
  const make = () => new data.ColumnTransformer({ features, target: 'income', missing: 'indicator' });

  it('goes through JSON to the bit', () => {
    const transformer = make().fit({ ...people, age: [0.1, 1 / 3, -0, 1e-300] });
    const text = JSON.stringify(transformer);
    const back = data.ColumnTransformer.fromJSON(text);
    expect(JSON.stringify(back)).toBe(text);
    expect(back.toJSON()).toStrictEqual(transformer.toJSON());
    const table = { ...people, age: [7, 1e-5, 3, 2] };
    expect(back.transform(table).equal(transformer.transform(table))).toBe(true);
    expect(back.transformTarget(table).equal(transformer.transformTarget(table))).toBe(true);
    expect(() => back.partialFit(people)).toThrow(StateError);
    expect(String(back)).toBe(
      'ColumnTransformer(age: numeric, city: categorical, member: boolean, since: date -> income: numeric)',
    );
  });

  it('is the same learnt at once and in parts', () => {
    const whole = make().fit(people);
    const parts = make();
    for (let i = 0; i < 4; i++)
      parts.partialFit(Object.fromEntries(Object.entries(people).map(([name, column]) => [name, [column[i]]])));
    expect(parts.featureNames).toEqual(whole.featureNames);
    const apart = rowsOf(parts.transform(people)).flat();
    rowsOf(whole.transform(people))
      .flat()
      .forEach((x, i) => void expect(apart[i]).toBeCloseTo(x, 6));
  });

  it('stays as it was when a fit fails', () => {
    const transformer = make().fit(people);
    const before = JSON.stringify(transformer);
    expect(() => transformer.fit({ ...people, age: ['1', '2', '3', 'x'] })).toThrow('row 3');
    expect(() => transformer.partialFit({ ...people, age: [1, 2, Number.POSITIVE_INFINITY, 3] })).toThrow(
      'row 6 must be a finite number, got Infinity',
    );
    expect(JSON.stringify(transformer)).toBe(before);
  });

  it('is asked for before there is one', () => {
    expect(() => make().transform(people)).toThrow('ColumnTransformer.transform: it is not fitted yet');
    expect(String(make())).toBe('ColumnTransformer(not fitted)');
  });
});
