/** lanewise as a contender: its code for each program, on one of its backends. */
import type { Tensor } from '../../src/index.js';
import { studies } from '../studies/studies.js';
import { isasOf, nativeCompiled } from './contenders.js';
import { layerProgram } from './layers.js';
import { type Library, loadLibrary } from './library.js';
import { buildMlp, createCnnStep, createStep } from './network.js';
import type { ProgramCode, Served } from './serve.js';
import { vocabularyProgram } from './vocabulary.js';

export async function lanewise(id: string, backendName: string): Promise<Served> {
  const library = await loadLibrary(backendName);
  const { backend } = library.lanewise;
  const { available, threads, threadSource, native } = backend.info();
  const addon = native.version === null ? {} : { 'lanewise addon': native.version };
  const isa = isasOf([backendName])[0] ?? null;
  return {
    description: {
      ...{ versions: { node: process.versions.node, ...addon }, isa, threads, threadSource },
      ...{ notes: [], backends: available },
    },
    programs: programsOf(library, id === nativeCompiled),
    setThreads(count) {
      if (isa !== null) backend.threads = count;
    },
    more: {
      async study({ name, seconds }) {
        const study = studies.find((each) => each.name === name);
        if (study === undefined) throw new Error(`no study ${name}`);
        return { figures: await study.measure(library, seconds) };
      },
      peak({ threads, ms }) {
        if (isa === null) throw new Error(`${id} has no instruction set`);
        return { gflops: library.fmaPeak(isa, threads, ms) };
      },
    },
  };
}

/** @param compiles whether steps and forward passes go through `compile`. Single ops are calls of the op contract. */
export function programsOf(library: Library, compiles: boolean): ProgramCode {
  const { lanewise, ops, pointwiseProgram } = library;
  const { compile, Generator, nn, noGrad, randn, zeros } = lanewise;

  /** One pass over a matrix, on memory allocated beforehand. */
  const pass = (rows: number, columns: number, build: Parameters<typeof pointwiseProgram>[0], scalars: number[]) => {
    const [x, out] = [randn([rows, columns]).storage, zeros([rows, columns]).storage];
    const sizes = { step: null, layout: Float64Array.of(rows * columns, 1), columns, rowOffset: 0 };
    return { program: pointwiseProgram(build), inputs: [x], keys: [], scalars, outputs: [out], ...sizes };
  };

  return {
    /** `linear` without bias for nt, as the forward pass does, `matmul` for the others. */
    gemm({ form, m, n, k }) {
      const [a, b, out] = [randn([m * k]).storage, randn([k * n]).storage, zeros([m * n]).storage];
      if (form === 'nt') {
        const sizes = { rows: m, inFeatures: k, outFeatures: n, packed: false };
        const noPostOp = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };
        const args = { x: a, weight: b, bias: null, out, ...sizes, ...noPostOp };
        return () => ops.linear(args);
      }
      const layout = { batch: 1, m, n, k, transA: form === 'tn', transB: false, aStride: 0, bStride: 0 };
      const args = { a, b, out, ...layout };
      return () => ops.matmul(args);
    },
    relu({ rows, columns }) {
      const args = pass(rows, columns, (x) => x.relu(), []);
      return () => ops.pointwise(args);
    },
    /** Each iteration draws another key. */
    dropout({ rows, columns }) {
      const key = zeros([2], { dtype: 'int32' }).storage;
      const draw = { source: new Generator(0), key };
      const args = {
        ...pass(rows, columns, (x, graph) => x.mul(graph.mask(0, graph.scalar(0))), [0.5]),
        keys: [key],
      };
      return () => {
        ops.drawKey(draw);
        ops.pointwise(args);
      };
    },
    copy: ({ rows, columns }) => memmove(rows * columns),
    'scaled-copy'({ rows, columns }) {
      const args = pass(rows, columns, (x, graph) => x.mul(graph.scalar(0)), [2]);
      return () => ops.pointwise(args);
    },
    'mlp-train-step'(params) {
      const { step, input, target } = createStep(lanewise, params);
      const run = compiles ? compile(step) : step;
      return () => void run(input, target);
    },
    layer: (params) => layerProgram(library, params),
    vocabulary: (params) => vocabularyProgram(library, compiles, params),
    recurrent({ kind, pass, steps, batch, inputs, units }) {
      const layer = kind === 'LSTM' ? new nn.LSTM(inputs, units) : new nn.GRU(inputs, units);
      const outputOf = (x: Tensor): Tensor => (layer instanceof nn.LSTM ? layer.forward(x) : layer.forward(x))[0];
      const input = randn([steps, batch, inputs]);
      const optimizer = new lanewise.optim.SGD(layer.parameters(), { lr: 0.01 });
      const forward = (x: Tensor) => noGrad(() => outputOf(x));
      const step = (x: Tensor) => {
        optimizer.zeroGrad();
        const output = outputOf(x);
        const loss = output.mul(output).mean();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const program = pass === 'forward' ? forward : step;
      const run = compiles ? compile(program) : program;
      return () => void run(input);
    },
    'cnn-train-step'(params) {
      const { step, input, target } = createCnnStep(lanewise, params);
      const run = compiles ? compile(step) : step;
      return () => void run(input, target);
    },
    forward({ layers, batch }) {
      const model = buildMlp(nn, layers, 0.5).eval();
      const input = randn([batch, layers[0]!]);
      const predict = (x: Tensor) => noGrad(() => model.forward(x));
      const run = compiles ? compile(predict) : predict;
      return () => void run(input);
    },
  };
}

/**
 * A copy with none of the code that is measured. The two lie half a page apart modulo the size of a page: on Zen processors
 * memmove's string instruction is twenty times slower when the destination lies less than 32 bytes behind the source modulo
 * 4096, which the allocator decides otherwise.
 */
function memmove(floats: number): () => void {
  const page = 1024;
  const memory = new Float32Array(2 * (floats + page)).fill(1);
  const from = memory.subarray(0, floats);
  const start = floats - (floats % page) + page * 1.5;
  const to = memory.subarray(start, start + floats);
  return () => to.set(from);
}
