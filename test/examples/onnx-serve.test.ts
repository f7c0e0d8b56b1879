/** The example that serves an exported model, and its server by itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelServer, serveModel } from '../../examples/onnx-serve/server/server.js';
import { nn, tensor } from '../../src/index.js';
import { saveOnnx } from '../../src/onnx/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

describe('examples/onnx-serve', () => {
  it('trains, exports, serves, and answers as the model does', { timeout: 180_000 }, async () => {
    const { code, stdout, stderr } = await runExample('onnx-serve/main.ts', [], { byTsx: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [accuracy, url, difference] = stdout.trim().split('\n');
    expect(Number(/^accuracy: (.*)$/.exec(accuracy!)![1])).toBeGreaterThan(0.95);
    expect(url).toMatch(/^serving at http:\/\/127\.0\.0\.1:\d+\/predict$/);
    expect(Number(/^largest difference of the server's answers: (.*)$/.exec(difference!)![1])).toBeLessThan(1e-5);
  });
});

describe('the server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-serve-'));
  const model = new nn.Linear(2, 3);
  let server: ModelServer;
  beforeAll(async () => {
    await saveOnnx(join(folder, 'model.onnx'), model, [1, 2]);
    server = await serveModel(join(folder, 'model.onnx'));
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const ask = async (body: string): Promise<[number, unknown]> => {
    const response = await fetch(server.url, { method: 'POST', body });
    return [response.status, await response.json()];
  };

  it('answers any number of rows', async () => {
    for (const rows of [
      [[1, 2]],
      [
        [1, 2],
        [-3, 0.5],
        [0, 0],
      ],
    ]) {
      const [status, body] = await ask(JSON.stringify(rows));
      expect(status).toBe(200);
      const { outputs } = body as { outputs: number[][] };
      const wanted = model.forward(tensor(rows)).toArray() as number[][];
      expect(outputs.map((row) => row.length)).toEqual(wanted.map((row) => row.length));
      for (const [i, row] of wanted.entries())
        for (const [j, value] of row.entries()) expect(outputs[i]![j]).toBeCloseTo(value, 5);
    }
  });

  it.each([
    ['what is no JSON', '[[1, 2]', 400],
    ['no rows', '[]', 400],
    ['empty rows', '[[]]', 400],
    ['rows of two lengths', '[[1, 2], [1]]', 400],
    ['rows of another length', '[[1, 2, 3]]', 400],
    ['words', '[["a", "b"]]', 400],
    ['more than it takes', `[[${'1,'.repeat(600_000)}1]]`, 413],
  ])('refuses %s', async (_name, body, status) => {
    const answer = await ask(body);
    expect(answer).toEqual([status, { error: expect.any(String) }]);
  });

  it('knows no other path', async () => {
    expect((await fetch(new URL('/', server.url))).status).toBe(404);
  });
});
