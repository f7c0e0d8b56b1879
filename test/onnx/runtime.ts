/** onnxruntime-node, which is no dependency of the library: it is installed next to the example that serves a model with it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'vitest';
import { functional as F, type HostArray, type Tensor, tensor } from '../../src/index.js';
import { root } from '../helpers/built.js';

interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface Ort {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: string, data: HostArray, dims: readonly number[]) => OrtTensor;
}

const folder = join(root, 'examples/onnx-serve/server/');

function load(): Ort {
  try {
    return createRequire(folder)('onnxruntime-node') as Ort;
  } catch (error) {
    throw new Error(`onnxruntime-node is missing: npm run onnx:install`, { cause: error });
  }
}

/** A model of onnxruntime on one thread, which says only what is an error. */
export async function openSession(bytes: Uint8Array): Promise<Session> {
  return load().InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}

/** Runs a session on tensors; results are tensors too. */
export async function runSession(session: Session, inputs: readonly Tensor[]): Promise<Record<string, Tensor>> {
  const { Tensor: OrtTensor } = load();
  const feeds = Object.fromEntries(
    inputs.map((each, i) => [
      session.inputNames[i]!,
      new OrtTensor(each.dtype, each.toTypedArray(each.dtype), each.shape),
    ]),
  );
  const results = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims, type }]) => [
      name,
      F.reshape(tensor(data as Float32Array, { dtype: type as Tensor['dtype'] }), [...dims]),
    ]),
  );
}

/** The largest difference, relative to what is large. */
const tolerance = 1e-5;

export function expectSame(found: Readonly<Record<string, Tensor>>, wanted: Readonly<Record<string, Tensor>>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, tensor] of Object.entries(wanted)) {
    const other = found[name]!;
    expect({ name, dtype: other.dtype, shape: other.shape }).toEqual({
      name,
      dtype: tensor.dtype,
      shape: tensor.shape,
    });
    const [a, b] = [tensor.toTypedArray(), other.toTypedArray()];
    for (const [i, value] of a.entries()) {
      if (Object.is(value, b[i]) || value === b[i]) continue;
      const error = Math.abs(value - b[i]!) / Math.max(1, Math.abs(value));
      if (!(error <= tolerance)) expect.fail(`${name}[${i}] is ${b[i]}, not ${value}`);
    }
  }
}
