/**
 * A training that goes on where it was interrupted, by Ctrl-C or by kill -9:
 * `npm run build && npx tsx examples/resume/main.ts run.safetensors`, and the same again after an interruption.
 */
import { parseArgs } from 'node:util';
import { data, EarlyStopping, fit, ModelCheckpoint, manualSeed, nn, optim, rand } from 'lanewise';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { epochs: { type: 'string', default: '30' }, slow: { type: 'boolean', default: false } },
});
const [path] = positionals;
const epochs = Number(values.epochs);
if (path === undefined || !Number.isSafeInteger(epochs) || epochs < 1) {
  console.error('usage: main.ts PATH [--epochs 30] [--slow]');
  process.exit(2);
}

// The same in every run: data, model, optimizer. What has been learnt is in the file.
manualSeed(0);
const points = rand([1024, 2], { generator: manualSeed(0) });
const target = points.mul(6).sin().sum({ dim: 1, keepdim: true });
const model = new nn.Sequential(new nn.Linear(2, 64), new nn.Tanh(), new nn.Dropout(0.05), new nn.Linear(64, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: 30 });

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));

const checkpoint = new ModelCheckpoint({ path, everySeconds: 0.2 });
try {
  const history = await fit(model, {
    train: new data.TensorDataset(points, target),
    validationSplit: 0.1,
    batchSize: 16,
    epochs,
    optimizer,
    loss: new nn.MSELoss(),
    schedulers: [scheduler],
    callbacks: [new EarlyStopping({ patience: 10, restoreBest: true }), checkpoint],
    signal: controller.signal,
    resume: { path, ifExists: true },
    onEpoch: async ({ epoch, loss, validation }) => {
      console.log(`epoch ${epoch}: loss ${loss.toFixed(6)}, validation ${validation?.loss.toFixed(6)}`);
      // Time to press Ctrl-C.
      if (values.slow) await new Promise((resolve) => setTimeout(resolve, 300));
    },
  });
  console.log(`done: ${history.epochs.length} epochs, last loss ${history.epochs.at(-1)?.loss}`);
} catch (error) {
  if (!controller.signal.aborted) throw error;
  console.log(`saved to ${checkpoint.lastPath}; the same command goes on from there`);
  process.exitCode = 130;
}
