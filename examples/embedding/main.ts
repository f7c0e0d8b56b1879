/**
 * Names as vectors: `npm run build && npx tsx examples/embedding/main.ts`. How many people had an occupation, as a decimal logarithm, by occupation, sex and
 * year? The network has an `nn.Embedding` for each column of names. Next to it stands a linear model of the same columns with a 0 or 1 for each name, which
 * cannot see that an occupation grew, or went from men to women; and the mean.
 */
import { data, EarlyStopping, fit, manualSeed, nn, optim, predict, type Tensor } from 'lanewise';
import { runMain } from '../interrupt.js';
import { readJobs } from './jobs.js';
import { EmbeddingNetwork } from './model.js';

await runMain(async (signal) => {
  const { train, test } = readJobs();
  console.log(`${train.length} rows to learn from, ${test.length} held out`);
  // The same columns in both forms.
  const tableOf = <Encoder extends 'ordinal' | 'oneHot'>(encoder: Encoder) =>
    data.fromColumns(train, {
      features: [{ column: 'job', encoder }, { column: 'sex', encoder }, 'year'],
      target: { column: 'digits', scaler: 'standard' },
    });
  const common = { validationSplit: 0.1, loss: new nn.MSELoss(), epochs: 60, signal };

  manualSeed(0);
  const ordinal = tableOf('ordinal');
  const { transformer } = ordinal;
  const sizes = transformer.cardinalities.map(({ size }) => size);
  const network = new EmbeddingNetwork(sizes, transformer.inputSize);
  console.log(String(network));
  await fit(network, {
    ...common,
    train: ordinal,
    optimizer: new optim.AdamW(network.parameters(), { lr: 0.003 }),
    callbacks: [new EarlyStopping({ patience: 8, restoreBest: true })],
    onEpoch: ({ epoch, loss, validation }) => {
      if (epoch % 5 === 0)
        console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}, validation ${validation!.loss.toFixed(4)}`);
    },
  });

  manualSeed(0);
  const oneHot = tableOf('oneHot');
  const linear = new nn.Linear(oneHot.transformer.inputSize, 1);
  await fit(linear, {
    ...common,
    train: oneHot,
    optimizer: new optim.AdamW(linear.parameters(), { lr: 0.003 }),
    callbacks: [new EarlyStopping({ patience: 8, restoreBest: true })],
  });

  const numbers = (output: Tensor) => transformer.inverseTransformTarget(output) as number[];
  const embedded = numbers(await predict(network, transformer.transform(test)));
  const summed = numbers(await predict(linear, oneHot.transformer.transform(test)));
  const average = mean(train.map(({ digits }) => digits));
  const errorOf = (told: (row: number) => number): string =>
    mean(test.map(({ digits }, row) => Math.abs(told(row) - digits))).toFixed(3);
  console.log(
    `mean absolute error in decimal digits: embeddings ${errorOf((row) => embedded[row]!)}, ` +
      `linear ${errorOf((row) => summed[row]!)}, mean ${errorOf(() => average)}`,
  );
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
