/** Tables as the packages give them that people read tables with: the same tensors from each. */
import * as arrow from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { data, fit, nn, optim, predict } from '../../../src/index.js';

const csv = `area,rooms,city,garden,built,price
50.5,2,Paris,true,1990-05-01,250000
80,3,"Aix, en Provence",false,2001-01-01,
120.25,5,Paris,false,1970-06-15,410000
61,,Lyon,true,2015-12-31,300000
`;
const features = ['area', 'rooms', 'city', 'garden', 'built'] as const;
const records: Record<string, string>[] = parse(csv, { columns: true });
const priced = records.filter(({ price }) => price !== '');

const learnt = (table: data.TableLike) => {
  const dataset = data.fromColumns(table, { features, target: 'price', missing: 'indicator' });
  return { text: JSON.stringify(dataset.transformer), dataset };
};
const expected = learnt(priced);

function expectSame(table: data.TableLike): void {
  const { text, dataset } = learnt(table);
  expect(text).toBe(expected.text);
  for (const [i, tensor] of dataset.tensors.entries()) expect(tensor.equal(expected.dataset.tensors[i]!)).toBe(true);
}

describe('a table', () => {
  it('is what csv-parse gives', () => {
    const [input, target] = expected.dataset.tensors;
    expect(expected.dataset.length).toBe(3);
    expect(input.shape).toEqual([3, 7]);
    expect(target.toArray()).toEqual([[250000], [410000], [300000]]);
  });

  it('is what papaparse gives, with and without types', () => {
    for (const dynamicTyping of [false, true]) {
      const parsed = Papa.parse<Record<string, unknown>>(csv, { header: true, skipEmptyLines: true, dynamicTyping });
      expectSame(parsed.data.filter(({ price }) => price !== '' && price !== null));
    }
  });

  it('is columns, typed or not', () => {
    expectSame({
      area: Float64Array.from(priced, ({ area }) => Number(area)),
      rooms: [2, 5, null],
      city: ['Paris', 'Paris', 'Lyon'],
      garden: [true, false, true],
      built: priced.map(({ built }) => new Date(built!)),
      price: BigInt64Array.of(250000n, 410000n, 300000n),
    });
  });

  it('is a table of Apache Arrow, of one batch or more', () => {
    const fields = {
      area: arrow.vectorFromArray([50.5, 120.25, 61], new arrow.Float64()),
      rooms: arrow.vectorFromArray([2n, 5n, null], new arrow.Int64()),
      city: arrow.vectorFromArray(
        ['Paris', 'Paris', 'Lyon'],
        new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
      ),
      garden: arrow.vectorFromArray([true, false, true], new arrow.Bool()),
      built: arrow.vectorFromArray(
        priced.map(({ built }) => new Date(built!)),
        new arrow.DateDay(),
      ),
      price: arrow.vectorFromArray([250000, 410000, 300000], new arrow.Int32()),
    };
    const table = new arrow.Table(fields);
    expectSame(table);
    expectSame(table.slice(0, 2).concat(table.slice(2)));
    expectSame(arrow.tableFromIPC(arrow.tableToIPC(table)));
    // Columns of it are columns.
    expectSame({ ...fields });
  });

  it('knows the times of Arrow from numbers', () => {
    const t = arrow.vectorFromArray([0, 864e5], new arrow.TimestampMillisecond());
    const { features: columns } = new data.ColumnTransformer({ features: ['t'] }).fit(new arrow.Table({ t })).toJSON();
    expect(columns).toMatchObject([{ type: 'date', center: 0.5 }]);
  });

  it('is what hyparquet reads', async () => {
    const file = parquetWriteBuffer({
      columnData: [
        { name: 'area', data: [50.5, 120.25, 61], type: 'DOUBLE' },
        { name: 'rooms', data: [2n, 5n, null], type: 'INT64', nullable: true },
        { name: 'city', data: ['Paris', 'Paris', 'Lyon'], type: 'STRING' },
        { name: 'garden', data: [true, false, true], type: 'BOOLEAN' },
        { name: 'built', data: priced.map(({ built }) => new Date(built!)), type: 'TIMESTAMP' },
        { name: 'price', data: [250000, 410000, 300000], type: 'INT32' },
      ],
    });
    expectSame(await parquetReadObjects({ file }));
  });

  it('reads own properties of records only', () => {
    const transform = () => new data.ColumnTransformer({ features: ['constructor'] }).fit([{ x: 1 }]);
    expect(transform).toThrow('there is no column "constructor"; the table has "x"');
    expect(new data.ColumnTransformer({ features: ['__proto__'] }).fit([JSON.parse('{"__proto__":1}')]).inputSize).toBe(
      1,
    );
  });
});

describe('a dataset of a table', () => {
  const table = Array.from({ length: 64 }, (_, i) => ({ x: i, kind: i % 2 === 0 ? 'even' : 'odd', y: 3 * i - 7 }));

  it('trains and predicts, with numbers in their units', async () => {
    const train = data.fromColumns(table, {
      features: ['x', 'kind'],
      target: { column: 'y', scaler: 'standard' },
    });
    const { transformer } = train;
    const model = new nn.Sequential(new nn.Linear(transformer.inputSize, 1));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const validation = data.fromColumns(table.slice(0, 9), { transformer });
    await fit(model, { train, validation, optimizer, loss: new nn.MSELoss(), batchSize: 16, epochs: 80 });
    const output = await predict(model, transformer.transform([{ x: 100, kind: 'odd' }]));
    const [answer] = transformer.inverseTransformTarget(output) as number[];
    expect(answer).toBeGreaterThan(285);
    expect(answer).toBeLessThan(301);
  });

  it('goes through a DataLoader, with indices where features are ordinal', () => {
    const dataset = data.fromColumns(table, {
      features: ['x', { column: 'kind', encoder: 'ordinal' }],
      target: 'y',
      scaler: 'none',
    });
    const loader = new data.DataLoader(dataset, { batchSize: 3 });
    const [{ dense, indices }, target] = loader[Symbol.iterator]().next().value!;
    expect(dense.toArray()).toEqual([[0], [1], [2]]);
    expect(indices.toArray()).toEqual([[0], [1], [0]]);
    expect(target.toArray()).toEqual([[-7], [-4], [-1]]);
    expect(dataset.get(1)[0].indices.toArray()).toEqual([1]);
  });
});
