/** Trains a dropout network on real handwritten digits: `npm run demo -- --help`. */
import { Presets, SingleBar } from 'cli-progress';
import { backend, manualSeed } from 'lanewise';
import { drawCurves } from './chart.js';
import { loadDigits } from './digits.js';
import { type DemoOptions, readOptions, usage } from './options.js';
import { type EpochResult, evaluate, makeModel, train } from './train.js';

const interrupted = 130;

async function main(): Promise<number> {
  const options = readOrExplain();
  if (options === undefined) return 2;
  if (options === null) {
    console.log(usage);
    return 0;
  }
  if (options.backend !== undefined) backend.use(options.backend);
  if (options.threads !== undefined) backend.threads = options.threads;
  manualSeed(options.seed);
  const split = loadDigits(options.data);
  const model = makeModel(options.dropout);
  console.log(String(model));
  console.log(`${split.train.labels.numel} digits to train, ${split.test.labels.numel} held out (${split.source})`);
  const threads = backend.name === 'reference' ? '' : `, threads ${backend.threads}`;
  console.log(`backend ${backend.name}${threads}, seed ${options.seed}`);

  const stop = new AbortController();
  // Once: a second Ctrl-C ends the process at once.
  process.once('SIGINT', () => stop.abort());
  const history = await trainWithProgress(model, split, options, stop.signal);
  if (history.length > 1) console.log(`\n${drawCurves(history, process.stdout.isTTY === true)}\n`);
  if (stop.signal.aborted) {
    console.log(`stopped after ${history.length} of ${options.epochs} epochs`);
    return interrupted;
  }
  console.log(`test accuracy: ${evaluate(model, split.test).testAccuracy.toFixed(4)}`);
  return 0;
}

/** The options; null when help was asked for, undefined when they are wrong and that has been said. */
function readOrExplain(): DemoOptions | null | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return undefined;
  }
}

async function trainWithProgress(
  model: ReturnType<typeof makeModel>,
  split: ReturnType<typeof loadDigits>,
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
