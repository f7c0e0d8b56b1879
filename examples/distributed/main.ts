/**
 * The digits, learnt by several processes together, with the result of one:
 * `npm run build && mpirun -n 2 --bind-to none npx tsx examples/distributed/main.ts`, or without mpirun.
 */
import { parseArgs } from 'node:util';
import { data, distributed, fit, manualSeed, nn, optim } from 'lanewise';
import { loadDigits } from '../mnist/digits.js';

const { values } = parseArgs({
  options: { epochs: { type: 'string', default: '3' }, shards: { type: 'string', default: '4' } },
});
const [epochs, shards] = [Number(values.epochs), Number(values.shards)];
if (![epochs, shards].every((each) => Number.isSafeInteger(each) && each > 0)) {
  console.error('usage: main.ts [--epochs 3] [--shards 4]');
  process.exit(2);
}

await distributed.initProcessGroup();
const rank = distributed.getRank();
/** One of the ranks speaks for all. */
const say = (text: string): void => {
  if (rank === 0) console.log(text);
};
say(`ranks: ${distributed.getWorldSize()}`);

// The same on every rank: data, seed, model, options.
const { source, train, test } = loadDigits(undefined);
manualSeed(0);
const model = new nn.Sequential(
  new nn.Linear(784, 256),
  new nn.ReLU(),
  new nn.Dropout(0.5),
  new nn.Linear(256, 128),
  new nn.ReLU(),
  new nn.Dropout(0.5),
  new nn.Linear(128, 10),
);
const { epochs: results } = await fit(model, {
  train: new data.TensorDataset(train.images, train.labels),
  validation: new data.TensorDataset(test.images, test.labels),
  optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
  loss: new nn.CrossEntropyLoss(),
  metrics: ['accuracy'],
  batchSize: 128, // rows of all ranks together
  epochs,
  distributed: { shards },
  onEpoch: ({ epoch, loss, samplesPerSecond }) =>
    say(`epoch ${epoch}: loss ${loss.toFixed(6)}, ${Math.round(samplesPerSecond)} samples/s`),
});
const last = results.at(-1);
say(`${source}: loss ${last?.loss}, validation ${last?.validation?.loss}, accuracy ${last?.validation?.accuracy}`);
await distributed.destroyProcessGroup();
