import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/compile/cost.js';
import { accessesOf, instruction } from '../../src/compile/passes/instruction.js';
import { noPostOp } from '../../src/compile/passes/post-op.js';
import { printGraph } from '../../src/compile/print.js';
import { encodeGeometry } from '../../src/ops/convolution.js';
import type { Argument, Instruction, ValueSpec } from '../../src/ops/graph.js';
import { type OpName, type Signature, signatures } from '../../src/ops/ops.js';
import { List } from './passes/graph.js';
import { drawKey, pointwise, programOf, run } from './passes/tape.js';

function example() {
  const list = new List();
  const x = list.input(32 * 784);
  const [weight, bias, y] = [list.state(256 * 784), list.state(256), list.temporary(32 * 256)];
  const sizes = { rows: 32, inFeatures: 784, outFeatures: 256, packed: false };
  list.add('linear', { x, weight, bias, out: y, ...sizes, ...noPostOp, program: programOf(1, ([h]) => h!.relu()) });
  const layout = Float64Array.of(2, 3, 1, 2, 3, 1);
  list.add('copy', { x: y, out: list.output(6), layout, xOffset: 2, outOffset: 0 });
  return list.graph();
}

describe('print', () => {
  it('names what is written and read, and more when asked', () => {
    const graph = example();
    expect(printGraph(graph)).toBe('%3 = linear(input0, state0, bias=state1) |> relu(·)\noutput0 = copy(%3, output0)');
    expect(printGraph(graph, { sizes: true, names: new Map([[1, '0.weight']]) })).toBe(
      '%3 = linear(input0, 0.weight, bias=state1, rows=32, inFeatures=784, outFeatures=256, rowOffset=0) |> relu(·)\n' +
        'output0 = copy(%3, output0, layout=[2 3 | 1 2 | 3 1], xOffset=2, outOffset=0)',
    );
  });

  it('prints a pointwise op as what it computes, with its sizes and the strides of each operand when asked', () => {
    const list = new List();
    const [x, row, key, step] = [list.input(6), list.input(3), drawKey(list), list.state(1, 'int32')];
    const formula = programOf(
      2,
      ([a, b], [beta, number], graph) => [a!.mul(beta!).fma(b!, -0.5), a!.mul(graph.mask(0, 0.25)).div(number!)],
      2,
    );
    const strides = [
      [3, 1],
      [0, 1],
    ];
    const scalars = [{ dynamic: list.dynamicScalar() }];
    run(list, formula, [x, row], { keys: [key], step, scalars, columns: 3, sizes: [2, 3], strides });
    const line =
      '%4, %5, step=state0 = fma(mul(input0, scalar0), input1, -0.5), div(mul(input0, mask(%2, 0.25)), state0 + 1)';
    expect(printGraph(list.graph()).split('\n')[1]).toBe(line);
    expect(printGraph(list.graph(), { sizes: true }).split('\n')[1]).toBe(
      `${line} (layout=[2 3 | 3 1 | 0 1], columns=3, rowOffset=0)`,
    );
    const one = new List();
    pointwise(one, [one.input(6)], ([a]) => a!.exp(), { sizes: [2, 3], strides: [[0, 1]] });
    expect(printGraph(one.graph(), { sizes: true })).toBe(
      '%1 = exp(input0) (layout=[2 3 | 0 1], columns=1, rowOffset=0)',
    );
  });

  it('cuts calls within what is too long to be read', () => {
    const list = new List();
    const names = new Map([[0, 'a rather long name of an input']]);
    pointwise(list, [list.input(4)], ([x]) => x!.exp().add(x!.sin()).mul(x!.neg().maximum(2)), {});
    expect(printGraph(list.graph())).toBe('%1 = mul(add(exp(input0), sin(input0)), max(neg(input0), 2))');
    expect(printGraph(list.graph(), { names })).toBe('%1 = mul(add(…), max(…))');
  });

  it('gives the arithmetic and the traffic of each line, and their sums', () => {
    // 2·32·784·256 for the product, 32·256 each for bias and relu; (32·784 + 256·784 + 256)·4 bytes in, 32·256·4 out.
    expect(
      printGraph(example(), { costs: true })
        .split('\n')
        .map((line) => line.split('#')[1]),
    ).toEqual([
      ' 12.9 MFLOP, reads 883 KiB, writes 32 KiB',
      ' 0 FLOP, reads 24 B, writes 24 B',
      ' 12.9 MFLOP, reads 883 KiB, writes 32 KiB',
    ]);
  });
});

describe('cost', () => {
  const values: ValueSpec[] = Array.from({ length: 16 }, () => ({
    dtype: 'float32',
    length: 12,
    kind: 'temporary',
    index: -1,
    panels: null,
  }));

  const program = programOf(2, ([a, b]) => [a!.add(b!), a!.exp().mul(b!)]);

  const line = { size: 2, outSize: 2, kernel: 2, stride: 1, dilation: 1, padLow: 1, padHigh: 0 };
  const convolution = encodeGeometry({ batch: 2, channels: 2, outChannels: 2, groups: 2, dims: [line] });

  /** A call of an op in which every size is 2, every memory another, every option used. */
  function anyCall(op: OpName): Instruction {
    const signature: Signature = signatures[op];
    let value = 0;
    const args: Record<string, Argument> = {};
    for (const [arg, role] of Object.entries(signature)) {
      if (arg === 'geometry') args[arg] = convolution;
      else if (role === 'size') args[arg] = 2;
      else if (role === 'flag') args[arg] = true;
      else if (role === 'layout') args[arg] = Float64Array.of(12, 1, 1);
      else if (role === 'program' || role === 'program?') args[arg] = program;
      else if (['ins', 'outs', 'inouts', 'indexes'].includes(role)) args[arg] = [value++, value++];
      else if (role === 'scalars') args[arg] = [0.5];
      else if (['scalar', 'int', 'keySource', 'draw'].includes(role)) args[arg] = 0;
      else args[arg] = value++;
    }
    return { op, args };
  }

  it.each(Object.keys(signatures) as OpName[])('of %s is a number of operations, and bytes as its roles say', (op) => {
    const each = anyCall(op);
    const { flops, bytesRead, bytesWritten } = costOf(each, values);
    expect(Number.isSafeInteger(flops) && flops >= 0).toBe(true);
    const bytes = 12 * 4;
    const reads = accessesOf(each).filter((access) => access.reads && !(op === 'copy' && access.arg === 'out')).length;
    const writes = accessesOf(each).filter((access) => access.writes).length;
    // Of the operand that indices point into, as many numbers as there are indices: 2 rows of 2, or 2·2·2 single ones.
    const picked = 2 * 2 * 2 * 4;
    if (op === 'indexSelect' || op === 'gatherRows')
      expect([bytesRead, bytesWritten]).toEqual([(2 * 2 + 2) * 4, bytes]);
    else if (op === 'gather') expect([bytesRead, bytesWritten]).toEqual([picked + bytes, bytes]);
    else if (op === 'scatter') expect([bytesRead, bytesWritten]).toEqual([2 * bytes, picked]);
    // Two states, of which the rows that are named: 2 rows of 2.
    else if (op === 'indexUpdate')
      expect([bytesRead, bytesWritten]).toEqual([4 * bytes + 2 * (2 * 2 * 4), bytes + 2 * (2 * 2 * 4)]);
    else if (op === 'scatterAdd') expect([bytesRead, bytesWritten]).toEqual([2 * bytes + picked, picked]);
    else expect([bytesRead, bytesWritten]).toEqual([reads * bytes, writes * bytes]);
  });

  it('counts a fused update as the product and the update', () => {
    const sizes = { rows: 3, inFeatures: 4, outFeatures: 5 };
    // lr·grad, and what is left of the weight.
    const step = programOf(2, ([grad, param], [lr]) => param!.sub(lr!.mul(grad!)), 1);
    const update = { program: step, scalars: [{ dynamic: 0 }], outputs: [2], step: null };
    const fused = instruction('linearWeightUpdate', { grad: 0, x: 1, inputs: [2], ...update, ...sizes, packed: false });
    const plain = { batch: 1, transA: true, transB: false, aStride: 0, bStride: 0 };
    const layout = Float64Array.of(20, 1, 1);
    const parts = [
      instruction('matmul', { a: 0, b: 1, out: 3, m: 5, n: 4, k: 3, ...plain }),
      instruction('pointwise', { inputs: [3, 2], ...update, keys: [], layout, columns: 1, rowOffset: 0 }),
    ];
    const flops = parts.map((part) => costOf(part, values).flops);
    expect(flops).toEqual([120, 40]);
    expect(costOf(fused, values).flops).toBe(flops[0]! + flops[1]!);
  });
});
