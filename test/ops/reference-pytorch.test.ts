/** Tests of the oracle: the reference against numbers that PyTorch 2.13.0 gave in float64. */
import { describe, expect, it } from 'vitest';
import { reductions } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { adamKind } from '../../src/optim/adam.js';
import { sgdKind } from '../../src/optim/sgd.js';
import { updateOf } from '../../src/optim/update.js';
import { dynamicScalar, expectClose, float64, fresh, int32 } from './plain.js';

const x = [0.5, -1.25, 2, 3, 0, -0.75, 1.5, 1.5, -2, -1, 0.25, 0.125];
const grad = [1, -2, 0.5, 0, 1, 3, 0.25, 0.75, -1, 2, 0, 1];
const byRow = { outer: 4, size: 3, inner: 1 };
const softmax = [
  0.17682018210744427, 0.03072674032643643, 0.7924530775661193, 0.9317017745076629, 0.04638669994587317,
  0.02191152554646392, 0.4925629439607949, 0.4925629439607949, 0.014874112078410105, 0.1320906281140899,
  0.46104159358472474, 0.4068677783011855,
];
const logSoftmax = [
  -1.7326219831020326, -3.4826219831020326, -0.23262198310203266, -0.07074249993632657, -3.0707424999363266,
  -3.8207424999363266, -0.7081330215398184, -0.7081330215398184, -4.208133021539818, -2.0242670153597766,
  -0.7742670153597764, -0.8992670153597764,
];

describe('reference softmax is PyTorch’s', () => {
  it.each([
    ['softmax', byRow, softmax],
    [
      'softmax',
      { outer: 1, size: 4, inner: 3 },
      [
        0.062019711795871325, 0.040626189476955246, 0.8093244097949013, 0.7555547643977724, 0.1417993343294011,
        0.051738378540568966, 0.1685870555809841, 0.6355005268452901, 0.01482329363364133, 0.01383846822537223,
        0.1820739493483536, 0.12411391803088838,
      ],
    ],
    ['logSoftmax', byRow, logSoftmax],
  ] as const)('%s over %o', (op, triple, expected) => {
    const out = fresh(12);
    referenceOps.softmax({ x: float64(x), out, ...triple, log: op === 'logSoftmax' });
    expectClose(out, expected);
  });

  it.each([
    [
      'softmaxBackward',
      softmax,
      [
        0.08636017220368886, -0.07717307329841476, -0.009187098905274122, -0.10446359235455582, 0.04118576393136423,
        0.06327782842319157, -0.11215108133898197, 0.1341303906414155, -0.0219793093024335, 0.17554196776184233,
        -0.30938151625290955, 0.13383954849106713,
      ],
    ],
    [
      'logSoftmaxBackward',
      logSoftmax,
      [
        1.0884100910537222, -1.9846366298367817, 0.8962265387830597, -3.7268070980306516, 0.8144532002165074,
        2.9123538978141443, 0.25, 0.75, -1, 1.6037281156577305, -1.3831247807541742, -0.22060333490355627,
      ],
    ],
  ] as const)('%s', (op, y, expected) => {
    const out = fresh(12);
    const log = op === 'logSoftmaxBackward';
    referenceOps.softmaxBackward({ grad: float64(grad), y: float64(y), out, ...byRow, log });
    expectClose(out, expected);
  });
});

/** The gradients are those of twice the sum of the loss. */
const plainGradient = [
  0.3536403642148886, 0.061453480652872865, -0.41509384486776146, -0.1365964509846742, 0.09277339989174634,
  0.04382305109292784, 0, 0, 0, 0.2641812562281797, -1.0779168128305505, 0.8137355566023708,
];
const weightedGradient = [
  0.49123320691875144, -0.042177337031571914, -0.44905586988717966, 0.1536520702589401, -0.07921551672981464,
  -0.07443655352912543, 0, 0, 0, 0.4774170953744807, -1.9506391714723976, 1.4732220760979169,
];
const weights = [0.5, 2, 1.5];
const crossEntropies = [
  ['none', null, 0, [0.23262198310203266, 0.07074249993632657, 0, 0.7742670153597764], plainGradient],
  ['none', weights, 0.1, [0.5867226082680151, 0.42876645829619053, 0, 1.523999563028901], weightedGradient],
  ['mean', null, 0, [0.3592104994660452], plainGradient.map((g) => g / 3)],
  ['mean', weights, 0.1, [0.6348721573982767], weightedGradient.map((g) => g / 4)],
  ['sum', null, 0, [1.0776314983981357], plainGradient],
  ['sum', weights, 0.1, [2.539488629593107], weightedGradient],
] as const;

describe('reference cross-entropy is PyTorch’s', () => {
  it.each(crossEntropies)(
    '%s, weights %s, smoothing %s',
    (reduction, weight, smoothing, expected, expectedGradient) => {
      const shared = {
        logits: float64(x),
        target: int32([2, 0, -100, 1]),
        weight: weight === null ? null : float64(weight),
        softmaxStats: fresh(8),
        total: fresh(1),
        rows: 4,
        classes: 3,
        ignoreIndex: -100,
        smoothing,
        reduction: reductions[reduction],
      };
      const out = fresh(expected.length);
      const sum = fresh(1);
      referenceOps.crossEntropy({ ...shared, out, sum });
      expectClose(out, expected);
      // The mean times what it is divided by; of losses each, their sum.
      const whole =
        reduction === 'none'
          ? (expected as readonly number[]).reduce((a, b) => a + b, 0)
          : expected[0]! * shared.total.read()[0]!;
      expectClose(sum, [whole]);
      const logits = fresh(12);
      referenceOps.crossEntropyBackward({ ...shared, grad: float64(expected.map(() => 2)), out: logits });
      expectClose(logits, expectedGradient);
    },
  );

  it('is NaN as a mean and 0 as a sum when every row is ignored', () => {
    for (const [reduction, expected] of [
      [reductions.mean, Number.NaN],
      [reductions.sum, 0],
    ] as const) {
      const out = fresh(1);
      referenceOps.crossEntropy({
        logits: float64([1, 2]),
        target: int32([-100]),
        weight: null,
        out,
        softmaxStats: fresh(2),
        total: fresh(1),
        sum: null,
        rows: 1,
        classes: 2,
        ignoreIndex: -100,
        smoothing: 0,
        reduction,
      });
      expect(out.read()[0]).toBe(expected);
    }
  });
});

/** Three steps from the same parameters with these gradients. */
const start = [1, -2, 0.5, 3];
const gradients = [
  [0.5, -1, 2, 0.25],
  [-1, 0.5, 1, -0.125],
  [0.75, 0.75, -3, 1],
];
const sgds = [
  [{}, [0.9750000000000001, -2.025, 0.5, 2.8875], null],
  [
    { momentum: 0.9, dampening: 0.3, weightDecay: 0.01 },
    [0.94034712501, -1.8387677500199997, 0.03321247675499992, 2.86472481128],
    [0.32088574989999996, -0.011036499800000165, 0.1562787324500004, 0.8874478872],
  ],
  [
    { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    [0.948668458191, -1.918878416382, 0.10960167877050002, 2.734006856948],
    [0.28172864110000007, 0.33939271779999997, -0.4772143619500002, 1.1702439108],
  ],
] as const;
const adams = [
  [
    { weightDecay: 0.01 },
    [0.9222289186152601, -1.8872266485120237, 0.3147720566772346, 2.790989877563501],
    [0.0018172993541325463, 0.0018042327140256648, 0.014000600754327816, 0.0011454837482120805],
  ],
  [
    { beta1: 0.8, beta2: 0.5, eps: 0.01, amsgrad: true },
    [0.9263802466968187, -1.9081139264532099, 0.32791246831409865, 2.8283129519143513],
    // The second is below its largest, 0.5, which the step divides by.
    [0.5625, 0.46875, 5.25, 0.51171875],
  ],
  [
    { weightDecay: 0.1, decoupled: true },
    [0.8964285216270383, -1.834737580233813, 0.30305139657861424, 2.7194548747087373],
    [0.0018110002500000015, 0.0018102510000000017, 0.013991004000000012, 0.001077984437500001],
  ],
] as const;

/** Three steps in place. `buffers` start at 0. */
function steps(program: PointwiseProgram, buffers: number, scalars: readonly number[], counts: boolean) {
  const memories = [float64(start), ...Array.from({ length: buffers }, () => float64([0, 0, 0, 0]))];
  const step = counts ? int32([0]) : null;
  const layout = Float64Array.of(4, ...new Array<number>(1 + memories.length).fill(1));
  for (const values of gradients) {
    referenceOps.pointwise({
      ...{ program, inputs: [float64(values), ...memories], outputs: memories, scalars: scalars.map(dynamicScalar) },
      ...{ keys: [], step, layout, columns: 1, rowOffset: 0 },
    });
  }
  if (step !== null) expect(step.read()[0]).toBe(3);
  return memories;
}

describe('reference optimizers take PyTorch’s steps', () => {
  it.each(sgds)('SGD %o', (options, expected, expectedBuffer) => {
    const { momentum, dampening, weightDecay, nesterov } = {
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      ...options,
    };
    const hasBuffer = expectedBuffer !== null;
    const { program } = updateOf(sgdKind, { momentum: hasBuffer, nesterov, decays: weightDecay !== 0 });
    const scalars = [0.1, momentum, dampening, weightDecay];
    const [param, buffer] = steps(program, hasBuffer ? 1 : 0, scalars, hasBuffer);
    expectClose(param!, expected);
    if (hasBuffer) expectClose(buffer!, expectedBuffer);
  });

  it.each(adams)('Adam %o', (options, expected, expectedV) => {
    const { beta1, beta2, eps, weightDecay, decoupled, amsgrad } = {
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0,
      decoupled: false,
      amsgrad: false,
      ...options,
    };
    const form = { decays: weightDecay !== 0, maximize: false, decoupled: weightDecay !== 0 && decoupled, amsgrad };
    const { program } = updateOf(adamKind, form);
    const [param, , v] = steps(program, amsgrad ? 3 : 2, [0.1, beta1, beta2, eps, weightDecay], true);
    expectClose(param!, expected);
    expectClose(v!, expectedV);
  });
});
