// Makes tfjs.json with TensorFlow.js, which the benchmark installs: node test/golden/make-tfjs.mjs
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../bench/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const layers = require('@tensorflow/tfjs-layers');

/** Weights that say where they lie. */
function numbered(model) {
  let next = 0;
  for (const layer of model.layers)
    layer.setWeights(
      layer.getWeights().map((weight) =>
        tf.tensor(
          Float32Array.from({ length: weight.size }, () => Math.sin(++next)),
          weight.shape,
        ),
      ),
    );
}

const base64 = (buffer) => Buffer.from(buffer).toString('base64');

async function saved(model) {
  let kept;
  await model.save({
    save: async (artifacts) => {
      kept = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0) } };
    },
  });
  const { modelTopology, weightSpecs, weightData } = kept;
  return {
    modelTopology,
    weights: weightSpecs,
    base64: base64(Array.isArray(weightData) ? Buffer.concat(weightData.map((part) => Buffer.from(part))) : weightData),
  };
}

const mlp = layers.sequential();
mlp.add(layers.layers.dense({ name: 'first', units: 5, inputShape: [3], activation: 'relu' }));
mlp.add(layers.layers.dense({ name: 'second', units: 2, useBias: true }));
numbered(mlp);
const inputs = [
  [0.5, -1, 2],
  [3, 0.25, -0.125],
];
const outputs = mlp.predict(tf.tensor2d(inputs)).arraySync();

const others = layers.sequential();
others.add(layers.layers.conv2d({ name: 'conv', filters: 2, kernelSize: [2, 3], inputShape: [4, 5, 3] }));
others.add(layers.layers.batchNormalization({ name: 'bn' }));
others.add(layers.layers.flatten());
others.add(layers.layers.reshape({ targetShape: [9, 2] }));
others.add(layers.layers.conv1d({ name: 'line', filters: 2, kernelSize: 2, useBias: false }));
numbered(others);

const content = { mlp: { ...(await saved(mlp)), inputs, outputs }, others: await saved(others) };
const rows = Object.entries(content).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
writeFileSync(new URL('tfjs.json', import.meta.url), `{\n${rows.join(',\n')}\n}\n`);
