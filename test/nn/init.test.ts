/** nn.init against PyTorch: numbers, and where the generator stands afterwards. */
import { describe, expect, it, vi } from 'vitest';
import { full, Generator, manualSeed, nn, ones, rand, type Tensor } from '../../src/index.js';
import { golden, values } from '../golden/load.js';
import { expectClose } from '../helpers/close.js';

const { cases, gains } = golden('initial');
type Fill = (tensor: Tensor, ...args: readonly unknown[]) => Tensor;
const named = cases.map((one) => ({
  ...one,
  title: `${one.function} of ${one.result.dtype} [${one.result.shape}] ${JSON.stringify(one.args)}`,
}));

describe('nn.init equals PyTorch', () => {
  it.each(named)('$title', ({ function: name, args, seed, result, after }) => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const fill = (nn.init as object as Readonly<Record<string, Fill>>)[name]!;
      const weight = new nn.Parameter(full([...result.shape], 7, { dtype: result.dtype }));
      manualSeed(seed);
      expect(fill(weight, ...args)).toBe(weight);
      // QR decompositions round differently; the logarithms of float64 normal numbers are another library's.
      const isExact = name !== 'orthogonal_' && result.dtype === 'float32';
      if (isExact) expect(weight.toTypedArray()).toEqual(values(result));
      else expectClose(weight.toTypedArray(), values(result), { tolerance: 2e-6 });
      expect(rand(2).toTypedArray()).toEqual(values(after));
      expect([weight.requiresGrad, weight.isLeaf]).toEqual([true, true]);
    } finally {
      warning.mockRestore();
      manualSeed(0);
    }
  });

  it.each(gains)('the gain of %s with %s', (name, param, gain) => {
    expect(nn.init.calculateGain(name as 'relu', param)).toBe(gain);
  });

  it('draws from a given generator; permutations of sparse_ come from the default one', () => {
    const fill = (draw: (w: Tensor, generator: Generator) => Tensor) => draw(ones(4, 5), new Generator(3)).toArray();
    for (const draw of [
      (w: Tensor, generator: Generator) => nn.init.orthogonal_(w, 1, { generator }),
      (w: Tensor, generator: Generator) => nn.init.truncNormal_(w, 0, 1, -2, 2, { generator }),
      (w: Tensor, generator: Generator) => nn.init.kaimingNormal_(w, { generator }),
      (w: Tensor, generator: Generator) => nn.init.xavierUniform_(w, 1, { generator }),
    ]) {
      manualSeed(1);
      const first = fill(draw);
      expect(fill(draw)).toEqual(first);
      const next = rand(1).item();
      manualSeed(1);
      expect(rand(1).item()).toBe(next);
    }
    manualSeed(5);
    const generator = new Generator(3);
    const sparse = nn.init.sparse_(ones(6, 2), 0.5, 1, { generator });
    manualSeed(6);
    const other = nn.init.sparse_(ones(6, 2), 0.5, 1, { generator: new Generator(3) });
    const isZero = (t: Tensor) => t.eq(0).toArray();
    expect(isZero(sparse)).not.toEqual(isZero(other));
    manualSeed(0);
  });

  it('orthogonal_ makes rows orthonormal for larger matrices too', () => {
    const w = nn.init.orthogonal_(ones(40, 60), 1, { generator: new Generator(1) });
    const product = w.matmul(w.transpose(0, 1)).toArray() as number[][];
    for (const [i, row] of product.entries())
      for (const [j, value] of row.entries()) expect(Math.abs(value - (i === j ? 1 : 0))).toBeLessThan(1e-6);
  });

  it('warns of what cannot work', () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    nn.init.truncNormal_(ones(3), 5, 1);
    expect(warning.mock.calls[0]![0]).toMatch(/^mean is more than 2 std from \[a, b\] in nn.init.trunc_normal_/);
    warning.mockRestore();
  });
});
