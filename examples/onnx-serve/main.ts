/**
 * Trains a classifier of points, exports it, and has it served by onnxruntime: npx tsx examples/onnx-serve/main.ts
 * With --keep the server stays until Ctrl-C; with --port 8000 it listens there.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fit, manualSeed, nn, optim, predict, rand, type Tensor } from 'lanewise';
import { saveOnnx } from 'lanewise/onnx';
import { serveModel } from './server/server.js';

const { values } = parseArgs({ options: { keep: { type: 'boolean' }, port: { type: 'string', default: '0' } } });

/** Points in a square, and whether each lies in the circle within it. */
function makePoints(count: number): [points: Tensor, labels: Tensor] {
  const points = rand([count, 2]).mul(2).sub(1);
  return [points, points.pow(2).sum(1).lt(0.6).to('int32')];
}

manualSeed(1);
const model = new nn.Sequential(
  new nn.Linear(2, 32),
  new nn.ReLU(),
  new nn.Dropout(0.1),
  new nn.Linear(32, 2),
  new nn.LogSoftmax(1),
);
const history = await fit(model, {
  train: makePoints(2000),
  validation: makePoints(500),
  batchSize: 32,
  epochs: 20,
  optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
  loss: new nn.CrossEntropyLoss(),
  metrics: ['accuracy'],
});
console.log(`accuracy: ${history.epochs.at(-1)!.validation!.accuracy!.toFixed(4)}`);

const folder = await mkdtemp(join(tmpdir(), 'lanewise-onnx-'));
try {
  const path = join(folder, 'model.onnx');
  await saveOnnx(path, model, [1, 2], { inputNames: ['points'], outputNames: ['logProbabilities'] });
  const server = await serveModel(path, Number(values.port));
  console.log(`serving at ${server.url}`);
  const [points] = makePoints(5);
  const response = await fetch(server.url, { method: 'POST', body: JSON.stringify(points.toArray()) });
  const { outputs } = (await response.json()) as { outputs: number[][] };
  const own = (await predict(model, points)).toArray() as number[][];
  const differences = own.flatMap((row, i) => row.map((value, j) => Math.abs(value - outputs[i]![j]!)));
  console.log(`largest difference of the server's answers: ${Math.max(...differences).toExponential(1)}`);
  if (values.keep) await new Promise((resolve) => process.once('SIGINT', resolve));
  await server.close();
} finally {
  await rm(folder, { recursive: true });
}
