/** Trains a convolutional network on digits or clothes: `npx tsx examples/cnn/main.ts --help`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { type EpochResult, plot } from 'lanewise';
import { interrupted, signalOfInterrupt } from '../interrupt.js';
import { begin, readOrExplain } from '../mnist/command-line.js';
import type { Split } from '../mnist/digits.js';
import { type Answer, accuracyOf, answersOf, mistakesOf } from './answers.js';
import { type Model, makeModel, train } from './model.js';
import { type CnnOptions, readOptions, usage } from './options.js';
import { drawConfusion, drawImages } from './pictures.js';

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const clothes = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];

async function main(): Promise<number> {
  const options = readOrExplain(readOptions, usage);
  if (typeof options === 'number') return options;
  const [model, split] = begin(options, 'images', makeModel);
  const signal = signalOfInterrupt();
  const history = await trainWithProgress(model, split, options, signal);
  if (history.length > 1) console.log(`\n${await plot(history, { format: 'terminal' })}\n`);
  if (signal.aborted) {
    console.log(`stopped after ${history.length} of ${options.epochs} epochs`);
    return interrupted;
  }
  show(await answersOf(model, split.test), split, options);
  return 0;
}

/** Results of the epochs, also when the signal has ended the training. */
async function trainWithProgress(
  model: Model,
  split: Split,
  { epochs, batchSize, augment }: CnnOptions,
  signal: AbortSignal,
): Promise<EpochResult[]> {
  const format = 'epoch {epoch} [{bar}] {value}/{total} loss {loss} {speed} images/s';
  const bar = new SingleBar({ format, clearOnComplete: true }, Presets.shades_classic);
  const history: EpochResult[] = [];
  const onEpoch = (result: EpochResult): void => {
    bar.stop();
    history.push(result);
    const { epoch, loss, validation, samplesPerSecond } = result;
    console.log(
      `epoch ${String(epoch).padStart(String(epochs).length)}: loss ${loss.toFixed(4)}, ` +
        `test loss ${validation!.loss.toFixed(4)}, test accuracy ${validation!.accuracy!.toFixed(4)}, ` +
        `${Math.round(samplesPerSecond)} images/s`,
    );
  };
  try {
    await train(model, split, {
      ...{ epochs, batchSize, augment, signal, onEpoch },
      onProgress: ({ epoch, step, steps, loss, samplesPerSecond }) => {
        const payload = { epoch, loss: loss.toFixed(4), speed: Math.round(samplesPerSecond) };
        if (!bar.isActive) bar.start(steps!, step, payload);
        bar.update(step, payload);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    bar.stop();
  }
  return history;
}

/** The picture of the confusion matrix, the mistakes that the network was surest of, and the accuracy. */
function show(answers: readonly Answer[], { source, test }: Split, { out }: CnnOptions): void {
  const names = source.includes('fashion') ? clothes : digits;
  const picture = join(out, 'confusion.svg');
  writeFileSync(picture, drawConfusion(answers, names));
  const mistakes = mistakesOf(answers);
  const shown = mistakes.slice(0, 3).map(({ image, label, chosen, probability }) => ({
    image,
    title: `${names[label]}, not ${names[chosen]} (${probability.toFixed(3)})`,
  }));
  console.log(`${mistakes.length} mistakes; those the network was surest of:\n`);
  console.log(`${drawImages(test.images, shown)}\n`);
  console.log(`confusion matrix: ${picture}`);
  console.log(`test accuracy: ${accuracyOf(answers).toFixed(4)}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
