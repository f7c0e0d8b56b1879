/** A case in lanewise: its modules, its forward pass, and how it is trained. */

import { permute } from '../../../src/functional/strided.js';
import {
  backend,
  compile,
  functional as F,
  manualSeed,
  nn,
  optim,
  stack,
  type Tensor,
  tensor,
} from '../../../src/index.js';
import { type Case, isModule, isRef, type ModuleSpec, type Options, type Step, type TensorSpec } from './spec.js';

export type Float = 'float32' | 'float64';
type Caller = nn.AnyModule & { forward(...args: readonly unknown[]): unknown };
type Maker = new (...args: readonly unknown[]) => Caller;

export function makeModule(spec: ModuleSpec, dtype: Float): Caller {
  const args = spec.args.map((each) => (isModule(each) ? makeModule(each, dtype) : each));
  const options = { ...spec.options, ...(spec.typed && dtype === 'float64' && { dtype }) };
  const made = (nn as unknown as Record<string, Maker>)[spec.name]!;
  return Object.keys(options).length === 0 ? new made(...args) : new made(...args, options);
}

export function makeTensor({ shape, dtype, values }: TensorSpec, float: Float): Tensor {
  return tensor(values, { shape, dtype: dtype === 'float' ? float : 'int32' });
}

const resolved = (options: Options, tensors: readonly Tensor[]): Options =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, isRef(value) ? tensors[value.tensor]! : value]),
  );

/** What a step makes of x. */
export function runStep(step: Step, x: Tensor, modules: readonly Caller[], tensors: readonly Tensor[]): Tensor {
  const all = (body: readonly Step[]) => body.reduce((value, each) => runStep(each, value, modules, tensors), x);
  switch (step.kind) {
    case 'module': {
      const { module, inputs, call } = step;
      const xs = Array<Tensor>(inputs).fill(x);
      const returned = modules[module]!.forward(...xs, ...(call === undefined ? [] : [resolved(call, tensors)]));
      return firstOf(returned);
    }
    case 'residual':
      return x.add(all(step.body));
    case 'cat':
      return F.cat(step.bodies.map(all), step.dim);
    case 'permute':
      return permute(x, step.numbers);
    case 'reshape':
      return x.reshape(step.numbers);
    case 'attention':
      return F.scaledDotProductAttention(x, x, x, resolved(step.options, tensors));
  }
}

/** Of a recurrent layer and of attention the output, of an LSTMCell the hidden state. */
function firstOf(returned: unknown): Tensor {
  return Array.isArray(returned) ? firstOf(returned[0]) : (returned as Tensor);
}

/** Parameters under `layers.N.`. */
class Network extends nn.Module {
  readonly layers: nn.ModuleList;

  constructor(
    readonly spec: Case,
    dtype: Float,
    tensors: readonly Tensor[],
  ) {
    super();
    this.layers = new nn.ModuleList(spec.modules.map((each) => makeModule(each, dtype)));
    this.#tensors = tensors;
  }

  readonly #tensors: readonly Tensor[];

  override forward(x: Tensor): Tensor {
    const modules = [...this.layers] as unknown as Caller[];
    return this.spec.body.reduce((value, step) => runStep(step, value, modules, this.#tensors), x);
  }
}

export type Numbers = Readonly<Record<string, Float64Array>>;

/** What is compared. */
export interface Results {
  /** Before the first step. */
  readonly initial: Numbers;
  /** Of the first step: `output`, `input` (its gradient), and gradients of parameters. */
  readonly first: Numbers;
  /** `losses`, and the state of the model. */
  readonly after: Numbers;
}

const numbers = (each: Tensor): Float64Array => Float64Array.from(each.toTypedArray() as Float32Array);
const stateOf = (model: nn.AnyModule): Numbers =>
  Object.fromEntries(Object.entries(model.stateDict()).map(([name, each]) => [name, numbers(each)]));

/** The model as it is drawn, in float32. */
export function initialState(spec: Case): nn.StateDict {
  manualSeed(spec.seed, { masks: 'mt19937' });
  const tensors = spec.tensors.map((each) => makeTensor(each, 'float32'));
  return new Network(spec, 'float32', tensors).stateDict();
}

/** Trains in one way. @param backendName for the time of the call. */
export function train(spec: Case, way: { backend: string; dtype: Float; isCompiled: boolean }): Results {
  const before = backend.name;
  backend.use(way.backend);
  try {
    return trained(spec, way.dtype, way.isCompiled);
  } finally {
    backend.use(before);
  }
}

function trained(spec: Case, dtype: Float, isCompiled: boolean): Results {
  const state = initialState(spec);
  const tensors = spec.tensors.map((each) => makeTensor(each, dtype));
  const model = new Network(spec, dtype, tensors);
  model.loadStateDict(state);
  model.train(spec.training);
  const initial = stateOf(model);
  const parameters = model.parameters();
  const optimizer = makeOptimizer(spec, parameters);
  const options = resolved(spec.loss.options, tensors);
  const loss = new (nn as unknown as Record<string, Maker>)[spec.loss.name]!(options);
  const targets = spec.loss.targets.map((each) => tensors[each.tensor]!);
  const input = tensors[spec.input.tensor]!;
  const hasGradient = input.dtype !== 'int32';
  const step = (x: Tensor, ...others: readonly Tensor[]) => {
    optimizer.zeroGrad();
    const leaf = hasGradient ? x.detach().clone().requiresGrad_() : x;
    const output = model.forward(leaf);
    const value = (loss.forward(output, ...others) as Tensor).mean();
    value.backward();
    if (spec.clip.norm !== undefined)
      nn.utils.clipGradNorm_(parameters, spec.clip.norm[0], { normType: spec.clip.norm[1] });
    if (spec.clip.value !== undefined) nn.utils.clipGradValue_(parameters, spec.clip.value);
    optimizer.step();
    return { value, output, ...(hasGradient && { gradient: leaf.grad! }) };
  };
  manualSeed(spec.seed + 1, { masks: 'mt19937' });
  const run = isCompiled ? compile(step as never, { keepGradients: spec.keepGradients }) : null;
  const call = (run ?? step) as typeof step;
  let first: Numbers = {};
  const losses: Tensor[] = [];
  for (let i = 0; i < spec.steps; i++) {
    const { value, output, gradient } = call(input, ...targets);
    losses.push(value.detach());
    if (i > 0) continue;
    const gradients = isCompiled && !spec.keepGradients ? [] : model.namedParameters();
    first = {
      output: numbers(output),
      ...(gradient && { input: numbers(gradient) }),
      ...Object.fromEntries(gradients.map(([name, { grad }]) => [name, numbers(grad!)])),
    };
  }
  const after = { losses: numbers(stack(losses)), ...stateOf(model) };
  run?.dispose();
  return { initial, first, after };
}

function makeOptimizer({ optimizer: { name, options, groups } }: Case, parameters: readonly Tensor[]): optim.Optimizer {
  const made = (optim as unknown as Record<string, new (...args: readonly unknown[]) => optim.Optimizer>)[name]!;
  if (groups.length === 1 || parameters.length < 2) return new made(parameters, options);
  const [rest, own] = groups;
  const half = Math.floor(parameters.length / 2);
  return new made(
    [
      { params: parameters.slice(0, half), ...rest },
      { params: parameters.slice(half), ...own },
    ],
    options,
  );
}
