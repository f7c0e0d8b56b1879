/** What is legal however odd: it must work as if nothing were odd. */
import { afterEach, describe, expect, it } from 'vitest';
import { data, defaultGenerator, nn, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bad, makeFixture, picture } from './fixture.js';
import { optionNames, takers } from './takers.js';

/** A few steps of training with every kind of option left at its default. */
function train(): unknown {
  const fixture = makeFixture();
  for (const [input, target] of new data.DataLoader(fixture.dataset)) {
    fixture.optimizer.zeroGrad();
    fixture.criterion.forward(fixture.model.forward(input), target).backward();
    fixture.optimizer.step();
  }
  return picture(fixture);
}

/** Not weight: a module refuses to have a buffer of a name that every object has, and says so. */
const polluted = optionNames.filter((name) => name !== 'weight');

describeEachBackend('a polluted Object.prototype', () => {
  afterEach(() => {
    for (const name of polluted) Reflect.deleteProperty(Object.prototype, name);
  });

  it('sets no option', () => {
    const expected = train();
    for (const name of polluted)
      Object.defineProperty(Object.prototype, name, { value: 1e9, configurable: true, enumerable: false });
    const result = train();
    for (const name of polluted) Reflect.deleteProperty(Object.prototype, name);
    expect(result).toEqual(expected);
  });
});

describe('options', () => {
  it.each(takers.filter(({ name }) => !['argmax', 'max', 'min'].includes(name)))(
    'of $name may be an object without a prototype, a class instance, or undefined',
    ({ call }) => {
      class Options {}
      for (const options of [Object.create(null), new Options(), Object.create({ colour: 'red', lr: -1 }), undefined])
        expect(() => call(bad(options), makeFixture())).not.toThrow();
    },
  );

  it('are read once each', () => {
    let reads = 0;
    const options = {
      get batchSize() {
        return ++reads === 1 ? 2 : -1;
      },
    };
    expect(new data.DataLoader(makeFixture().dataset, options).batchSize).toBe(2);
    expect(reads).toBe(1);
  });

  it('whose getter throws leave the generator where it was', () => {
    const before = defaultGenerator.getState();
    const options = {
      get bias(): boolean {
        throw new Error('from a getter');
      },
    };
    expect(() => new nn.Linear(2, 2, options)).toThrow('from a getter');
    expect(defaultGenerator.getState()).toEqual(before);
  });
});

describe('a typed array that lies', () => {
  class Longer extends Float32Array {
    override get length(): number {
      return 1000;
    }
    override get byteOffset(): number {
      return 64;
    }
  }

  it('about its length is read as long as it is', () => {
    expect(tensor(new Longer([1, 2, 3])).toArray()).toEqual([1, 2, 3]);
    expect(() => tensor(new Longer([1, 2, 3]), { shape: [1000] })).toThrow('invalid for input of size 3');
  });

  it('about its class is read as what it is', () => {
    const array = Object.setPrototypeOf(Float32Array.of(1.5, 2.5), Int32Array.prototype);
    expect(tensor(array)).toMatchObject({ dtype: 'float32', shape: [2] });
    expect(tensor(array).toArray()).toEqual([1.5, 2.5]);
  });
});
