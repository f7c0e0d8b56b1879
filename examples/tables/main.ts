/**
 * Learns from two real tables: `npm run build && npx tsx examples/tables/main.ts`. How many miles a car of the seventies goes on a gallon, a regression;
 * and which species a penguin is, a classification. Next to each result stands what one can say without a model.
 */
import { data, EarlyStopping, fit, manualSeed, nn, optim, predict } from 'lanewise';
import { type Row, readTable, splitRows } from './table.js';

async function cars(): Promise<void> {
  manualSeed(0);
  const target = 'Miles_per_Gallon';
  const { train, test } = splitRows(readTable('cars.json').filter((row) => row[target] !== null));
  const dataset = data.fromColumns(train, {
    features: ['Cylinders', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration', 'Year', 'Origin'],
    target: { column: target, scaler: 'standard' },
    missing: 'mean',
  });
  const { transformer } = dataset;
  const model = new nn.Sequential(new nn.Linear(transformer.inputSize, 32), new nn.ReLU(), new nn.Linear(32, 1));
  await fit(model, {
    train: dataset,
    validationSplit: 0.2,
    optimizer: new optim.AdamW(model.parameters(), { lr: 0.01 }),
    loss: new nn.MSELoss(),
    epochs: 100,
    callbacks: [new EarlyStopping({ patience: 10, restoreBest: true })],
  });
  // The same scaling, and numbers in miles a gallon again.
  const told = transformer.inverseTransformTarget(await predict(model, transformer.transform(test))) as number[];
  const numbers = (rows: readonly Row[]) => rows.map((row) => Number(row[target]));
  const mean = average(numbers(train));
  const error = (guess: (i: number) => number) => average(numbers(test).map((value, i) => Math.abs(guess(i) - value)));
  console.log(
    `cars: mean absolute error ${error((i) => told[i]!).toFixed(2)}, of the mean ${error(() => mean).toFixed(2)}`,
  );
}

async function penguins(): Promise<void> {
  manualSeed(0);
  const target = 'Species';
  const { train, test } = splitRows(readTable('penguins.json'));
  const dataset = data.fromColumns(train, {
    features: ['Island', 'Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)', 'Sex'],
    target,
    missing: 'indicator',
    handleUnknown: 'ignore',
  });
  const { transformer } = dataset;
  const classes = transformer.classes!;
  const model = new nn.Sequential(
    new nn.Linear(transformer.inputSize, 16),
    new nn.ReLU(),
    new nn.Linear(16, classes.length),
  );
  await fit(model, {
    train: dataset,
    optimizer: new optim.AdamW(model.parameters(), { lr: 0.01 }),
    loss: new nn.CrossEntropyLoss(),
    epochs: 30,
  });
  // A transformer goes where the weights go: here through JSON.
  const restored = data.ColumnTransformer.fromJSON(JSON.stringify(transformer));
  const told = restored.inverseTransformTarget(await predict(model, restored.transform(test)));
  const share = (guess: (i: number) => unknown) => average(test.map((row, i) => Number(row[target] === guess(i))));
  const most = classes.reduce((best, name) => (count(train, target, name) > count(train, target, best) ? name : best));
  console.log(
    `penguins: accuracy ${share((i) => told[i]).toFixed(3)}, of the most frequent species ${share(() => most).toFixed(3)}`,
  );
}

const average = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

const count = (rows: readonly Row[], column: string, name: string): number =>
  rows.filter((row) => row[column] === name).length;

await cars();
await penguins();
