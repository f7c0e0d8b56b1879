/** Finding the call that makes the first NaN, forward or backward, and the layer in which it stands. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { currentTrace, withTrace } from '../ops/trace.js';
import { ignoreRejection, isThenable } from '../realm.js';
import type { Node } from './node.js';
import type { Tensor } from './tensor.js';

/** Options of {@link detectAnomaly}. */
export interface AnomalyOptions {
  /** Whether NaN is an error; without, calls are only noted for the messages of other errors. Default true. */
  checkNan?: boolean;
}

/** Where a call was made. */
interface Site {
  readonly layer: string;
  readonly stack: string;
}

interface Detection {
  readonly checkNan: boolean;
  /** Modules under way, the outermost first. */
  readonly modules: object[];
}

let detection: Detection | null = null;
const sites = new WeakMap<Node<Tensor>, Site>();

/** Whether calls are watched. @internal */
export const isDetectingAnomalies = (): boolean => detection !== null;

/**
 * Calls `fn` and looks at all results of functions, and in `backward` at all gradients. The first NaN that did not come from another one is a
 * StateError, which names the function, the layer in which it was called, and the line: for a gradient those of the forward pass. It makes everything
 * many times slower. What a compiled function, `fit` or `predict` computes inside is not looked at.
 *
 * As {@link https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection | torch.autograd.detect_anomaly}, which looks at gradients only.
 * @returns what `fn` returns. @throws ArgumentError for an async function, and what `fn` throws.
 */
export function detectAnomaly<T>(fn: () => T, options?: AnomalyOptions): T {
  const caller = 'autograd.detectAnomaly';
  if (typeof fn !== 'function') throw new ArgumentError(`${caller}: expected a function, got ${show(fn)}`);
  const { checkNan = true } = checkOptions(caller, options, ['checkNan']);
  checkBoolean(caller, 'checkNan', checkNan);
  const now = currentTrace();
  if (now !== null) throw now.refuse(`${caller}()`, 'call it outside of the function, without compile');
  const before = detection;
  detection = { checkNan, modules: [] };
  try {
    const result = fn();
    if (isThenable(result)) {
      ignoreRejection(result);
      throw new ArgumentError(`${caller}: the function must not be async`);
    }
    return result;
  } finally {
    detection = before;
  }
}

/** Calls the `forward` of a module, noted as the one under way. @internal */
export function withinModule<T>(module: object, run: () => T): T {
  const modules = detection?.modules;
  if (modules === undefined) return run();
  modules.push(module);
  try {
    return run();
  } finally {
    modules.pop();
  }
}

/** The result. @throws StateError for one with a NaN of operands without. @internal */
export function checkForward(name: string, output: Tensor, inputs: readonly Tensor[]): Tensor {
  if (detection === null || currentTrace() !== null || !detection.checkNan) return output;
  if (!hasNaN(output) || inputs.some(hasNaN)) return output;
  throw new StateError(`Function '${functionOf(name)}' returned nan values${describe(here(detection))}`);
}

/** Notes where the call of a node is. @internal */
export function noteNode(node: Node<Tensor>): void {
  if (detection !== null && currentTrace() === null) sites.set(node, here(detection));
}

/** The gradients. @throws StateError for one with a NaN. @internal */
export function checkBackward(node: Node<Tensor>, grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  if (detection === null || currentTrace() !== null || !detection.checkNan) return grads;
  const index = grads.findIndex((grad) => grad !== null && hasNaN(grad));
  if (index < 0) return grads;
  const site = sites.get(node);
  const where = site === undefined ? '; its forward pass was outside of detectAnomaly' : describe(site);
  throw new StateError(`Function '${node.name}' returned nan values in its ${index}th output.${where}`);
}

function hasNaN({ dtype, storage, numel }: Tensor): boolean {
  if (dtype === 'int32' || numel === 0) return false;
  return withTrace(null, () => storage.read()).some(Number.isNaN);
}

/** `LogBackward0` is the gradient of log. */
const functionOf = (name: string): string => {
  const bare = name.replace(/Backward\d*$/, '');
  return bare.charAt(0).toLowerCase() + bare.slice(1);
};

const describe = ({ layer, stack }: Site): string => `${layer}. It was called here:\n${stack}`;

const deepest = 40;

function here({ modules }: Detection): Site {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = deepest;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  // Without the message and the functions of this file.
  return { layer: layerOf(modules), stack: stack.split('\n').slice(3).join('\n') };
}

/** ` in layer '2.0' (Linear)`: the innermost module by its name in the outermost. */
function layerOf(modules: readonly object[]): string {
  const [root, inner] = [modules[0], modules.at(-1)];
  if (root === undefined || inner === undefined) return '';
  const { namedModules } = root as { namedModules?: () => [string, object][] };
  const named = namedModules === undefined ? [] : (Reflect.apply(namedModules, root, []) as [string, object][]);
  const path = named.find(([, module]) => module === inner)?.[0] ?? '';
  return ` in ${path === '' ? '' : `layer '${path}' `}(${inner.constructor.name})`;
}
