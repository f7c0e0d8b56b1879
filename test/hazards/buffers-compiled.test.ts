/**
 * Steps on the library's own thread while their arguments' buffers are transferred, resized, overwritten and dropped, in
 * random order: the losses and the parameters are those of the same steps in peace.
 */
import { expect, it } from 'vitest';
import { compile, manualSeed, nn, optim, predict, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { collectGarbage } from '../helpers/garbage.js';
import { random } from './random.js';

/** All in all; LANEWISE_INTERLEAVINGS=10000 is for when this code changes. */
const rounds = Number(process.env.LANEWISE_INTERLEAVINGS ?? 300);
const seed = Number(process.env.LANEWISE_SEED ?? 20261123);
const [features, classes] = [6, 3];

// TypeScript's lib of Node 20 lacks resizable buffers.
type Resizable = ArrayBuffer & { resizable: boolean; maxByteLength: number; resize(bytes: number): void };
const ResizableBuffer = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Resizable;

type Numbers = Float32Array | Int32Array;
type Make = <T extends Numbers>(type: new (buffer: ArrayBuffer, offset: number, length?: number) => T, values: T) => T;

/** Ways to hand numbers over. */
const makers: readonly Make[] = [
  (type, values) => new type(values.slice().buffer as ArrayBuffer, 0, values.length),
  (type, values) => {
    const array = new type(new ResizableBuffer(values.byteLength, { maxByteLength: 2 * values.byteLength }), 0);
    array.set(values);
    return array;
  },
  (type, values) => {
    const array = new type(new ArrayBuffer(values.byteLength + 24), 12, values.length);
    array.set(values);
    return array;
  },
];

/** What happens to them after that, as long as there is something left. */
const disturbances: readonly ((array: Numbers) => void)[] = [
  () => {},
  (array) => array.fill(-1000),
  ({ buffer }) => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] }),
  ({ buffer }) => resize(buffer as Resizable, 0),
  ({ buffer }) => resize(buffer as Resizable, (buffer as Resizable).maxByteLength),
];

function resize(buffer: Resizable, bytes: number): void {
  if (buffer.resizable) buffer.resize(bytes);
}

function makeTraining() {
  manualSeed(4);
  const model = new nn.Sequential(
    new nn.Linear(features, 16),
    new nn.ReLU(),
    new nn.Dropout(0.25),
    new nn.Linear(16, classes),
  );
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return { model, step };
}

interface Round {
  readonly x: Float32Array;
  readonly y: Int32Array;
}

function makeRounds(draw: (n: number) => number): Round[] {
  return Array.from({ length: rounds }, () => {
    const rows = [1, 4, 7][draw(3)]!;
    return {
      x: Float32Array.from({ length: rows * features }, () => draw(1000) / 500 - 1),
      y: Int32Array.from({ length: rows }, () => draw(classes)),
    };
  });
}

const weightsOf = (model: nn.AnyModule): number[][] => [...model.parameters()].map((p) => [...p.toTypedArray()]);

describeEachBackend('steps next to a host that does what it likes with its buffers', () => {
  it(`are right, ${rounds} times`, { timeout: 600_000 }, async () => {
    const draw = random(seed);
    const all = makeRounds(draw);

    const calm = makeTraining();
    const expected = all.map(({ x, y }) => calm.step(tensor(x, { shape: [y.length, features] }), tensor(y)).item());

    const { model, step } = makeTraining();
    let pending: Promise<number>[] = [];
    const losses: number[] = [];
    let answers: Promise<Tensor>[] = [];
    const settle = async (): Promise<void> => {
      losses.push(...(await Promise.all(pending)));
      for (const answer of await Promise.all(answers))
        if (!answer.toTypedArray().every(Number.isFinite)) throw new Error('an answer is not finite');
      pending = [];
      answers = [];
    };
    for (const round of all) {
      const x = makers[draw(makers.length)]!(Float32Array, round.x);
      const y = makers[draw(makers.length)]!(Int32Array, round.y);
      const args = [tensor(x, { shape: [y.length, features] }), tensor(y)] as const;
      const disturb = (array: Numbers): void => {
        const how = disturbances[draw(disturbances.length)]!;
        const act = (): void => {
          if (array.buffer.byteLength > 0) how(array);
        };
        if (draw(2) === 0) act();
        else setImmediate(act);
      };
      disturb(x);
      // The loss is read on the event loop, when the step is over.
      if (pending.length === 0 && draw(4) === 0) losses.push(step(...args).item());
      else pending.push(step.async(...args).then((loss) => loss.item()));
      disturb(x);
      disturb(y);
      if (draw(10) === 0) answers.push(predict(model, args[0]));
      if (draw(10) === 0) weightsOf(model);
      if (draw(50) === 0) await collectGarbage();
      else if (draw(10) === 0) await new Promise(setImmediate);
      if (draw(4) === 0) await settle();
    }
    await settle();
    expect(losses, `LANEWISE_SEED=${seed}`).toEqual(expected);
    expect(weightsOf(model)).toEqual(weightsOf(calm.model));
    for (const each of [step, calm.step]) each.dispose();
  });
});
