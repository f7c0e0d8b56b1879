/**
 * Draws the initial weights of layers on a worker thread: those of a large network take a tenth of a second, in which the event loop
 * would answer nothing. JavaScript, since a worker thread of Node 20 has no loader for TypeScript.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { manualSeed, nn } from 'lanewise';

manualSeed(workerData.seed);
const layers = workerData.layers.map(([inFeatures, outFeatures]) => {
  const { weight, bias } = new nn.Linear(inFeatures, outFeatures);
  return { weight: weight.toTypedArray('float32'), bias: bias.toTypedArray('float32') };
});
parentPort.postMessage(
  layers,
  layers.flatMap(({ weight, bias }) => [weight.buffer, bias.buffer]),
);
