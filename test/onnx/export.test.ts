/** What onnxruntime computes with an exported model is what the library computes. */
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../src/onnx/index.js';
import { trace } from '../../src/onnx/trace.js';
import { nodeNames } from '../../src/ops/nodes.js';
import { integerOperations, type OpName, signatures } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { type Case, cases, FunctionModule, inputsOf, namedOutputs } from './cases.js';
import { expectSame, openSession, runSession } from './runtime.js';

async function check(given: Case, options: { opset?: number; dynamicBatch?: boolean }, batches: readonly number[]) {
  const model = new FunctionModule(given.run);
  const example = given.inputs.map(({ sizes, dtype = 'float32' }) => ({ shape: [batches[0]!, ...sizes], dtype }));
  const session = await openSession(exportOnnx(model, example, options));
  for (const batch of batches) {
    const inputs = inputsOf(given, batch, 7 * batch);
    expectSame(await runSession(session, inputs), namedOutputs(model.forward(...inputs)));
  }
  await session.release();
}

describe('a model of', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s runs at any batch', async (_name, each) => {
    await check(each, {}, [3, 1, 2, 8]);
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s runs at one batch', async (_name, each) => {
    await check(each, { dynamicBatch: false }, [4]);
    await check(each, { dynamicBatch: false }, [1]);
  });
});

describe('opsets', () => {
  it.each([17, 18, 19, 20])('%d runs what uses the ops that have changed', async (opset) => {
    const names = ['max, min', 'sum', 'mean', 'scatterAdd', 'reshape', 'expand', 'topk', 'relu', 'cat'];
    for (const name of names) await check(cases.find((each) => each.name === name)!, { opset }, [3, 5]);
  });
});

describe('the list of cases', () => {
  /** Ops that no forward pass has, or that have no ONNX form: `unsupported.test.ts`. */
  const refused: OpName[] = [
    ...([
      'drawKey',
      'draw',
      'indexAdd',
      'softmaxBackward',
      'crossEntropyBackward',
      'recurrentBackward',
      'reduce',
      'gatherRows',
    ] as const),
    ...(['linearInputGradient', 'crossEntropyTrain', 'linearWeightUpdate', 'indexUpdate'] as const),
    ...(['maxPoolBackward', 'avgPoolBackward', 'batchNormBackward', 'layerNormBackward'] as const),
    ...(['convWeightGradient', 'convMaxPool', 'convMaxPoolBackward', 'attention', 'attentionBackward'] as const),
    ...(['ctcLoss', 'allReduce', 'allReduceStart', 'allReduceMatmulStart', 'allReduceWait'] as const),
  ];
  /** Checks of what others have asked for: they are left to the runtime. */
  const unchecked: OpName[] = ['checkFinite', 'checkCtc'];
  const instructions = cases.flatMap((each) => {
    const inputs = inputsOf(each, 3);
    return trace('test', new FunctionModule(each.run), inputs).tracer.instructions;
  });

  it('has every op', () => {
    const used = new Set<string>([...instructions.map(({ op }) => op), ...refused, ...unchecked]);
    expect(Object.keys(signatures).filter((op) => !used.has(op))).toEqual([]);
  });

  it('has every node of pointwise programs', () => {
    const programs = instructions
      .filter(({ op }) => op === 'pointwise')
      .map(({ args }) => args.program as PointwiseProgram);
    const used = new Set(programs.flatMap((program) => program.instructions.map(({ node }) => node)));
    expect(nodeNames.filter((node) => !used.has(node) && node !== 'fma')).toEqual([]);
  });

  it('has every operation of int32', () => {
    const used = new Set(instructions.filter(({ op }) => op === 'integers').map(({ args }) => args.operation));
    const names = Object.entries(integerOperations);
    expect(names.filter(([, code]) => !used.has(code)).map(([name]) => name)).toEqual([]);
  });
});
