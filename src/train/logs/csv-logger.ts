/** Epochs as lines of a CSV file, while the training goes on. */
import { readFile } from 'node:fs/promises';
import { checkOneOf, checkOptions } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { codeOf, pathOf, unreadable } from '../../files/path.js';
import { writeAtomically } from '../../io/atomic-write.js';
import type { Callback, TrainingContext } from '../callback.js';
import type { EpochResult } from '../history.js';
import { AppendFile } from './append-file.js';
import { type Column, scoreColumns, tableColumns } from './columns.js';
import { csvHeader, csvRow } from './csv.js';

const caller = 'CSVLogger';
const modes = ['overwrite', 'append', 'resume'] as const;

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /**
   * What becomes of a file that is there. `'overwrite'`, the default: a new one takes its place. `'append'`: lines are added to it. `'resume'`: lines
   * are added, in the place of those of epochs that are made again, as after a training that goes on from a checkpoint.
   */
  mode?: 'overwrite' | 'append' | 'resume';
}

/**
 * Writes a line for each epoch into a CSV file: its number, steps, samples, loss and metrics, those of validation (`validation.loss`), learning rates,
 * time. Lines are written in the background; the training waits for them at its end.
 *
 * ```ts
 * await fit(model, { train, epochs: 20, callbacks: [new CSVLogger('log.csv')], ... });
 * ```
 */
export class CSVLogger implements Callback {
  readonly onRankZeroOnly = true;
  readonly #path: string;
  readonly #mode: (typeof modes)[number];
  #columns: readonly Column[] = [];
  #file: AppendFile | null = null;

  /**
   * @param path of the file; its folder must be there.
   * @throws ArgumentError for a path that is none, and for options that are not valid. While training: for a file that cannot be written, or one with
   * other columns that it was to go on with.
   */
  constructor(path: string | URL, options?: CSVLoggerOptions) {
    const { mode = 'overwrite' } = checkOptions(caller, options, ['mode']);
    this.#path = pathOf(caller, path);
    this.#mode = checkOneOf(caller, 'mode', mode, modes);
  }

  onStart({ scores, optimizer }: TrainingContext): void {
    const training = scores.filter((name) => !name.startsWith('validation.'));
    const own = scoreColumns(training.slice(1), training.length < scores.length);
    this.#columns = tableColumns(own, optimizer.paramGroups.length);
    this.#file = null;
  }

  async onEpoch(result: EpochResult): Promise<void> {
    this.#file ??= await this.#open(result.epoch);
    await this.#file.append(Buffer.from(csvRow(this.#columns, result)));
  }

  async onEnd(): Promise<void> {
    await this.#file?.flush();
  }

  /** Makes the file what it is to be before the line of the first epoch. */
  async #open(epoch: number): Promise<AppendFile> {
    const header = csvHeader(this.#columns);
    const old = this.#mode === 'overwrite' ? null : await this.#read();
    if (old !== null && old !== '' && !old.startsWith(header))
      throw new ArgumentError(
        `${caller}: ${this.#path} has other columns: ${firstLine(old)}, not ${firstLine(header)}; write into another file`,
      );
    const kept = old === null || old === '' ? header : this.#mode === 'append' ? wholeLines(old) : before(old, epoch);
    if (kept !== old) await writeAtomically(caller, this.#path, [Buffer.from(kept)]);
    return new AppendFile(caller, this.#path);
  }

  async #read(): Promise<string | null> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return null;
      throw unreadable(caller, this.#path, cause);
    }
  }
}

const firstLine = (text: string): string => JSON.stringify(text.split('\n', 1)[0]);

/** Without a last line that was cut short. */
const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** The header, and the lines of epochs before this one. */
function before(text: string, epoch: number): string {
  const [header, ...rows] = wholeLines(text).trimEnd().split('\n');
  return [header, ...rows.filter((row) => Number.parseInt(row, 10) < epoch)].map((line) => `${line}\n`).join('');
}
