import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/compile/cost.js';
import { accessesOf, instruction } from '../../src/compile/passes/instruction.js';
import { printListing } from '../../src/compile/print.js';
import type { Instruction, MemorySpec } from '../../src/ops/listing.js';
import { type OpName, type Signature, signatures } from '../../src/ops/ops.js';
import { List } from './passes/list.js';

function example() {
  const list = new List();
  const x = list.input(32 * 784);
  const [weight, bias, y] = [list.state(256 * 784), list.state(256), list.temporary(32 * 256)];
  const sizes = { rows: 32, inFeatures: 784, outFeatures: 256, p: 0, rowOffset: 0, packed: false };
  list.add('linearActivation', { x, weight, bias, key: null, out: y, relu: true, ...sizes });
  const layout = Float64Array.of(2, 3, 1, 2, 3, 1);
  list.add('copy', { x: y, out: list.output(6), layout, xOffset: 2, outOffset: 0 });
  return list.listing();
}

describe('print', () => {
  it('names what is written and read, and more when asked', () => {
    const listing = example();
    expect(printListing(listing)).toBe(
      '%3 = linearActivation(input0, state0, bias=state1, relu, p=0)\noutput0 = copy(%3, output0)',
    );
    expect(printListing(listing, { sizes: true, names: new Map([[1, '0.weight']]) })).toBe(
      '%3 = linearActivation(input0, 0.weight, bias=state1, rows=32, inFeatures=784, outFeatures=256, relu, p=0, rowOffset=0)\n' +
        'output0 = copy(%3, output0, layout=[2 3 | 1 2 | 3 1], xOffset=2, outOffset=0)',
    );
  });

  it('gives the arithmetic and the traffic of each line, and their sums', () => {
    // 2·32·784·256 for the product, 32·256 each for bias and relu; (32·784 + 256·784 + 256)·4 bytes in, 32·256·4 out.
    expect(
      printListing(example(), { costs: true })
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
  const memories: MemorySpec[] = Array.from({ length: 16 }, () => ({
    dtype: 'float32',
    length: 12,
    kind: 'temporary',
    index: -1,
    panels: null,
  }));

  /** A call of an op in which every size is 2, every memory another, every option used. */
  function anyCall(op: OpName): Instruction {
    const signature: Signature = signatures[op];
    let memory = 0;
    const args: Record<string, number | boolean | Float64Array> = {};
    for (const [arg, role] of Object.entries(signature)) {
      if (role === 'size') args[arg] = 2;
      else if (role === 'flag') args[arg] = true;
      else if (role === 'layout') args[arg] = Float64Array.of(12, 1, 1);
      else if (['scalar', 'int', 'cell', 'keySource', 'draw'].includes(role)) args[arg] = 0;
      else args[arg] = memory++;
    }
    return { op, args };
  }

  it.each(Object.keys(signatures) as OpName[])('of %s is a number of operations, and bytes as its roles say', (op) => {
    const each = anyCall(op);
    const { flops, bytesRead, bytesWritten } = costOf(each, memories);
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
    else if (op === 'scatterAdd') expect([bytesRead, bytesWritten]).toEqual([2 * bytes + picked, picked]);
    else expect([bytesRead, bytesWritten]).toEqual([reads * bytes, writes * bytes]);
  });

  it('counts a fused update as the product and the update', () => {
    const sizes = { rows: 3, inFeatures: 4, outFeatures: 5 };
    const cells = { lr: 0, momentum: 0, dampening: 0, weightDecay: 0 };
    const none = { buffer: null, step: null, nesterov: false, ...cells };
    const fused = instruction('linearWeightSgd', { grad: 0, x: 1, weight: 2, ...sizes, ...none, packed: false });
    const plain = { batch: 1, transA: true, transB: false, aStride: 0, bStride: 0 };
    const parts = [
      instruction('matmul', { a: 0, b: 1, out: 3, m: 5, n: 4, k: 3, ...plain }),
      instruction('sgd', { param: 2, grad: 3, n: 20, ...none }),
    ];
    const flops = parts.map((part) => costOf(part, memories).flops);
    expect(flops[0]).toBe(120);
    expect(costOf(fused, memories).flops).toBe(flops[0]! + flops[1]!);
  });
});
