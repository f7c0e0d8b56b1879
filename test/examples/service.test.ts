/** The service example over HTTP: training, events, predictions meanwhile, cancelling, bad requests, shutdown. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { runExample } from './run.js';
import { heldOutDigits, type ServerEvent, ServiceProcess } from './service-process.js';

const hasNative = backend.available.length > 1;
/** Longer than any test; an epoch is soon over all the same. */
const endless = hasNative
  ? { epochs: 1000, samples: 9000, batchSize: 32 }
  : { epochs: 1000, samples: 1000, batchSize: 32, hidden: [32] };
const brief = { epochs: 3, samples: 1200, batchSize: 64, hidden: [32], dropout: 0.1, learningRate: 0.003 };
const digits = heldOutDigits();

interface Predictions {
  readonly predictions: readonly { readonly digit: number; readonly probabilities: readonly number[] }[];
}
interface Job {
  readonly id: string;
  readonly state: string;
  readonly history: readonly Epoch[];
}
interface Epoch {
  readonly epoch: number;
  readonly validation: { readonly accuracy: number };
  readonly answers: boolean;
}

let folder = '';
let modelFile = '';
let service: ServiceProcess;
const startService = async () => {
  service = await ServiceProcess.start(modelFile);
};
const predict = async (pixels: readonly number[][] = digits) => {
  const { status, body } = await service.call<Predictions>('POST', '/predict', { pixels });
  expect(status).toBe(200);
  return body.predictions;
};
const train = async (options: object) => {
  const { status, body } = await service.call<Job>('POST', '/train', options);
  expect({ status, body }).toMatchObject({ status: 202, body: { state: 'running', history: [] } });
  return body.id;
};
/** Reads events up to the first that is wanted, or to the end. */
const readUntil = async (events: AsyncIterable<ServerEvent>, wanted: (event: ServerEvent) => boolean) => {
  const seen: ServerEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (wanted(event)) break;
  }
  return seen;
};
const allOf = (events: AsyncIterable<ServerEvent>) => readUntil(events, () => false);
const withoutProgress = (events: readonly ServerEvent[]) => events.filter(({ event }) => event !== 'progress');

function expectPredictions(predictions: Predictions['predictions'], count: number): void {
  expect(predictions).toHaveLength(count);
  for (const { digit, probabilities } of predictions) {
    expect(probabilities).toHaveLength(10);
    expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
    expect(probabilities[digit]).toBe(Math.max(...probabilities));
  }
}

beforeAll(async () => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'lanewise-service-'));
  modelFile = join(folder, 'digits.json');
  await startService();
}, 600_000);
afterEach(async () => {
  const { body } = await service.call<{ job: string | null }>('GET', '/health');
  if (body.job !== null) await service.call('DELETE', `/jobs/${body.job}`);
  await service.idle();
});
afterAll(async () => {
  await service.stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

describe('a training', () => {
  it('tells its progress, and makes the predictions right', async () => {
    expect((await service.call('GET', '/health')).body).toEqual({ status: 'ok', job: null, accuracy: 0 });
    const id = await train(brief);
    const events = await allOf(service.events(`/jobs/${id}/events`));
    expect(events.filter(({ event }) => event === 'progress').length).toBeGreaterThan(0);
    for (const { event, data } of events) if (event === 'progress') expect(data.fraction).toBeLessThanOrEqual(1);
    expect(withoutProgress(events).map(({ event, id }) => [event, id])).toEqual([
      ['epoch', '1'],
      ['epoch', '2'],
      ['epoch', '3'],
      ['done', '4'],
    ]);
    const [first, , last, done] = withoutProgress(events).map(({ data }) => data);
    expect(last.loss).toBeLessThan(first.loss);
    expect(last.validation.accuracy).toBeGreaterThan(0.75);
    expect(done).toMatchObject({ id, state: 'done', options: { ...brief, seed: 0 }, error: null });
    expect(done.history.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2, 3]);
    expect((await service.call<Job>('GET', `/jobs/${id}`)).body).toEqual(done);

    const predictions = await predict();
    expectPredictions(predictions, 10);
    expect(predictions.filter(({ digit }, wanted) => digit === wanted).length).toBeGreaterThanOrEqual(7);
    const { body } = await service.call<Predictions>('POST', '/predict', { pixels: digits[3] });
    expectPredictions(body.predictions, 1);
    body.predictions[0]!.probabilities.forEach((p, i) => {
      expect(p).toBeCloseTo(predictions[3]!.probabilities[i]!, 5);
    });
  });

  it('is told again to those who come late, from where they stopped', async () => {
    const id = await train(brief);
    const whole = withoutProgress(await allOf(service.events(`/jobs/${id}/events`)));
    expect(await allOf(service.events(`/jobs/${id}/events`))).toEqual(whole);
    expect(await allOf(service.events(`/jobs/${id}/events`, '2'))).toEqual(whole.slice(2));
  });

  it('goes on while others predict, and while streams come and go', async () => {
    const id = await train(endless);
    const before = await readUntil(service.events(`/jobs/${id}/events`), ({ event }) => event === 'epoch');
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all([predict(), predict([digits[i]!])]);
      expectPredictions(answers[0], 10);
      expectPredictions(answers[1], 1);
    }
    const after = await readUntil(
      service.events(`/jobs/${id}/events`),
      ({ event, data }) => event === 'epoch' && data.epoch > 1,
    );
    expect(withoutProgress(after)[0]).toEqual(before.at(-1));
    expect((await service.call<Job>('GET', `/jobs/${id}`)).body.state).toBe('running');
  });

  it('is the only one, and ends when it is deleted', async () => {
    const id = await train(endless);
    const second = await service.call('POST', '/train', brief);
    expect(second).toMatchObject({ status: 409, body: { message: expect.stringContaining(`job ${id} is running`) } });
    const stream = allOf(service.events(`/jobs/${id}/events`));
    const deleted = await service.call<Job>('DELETE', `/jobs/${id}`);
    expect(deleted).toMatchObject({ status: 202, body: { id, state: 'cancelling' } });
    const last = (await stream).at(-1)!;
    expect(last).toMatchObject({ event: 'cancelled', data: { id, state: 'cancelled' } });
    expect(await service.call('DELETE', `/jobs/${id}`)).toEqual({ status: 200, body: last.data });
    // The next one may come, and the model is usable.
    expectPredictions(await predict(), 10);
    await service.call('DELETE', `/jobs/${await train(brief)}`);
  });

  it('trains convolutions, keeps them in its file, and answers with them', async () => {
    const id = await train({ ...brief, epochs: 8, samples: 600, channels: [4, 8], hidden: [16], learningRate: 0.01 });
    const { history, state } = (await allOf(service.events(`/jobs/${id}/events`))).at(-1)!.data as Job;
    expect(state).toBe('done');
    expect(history.at(-1)!.validation.accuracy).toBeGreaterThan(0.5);
    expectPredictions(await predict(), 10);
    const answers = await predict();
    const isAnswering = history.some((epoch) => epoch.answers);
    await service.stop();
    await startService();
    if (isAnswering) expect(await predict()).toEqual(answers);
  });

  it('answers from the first epoch on that is as good as what answers, and not before', async () => {
    const accuracy = async () => (await service.call<{ accuracy: number }>('GET', '/health')).body.accuracy;
    let best = await accuracy();
    const good = await train({ ...brief, epochs: 12, hidden: [128] });
    const learnt = (await allOf(service.events(`/jobs/${good}/events`))).at(-1)!.data as Job;
    for (const epoch of learnt.history) {
      expect(epoch.answers).toBe(epoch.validation.accuracy >= best);
      best = Math.max(best, epoch.validation.accuracy);
    }
    expect(await accuracy()).toBe(best);
    const answers = await predict();

    const bad = await train({
      ...brief,
      epochs: 2,
      samples: 20,
      batchSize: 20,
      hidden: [],
      learningRate: 1e-6,
      seed: 1,
    });
    const { history } = (await allOf(service.events(`/jobs/${bad}/events`))).at(-1)!.data as Job;
    expect(history.map((epoch) => [epoch.answers, epoch.validation.accuracy < best])).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(await predict()).toEqual(answers);
  });
});

describe('a request that is wrong', () => {
  it.each([
    ['/train', { epochs: 0 }, 'body/epochs must be >= 1'],
    ['/train', { epochs: '3' }, 'body/epochs must be integer'],
    ['/train', { learningRate: 0 }, 'body/learningRate must be > 0'],
    ['/train', { hidden: [1.5] }, 'body/hidden/0 must be integer'],
    ['/train', { channels: [8, 8, 8, 8, 8] }, 'body/channels must NOT have more than 4 items'],
    ['/train', { dropout: 1 }, 'body/dropout must be < 1'],
    ['/train', { samples: 9001 }, 'body/samples must be <= 9000'],
    ['/train', { hidden: [2048, 2048], batchSize: 4096 }, 'MiB, and 128 MiB are allowed'],
    ['/train', { speed: 9 }, 'body must NOT have additional properties'],
    ['/train', [], 'body must be object'],
    ['/predict', {}, "body must have required property 'pixels'"],
    ['/predict', { pixels: digits[0]!.slice(1) }, 'body/pixels must NOT have fewer than 784 items'],
    ['/predict', { pixels: [digits[0], [1, 2]] }, 'body/pixels/1 must NOT have fewer than 784 items'],
    ['/predict', { pixels: [] }, 'body/pixels'],
    ['/predict', { pixels: digits[0]!.map(() => 2) }, 'body/pixels/0 must be <= 1'],
    ['/predict', { pixels: digits[0]!.map(() => null) }, 'body/pixels/0 must be number'],
  ])('POST %s %#: 400', async (path, body, message) => {
    const answer = await service.call('POST', path, body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'Bad Request' } });
    expect(answer.body.message).toContain(message);
    expect((await service.call('GET', '/health')).body).toMatchObject({ status: 'ok', job: null });
  });

  it.each([
    ['GET', '/jobs/none'],
    ['DELETE', '/jobs/none'],
    ['GET', '/jobs/none/events'],
    ['GET', '/nothing'],
    ['GET', '/../main.ts'],
  ])('%s %s: 404', async (method, path) => {
    expect((await service.call(method, path)).status).toBe(404);
  });

  it('does not run: wrong options end it with 2, a file that holds no model with 1', async () => {
    const wrong = await runExample('service/main.ts', ['--port', 'x']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain("--port must be an integer from 0 to 65535, got 'x'");
    const reachable = await runExample('service/main.ts', ['--port', '0', '--host', '0.0.0.0']);
    expect(reachable).toMatchObject({ code: 2, stdout: '' });
    expect(reachable.stderr).toContain('--host 0.0.0.0 can be reached from other machines: give a --token as well');
    const file = join(folder, 'other.json');
    writeFileSync(file, '{}');
    const other = await runExample('service/main.ts', ['--port', '0', '--model', file]);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain(`${file} holds no model of this service`);
  });
});

describe.skipIf(process.platform === 'win32')('SIGTERM', () => {
  it('keeps the model: the next process predicts the same', async () => {
    const id = await train(brief);
    await allOf(service.events(`/jobs/${id}/events`));
    const before = await predict();
    expect(await service.stop()).toEqual({ code: 0, signal: null, stderr: '', errors: [] });
    await startService();
    expect(await predict()).toEqual(before);
  });

  it('in mid-training ends streams and training, and saves what has been learnt', async () => {
    // A model of another process has learnt more than the first epoch will.
    await service.stop();
    rmSync(modelFile);
    await startService();
    const untrained = await predict();
    const id = await train(endless);
    let waiting = true;
    const stream = readUntil(service.events(`/jobs/${id}/events`), ({ event }) => {
      if (event === 'epoch' && waiting) {
        waiting = false;
        void service.stop();
      }
      return false;
    });
    expect(await stream.then((events) => events.at(-1))).toMatchObject({ event: 'cancelled', data: { id } });
    expect(await service.ended).toEqual({ code: 0, signal: null, stderr: '', errors: [] });
    expect(existsSync(modelFile)).toBe(true);
    expect(readdirSync(folder)).not.toContain('digits.json.partial');

    await startService();
    const learnt = await predict();
    expectPredictions(learnt, 10);
    expect(learnt).not.toEqual(untrained);
    expect(learnt.filter(({ digit }, wanted) => digit === wanted).length).toBeGreaterThanOrEqual(7);
    expect(await service.stop('SIGINT')).toMatchObject({ code: 0, errors: [] });
    await startService();
    expect(await predict()).toEqual(learnt);
  });
});
