/**
 * What TensorFlow.js does for each program. Its cpu and wasm backends compute before they return, so that single ops need
 * not be read back; steps and forward passes read their result, as users do.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { layers as layerOf, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { numberOf, type Params } from '../../case.js';
import type { Iteration } from '../serve.js';

type Prepare = (params: Params) => Iteration;

export interface Settled {
  readonly version: string;
  readonly isa: string | null;
  readonly notes: readonly string[];
}

/** Tensors that are alive. */
export const liveTensors = (): number => tf.memory().numTensors;

export async function settle(backend: 'cpu' | 'wasm'): Promise<Settled> {
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js cannot use its ${backend} backend here`);
  await tf.ready();
  const version = tf.version_core;
  if (backend === 'cpu') return { version, isa: null, notes: ['plain JavaScript'] };
  const has = async (flag: string) => Boolean(await tf.env().getAsync(flag));
  const [simd, threads] = [await has('WASM_HAS_SIMD_SUPPORT'), await has('WASM_HAS_MULTITHREAD_SUPPORT')];
  const notes = [`WebAssembly ${simd ? 'with' : 'without'} SIMD, ${threads ? 'with' : 'without'} threads`];
  return { version, isa: simd ? 'simd128' : null, notes };
}

const dispose = (tensor: tf.Tensor): void => tensor.dispose();

const gemm: Prepare = (params) => {
  const [m, n, k] = [numberOf(params, 'm'), numberOf(params, 'n'), numberOf(params, 'k')];
  const [transposeA, transposeB] = [params.form === 'tn', params.form === 'nt'];
  const a = tf.randomNormal<tf.Rank.R2>(transposeA ? [k, m] : [m, k]);
  const b = tf.randomNormal<tf.Rank.R2>(transposeB ? [n, k] : [k, n]);
  return () => dispose(tf.matMul(a, b, transposeA, transposeB));
};

const matrix = (params: Params) => tf.randomNormal<tf.Rank.R2>([numberOf(params, 'rows'), numberOf(params, 'columns')]);

const relu: Prepare = (params) => {
  const x = matrix(params);
  return () => dispose(tf.relu(x));
};

const dropout: Prepare = (params) => {
  const x = matrix(params);
  return () => dispose(tf.dropout(x, 0.5));
};

const sizesOf = (params: Params): number[] => String(params.layers).split('-').map(Number);

function mlp(params: Params, rate: number): Sequential {
  const sizes = sizesOf(params);
  const model = sequential();
  sizes.slice(1).forEach((units, i) => {
    const hidden = i < sizes.length - 2;
    model.add(layerOf.dense({ units, inputShape: [sizes[i]!], ...(hidden ? { activation: 'relu' } : {}) }));
    if (hidden && rate > 0) model.add(layerOf.dropout({ rate }));
  });
  return model;
}

/** One step, and its loss. */
export function trainStepOf(params: Params): () => Promise<number> {
  const [batch, rate] = [numberOf(params, 'batch'), numberOf(params, 'learningRate')];
  const model = mlp(params, numberOf(params, 'dropout'));
  const optimizer = params.optimizer === 'Adam' ? tf.train.adam(rate) : tf.train.sgd(rate);
  const sizes = sizesOf(params);
  const classes = sizes.at(-1)!;
  const x = tf.randomNormal([batch, sizes[0]!]);
  const target = tf.oneHot(tf.randomUniform([batch], 0, classes, 'int32'), classes);
  const lossOf = () =>
    tf.losses.softmaxCrossEntropy(target, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  return async () => {
    const loss = optimizer.minimize(lossOf, true)!;
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  };
}

const trainStep: Prepare = (params) => {
  const step = trainStepOf(params);
  return async () => {
    await step();
  };
};

const forward: Prepare = (params) => {
  const model = mlp(params, 0);
  const x = tf.randomNormal([numberOf(params, 'batch'), sizesOf(params)[0]!]);
  return async () => {
    const logits = model.predict(x) as tf.Tensor;
    await logits.data();
    logits.dispose();
  };
};

export const programs: ReadonlyMap<string, Prepare> = new Map(
  Object.entries({ gemm, relu, dropout, 'mlp-train-step': trainStep, forward }),
);
