/** Activations made of straight pieces. */
import { ArgumentError } from '../../errors.js';
import { activation } from './activation.js';
import { within } from './rectifying.js';

/**
 * min(max(input, minVal), maxVal). Gradient: grad where minVal < input < maxVal, else 0 (of `clamp` it is grad on the bounds too).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html | torch.nn.functional.hardtanh}.
 * Settings: `minVal`, default -1; `maxVal`, default 1.
 */
export const hardtanh = activation({
  name: 'hardtanh',
  gradName: 'HardtanhBackward0',
  settings: [
    ['minVal', -1],
    ['maxVal', 1],
  ],
  build: (x, { minVal, maxVal }) => x.maximum(minVal).minimum(maxVal),
  gradient: (grad, y, _x, { minVal, maxVal }) => within(y, minVal, maxVal, grad),
  check(caller, { minVal, maxVal }) {
    if (minVal > maxVal) throw new ArgumentError(`${caller}: min_val cannot be greater than max_val`);
  },
});

/**
 * input·min(max(input + 3, 0), 6)/6. Gradient: 0 up to -3, grad·(input/3 + 1/2) below 3, grad from 3 on.
 * Howard et al., Searching for MobileNetV3 (ICCV 2019);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html | torch.nn.functional.hardswish}.
 */
export const hardswish = activation({
  name: 'hardswish',
  gradName: 'HardswishBackward0',
  settings: [],
  build: (x) => x.mul(x.add(3).maximum(0).minimum(6)).mul(1 / 6),
  gradient: (grad, _y, x) => x.le(-3).where(0, x.lt(3).where(grad.mul(x.fma(1 / 3, 0.5)), grad)),
});

/**
 * min(max(input + 3, 0), 6)/6. Gradient: grad/6 where -3 < input < 3, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html | torch.nn.functional.hardsigmoid}.
 */
export const hardsigmoid = activation({
  name: 'hardsigmoid',
  gradName: 'HardsigmoidBackward0',
  settings: [],
  build: (x) =>
    x
      .add(3)
      .maximum(0)
      .minimum(6)
      .mul(1 / 6),
  gradient: (grad, _y, x) => within(x, -3, 3, grad.mul(1 / 6)),
});

/**
 * 0 where -lambd <= input <= lambd, else input. Gradient: grad where the output is input, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html | torch.nn.functional.hardshrink}.
 * Settings: `lambd`, default 0.5.
 */
export const hardshrink = activation({
  name: 'hardshrink',
  gradName: 'HardshrinkBackward0',
  settings: [['lambd', 0.5]],
  build: (x, { lambd }) => x.ge(lambd.neg()).where(x.le(lambd).where(0, x), x),
  gradient: (grad, _y, x, { lambd }) => x.ge(lambd.neg()).where(x.le(lambd).where(0, grad), grad),
});

/**
 * input moved towards 0 by lambd, and 0 where it is no further from 0 than that. Gradient: grad where |input| > lambd, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html | torch.nn.functional.softshrink}.
 * Settings: `lambd`, default 0.5; at least 0.
 */
export const softshrink = activation({
  name: 'softshrink',
  gradName: 'SoftshrinkBackward0',
  settings: [['lambd', 0.5]],
  // x·0: NaN stays NaN.
  build: (x, { lambd }) => x.gt(lambd).where(x.sub(lambd), x.lt(lambd.neg()).where(x.add(lambd), x.mul(0))),
  gradient: (grad, _y, x, { lambd }) => x.gt(lambd).where(grad, x.lt(lambd.neg()).where(grad, 0)),
  check(caller, { lambd }) {
    if (!(lambd >= 0 && Math.fround(lambd) < Number.POSITIVE_INFINITY))
      throw new ArgumentError(
        `${caller}: lambda must be in range [0, 3.40282e+38] for input dtype Float, but found ${lambd}`,
      );
  },
});
