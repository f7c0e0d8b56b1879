/** Trains a dropout network on real handwritten digits: `npm run demo -- --help`. */
import { Presets, SingleBar } from 'cli-progress';
import { interrupted, signalOfInterrupt } from '../interrupt.js';
import { drawCurves } from './chart.js';
import { begin, readOrExplain } from './command-line.js';
import type { Split } from './digits.js';
import { type DemoOptions, readOptions, usage } from './options.js';
import { type EpochResult, evaluate, makeModel, train } from './train.js';

async function main(): Promise<number> {
  const options = readOrExplain(readOptions, usage);
  if (typeof options === 'number') return options;
  const [model, split] = begin(options, 'digits', () => makeModel(options.dropout));
  const signal = signalOfInterrupt();
  const history = await trainWithProgress(model, split, options, signal);
  if (history.length > 1) console.log(`\n${drawCurves(history, process.stdout.isTTY === true)}\n`);
  if (signal.aborted) {
    console.log(`stopped after ${history.length} of ${options.epochs} epochs`);
    return interrupted;
  }
  console.log(`test accuracy: ${evaluate(model, split.test).testAccuracy.toFixed(4)}`);
  return 0;
}

async function trainWithProgress(
  model: ReturnType<typeof makeModel>,
  split: Split,
  { epochs, batchSize }: DemoOptions,
  signal: AbortSignal,
): Promise<EpochResult[]> {
  const bar = new SingleBar(
    { format: 'epoch {epoch} [{bar}] {value}/{total} loss {loss} {speed} samples/s', clearOnComplete: true },
    Presets.shades_classic,
  );
  try {
    return await train(model, split, {
      epochs,
      batchSize,
      signal,
      onBatch: ({ epoch, batch, batches, loss, samplesPerSecond }) => {
        const payload = { epoch, loss: loss.toFixed(4), speed: Math.round(samplesPerSecond) };
        if (batch === 1) bar.start(batches, 0, payload);
        bar.update(batch, payload);
      },
      onEpoch: (result) => {
        bar.stop();
        console.log(
          `epoch ${String(result.epoch).padStart(String(epochs).length)}: loss ${result.trainLoss.toFixed(4)}, ` +
            `test loss ${result.testLoss.toFixed(4)}, test accuracy ${result.testAccuracy.toFixed(4)}, ` +
            `${Math.round(result.samplesPerSecond)} samples/s`,
        );
      },
    });
  } finally {
    bar.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
