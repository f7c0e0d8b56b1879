/** Random networks: a seed and a number determine one. */
import { backend, zeros } from '../../../src/index.js';
import { Draw } from './draw.js';
import { keeping, layers, type Parts } from './layers.js';
import { makeModule, makeTensor, runStep } from './network.js';
import { objective, optimizer } from './objectives.js';
import { type Case, isModule, type ModuleSpec, type Step, type TensorRef, type TensorSpec } from './spec.js';

/** Most elements of a value. Small networks are as wrong as large ones, and seldom meet a kink by chance. */
const most = 1500;

const first = [1, 2, 3, 4, 5, 8];
const inner: Readonly<Record<number, readonly number[]>> = {
  1: [1, 2, 3, 7, 8, 9, 16, 17, 33],
  2: [1, 2, 3, 4, 6, 8, 9],
  3: [1, 2, 3, 4, 5, 8],
  4: [1, 2, 3, 4],
};

type Mark = readonly [modules: number, tensors: number, steps: number];

class Making implements Parts {
  readonly modules: ModuleSpec[] = [];
  readonly tensors: TensorSpec[] = [];
  readonly body: Step[] = [];
  /** Those of the specs, as far as they have been made. */
  readonly #built: ReturnType<typeof makeModule>[] = [];

  constructor(readonly draw: Draw) {}

  module(spec: ModuleSpec): number {
    return this.modules.push(spec) - 1;
  }

  tensor(spec: TensorSpec): TensorRef {
    return { tensor: this.tensors.push(spec) - 1 };
  }

  keepingShape(shape: readonly number[]): readonly Step[] {
    return Array.from({ length: this.draw.int(1, 3) }, () => {
      for (;;) {
        const made = this.draw.of(keeping)(this, shape);
        if (made !== null) return this.step(made);
      }
    });
  }

  step(made: ModuleSpec | Step): Step {
    return isModule(made) ? { kind: 'module', module: this.module(made), inputs: 1 } : (made as Step);
  }

  /** Adds a step. @returns the shape behind it, which is found by running it. */
  add(made: ModuleSpec | Step, shape: readonly number[], isInteger = false): readonly number[] {
    const step = this.step(made);
    this.body.push(step);
    this.#built.push(...this.modules.slice(this.#built.length).map((each) => makeModule(each, 'float32')));
    const tensors = this.tensors.map((each) => makeTensor(each, 'float32'));
    const x = zeros(shape, { dtype: isInteger ? 'int32' : 'float32' });
    return runStep(step, x, this.#built, tensors).shape;
  }

  /** Forgets what was added after a mark. */
  reset(mark: Mark): void {
    [this.modules.length, this.tensors.length, this.body.length] = mark;
    this.#built.length = Math.min(this.#built.length, mark[0]);
  }

  mark(): Mark {
    return [this.modules.length, this.tensors.length, this.body.length];
  }
}

const numelOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Integers, of which an Embedding makes vectors. */
function embedded(parts: Making): { input: TensorRef; shape: readonly number[] } {
  const { draw } = parts;
  const entries = draw.int(2, 12);
  const shape = [draw.of([1, 2, 4]), draw.of([1, 3, 5, 8])];
  const input = parts.tensor({
    shape,
    dtype: 'int',
    values: draw.many(numelOf(shape), () => draw.int(0, entries - 1)),
  });
  const width = draw.of([1, 2, 4, 8, 9]);
  const isBag = draw.chance(0.3);
  const options = isBag
    ? draw.some({ mode: draw.of(['sum', 'mean', 'max']), paddingIdx: draw.int(0, entries - 1) })
    : draw.some({ paddingIdx: draw.int(0, entries - 1), scaleGradByFreq: true, maxNorm: 0.8 }, 0.3);
  const spec = { name: isBag ? 'EmbeddingBag' : 'Embedding', args: [entries, width], options, typed: true };
  return { input, shape: parts.add(spec, shape, true) };
}

export function generate(seed: number, index: number): Case {
  const before = backend.name;
  // The oracle says shapes without flushing anything, and has no threads to wake.
  backend.use('reference');
  try {
    return generated(new Draw(seed, index), index);
  } finally {
    backend.use(before);
  }
}

function generated(draw: Draw, index: number): Case {
  const parts = new Making(draw);
  const rank = draw.of([2, 2, 3, 3, 4, 4, 5]);
  let shape: readonly number[] = [draw.of(first), ...draw.many(rank - 1, () => draw.of(inner[rank - 1]!))];
  let input: TensorRef;
  if (draw.chance(0.1)) ({ input, shape } = embedded(parts));
  else input = parts.tensor({ shape, dtype: 'float', values: draw.many(numelOf(shape), () => draw.normal()) });
  const wanted = draw.int(1, 6);
  for (let made = 0, tries = 0; made < wanted && tries < 50; tries++) {
    const mark = parts.mark();
    const drawn = (layers[shape.length] ?? []).length === 0 ? null : draw.of(layers[shape.length]!)(parts, shape);
    const next = drawn === null ? shape : parts.add(drawn, shape);
    if (drawn === null || numelOf(next) > most || numelOf(next) === 0) {
      parts.reset(mark);
      continue;
    }
    shape = next;
    made++;
  }
  if (draw.chance() && shape.length > 2)
    shape = parts.add({ name: 'Flatten', args: [], options: {}, typed: false }, shape);
  const hasParameters = parts.modules.some((each) => makeModule(each, 'float32').parameters().length > 0);
  if (!hasParameters || draw.chance())
    shape = parts.add(
      { name: 'Linear', args: [shape.at(-1), draw.of([1, 2, 3, 10])], options: {}, typed: true },
      shape,
    );
  const { before, loss } = objective(draw, shape, (dtype, sizes, one) =>
    parts.tensor({ shape: sizes, dtype, values: draw.many(numelOf(sizes), one) }),
  );
  if (before) parts.add({ ...before, options: {}, typed: false }, shape);
  const clips: readonly Case['clip'][] = [{}, {}, { norm: [0.5, draw.of([1, 2])] }, { value: 0.01 }];
  return {
    seed: 1000 + index,
    modules: parts.modules,
    body: parts.body,
    tensors: parts.tensors,
    input,
    loss,
    optimizer: optimizer(draw, loss.name),
    clip: draw.of(clips),
    training: draw.chance(0.85),
    steps: 3,
    keepGradients: draw.chance(),
  };
}
