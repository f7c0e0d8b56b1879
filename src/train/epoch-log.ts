/** The results of epochs in a few numbers each: there may be millions. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isRecord } from '../realm.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import type { EpochResult, Scores } from './history.js';

/** Lists of more epochs than this make their results when they are asked for. */
const mostInArray = 10_000;
/** Rows in a piece of memory: as many as there are so far, within these bounds. */
const fewestRows = 8;
const mostRows = 4096;

/** Numbers of a row before its scores. */
const counts = 5;

/** Epochs with the same number of learning rates, a row of numbers each. */
interface Chunk {
  /** Index of its first epoch. */
  readonly start: number;
  readonly rates: number;
  readonly rows: Float64Array;
}

/** The rows of a log as a file has them: those with the same number of learning rates together. */
export type SavedLog = readonly { readonly rates: number; readonly rows: Tensor }[];

export class EpochLog {
  readonly #metrics: readonly string[];
  readonly #hasValidation: boolean;
  readonly #chunks: Chunk[] = [];
  #length = 0;

  /** @param metrics the names of what is measured in addition to the loss. */
  constructor(metrics: readonly string[], hasValidation: boolean) {
    this.#metrics = metrics;
    this.#hasValidation = hasValidation;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds an epoch, whose number is the length then. */
  add({ validation, steps, samples, lr, seconds, samplesPerSecond, ...scores }: EpochResult): void {
    const { start, rows } = this.#chunkFor(lr.length);
    const of = ({ loss, metrics }: Scores) => [loss, ...this.#metrics.map((name) => metrics[name]!)];
    const none = new Array<number>(1 + this.#metrics.length).fill(Number.NaN);
    const validated = this.#hasValidation ? (validation === undefined ? none : of(validation)) : [];
    const row = [steps, samples, seconds, samplesPerSecond, validation === undefined ? 0 : 1];
    row.push(...of(scores), ...validated, ...lr);
    rows.set(row, (this.#length++ - start) * row.length);
  }

  /** The first `length` epochs, for {@link load}. */
  save(length: number): SavedLog {
    const saved: { rates: number; parts: Float64Array[] }[] = [];
    for (const [i, { start, rates, rows }] of this.#chunks.entries()) {
      const count = Math.min(this.#chunks[i + 1]?.start ?? length, length) - start;
      if (count <= 0) continue;
      const part = rows.subarray(0, count * this.#widthOf(rates));
      const last = saved.at(-1);
      if (last?.rates === rates) last.parts.push(part);
      else saved.push({ rates, parts: [part] });
    }
    return saved.map(({ rates, parts }) => {
      const rows = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        rows.set(part, at);
        at += part.length;
      }
      const width = this.#widthOf(rates);
      return { rates, rows: new Tensor(new Storage('float64', rows), [rows.length / width, width]) };
    });
  }

  /** Takes epochs over, in the place of those that there are. @throws ArgumentError when they have not as many scores. */
  load(caller: string, saved: SavedLog, length: number): void {
    const chunks: Chunk[] = [];
    let start = 0;
    for (const each of saved) {
      const rows = isRecord(each) && each.rows instanceof Tensor ? each.rows : null;
      const isRight =
        rows !== null &&
        Number.isSafeInteger(each.rates) &&
        rows.ndim === 2 &&
        rows.shape[1] === this.#widthOf(each.rates);
      if (!isRight) throw new ArgumentError(`${caller}: the epochs in the checkpoint have other scores`);
      chunks.push({ start, rates: each.rates, rows: rows.toTypedArray('float64') });
      start += rows.shape[0]!;
    }
    if (start !== length) throw new ArgumentError(`${caller}: the checkpoint has ${start} of ${show(length)} epochs`);
    this.#chunks.splice(0, this.#chunks.length, ...chunks);
    this.#length = length;
  }

  /** The result of an epoch, by its index. */
  at(index: number): EpochResult {
    const { start, rates, rows } = this.#chunkOf(index);
    const scores = 1 + this.#metrics.length;
    const width = this.#widthOf(rates);
    const row = Array.from(rows.subarray((index - start) * width, (index + 1 - start) * width));
    const [steps, samples, seconds, samplesPerSecond, isValidated] = row;
    const validated = row.slice(counts + scores, counts + 2 * scores);
    return {
      epoch: index + 1,
      ...scoresFrom(this.#metrics, row.slice(counts, counts + scores)),
      ...(isValidated === 1 ? { validation: scoresFrom(this.#metrics, validated) } : {}),
      steps: steps!,
      samples: samples!,
      lr: row.slice(width - rates),
      seconds: seconds!,
      samplesPerSecond: samplesPerSecond!,
    };
  }

  /**
   * All results: an array, or for more than 10,000 what reads like one, and makes a result whenever it is asked for it, since as objects
   * millions would not fit into the memory of most machines.
   */
  toList(): readonly EpochResult[] {
    const { length } = this;
    if (length <= mostInArray) return Array.from({ length }, (_, i) => this.at(i));
    const indexOf = (key: string | symbol) => {
      const index = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : length;
      return index < length ? index : null;
    };
    const holes: EpochResult[] = [];
    holes.length = length;
    return new Proxy(holes, {
      get: (target, key, receiver) => {
        const index = indexOf(key);
        return index === null ? Reflect.get(target, key, receiver) : this.at(index);
      },
      has: (target, key) => indexOf(key) !== null || Reflect.has(target, key),
      ownKeys: () => [...Array.from({ length }, (_, i) => String(i)), 'length'],
      getOwnPropertyDescriptor: (target, key) => {
        const index = indexOf(key);
        if (index === null) return Reflect.getOwnPropertyDescriptor(target, key);
        return { value: this.at(index), writable: false, enumerable: true, configurable: true };
      },
      set: () => false,
      defineProperty: () => false,
      deleteProperty: () => false,
    });
  }

  #widthOf(rates: number): number {
    return counts + (this.#hasValidation ? 2 : 1) * (1 + this.#metrics.length) + rates;
  }

  #chunkOf(index: number): Chunk {
    let [low, high] = [0, this.#chunks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#chunks[middle]!.start <= index) low = middle;
      else high = middle - 1;
    }
    return this.#chunks[low]!;
  }

  #chunkFor(rates: number): Chunk {
    const last = this.#chunks.at(-1);
    const width = this.#widthOf(rates);
    const isFull = last !== undefined && (this.#length - last.start) * width >= last.rows.length;
    if (last !== undefined && !isFull && last.rates === rates) return last;
    const rows = Math.min(Math.max(this.#length, fewestRows), mostRows);
    const chunk = { start: this.#length, rates, rows: new Float64Array(rows * width) };
    this.#chunks.push(chunk);
    return chunk;
  }
}

/** Scores from the loss and the metrics in their order. */
export function scoresFrom(metrics: readonly string[], [loss, ...values]: readonly number[]): Scores {
  const named: Record<string, number> = Object.create(null);
  for (const [i, name] of metrics.entries()) named[name] = values[i]!;
  return { loss: loss!, ...('accuracy' in named ? { accuracy: named.accuracy! } : {}), metrics: named };
}
