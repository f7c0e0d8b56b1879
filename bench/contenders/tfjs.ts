/**
 * TensorFlow.js as a contender. Its cpu and wasm backends compute before they return, so that single ops need not be read
 * back; steps and forward passes read their result, as users do.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { layers as layerOf, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import type { Matrix, TrainStep } from '../protocol.js';
import type { ProgramCode, Served } from './serve.js';

export async function tfjs(backend: 'cpu' | 'wasm'): Promise<Served> {
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js cannot use its ${backend} backend here`);
  await tf.ready();
  const has = async (flag: string) => backend === 'wasm' && Boolean(await tf.env().getAsync(flag));
  const [simd, threads] = [await has('WASM_HAS_SIMD_SUPPORT'), await has('WASM_HAS_MULTITHREAD_SUPPORT')];
  const wasm = `WebAssembly ${simd ? 'with' : 'without'} SIMD, ${threads ? 'with' : 'without'} threads`;
  return {
    description: {
      versions: { tfjs: tf.version_core, node: process.versions.node },
      isa: simd ? 'simd128' : null,
      threads: 1,
      threadSource: 'its backends have one thread in Node',
      notes: [backend === 'wasm' ? wasm : 'plain JavaScript'],
    },
    programs,
  };
}

/** Tensors that are alive. */
export const liveTensors = (): number => tf.memory().numTensors;

const normal = (rows: number, columns: number) => tf.randomNormal<tf.Rank.R2>([rows, columns]);

const elementwise = (op: (x: tf.Tensor2D) => tf.Tensor) => (matrix: Matrix) => {
  const x = normal(matrix.rows, matrix.columns);
  return () => void op(x).dispose();
};

function mlp(sizes: readonly number[], rate: number): Sequential {
  const model = sequential();
  sizes.slice(1).forEach((units, i) => {
    const hidden = i < sizes.length - 2;
    model.add(layerOf.dense({ units, inputShape: [sizes[i]!], ...(hidden ? { activation: 'relu' } : {}) }));
    if (hidden && rate > 0) model.add(layerOf.dropout({ rate }));
  });
  return model;
}

/** One step, and its loss. */
export function trainStepOf({ layers, batch, dropout, optimizer: name, learningRate }: TrainStep) {
  const model = mlp(layers, dropout);
  const optimizer = name === 'Adam' ? tf.train.adam(learningRate) : tf.train.sgd(learningRate);
  const classes = layers.at(-1)!;
  const x = normal(batch, layers[0]!);
  const target = tf.oneHot(tf.randomUniform([batch], 0, classes, 'int32'), classes);
  const lossOf = () =>
    tf.losses.softmaxCrossEntropy(target, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  return async (): Promise<number> => {
    const loss = optimizer.minimize(lossOf, true)!;
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  };
}

const programs: ProgramCode = {
  gemm({ form, m, n, k }) {
    const [transposeA, transposeB] = [form === 'tn', form === 'nt'];
    const a = transposeA ? normal(k, m) : normal(m, k);
    const b = transposeB ? normal(n, k) : normal(k, n);
    return () => tf.matMul(a, b, transposeA, transposeB).dispose();
  },
  relu: elementwise(tf.relu),
  dropout: elementwise((x) => tf.dropout(x, 0.5)),
  'mlp-train-step'(params) {
    const step = trainStepOf(params);
    return async () => void (await step());
  },
  forward({ layers, batch }) {
    const model = mlp(layers, 0);
    const x = normal(batch, layers[0]!);
    return async () => {
      const logits = model.predict(x) as tf.Tensor;
      await logits.data();
      logits.dispose();
    };
  },
};
