/** Typed arrays that JavaScript cannot get, at every allocation: the error says so, and nothing stays locked. */
import { describe, expect, it } from 'vitest';
import { runChild } from '../helpers/child.js';

interface Report {
  /** Attempts in which an allocation failed. */
  readonly failures: number;
  /** What else happened than an error that tells of it. */
  readonly wrong: readonly string[];
  /** Attempts after which something could not be used. */
  readonly stuck: readonly string[];
}

/** What memory is asked for by; `own` is what an attempt works on. */
const attempts = {
  'a compiled call': 'own.step(own.x, own.y)',
  'a compiled call off the event loop': 'await own.step.async(own.x, own.y)',
  fit: `await fit(own.model, { train: [own.x, own.y], batchSize: 3, epochs: 2, optimizer: own.optimizer, loss: own.loss,
    validation: [own.x, own.y], metrics: ['accuracy'] })`,
  'fit over batches': `await fit(own.model, { train: [[own.x, own.y], [own.x, own.y], [own.x, own.y]], epochs: 2,
    optimizer: own.optimizer, loss: own.loss, onStep: () => {} })`,
  predict: 'await predict(own.model, own.x, { batchSize: 3 })',
} as const;

const program = (attempt: string, masks: string): string => `
  const names = ['Float32Array', 'Float64Array', 'Int32Array', 'Uint32Array', 'ArrayBuffer'];
  let left = Infinity;
  const fail = () => {
    if (--left >= 0) return;
    left = Infinity;
    throw new RangeError('Array buffer allocation failed');
  };
  for (const name of names) {
    const real = globalThis[name];
    globalThis[name] = new Proxy(real, {
      construct(target, args, newTarget) {
        fail();
        return Reflect.construct(target, args, newTarget === globalThis[name] ? target : newTarget);
      },
    });
  }
  const { nn, optim, tensor, compile, fit, predict, manualSeed, LanewiseError } = await src('index.ts');
  const unhandled = [];
  process.on('unhandledRejection', (reason) => unhandled.push('unhandled: ' + reason.message));
  const make = () => {
    manualSeed(3, { masks: '${masks}' });
    const model = new nn.Sequential(new nn.Linear(5, 4), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(4, 3));
    const optimizer = new optim.Adam(model.parameters());
    const loss = new nn.CrossEntropyLoss();
    const x = tensor(Array.from({ length: 7 }, (_, i) => [i, 1, 2, 3, 4]));
    const y = tensor([0, 1, 2, 0, 1, 2, 0], { dtype: 'int32' });
    const step = compile((a, b) => {
      optimizer.zeroGrad();
      const out = loss.forward(model.forward(a), b);
      out.backward();
      optimizer.step();
      return out;
    });
    return { model, optimizer, loss, x, y, step };
  };
  const use = async (own) => {
    own.optimizer.zeroGrad();
    own.loss.forward(own.model.forward(own.x), own.y).backward();
    own.optimizer.step();
    await fit(own.model, { train: [own.x, own.y], optimizer: own.optimizer, loss: own.loss });
  };
  const wrong = [], stuck = [];
  let failures = 0;
  const numbers = ({ model }) => JSON.stringify(model.parameters().map((each) => [...each.toTypedArray()]));
  const expected = [];
  for (let n = -2; n < 1000; n++) {
    const own = make();
    if (n % 2 !== 0) own.step(own.x, own.y);
    let error = null;
    left = n < 0 ? 1e9 : n;
    try { ${attempt}; } catch (reason) { error = reason; }
    const hasFailed = left === Infinity;
    left = Infinity;
    if (n < 0) {
      expected.push(numbers(own));
      continue;
    }
    if (!hasFailed && n % 2 === 0) break;
    if (hasFailed) failures++;
    // What was asked for in vain may have been something to do without: then all is as if it had been there.
    const isWhole = error === null && hasFailed && numbers(own) === expected[n % 2];
    const tells = isWhole || (error !== null && /allocat/.test(error.message) && (error instanceof RangeError || error instanceof LanewiseError));
    if (hasFailed && !tells) wrong.push(n + ': ' + (error?.stack ?? 'no error'));
    try { await use(own); } catch (reason) { stuck.push(n + ': ' + reason.message); }
  }
  await new Promise(setImmediate);
  report({ failures, wrong: [...wrong, ...unhandled], stuck });`;

describe('a typed array that cannot be had', () => {
  // Masks that are drawn on the host make a run of more parts than others.
  it.each(Object.entries(attempts))('in %s', async (name, attempt) => {
    const report = (await runChild(program(attempt, name === 'fit' ? 'mt19937' : 'counter'))).reported as Report;
    expect(report.failures).toBeGreaterThan(4);
    expect(report).toEqual({ failures: report.failures, wrong: [], stuck: [] });
  });
});
