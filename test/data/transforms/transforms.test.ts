/** Transforms of images: against loops over pixels, with the draws of the same generator; eager, compiled and in fit. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  data,
  fit,
  Generator,
  manualSeed,
  nn,
  optim,
  rand,
  randint,
  randn,
  type Tensor,
  tensor,
} from '../../../src/index.js';

const { Compose, Normalize, RandomCrop, RandomHorizontalFlip, toTensor } = data.transforms;
const numbers = (images: Tensor) => [...images.toTypedArray()];

/** Pixels of images [N, C, H, W] as a function says. */
function pixels(images: Tensor, h: number, w: number, at: (n: number, y: number, x: number) => [number, number]) {
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  const from = images.toTypedArray();
  const result: number[] = [];
  for (let n = 0; n < count; n++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const [row, column] = at(n, y, x);
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          result.push(inside ? from[((n * channels + c) * height + row) * width + column]! : 0.5);
        }
  return result;
}

describe('RandomHorizontalFlip', () => {
  it.each([
    [4, 3, 2, 5],
    [7, 1, 3, 4],
    [1, 2, 1, 1],
  ])('mirrors the images of [%i, %i, %i, %i] that it draws', (...shape) => {
    const images = randn(shape, { generator: new Generator(1) });
    const result = new RandomHorizontalFlip(0.5, { generator: new Generator(7) }).forward(images);
    const drawn = numbers(rand([shape[0]], { generator: new Generator(7) })).map((u) => u < 0.5);
    const [, , h, w] = shape;
    expect(result.shape).toEqual(shape);
    expect(numbers(result)).toEqual(pixels(images, h, w, (n, y, x) => [y, drawn[n] ? w - 1 - x : x]));
  });

  it('mirrors all for 1 and none for 0; one image too', () => {
    const image = randn([2, 3, 4]);
    expect(numbers(new RandomHorizontalFlip(0).forward(image))).toEqual(numbers(image));
    const once = new RandomHorizontalFlip(1).forward(image);
    expect(numbers(once)).not.toEqual(numbers(image));
    expect(once.shape).toEqual([2, 3, 4]);
    expect(numbers(new RandomHorizontalFlip(1).forward(once))).toEqual(numbers(image));
  });
});

describe('RandomCrop', () => {
  it.each([
    [
      [5, 2, 6, 7],
      [4, 3],
      [0, 0],
    ],
    [
      [5, 1, 4, 4],
      [4, 4],
      [2, 2],
    ],
    [
      [3, 3, 5, 2],
      [6, 2],
      [1, 3],
    ],
    [
      [2, 1, 3, 3],
      [3, 3],
      [0, 0],
    ],
  ] as const)('cuts %j to %j with padding %j', (shape, size, padding) => {
    const images = randn(shape, { generator: new Generator(1) });
    const crop = new RandomCrop(size, { padding, fill: 0.5, generator: new Generator(3) });
    const [count, channels, height, width] = shape;
    const [h, w] = size;
    const rooms = [height + 2 * padding[0] - h, width + 2 * padding[1] - w] as const;
    const generator = new Generator(3);
    const isWhole = rooms[0] === 0 && rooms[1] === 0;
    const place = (room: number) => (isWhole ? [0, 0, 0] : numbers(randint(0, room + 1, [count], { generator })));
    const [tops, lefts] = [place(rooms[0]), place(rooms[1])];
    const result = crop.forward(images);
    expect(result.shape).toEqual([count, channels, h, w]);
    const expected = pixels(images, h, w, (n, y, x) => [tops[n]! + y - padding[0], lefts[n]! + x - padding[1]]);
    expect(numbers(result)).toEqual(expected);
    if (!isWhole) expect(new Set(tops.map((top, i) => `${top} ${lefts[i]}`)).size).toBeGreaterThan(1);
    else expect(crop.generator.getState()).toEqual(new Generator(3).getState());
  });

  it('takes one number for both, and one image', () => {
    const image = randn([3, 5, 5]);
    const crop = new RandomCrop(3, { padding: 1 });
    expect([crop.size, crop.padding]).toEqual([
      [3, 3],
      [1, 1],
    ]);
    expect(crop.forward(image).shape).toEqual([3, 3, 3]);
  });
});

it('Normalize takes means away and divides, channel by channel, and rounds as two operations', () => {
  const images = randn([2, 3, 2, 2]);
  const [mean, std] = [
    [0.4, -1, 0.1],
    [0.3, 2, 0.7],
  ] as const;
  const expected = numbers(images).map((value, i) => {
    const c = Math.floor(i / 4) % 3;
    return Math.fround(Math.fround(value - Math.fround(mean[c]!)) / Math.fround(std[c]!));
  });
  expect(numbers(new Normalize(mean, std).forward(images))).toEqual(expected);
  expect(numbers(new Normalize(mean, std).forward(images.select(0, 1)))).toEqual(expected.slice(12));
});

it('toTensor makes planes of pixels and 1 of 255', () => {
  const bytes = Uint8ClampedArray.of(0, 51, 102, 255, 204, 153);
  const image = toTensor(bytes, [1, 2, 3]);
  expect([image.shape, image.dtype]).toEqual([[3, 1, 2], 'float32']);
  expect(numbers(image)).toEqual([0, 255, 51, 204, 102, 153].map((byte) => Math.fround(byte / 255)));
  expect(toTensor(new Uint8Array(24), [2, 3, 4, 1]).shape).toEqual([2, 1, 3, 4]);
});

describe('transforms in programs', () => {
  const augment = () => new Compose([new RandomCrop(4, { padding: 1 }), new RandomHorizontalFlip()]);

  it('draw again at each run, what eager calls draw', () => {
    const images = randn([6, 2, 4, 4]);
    const both = augment();
    const compiled = compile((x: Tensor) => both.forward(x));
    manualSeed(4);
    const eager = [0, 1, 2].map(() => numbers(both.forward(images)));
    manualSeed(4);
    const runs = [0, 1, 2].map(() => numbers(compiled(images)));
    expect(runs).toEqual(eager);
    expect(runs[0]).not.toEqual(runs[1]);
  });

  it('change what fit trains on, and not what it validates with', async () => {
    const [images, labels] = [
      randn([12, 1, 4, 4]),
      tensor(
        Array.from({ length: 12 }, (_, i) => i % 3),
        { dtype: 'int32' },
      ),
    ];
    const epochsOf = async (options: object, epochs = 1) => {
      manualSeed(0);
      const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(16, 3));
      const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
      const sets = { train: [images, labels] as const, validation: [images, labels] as const };
      const rest = { optimizer, loss: new nn.CrossEntropyLoss(), epochs, batchSize: 5, shuffle: false };
      return (await fit(model, { ...sets, ...rest, ...options })).epochs;
    };
    const [plain] = await epochsOf({});
    const [first, second] = await epochsOf({ transform: augment() }, 2);
    expect([first!.validation, second!.validation]).toEqual([plain!.validation, plain!.validation]);
    expect(new Set([plain!.loss, first!.loss, second!.loss]).size).toBe(3);
    const [doubled] = await epochsOf({ transform: (x: Tensor) => x.mul(2) });
    expect(doubled!.loss).not.toBe(plain!.loss);
    expect(doubled!.validation).toEqual(plain!.validation);
  });
});
