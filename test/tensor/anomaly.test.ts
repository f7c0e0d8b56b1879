/** Anomaly detection and gradcheck. */
import { expect, it } from 'vitest';
import {
  ArgumentError,
  autograd,
  compile,
  gradcheck,
  nn,
  ones,
  StateError,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const { detectAnomaly } = autograd;

/** log of a negative number, in a separate layer. */
class Log extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.log();
  }
}

const message = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(StateError);
    return (error as Error).message;
  }
  return 'nothing thrown';
};

describeEachBackend('detectAnomaly', () => {
  it('names the function and the layer of the first NaN, and where it is called', () => {
    const model = new nn.Sequential(new nn.ReLU(), new nn.Sequential(new nn.Tanh(), new Log()), new nn.ReLU());
    const text = message(() => detectAnomaly(() => model.forward(tensor([-1, 2]).add(0)).sum()));
    // relu and tanh give 0 and above: log(0) is -Infinity, which is no NaN.
    expect(text).toBe('nothing thrown');
    const negative = new nn.Sequential(new nn.Tanh(), new nn.Sequential(new Log(), new nn.ReLU()));
    const found = message(() => detectAnomaly(() => negative.forward(tensor([-1, 2]))));
    expect(found).toContain("Function 'log' returned nan values in layer '1.0' (Log). It was called here:");
    expect(found).toContain('Log.forward');
    expect(found).toContain('anomaly.test.ts');
  });

  it('names the gradient, and where its forward pass is', () => {
    const x = tensor([0, 1], { requiresGrad: true });
    const model = new nn.Sequential(
      new (class Root extends nn.Module {
        override forward(input: Tensor): Tensor {
          return input.sqrt();
        }
      })(),
    );
    // 0·∞ is NaN in the gradient only.
    const act = () =>
      detectAnomaly(() =>
        model
          .forward(x)
          .mul(tensor([0, 1]))
          .sum()
          .backward(),
      );
    const found = message(act);
    expect(found).toMatch(/^Function '\w+Backward0' returned nan values in its 0th output\. in layer '0' \(Root\)/);
    expect(found).toContain('Root.forward');
    expect(x.grad).toBeNull();
    const late = model
      .forward(x)
      .mul(tensor([0, 1]))
      .sum();
    expect(message(() => detectAnomaly(() => late.backward()))).toContain(
      'its forward pass was outside of detectAnomaly',
    );
  });

  it('lets NaN through that comes in, and is off afterwards', () => {
    const nan = tensor([Number.NaN]);
    expect(detectAnomaly(() => nan.add(1)).item()).toBeNaN();
    expect(detectAnomaly(() => tensor([-1]).log(), { checkNan: false }).item()).toBeNaN();
    expect(message(() => detectAnomaly(() => tensor([-1]).log()))).toContain("Function 'log'");
    expect(tensor([-1]).log().item()).toBeNaN();
  });
});

it('detectAnomaly refuses what it cannot watch', () => {
  expect(() => detectAnomaly(5 as never)).toThrow('expected a function, got 5');
  expect(() => detectAnomaly(async () => {})).toThrow('the function must not be async');
  expect(() => compile((x: Tensor) => detectAnomaly(() => x.log()))(ones([1]))).toThrow(
    'call it outside of the function',
  );
});

const doubles = (values: number[]) => tensor(values, { dtype: 'float64', requiresGrad: true });
/** 2x, with a gradient of 3. */
const wrong = (x: Tensor) => x.mul(3).sub(x.detach());

describeEachBackend('gradcheck', () => {
  it('passes right gradients of several inputs and outputs', () => {
    const x = doubles([0.3, -1.2, 2]);
    const y = doubles([1, 0.5, -0.7]);
    expect(gradcheck((a, b) => [a.mul(b).tanh(), a.sum()], [x, y])).toBe(true);
    expect(gradcheck((a) => a.exp(), x)).toBe(true);
    expect(gradcheck((a, b) => a.mul(b.detach()), [x, tensor([1, 2, 3], { dtype: 'float64' })])).toBe(true);
    expect(x.grad).toBeNull();
  });

  it('says where they are wrong', () => {
    const x = doubles([1, 1]);
    const act = () => gradcheck((a) => wrong(a), x);
    expect(act).toThrow(StateError);
    expect(act).toThrow('Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor([[2.0000, 0.0000],');
    expect(act).toThrow('analytical:tensor([[3., 0.],');
    expect(gradcheck((a) => wrong(a), x, { raiseException: false })).toBe(false);
    expect(gradcheck((a) => wrong(a), x, { atol: 2 })).toBe(true);
  });
});

it('gradcheck refuses what it cannot check', () => {
  expect(() => gradcheck((a) => a, tensor([1]))).toThrow(ArgumentError);
  expect(() => gradcheck((a) => a, tensor([1]))).toThrow(
    'gradcheck expects at least one input tensor to require gradient',
  );
  expect(() => gradcheck((a) => a, [1] as never)).toThrow('inputs must be tensors, got 1');
  expect(() => gradcheck(() => 5 as never, doubles([1]))).toThrow('the function must give tensors, got 5');
});
