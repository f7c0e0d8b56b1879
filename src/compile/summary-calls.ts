/** The calls of modules in a trace: what each took and gave, and which of the instructions are its own. */
import { LanewiseError } from '../errors.js';
import type { ForwardObserver } from '../nn/hooked-module.js';
import { locate } from '../nn/locate.js';
import type { AnyModule } from '../nn/module.js';
import { className } from '../nn/repr.js';
import { isArray, isPlainObject } from '../realm.js';
import { Tensor } from '../tensor/tensor.js';
import { costOf } from './cost.js';
import { type Shapes, type SummaryRow, showShapes } from './summary-table.js';
import type { Tracer } from './tracer.js';

interface Call {
  readonly module: AnyModule;
  readonly depth: number;
  readonly inputs: readonly unknown[];
  /** Numbers of instructions: the first of the call, and the first behind it. */
  readonly begin: number;
  end: number;
  output: unknown;
  isLeaf: boolean;
}

/** The calls of modules in a trace. */
export class Calls {
  readonly #names = new Map<object, string>();
  readonly #calls: Call[] = [];
  readonly #open: Call[] = [];
  /** The innermost module that threw it. */
  readonly #origins = new WeakMap<object, Call>();

  constructor(model: AnyModule) {
    for (const [name, module] of model.namedModules()) this.#names.set(module, name);
  }

  observer(tracer: Tracer): ForwardObserver {
    return {
      before: (module: object, inputs: readonly unknown[]): void => {
        const parent = this.#open.at(-1);
        if (parent !== undefined) parent.isLeaf = false;
        const begin = tracer.instructions.length;
        const depth = this.#open.length;
        const call = { module: module as AnyModule, depth, inputs, begin, end: begin, output: null, isLeaf: true };
        this.#calls.push(call);
        this.#open.push(call);
      },
      after: (_module: object, output: unknown): void => {
        const call = this.#open.pop()!;
        call.end = tracer.instructions.length;
        call.output = output;
      },
      failed: (_module: object, error: unknown): void => {
        const call = this.#open.pop()!;
        const origin = rootOf(error);
        if (Object(origin) === origin && !this.#origins.has(origin as object))
          this.#origins.set(origin as object, call);
      },
    };
  }

  get outputBytes(): number {
    return this.#calls.reduce((sum, { isLeaf, output }) => sum + (isLeaf ? bytesOf(tensorsIn(output)) : 0), 0);
  }

  rows(tracer: Tracer): SummaryRow[] {
    const costs = tracer.instructions.map((each) => costOf(each, tracer.values).flops);
    const seen = new Set<object>();
    return this.#calls.map(({ module, depth, inputs, output, begin, end }) => {
      const isRepeated = seen.has(module);
      seen.add(module);
      const parameters = module.parameters();
      return {
        name: this.#names.get(module) ?? '',
        type: className(module),
        depth,
        inputShape: shapesOf(inputs.length === 1 ? inputs[0] : inputs),
        outputShape: shapesOf(output),
        parameters: numbersIn(parameters),
        trainableParameters: numbersIn(parameters.filter(({ requiresGrad }) => requiresGrad)),
        flops: costs.slice(begin, end).reduce((sum, each) => sum + each, 0),
        parameterBytes: bytesOf([...parameters, ...module.buffers()]),
        outputBytes: bytesOf(tensorsIn(output)),
        isRepeated,
      };
    });
  }

  /** The error, with the innermost layer that threw it in front. */
  explain(caller: string, error: unknown): unknown {
    const origin = rootOf(error);
    const call = Object(origin) === origin ? this.#origins.get(origin as object) : undefined;
    if (call === undefined) return locate(`${caller}:`, origin);
    const { module, inputs } = call;
    const name = this.#names.get(module) ?? '';
    const which = `${name === '' ? 'the model' : `layer '${name}'`} (${className(module)})`;
    const shapes = showShapes(shapesOf(inputs.length === 1 ? inputs[0] : inputs));
    return locate(`${caller}: ${which} cannot take ${shapes}:`, origin);
  }
}

/** The error that others were made of. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof LanewiseError && root.cause instanceof LanewiseError) root = root.cause;
  return root;
}

/** What contains itself ends here. */
export const mostDepth = 32;

function shapesOf(value: unknown, depth = 0): Shapes {
  if (value instanceof Tensor) return value.shape;
  if (depth < mostDepth && isArray(value)) return value.map((each) => shapesOf(each, depth + 1));
  if (depth < mostDepth && isPlainObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapesOf(each, depth + 1)]));
  return null;
}

function tensorsIn(value: unknown, depth = 0): Tensor[] {
  if (value instanceof Tensor) return [value];
  const parts = depth < mostDepth && (isArray(value) ? value : isPlainObject(value) ? Object.values(value) : []);
  return (parts || []).flatMap((each) => tensorsIn(each, depth + 1));
}

const numbersIn = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { numel }) => sum + numel, 0);

export const bytesOf = (tensors: readonly Tensor[]): number =>
  tensors.reduce((sum, { numel, dtype }) => sum + numel * (dtype === 'float64' ? 8 : 4), 0);
