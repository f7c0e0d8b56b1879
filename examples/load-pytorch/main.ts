/** Loads a network that PyTorch has trained, and answers as it does: `npm run build && npx tsx examples/load-pytorch/main.ts`. */
import { io, nn, noGrad } from 'lanewise';

const file = (name: string) => new URL(name, import.meta.url);

// The same layers as in make_model.py, so that names and shapes are the same.
const model = new nn.Sequential(new nn.Linear(2, 16), new nn.ReLU(), new nn.Linear(16, 3));

// What PyTorch answered, as it wrote it with safetensors.
const { inputs, outputs } = await io.load(file('answers.safetensors'));
if (inputs === undefined || outputs === undefined) throw new Error('answers.safetensors holds no inputs and outputs');

function compare(name: string): void {
  const answers = noGrad(() => model.forward(inputs!));
  const difference = answers.sub(outputs!).abs().max().item();
  const same = answers
    .argmax({ dim: 1 })
    .eq(outputs!.argmax({ dim: 1 }))
    .sum()
    .item();
  console.log(
    `${name}: ${same} of ${outputs!.shape[0]} classes are the same, the largest difference is ${difference.toExponential(1)}`,
  );
}

// A file of torch.save({ epoch, model: state_dict }): the option names the part that is wanted.
console.log(String(model.loadStateDict(await io.load(file('checkpoint.pt'), { key: 'model' }))));
compare('checkpoint.pt');

const state = await io.load(file('model.safetensors'));
model.loadStateDict(state);
compare('model.safetensors');
console.log(`metadata: ${JSON.stringify(io.fileInfo(state).metadata)}`);
