/** Trains a network with custom layers on two spirals: `npm run build && npx tsx examples/residual/main.ts`. */
import { data, manualSeed, nn, noGrad, optim } from 'lanewise';
import { Residual } from './residual.js';
import { makeSpirals } from './spirals.js';

const epochs = 60;

manualSeed(0);
const train = makeSpirals(1000);
const test = makeSpirals(500);

// Your own modules mix with those of the library.
const model = new nn.Sequential(
  new nn.Linear(2, 32),
  new Residual(32, 0.1),
  new Residual(32, 0.1),
  new nn.Linear(32, 2),
);
console.log(String(model));

const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const criterion = new nn.CrossEntropyLoss();
const loader = new data.DataLoader(new data.TensorDataset(train.points, train.labels), {
  batchSize: 50,
  shuffle: true,
});

for (let epoch = 1; epoch <= epochs; epoch++) {
  // Dropout drops in training mode only.
  model.train();
  let sum = 0;
  for (const [points, labels] of loader) {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(points), labels);
    loss.backward();
    optimizer.step();
    sum += loss.item() * labels.numel;
  }
  if (epoch % 10 === 0) console.log(`epoch ${epoch}: loss ${(sum / train.labels.numel).toFixed(4)}`);
}

model.eval();
const chosen = noGrad(() => model.forward(test.points).argmax({ dim: 1 })).toTypedArray('int32');
const right = test.labels.toTypedArray('int32').filter((label, i) => label === chosen[i]).length;
console.log(`test accuracy: ${(right / chosen.length).toFixed(4)}`);
