/**
 * Compiled training steps of one network with other activations and optimizers, by turns of a step each, on one thread: what
 * a program that fusion knows nothing special of costs next to the hand-written kernels for ReLU, SGD and Adam.
 */
import type { Tensor } from '../../src/index.js';
import type { Library } from '../contenders/library.js';
import { createStep, type StepParams } from '../contenders/network.js';
import { layerSizes, learningRate } from '../mlp.js';
import { compareByTurns, type Study } from './study.js';

const batch = 128;
const plain = { layers: layerSizes, batch, dropout: 0.5, learningRate, optimizer: 'SGD' } as const;

/** Activations as a user of the library defines them. */
function variantsOf({ nn, pointwise }: Library['lanewise']) {
  const layerOf = (apply: (x: Tensor) => Tensor) => () =>
    new (class extends nn.Module {
      override forward(x: Tensor): Tensor {
        return apply(x);
      }
    })();
  const gelu = pointwise((x) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1)));
  const silu = pointwise((x) => x.mul(x.sigmoid()));
  return {
    'ReLU, SGD': plain,
    'GELU, SGD': { ...plain, activation: layerOf(gelu) },
    'SiLU, SGD': { ...plain, activation: layerOf(silu) },
    'ReLU, Adam': { ...plain, optimizer: 'Adam' },
    'ReLU, RMSprop': { ...plain, optimizer: 'RMSprop' },
  } as const satisfies Record<string, StepParams>;
}
type Name = keyof ReturnType<typeof variantsOf>;

const compared: readonly (readonly [variant: Name, plain: Name])[] = [
  ['GELU, SGD', 'ReLU, SGD'],
  ['SiLU, SGD', 'ReLU, SGD'],
  ['ReLU, RMSprop', 'ReLU, Adam'],
];

export const stepVariants: Study = {
  name: 'step-variants',
  workload: { shape: layerSizes.join('-'), batch, optimizer: null, quick: true },
  async measure(library, seconds) {
    const { lanewise } = library;
    const steps = Object.entries(variantsOf(lanewise)).map(([name, params]) => {
      const { step, input, target } = createStep(lanewise, params);
      const compiled = lanewise.compile(step);
      return { name, compiled, run: () => void compiled(input, target) };
    });
    const turns = Object.fromEntries(steps.map(({ name, run }) => [name, run]));
    try {
      return compareByTurns(library, turns, compared, seconds);
    } finally {
      for (const { compiled } of steps) compiled.dispose();
    }
  },
};
