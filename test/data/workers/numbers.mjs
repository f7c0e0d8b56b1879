/** Datasets that worker threads make: sample i is about the number i. */
import { isMainThread, threadId } from 'node:worker_threads';
import { data, rand, tensor } from 'lanewise';

class Numbers {
  constructor(length, options = {}) {
    this.length = length;
    this.options = options;
  }
  get(index) {
    const { fail, exit, hang, slow, drawn, cached } = this.options;
    if (index === fail) throw new RangeError(`number ${index}`);
    if (index === exit && !isMainThread) process.exit(7);
    if (index === hang) return new Promise(() => {});
    if (cached) return [(this.cache ??= tensor([1, 2, 3]))];
    const sample = [tensor([index, drawn ? rand([1]).item() : 0]), index % 3];
    // The later ones are ready first.
    if (slow) return new Promise((resolve) => setTimeout(resolve, ((this.length - index) % 7) * 3, sample));
    return sample;
  }
}

export default (length, options) => new Numbers(length, options);
export const later = async (length) => new Numbers(length);
export const table = (rows) =>
  new data.TensorDataset(
    tensor(
      Array.from({ length: rows * 2 }, (_, i) => i / rows),
      { dtype: 'float32' },
    ).reshape([rows, 2]),
    tensor(Array.from({ length: rows }, (_, i) => [i / rows])),
  );
export const ready = new Numbers(3);
export const broken = () => {
  throw new TypeError('no files');
};
export const notOne = () => 5;

/** Keeps what it returns, and returns it again: its memory must not be transferred. */
class Kept {
  length = 6;
  batch = tensor([[1, 2]]);
  get() {
    return this.batch;
  }
  getBatch() {
    return [this.batch, this.batch];
  }
}
export const kept = () => new Kept();

/** Says who it is. */
class Informed {
  length = 8;
  get(index) {
    const { id, numWorkers, seed, dataset } = data.getWorkerInfo();
    return { index, id, numWorkers, isSame: dataset === this, seed: Number(seed % 1000n), initial: this.initial };
  }
}
export const informed = () => new Informed();
export const init = (id) => {
  data.getWorkerInfo().dataset.initial = id + rand([1]).item();
};

export const joined = (samples) => ({
  names: samples.map(([, kind]) => `k${kind}`),
  thread: threadId > 0,
  count: samples.length,
});
export const mask = (samples) => ({ samples: samples.length, fn: () => 1 });
