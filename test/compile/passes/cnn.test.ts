/** The training step of a convolutional network, as all passes leave it: what runs, and what memory it takes. */
import { describe, expect, it } from 'vitest';
import { applyPasses, type PassName } from '../../../src/compile/passes/index.js';
import { nn, optim, type Tensor } from '../../../src/index.js';
import { traceFunction } from './trace-function.js';

const batch = 32;
const [first, second] = [32 * 28 * 28, 64 * 14 * 14];

function graphOf(off: readonly PassName[] = []) {
  const model = new nn.Sequential(
    ...[new nn.Conv2d(1, 32, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(32, 64, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Dropout2d(0.25), new nn.Flatten(), new nn.Linear(3136, 128), new nn.ReLU(), new nn.Dropout(0.5)],
    new nn.Linear(128, 10),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const criterion = new nn.CrossEntropyLoss();
  const step = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward((model as nn.Module<[Tensor], Tensor>).forward(x), y);
    loss.backward();
    optimizer.step();
    return [loss];
  };
  const inputs = [
    { shape: [batch, 1, 28, 28], dtype: 'float32' },
    { shape: [batch], dtype: 'int32' },
  ] as const;
  const traced = traceFunction(step as (...inputs: Tensor[]) => readonly Tensor[], inputs);
  return applyPasses(traced.graph, { fuses: true, off }).graph;
}

/** Elements of the temporaries, largest first. */
const temporaries = (graph: ReturnType<typeof graphOf>): number[] =>
  graph.values
    .filter(({ kind }) => kind === 'temporary')
    .map(({ length }) => length)
    .sort((a, b) => b - a);

describe('a CNN step', () => {
  it('is two convolutions with their pools, their two gradients, and what a linear network has', () => {
    const ops = graphOf().instructions.map(({ op }) => op);
    const count = (name: string) => ops.filter((op) => op === name).length;
    const names = ['convMaxPool', 'convMaxPoolBackward', 'linear', 'linearInputGradient', 'linearWeightUpdate'];
    expect(names.map(count)).toEqual([2, 2, 2, 2, 2]);
    for (const name of ['conv', 'convInputGradient', 'convWeightGradient', 'maxPool', 'maxPoolBackward', 'copy', 'sum'])
      expect([name, count(name)]).toEqual([name, 0]);
    // Dropout of feature maps: its scales, what they scale, and that gradient with relu's; updates of the convolutions and of two biases.
    expect(count('pointwise')).toBe(3 + 4 + 2);
  });

  it('keeps no feature map that is not pooled, no copy of patches, and shares the rest', () => {
    const graph = graphOf();
    expect(temporaries(graph)[0]).toBe((batch * first) / 4);
    // Pooled maps and their indices are kept; the gradient of the first takes the place of what is done with.
    expect(graph.arena).toBeLessThan(batch * ((3 * first) / 4 + (3 * second) / 4 + 3136));
    const unfused = graphOf(['conv-max-pool', 'conv-epilogue', 'channels-last', 'relu-max-pool']);
    expect(temporaries(unfused).filter((length) => length === batch * first).length).toBeGreaterThan(1);
    expect(unfused.arena).toBeGreaterThan(2.5 * graph.arena);
  });
});
