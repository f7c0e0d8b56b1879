/** Trains with a custom activation and a custom optimizer: `npm run build && npx tsx examples/custom/main.ts`. */
import { compile, manualSeed, nn, rand, type Tensor } from 'lanewise';
import { Lion } from './lion.js';
import { Mish } from './mish.js';

manualSeed(0);
const model = new nn.Sequential(new nn.Linear(2, 64), new Mish(), new nn.Linear(64, 1));
const optimizer = new Lion(model.parameters(), { lr: 3e-3 });
const criterion = new nn.MSELoss();

/** One whole training step: a single native call. */
const step = compile((points: Tensor, heights: Tensor) => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(points), heights);
  loss.backward();
  optimizer.step();
  return loss;
});

/** A surface with ripples over the square [-1, 1]². */
const surface = (points: Tensor): Tensor => points.mul(3).sin().sum(1, true);

for (let epoch = 1; epoch <= 5; epoch++) {
  let total = 0;
  for (let batch = 0; batch < 200; batch++) {
    const points = rand([128, 2]).mul(2).sub(1);
    total += step(points, surface(points)).item();
  }
  console.log(`epoch ${epoch}: mean squared error ${(total / 200).toFixed(5)}`);
}

console.log('\nThe step as it is compiled:\n');
console.log(step.describe());
