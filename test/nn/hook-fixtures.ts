/** The fixtures of test/golden/makers/hooks.py, each under its name: what hooks do, noted in a log. */
import { autograd, nn, noGrad, type RemovableHandle, Tensor, tensor } from '../../src/index.js';

export type Log = unknown[];

type AnyInputs = readonly unknown[];

/** Computes what it is told to. */
export class Given extends nn.Module<AnyInputs, unknown> {
  readonly fn: (...inputs: never[]) => unknown;
  constructor(fn: (...inputs: never[]) => unknown) {
    super();
    this.fn = fn;
  }
  override forward(...inputs: AnyInputs): unknown {
    return Reflect.apply(this.fn, undefined, inputs);
  }
}

export class Scale extends nn.Module {
  readonly weight: nn.Parameter;
  constructor(factor: number) {
    super();
    this.weight = new nn.Parameter(tensor([factor, factor]));
  }
  override forward(x: Tensor): Tensor {
    return x.mul(this.weight);
  }
}

const two = () => new Given((a: Tensor, b: Tensor | number) => [a.mul(b), a.add(1)]);

export const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** Tensors as numbers, null for none. */
export function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.toArray();
  return Array.isArray(value) ? value.map(plain) : (value ?? null);
}

/** Hooks of all kinds that note what they are called with. */
function noteAll(module: nn.AnyModule, log: Log, name: string, options?: { prepend: boolean }): void {
  module.registerForwardPreHook((_, inputs) => {
    log.push(['pre', name, plain(inputs)]);
  }, options);
  module.registerForwardHook((_, inputs, output) => {
    log.push(['forward', name, plain(inputs), plain(output)]);
  }, options);
  module.registerFullBackwardHook((_, gradInput, gradOutput) => {
    log.push(['backward', name, plain(gradInput), plain(gradOutput)]);
  }, options);
}

const sum = (value: unknown): Tensor => (value as Tensor).sum();

export const fixtures: Readonly<Record<string, (log: Log) => void>> = {
  order(log) {
    const module = two();
    noteAll(module, log, 'A');
    noteAll(module, log, 'B');
    noteAll(module, log, 'first', { prepend: true });
    const a = leaf(1, 2);
    const [p, q] = module.forward(a, tensor([3, 4])) as [Tensor, Tensor];
    p.sum().add(q.sum().mul(2)).backward();
    log.push(plain(a.grad));
  },
  'one output used'(log) {
    const module = two();
    noteAll(module, log, 'A');
    sum((module.forward(leaf(1, 2), leaf(3, 4)) as [Tensor, Tensor])[1]).backward();
  },
  'an argument that is no tensor'(log) {
    const module = two();
    noteAll(module, log, 'A');
    const [p, q] = module.forward(leaf(1, 2), 3) as [Tensor, Tensor];
    p.sum().add(q.sum()).backward();
  },
  'no argument requires a gradient'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    module
      .forward(tensor([1, 2]))
      .sum()
      .backward();
    log.push(plain(module.weight.grad));
  },
  'no arguments'(log) {
    const scale = new Scale(3);
    const module = new Given(() => scale.weight.mul(2));
    noteAll(module, log, 'A');
    sum(module.forward()).backward();
  },
  'without gradients'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    log.push(noGrad(() => module.forward(leaf(1, 2)).requiresGrad));
  },
  'results take the place'(log) {
    const module = new nn.Identity();
    module.registerForwardPreHook((_, [x]) => x.add(1));
    module.registerForwardPreHook((_, [x]) => [x.mul(10)]);
    module.registerForwardPreHook((_, inputs) => {
      log.push(plain(inputs));
    });
    module.registerForwardHook((_, _inputs, output) => output.mul(2));
    module.registerForwardHook((_, inputs, output) => {
      log.push([plain(inputs), plain(output)]);
    });
    log.push(plain(module.forward(tensor([1, 2]))));
  },
  'gradients take the place'(log) {
    const module = new Scale(3);
    module.registerFullBackwardHook((_, [grad]) => [grad!.mul(10)]);
    module.registerFullBackwardHook((_, gradInput, gradOutput) => {
      log.push([plain(gradInput), plain(gradOutput)]);
    });
    module.registerFullBackwardHook((_, [grad]) => [grad!.add(1)]);
    const a = leaf(1, 2);
    module.forward(a).sum().backward();
    log.push([plain(a.grad), plain(module.weight.grad)]);
  },
  'a gradient dropped'(log) {
    const module = new Scale(3);
    module.registerFullBackwardHook(() => [null]);
    const a = leaf(1, 2);
    module.forward(a).sum().backward();
    log.push([a.grad, plain(module.weight.grad)]);
  },
  'a gradient where there is no tensor'(log) {
    const module = new Given((a: Tensor, k: number) => a.mul(k));
    module.registerFullBackwardHook((_, [grad]) => [grad!.mul(2), grad!]);
    const a = leaf(1, 2);
    sum(module.forward(a, 3)).backward();
    log.push(plain(a.grad));
  },
  nested(log) {
    const model = new nn.Sequential(new Scale(2), new Scale(3));
    noteAll(model, log, 'model');
    noteAll(model.at(0), log, '0');
    noteAll(model.at(1), log, '1');
    model.forward(leaf(1, 2)).sum().backward();
    log.push('input without gradient');
    model
      .forward(tensor([1, 2]))
      .sum()
      .backward();
  },
  'called twice'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    const a = leaf(1, 2);
    module.forward(a).sum().add(module.forward(a).sum().mul(2)).backward();
    log.push(plain(a.grad));
  },
  'called on its own result'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    const a = leaf(1, 2);
    module.forward(module.forward(a)).sum().backward();
    log.push(plain(a.grad));
  },
  removed(log) {
    const module = new Scale(3);
    const note = (what: string) => () => {
      log.push(what);
      return undefined;
    };
    const handles = [
      module.registerForwardPreHook(note('pre')),
      module.registerForwardHook(note('forward')),
      module.registerFullBackwardHook(note('backward')),
    ];
    for (const handle of handles) {
      module.forward(leaf(1, 2)).sum().backward();
      log.push('removes one');
      handle.remove();
      handle.remove();
    }
    module.forward(leaf(1, 2)).sum().backward();
  },
  'one of two equal hooks removed'(log) {
    const module = new Scale(3);
    const hook = () => {
      log.push('pre');
      return undefined;
    };
    const first = module.registerForwardPreHook(hook);
    module.registerForwardPreHook(hook);
    module.forward(leaf(1, 2));
    first.remove();
    log.push('removed');
    module.forward(leaf(1, 2));
  },
  'removed while running'(log) {
    const module = new nn.Identity();
    const handles: RemovableHandle[] = [];
    handles.push(
      module.registerForwardPreHook(() => {
        log.push('remover');
        handles[1]!.remove();
      }),
      module.registerForwardPreHook(() => {
        log.push('second');
      }),
    );
    for (let i = 0; i < 2; i++) module.forward(leaf(1, 2));
  },
  'added while running'(log) {
    const module = new nn.Identity();
    module.registerForwardPreHook((own) => {
      log.push('adder');
      own.registerForwardPreHook(() => {
        log.push('added before');
      });
      own.registerForwardHook(() => {
        log.push('added behind');
      });
    });
    for (let i = 0; i < 2; i++) module.forward(leaf(1, 2));
  },
  'unused arguments'(log) {
    const module = new Given((a: Tensor) => a.mul(2));
    noteAll(module, log, 'A');
    const unused = leaf(1, 1);
    const result = leaf(1, 1);
    sum(module.forward(leaf(1, 2), tensor([1, 2], { dtype: 'int32' }), unused)).backward();
    sum(module.forward(leaf(1, 2), 5, result.mul(2))).backward();
    log.push([plain(unused.grad), plain(result.grad)]);
  },
  'outputs that are no results'(log) {
    const module = new Given((a: Tensor) => [a.mul(2), a.argmax(), 3]);
    noteAll(module, log, 'A');
    sum((module.forward(leaf(1, 2)) as unknown[])[0]).backward();
  },
  'hooks of tensors'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    const a = leaf(1, 2);
    const y = module.forward(a);
    y.registerHook((grad) => grad.mul(10));
    y.retainGrad();
    y.sum().backward();
    log.push([plain(y.grad), plain(a.grad)]);
  },
  'backward twice'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    const a = leaf(1, 2);
    const loss = module.forward(a).sum();
    loss.backward(undefined, { retainGraph: true });
    loss.backward();
    log.push(plain(a.grad));
  },
  'gradients of some'(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    const a = leaf(1, 2);
    log.push(plain(autograd.grad(module.forward(a).sum(), [module.weight])));
    log.push(plain(autograd.grad(module.forward(a).sum(), [a])));
  },
  'a gradient beside the output'(log) {
    const kept: Tensor[] = [];
    const module = new Given((a: Tensor) => {
      kept.push(a);
      return a.mul(2);
    });
    noteAll(module, log, 'A');
    const a = leaf(1, 2);
    module.forward(a);
    kept[0]!.sum().backward();
    log.push(plain(a.grad));
  },
  copied(log) {
    const module = new Scale(3);
    noteAll(module, log, 'A');
    module.clone().forward(leaf(1, 2)).sum().backward();
  },
};
