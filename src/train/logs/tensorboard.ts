/** A training as TensorBoard shows it. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checkOptions, checkSize } from '../../check.js';
import { pathOf } from '../../files/path.js';
import type { AnyModule } from '../../nn/module.js';
import { ownTurn } from '../../ops/turns.js';
import type { Callback, TrainingContext } from '../callback.js';
import type { EpochResult } from '../history.js';
import { AppendFile, unwritable } from './append-file.js';
import { type Column, rateColumns, scoreColumns } from './columns.js';
import { type EventContent, eventRecord, type SummaryValue } from './event-record.js';
import { HistogramBuilder } from './histogram.js';

const caller = 'TensorBoard';

/** Weights that are looked at in one turn of the event loop. */
const pieceLength = 1 << 16;

/** Files of this process: two in one second need two names. */
let files = 0;

/** Options of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** Histograms of all parameters each time this number of epochs is over. Default 0: none. */
  histogramEvery?: number;
}

/**
 * Writes event files that TensorBoard reads (`tensorboard --logdir dir`): loss and metrics of training and validation under one heading
 * (`loss/train`, `loss/validation`), learning rates, samples in a second, and histograms of the weights if they are asked for; the step is the
 * epoch. Each training writes a separate file, in the background; one that goes on from a checkpoint takes the place of the epochs that it makes
 * again.
 *
 * ```ts
 * await fit(model, { train, epochs: 20, callbacks: [new TensorBoard('runs/first', { histogramEvery: 5 })], ... });
 * ```
 */
export class TensorBoard implements Callback {
  readonly onRankZeroOnly = true;
  readonly #folder: string;
  readonly #histogramEvery: number;
  #columns: readonly { readonly tag: string; readonly column: Column }[] = [];
  #file: AppendFile | null = null;

  /**
   * @param dir the folder, which is made if it is not there.
   * @throws ArgumentError for a path that is none, and for options that are not valid. While training: for a folder that cannot be written into.
   */
  constructor(dir: string | URL, options?: TensorBoardOptions) {
    const { histogramEvery = 0 } = checkOptions(caller, options, ['histogramEvery']);
    this.#folder = pathOf(caller, dir);
    this.#histogramEvery = checkSize(caller, 'histogramEvery', histogramEvery);
  }

  onStart({ scores, optimizer }: TrainingContext): void {
    const training = scores.filter((name) => !name.startsWith('validation.'));
    const own = scoreColumns(training.slice(1), training.length < scores.length);
    const named = own.map((column) => {
      const isValidation = column.name.startsWith('validation.');
      const name = isValidation ? column.name.slice('validation.'.length) : column.name;
      return { tag: `${name}/${isValidation ? 'validation' : 'train'}`, column };
    });
    const rates = rateColumns(optimizer.paramGroups.length);
    this.#columns = [
      ...named,
      ...rates.map((column) => ({ tag: column.name.replace('.', '/'), column })),
      { tag: 'samplesPerSecond', column: { name: '', read: ({ samplesPerSecond }) => samplesPerSecond } },
    ];
    this.#file = null;
  }

  async onEpoch(result: EpochResult, { model }: TrainingContext): Promise<void> {
    const { epoch } = result;
    this.#file ??= await this.#open(epoch);
    const values: SummaryValue[] = [];
    for (const { tag, column } of this.#columns) {
      const scalar = column.read(result);
      if (scalar !== undefined) values.push({ tag, scalar });
    }
    await this.#write(this.#file, epoch, { values });
    if (this.#histogramEvery > 0 && epoch % this.#histogramEvery === 0)
      await this.#write(this.#file, epoch, { values: await histogramsOf(model) });
  }

  async onEnd(): Promise<void> {
    await this.#file?.flush();
  }

  async #open(epoch: number): Promise<AppendFile> {
    const now = Date.now();
    const name = `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}.${files++}.lanewise`;
    try {
      await mkdir(this.#folder, { recursive: true });
    } catch (cause) {
      throw unwritable(caller, this.#folder, cause);
    }
    const file = new AppendFile(caller, join(this.#folder, name));
    await this.#write(file, 0, { version: 'brain.Event:2' });
    if (epoch > 1) await this.#write(file, epoch, { restart: true });
    return file;
  }

  #write(file: AppendFile, step: number, content: EventContent): Promise<void> {
    return file.append(eventRecord(Date.now() / 1000, step, content));
  }
}

/** All parameters by their names. Nothing is trained meanwhile, so their numbers are read where they are, with the event loop free in between. */
async function histogramsOf(model: AnyModule): Promise<SummaryValue[]> {
  const values: SummaryValue[] = [];
  for (const [name, parameter] of model.namedParameters()) {
    const numbers = parameter.storage.read();
    const builder = new HistogramBuilder();
    for (let start = 0; start < numbers.length; start += pieceLength) {
      builder.add(numbers.subarray(start, start + pieceLength));
      await ownTurn();
    }
    values.push({ tag: `weights/${name}`, histogram: builder.finish() });
  }
  return values;
}
