/** Masks of the parts of a batch, put together, are the mask of the whole batch. */
import { describe, expect, it } from 'vitest';
import { MaskKeys, withBatchPart } from '../../src/functional/batch-part.js';
import { ArgumentError, cat, compile, functional as F, Generator, noGrad, ones, type Tensor } from '../../src/index.js';

type Call = (input: Tensor, generator: Generator) => Tensor;

const kinds: readonly (readonly [name: string, tail: readonly number[], call: Call])[] = [
  ['dropout of [N, 7]', [7], (x, g) => F.dropout(x, 0.3, true, g)],
  ['dropout of [N, 3, 5]', [3, 5], (x, g) => F.dropout(x, 0.5, true, g)],
  ['dropout of [N * 3, 5]', [3, 5], (x, g) => F.dropout(x.reshape([-1, 5]), 0.5, true, g).reshape(x.shape)],
  ['alphaDropout', [7], (x, g) => F.alphaDropout(x, 0.4, true, g)],
  ['featureAlphaDropout', [6, 4], (x, g) => F.featureAlphaDropout(x, 0.4, true, g)],
  ['dropout1d', [6, 4], (x, g) => F.dropout1d(x, 0.5, true, g)],
  ['dropout2d', [6, 2, 3], (x, g) => F.dropout2d(x, 0.5, true, g)],
  ['dropout3d', [6, 2, 2, 2], (x, g) => F.dropout3d(x, 0.5, true, g)],
  ['lockedDropout, batch first', [3, 7], (x, g) => F.lockedDropout(x, 0.5, true, { batchFirst: true }, g)],
  ['two after another', [7], (x, g) => F.dropout(F.dropout(x, 0.5, true, g), 0.5, true, g)],
];
const rows = 12;
const sizes = [[12], [6, 6], [4, 4, 4], [3, 9], [1, 11]];

const apart = (
  tail: readonly number[],
  part: readonly number[],
  run: (x: Tensor, firstRow: number, rows: number) => Tensor,
) => {
  let firstRow = 0;
  return cat(
    part.map((size) => {
      const result = run(ones([size, ...tail]), firstRow, size);
      firstRow += size;
      return result;
    }),
  ).toArray();
};

describe.each(kinds)('%s', (_name, tail, call) => {
  const whole = call(ones([rows, ...tail]), new Generator(3)).toArray();

  it('drops in parts what it drops as a whole', () => {
    expect(JSON.stringify(whole)).toContain('0');
    for (const size of sizes) {
      const found = apart(tail, size, (x, firstRow, count) =>
        withBatchPart({ firstRow, rows: count }, () => call(x, new Generator(3))),
      );
      expect(found).toEqual(whole);
    }
  });

  it('the same with the keys of one step, and compiled', () => {
    const generator = new Generator(3);
    const keys = new MaskKeys();
    const found = apart(tail, [4, 4, 4], (x, firstRow, count) =>
      withBatchPart({ firstRow, rows: count, keys }, () => call(x, generator)),
    );
    expect(found).toEqual(whole);
    const own = new Generator(3);
    const step = compile((x: Tensor) => {
      const shared = new MaskKeys();
      return cat(
        [0, 6].map((firstRow) =>
          withBatchPart({ firstRow, rows: 6, keys: shared }, () => call(x.narrow(0, firstRow, 6), own)),
        ),
      );
    });
    expect(noGrad(() => step(ones([rows, ...tail]))).toArray()).toEqual(whole);
    step.dispose();
  });
});

it('other rows have other masks: what the tests above see', () => {
  const [first, second] = [0, 6].map((firstRow) =>
    withBatchPart({ firstRow, rows: 6 }, () => F.dropout(ones([6, 50]), 0.5, true, new Generator(3))),
  );
  expect(first!.toArray()).not.toEqual(second!.toArray());
});

it('a program that was traced for one part is not used for another', () => {
  const step = compile((x: Tensor) => F.dropout(x, 0.5, true, new Generator(3)));
  const at = (firstRow: number) => withBatchPart({ firstRow, rows: 6 }, () => step(ones([6, 20])).toArray());
  const eager = (firstRow: number) =>
    withBatchPart({ firstRow, rows: 6 }, () => F.dropout(ones([6, 20]), 0.5, true, new Generator(3)).toArray());
  for (const firstRow of [0, 6]) expect(at(firstRow)).toEqual(eager(firstRow));
  expect(eager(6)).not.toEqual(eager(0));
  step.dispose();
  const again = compile((x: Tensor) => F.relu(F.dropout(x, 0.5, true, generator)));
  const generator = new Generator(3);
  const whole = again(ones([6, 20])).toArray();
  generator.manualSeed(3);
  const moved = withBatchPart({ firstRow: 6, rows: 6 }, () => again(ones([6, 20])).toArray());
  expect(moved).not.toEqual(whole);
  generator.manualSeed(3);
  expect(again(ones([6, 20])).toArray()).toEqual(whole);
  again.dispose();
});

it('parts of a tensor of one dimension have separate masks', () => {
  const at = (firstRow: number) =>
    withBatchPart({ firstRow, rows: 40 }, () => F.dropout(ones([40]), 0.5, true, new Generator(3)).toArray());
  expect(at(40)).not.toEqual(at(0));
});

it('a tensor that is no batch has the same mask in every part', () => {
  const at = (firstRow: number) =>
    withBatchPart({ firstRow, rows: 4 }, () => F.dropout(ones([7, 20]), 0.5, true, new Generator(3)).toArray());
  expect(at(8)).toEqual(at(0));
});

it("refuses the stream of masks: 'mt19937'", () => {
  const generator = new Generator(3, { masks: 'mt19937' });
  const before = JSON.stringify(generator.getState());
  for (const call of [F.dropout, F.alphaDropout, F.dropout2d])
    expect(() => withBatchPart({ firstRow: 0, rows: 2 }, () => call(ones([2, 3, 4, 4]), 0.5, true, generator))).toThrow(
      ArgumentError,
    );
  expect(JSON.stringify(generator.getState())).toBe(before);
});
