/** The training itself, its progress, and what came of it. */
import { data, EarlyStopping, fit, ModelCheckpoint, nn, optim, predict, type Tensor } from '../index.js';
import { resumeCommand, TableColumns } from './checkpoint.js';
import type { Terminal } from './command.js';
import { type Mlp, type MlpSpec, makeMlp } from './model-file.js';
import type { Plan } from './profile.js';
import { type ClassificationScore, type RegressionScore, scoreClasses, scoreNumbers } from './score.js';
import type { TrainData } from './train-data.js';
import type { TrainSettings } from './train-settings.js';

/** What is printed, by name. */
export interface Report {
  readonly task: Plan['task'];
  readonly target: string;
  readonly metrics: RegressionScore | ClassificationScore;
  /** The same of a model that says the mean or the most frequent class. */
  readonly baseline: RegressionScore | ClassificationScore;
  /** What the baseline says. */
  readonly baselineSays: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly isInterrupted: boolean;
  readonly model: string;
}

/** How it goes on, and what is said of it. */
export interface Course {
  readonly isQuiet: boolean;
  /** The file of the checkpoint. */
  readonly checkpoint: string;
  /** Whether the training goes on from it. */
  readonly isResumed: boolean;
}

/** Seconds between checkpoints, for the case of a kill. */
const everySeconds = 60;

/** Trains until it gets no better, or until Ctrl-C; the model has its best weights then. */
export async function train(
  plan: Plan,
  { parts, transformer, rows }: TrainData,
  settings: TrainSettings,
  terminal: Terminal,
  { isQuiet, checkpoint, isResumed }: Course,
): Promise<{ spec: MlpSpec; model: Mlp; epochs: number; isInterrupted: boolean }> {
  const { hidden, dropout } = settings;
  const spec = { inputSize: transformer.inputSize, hidden, dropout, outputSize: transformer.classes?.length ?? 1 };
  const model = makeMlp(spec);
  const isRegression = plan.task === 'regression';
  const progress = isQuiet ? null : new ProgressLine(terminal, isRegression);
  const stopping = new EarlyStopping({ patience: settings.patience, restoreBest: true });
  const files = new ModelCheckpoint({ path: checkpoint, everySeconds, saveOnStop: true });
  let epochs = 0;
  try {
    const { epochs: results } = await fit(model, {
      train: new data.TensorDataset(...parts.train),
      validation: new data.TensorDataset(...parts.validation),
      optimizer: new optim.AdamW(model.parameters(), { lr: settings.lr }),
      loss: isRegression ? new nn.MSELoss() : new nn.CrossEntropyLoss(),
      metrics: isRegression ? [] : ['accuracy'],
      batchSize: settings.batchSize ?? Math.min(512, Math.max(32, 2 ** Math.floor(Math.log2(rows.train / 50)))),
      epochs: settings.epochs,
      callbacks: [new TableColumns(transformer), stopping, files],
      ...(isResumed ? { resume: checkpoint } : {}),
      signal: terminal.signal,
      onEpoch: (result) => {
        epochs = result.epoch + 1;
        progress?.show(epochs, settings.epochs, result.loss, result.validation ?? {});
      },
    });
    epochs = results.length;
  } catch (error) {
    if (!terminal.signal.aborted || error !== terminal.signal.reason) throw error;
    progress?.end();
    terminal.note('stopped by Ctrl-C; what has been learnt so far is saved');
    if (files.lastPath !== null) terminal.note(`to go on: ${resumeCommand(process.argv.slice(2))}`);
    return { spec, model, epochs, isInterrupted: true };
  }
  progress?.end();
  return { spec, model, epochs, isInterrupted: false };
}

/** One line that changes on a terminal; elsewhere a line now and then. */
class ProgressLine {
  readonly #terminal: Terminal;
  readonly #isRegression: boolean;
  #shown = Number.NEGATIVE_INFINITY;
  #last = '';
  #isOpen = false;

  constructor(terminal: Terminal, isRegression: boolean) {
    this.#terminal = terminal;
    this.#isRegression = isRegression;
  }

  show(epoch: number, epochs: number, loss: number, validation: { loss?: number; accuracy?: number }): void {
    const said = this.#isRegression ? '' : `, accuracy ${((validation.accuracy ?? 0) * 100).toFixed(1)} %`;
    this.#last = `epoch ${epoch}/${epochs}: loss ${loss.toPrecision(4)}, validation ${validation.loss?.toPrecision(4)}${said}`;
    const now = performance.now();
    const { showProgress } = this.#terminal;
    if (now - this.#shown < (showProgress === null ? 2000 : 100)) return;
    this.#shown = now;
    if (showProgress === null) this.#terminal.note(this.#last);
    else showProgress(this.#last);
    this.#isOpen = showProgress !== null;
  }

  end(): void {
    if (this.#isOpen) this.#terminal.showProgress?.(`${this.#last}\n`);
  }
}

/** Errors on the rows that the training has not seen, next to those of the baseline. */
export async function evaluate(
  plan: Plan,
  { parts, transformer }: TrainData,
  model: Mlp,
): Promise<Pick<Report, 'metrics' | 'baseline' | 'baselineSays'>> {
  const [input, target] = parts.test;
  const output = await predict(model, input);
  const classes = transformer.classes;
  if (plan.task === 'regression' || classes === null) {
    const numbers = (tensor: Tensor) => transformer.inverseTransformTarget(tensor) as number[];
    const [actual, learnt] = [numbers(target), numbers(parts.train[1])];
    const mean = learnt.reduce((sum, value) => sum + value, 0) / learnt.length;
    return {
      metrics: scoreNumbers(numbers(output), actual),
      baseline: scoreNumbers(
        actual.map(() => mean),
        actual,
      ),
      baselineSays: `the mean, ${Number(mean.toPrecision(6))}`,
    };
  }
  const actual = target.toArray() as number[];
  const learnt = parts.train[1].toArray() as number[];
  const shares = classes.map((_, k) => learnt.filter((label) => label === k).length / learnt.length);
  const most = shares.indexOf(Math.max(...shares));
  return {
    metrics: scoreClasses(output.softmax(1).toArray() as number[][], actual),
    baseline: scoreClasses(
      actual.map(() => shares),
      actual,
    ),
    baselineSays: `the most frequent class, ${classes[most]}`,
  };
}

/** The report for people. */
export function reportLines({ metrics, baseline, baselineSays, rows, epochs, model }: Report): string[] {
  const names = Object.keys(metrics) as (keyof typeof metrics)[];
  const cell = (number: number) => String(Number(number.toPrecision(4))).padStart(12);
  const titles: Readonly<Record<string, string>> = {
    rmse: 'RMSE',
    mae: 'MAE',
    r2: 'R²',
    accuracy: 'accuracy',
    logLoss: 'log loss',
  };
  return [
    `on ${rows.test} rows that were held out, after ${epochs} epochs:`,
    `${''.padEnd(10)}${'model'.padStart(12)}${'baseline'.padStart(12)}`,
    ...names.map((name) => `${titles[name]!.padEnd(10)}${cell(metrics[name])}${cell(baseline[name])}`),
    `(the baseline says ${baselineSays})`,
    `saved: ${model}`,
  ];
}
