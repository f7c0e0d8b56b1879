/**
 * A transformer reads digits row by row: `npm run build && npx tsx examples/transformer/main.ts`. Attention alone does not see in which order the rows stand; the
 * sinusoidal positions of "Attention Is All You Need" tell it. Next to it stand the same network without positions, and a linear model of the pixels.
 * `--epochs 1` is quick.
 */
import { parseArgs } from 'node:util';
import { data, fit, manualSeed, nn, optim, predict } from 'lanewise';
import { runMain } from '../interrupt.js';
import { loadDigits } from '../mnist/digits.js';
import { RowReader } from './model.js';

const { values } = parseArgs({ options: { epochs: { type: 'string', default: '5' } } });

await runMain(async (signal) => {
  const { train, test } = loadDigits(undefined);
  console.log(`${train.labels.numel} digits to learn from, ${test.labels.numel} held out`);
  const labels = test.labels.toTypedArray('int32');

  async function accuracyOf(name: string, makeModel: () => nn.Module): Promise<string> {
    manualSeed(0);
    const model = makeModel();
    await fit(model, {
      train: new data.TensorDataset(train.images, train.labels),
      optimizer: new optim.Adam(model.parameters(), { lr: 0.003 }),
      loss: new nn.CrossEntropyLoss(),
      epochs: Number(values.epochs),
      batchSize: 64,
      signal,
      onEpoch: ({ epoch, loss }) => console.log(`${name}, epoch ${epoch}: loss ${loss.toFixed(4)}`),
    });
    const chosen = (await predict(model, test.images)).argmax({ dim: 1 }).toTypedArray('int32');
    return (chosen.filter((digit, i) => digit === labels[i]).length / labels.length).toFixed(4);
  }

  const withPositions = await accuracyOf('with positions', () => new RowReader(true));
  const without = await accuracyOf('without positions', () => new RowReader(false));
  const linear = await accuracyOf('linear', () => new nn.Linear(784, 10));
  console.log(`test accuracy: positions ${withPositions}, without ${without}, linear ${linear}`);
});
