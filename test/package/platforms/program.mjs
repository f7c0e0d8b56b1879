// What every platform and runtime has to do: train by eager calls, by a compiled step, and by fit on the library's own threads; with one
// library for import and require.
import { createRequire } from 'node:module';
import * as lanewise from 'lanewise';

const { backend, compile, fit, manualSeed, nn, optim, predict, randn, tensor } = lanewise;
const required = createRequire(import.meta.url)('lanewise');

manualSeed(0);
const model = new nn.Sequential(new nn.Linear(20, 16), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(16, 3));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
const criterion = new nn.CrossEntropyLoss();
const input = randn([60, 20]);
const target = tensor(Int32Array.from({ length: 60 }, (_, i) => i % 3));
const step = compile((x, y) => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});
const losses = [step(input, target).item()];
losses.push((await step.async(input, target)).item());
const { epochs } = await fit(model, { train: [input, target], loss: criterion, optimizer, batchSize: 20, epochs: 20 });
losses.push(epochs.at(-1).loss, (await predict(model, input)).sum().item());
let refused = '';
try {
  tensor([[1, 2]]).indexSelect(tensor([5], { dtype: 'int32' }));
} catch (error) {
  refused = error.name;
}
console.log(
  JSON.stringify({
    name: backend.name,
    losses,
    refused,
    oneLibrary: required.Tensor === lanewise.Tensor && required.backend === backend,
  }),
);
