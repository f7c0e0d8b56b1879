/**
 * Reverse-mode differentiation. Functions put a {@link Node} on their output while gradients are enabled;
 * {@link backward} walks the nodes from the newest to the oldest and adds up what reaches each leaf.
 */
import { show } from '../check.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { plainCall } from '../ops/pointwise-program.js';
import { currentTrace } from '../ops/trace.js';
import { emit } from '../pointwise/emit.js';
import { ExpressionGraph } from '../pointwise/expression.js';
import { checkBackward, checkForward, noteNode } from './anomaly.js';
import { isGradEnabled, isInferenceModeEnabled } from './grad-mode.js';
import { noGrad } from './grad-scope.js';
import { leafHookEdits, runHooks } from './hooks.js';
import type { Joint, Node } from './node.js';
import { denseLayout, formatShape, sameShape } from './shape.js';
import { Storage } from './storage.js';
import { Tensor } from './tensor.js';

let nextId = 1;

export { noGrad };

/**
 * Puts a node on `output` when any input requires a gradient.
 * @param saved what `backward` reads: it must not be written before then, and can be used for one backward only.
 * A node that saves nothing can be walked any number of times, as in PyTorch.
 */
export function setGradFn(
  name: string,
  output: Tensor,
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  backward: (grad: Tensor) => readonly (Tensor | null)[],
): Tensor {
  checkForward(name, output, inputs);
  if (!isGradEnabled() || isInferenceModeEnabled() || !inputs.some((input) => input.requiresGrad)) return output;
  for (const { storage } of saved) if (storage.isInference) throw new StateError(inferenceSaved);
  output.attach({
    name,
    id: nextId++,
    tracedBy: currentTrace(),
    // Now, since a leaf may be told later to require a gradient: this call has not saved what that would take.
    inputs: inputs.map((input) => (input.requiresGrad ? input : null)),
    saved: saved.map((tensor) => ({ tensor, version: tensor.storage.version })),
    backward,
    hooks: null,
    retains: null,
    joint: null,
  });
  noteNode(output.node!);
  return output;
}

const inferenceSaved =
  'Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation ' +
  'tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use ' +
  '`noGrad()` instead of `inferenceMode()`.';

const secondBackward =
  'Trying to backward through the graph a second time (or directly access saved tensors after they have already ' +
  'been freed). Saved intermediate values of the graph are freed when you call backward() or autograd.grad(). Specify retainGraph: true ' +
  'if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.';

interface Callback {
  readonly run: () => void;
  readonly drop: () => void;
}

let callbacks: Callback[] = [];

/**
 * For hooks: has `run` called once the backward that is under way has delivered all gradients, as PyTorch's engine has `queue_callback`; or `drop`, by the next
 * walk, when nothing was delivered.
 */
export function afterBackward(run: () => void, drop: () => void): void {
  callbacks.push({ run, drop });
}

function takeCallbacks(): readonly Callback[] {
  const taken = callbacks;
  callbacks = [];
  for (const { drop } of taken) drop();
  return taken;
}

/**
 * Adds d(root)/d(leaf), times `gradient`, to `grad` of every leaf that requires a gradient.
 * Nothing is changed when it throws.
 * @throws StateError when root does not require a gradient, or what its graph saved is freed or overwritten.
 */
export function backward(root: Tensor, gradient: Tensor | undefined, retainGraph: boolean): void {
  checkRoot('backward', root, 0);
  const { arrived, retained } = walk([{ root, seed: checkSeed('backward', root, gradient) }], null, retainGraph);
  deliver([...arrived, ...retained], gradient === undefined ? [] : [gradient]);
  for (const { run } of takeCallbacks()) run();
}

/** An output and d(something)/d(output). */
export interface Root {
  readonly root: Tensor;
  readonly seed: Tensor;
}

/** A tensor, and what has arrived at it. */
export type Arrived = readonly [tensor: Tensor, gradient: Tensor];

/** What a walk has found; nothing is changed but hooks have been called, and what was saved has been freed. */
export interface Walk {
  /** The gradients of leaves, or of the targets. */
  readonly arrived: readonly Arrived[];
  /** Those of results that retain theirs. */
  readonly retained: readonly Arrived[];
}

/** Where gradients are collected: at the node of a result, at a leaf itself. */
const keyOf = (tensor: Tensor): Node<Tensor> | Tensor => tensor.node ?? tensor;

/**
 * Walks the graph behind the roots, newest node first, and calls the hooks on the way.
 * @param check may throw before anything is done; it is told whether the roots depend on a tensor.
 * @param targets null: all leaves are wanted. Otherwise only nodes that lead to one of these are walked, and freed.
 */
export function walk(
  roots: readonly Root[],
  targets: readonly Tensor[] | null,
  retainGraph: boolean,
  check?: (isUsed: (target: Tensor) => boolean) => void,
): Walk {
  const wanted = targets === null ? null : new Set(targets.map(keyOf));
  takeCallbacks();
  const nodes = reachable(roots.map(({ root }) => root));
  const leading = wanted === null ? nodes : leadingTo(nodes, wanted);
  const now = currentTrace();
  if (now !== null) {
    if (nodes.some(({ tracedBy }) => tracedBy !== now))
      throw now.refuse(
        'backward() through a graph that was made outside',
        'call the function that makes it inside, too',
      );
    now.guard(leafHookEdits, 'count', () => leafHookEdits.count);
  }
  for (const node of leading) checkSaved(node);
  if (check !== undefined) {
    const inputs = nodes.flatMap((node) => node.inputs.filter((input) => input !== null));
    const used = new Set([...roots.map(({ root }) => root), ...inputs].map(keyOf));
    check((target) => used.has(keyOf(target)));
  }

  const pending: Pending = new Map();
  const found = new Map<Node<Tensor> | Tensor, Tensor>();
  const retained: Arrived[] = [];
  noGrad(() => {
    for (const { root, seed } of roots) accumulate(pending, root, seed);
    const walked = new Set(leading);
    const arrive = (node: Node<Tensor>): Tensor | null => {
      const sum = pending.get(node);
      if (sum === undefined) return null;
      pending.delete(node);
      const grad = runHooks(node.hooks, sum.tensor);
      if (node.retains !== null) retained.push([node.retains, grad]);
      if (wanted?.has(node)) found.set(node, grad);
      return grad;
    };
    const leave = (node: Node<Tensor>, grads: readonly (Tensor | null)[]) =>
      node.inputs.forEach((input, index) => {
        const part = grads[index] ?? null;
        if (input?.requiresGrad && part !== null) accumulate(pending, input, part);
      });
    const seen = new Set<Joint<Tensor>>();
    for (const node of nodes) {
      const { joint } = node;
      if (joint === null) {
        const grad = arrive(node);
        if (grad !== null && walked.has(node)) leave(node, checkBackward(node, node.backward!(grad)));
      } else if (!seen.has(joint)) {
        // All that leads to one of its nodes is newer than the newest of them.
        seen.add(joint);
        const grads = joint.nodes.map(arrive);
        if (grads.every((grad) => grad === null) || !joint.nodes.some((each) => walked.has(each))) continue;
        const parts = joint.backward(grads);
        for (const [i, each] of joint.nodes.entries()) leave(each, parts[i]!);
      }
    }
    for (const [leaf, { tensor }] of pending)
      if (leaf instanceof Tensor && (wanted === null || wanted.has(leaf)))
        found.set(leaf, runHooks(leaf.hooks, tensor));
  });
  const leaves = targets ?? [...found.keys()].filter((key) => key instanceof Tensor);
  const arrived = leaves.flatMap((tensor): Arrived[] => {
    const gradient = found.get(keyOf(tensor));
    return gradient === undefined ? [] : [[tensor, gradient]];
  });
  if (!retainGraph) for (const node of leading) free(node);
  return { arrived, retained };
}

/** The nodes whose gradients go on to one of the wanted, newest first. */
function leadingTo(nodes: readonly Node<Tensor>[], wanted: ReadonlySet<Node<Tensor> | Tensor>): Node<Tensor>[] {
  const leading = new Set<Node<Tensor> | Tensor>();
  for (const node of nodes.toReversed())
    if (node.inputs.some((input) => input !== null && (wanted.has(keyOf(input)) || leading.has(keyOf(input)))))
      leading.add(node);
  return nodes.filter((node) => leading.has(node));
}

interface Gradient {
  readonly tensor: Tensor;
  /** Made here by adding up, so that more can be added in place. */
  readonly owned: boolean;
}

/** What has arrived so far: for results at their node, for leaves at the tensor. Only leaves are left at the end. */
type Pending = Map<Node<Tensor> | Tensor, Gradient>;

/** @throws StateError for an output that no gradient flows from. */
export function checkRoot(caller: string, root: Tensor, index: number): void {
  if (!root.requiresGrad)
    throw new StateError(`${caller}: element ${index} of tensors does not require grad and does not have a grad_fn`);
}

/** The gradient of an output, 1 for a single element when none is given. */
export function checkSeed(caller: string, root: Tensor, gradient: Tensor | null | undefined): Tensor {
  if (gradient === undefined || gradient === null) {
    if (root.numel !== 1) throw new StateError(`${caller}: grad can be implicitly created only for scalar outputs`);
    const seed = new Tensor(Storage.uninitialized(root.dtype, 1), root.shape);
    currentOps().fill({ out: seed.storage, value: 1, n: 1 });
    return seed;
  }
  if (!(gradient instanceof Tensor))
    throw new ArgumentError(`${caller}: the gradient must be a Tensor, got ${show(gradient)}`);
  if (!sameShape(gradient.shape, root.shape))
    throw new ShapeError(
      `${caller}: Mismatch in shape: the gradient has shape ${formatShape(gradient.shape)} and the output has shape ` +
        formatShape(root.shape),
    );
  if (gradient.dtype === root.dtype) return gradient;
  const seed = new Tensor(Storage.uninitialized(root.dtype, root.numel), root.shape);
  currentOps().cast({ x: gradient.storage, out: seed.storage, n: root.numel });
  return seed;
}

/** All nodes behind the roots, newest first: each comes after everything that uses its output. */
function reachable(roots: readonly Tensor[]): Node<Tensor>[] {
  const found = new Set<Node<Tensor>>();
  const stack = roots.map(({ node }) => node);
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === null || node === undefined || found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) if (input !== null) stack.push(input.node);
    if (node.joint !== null) stack.push(...node.joint.nodes);
  }
  return [...found].sort((a, b) => b.id - a.id);
}

function checkSaved(node: Node<Tensor>): void {
  if (node.backward === null || node.saved === null) throw new StateError(secondBackward);
  for (const { tensor, version } of node.saved)
    if (tensor.storage.version !== version)
      throw new StateError(
        'backward: one of the variables needed for gradient computation has been modified by an inplace operation: ' +
          `${node.name} saved a tensor of shape ${formatShape(tensor.shape)} at version ${version}, ` +
          `it is at version ${tensor.storage.version} now`,
      );
}

function accumulate(pending: Pending, input: Tensor, part: Tensor): void {
  const key = input.node ?? input;
  const sum = pending.get(key);
  if (sum === undefined) {
    pending.set(key, { tensor: part, owned: false });
    return;
  }
  const target = sum.owned ? sum.tensor : new Tensor(Storage.uninitialized(input.dtype, input.numel), input.shape);
  add(sum.tensor, part, target);
  const [before, more] = [sum.tensor.rowCounts, part.rowCounts];
  target.rowCounts = before === null || more === null ? null : added(before, more);
  pending.set(key, { tensor: target, owned: true });
}

/**
 * Hands the sums to the leaves at the very end. A leaf takes the gradient's memory over unless something else holds
 * it already (a sum passes one gradient to both operands, and the caller may keep the one it gave).
 */
function deliver(arrived: readonly Arrived[], given: readonly Tensor[]): void {
  for (const [tensor] of arrived) checkGradient(tensor);
  const taken = new Set<Storage>(given.map(({ storage }) => storage));
  for (const [tensor, gradient] of arrived) {
    const { grad } = tensor;
    if (grad === null) {
      tensor.grad = owned(tensor, gradient, taken);
      continue;
    }
    add(grad, gradient, grad);
    const [before, more] = [grad.rowCounts, gradient.rowCounts];
    if (before !== null && more !== null) add(before, more, before);
    else if (before !== null) grad.rowCounts = null;
  }
}

const added = (a: Tensor, b: Tensor): Tensor => {
  const sum = new Tensor(Storage.uninitialized(a.dtype, a.numel), a.shape);
  add(a, b, sum);
  return sum;
};

/** The gradient in memory that nothing else holds. */
function owned(tensor: Tensor, gradient: Tensor, taken: Set<Storage>): Tensor {
  if (!taken.has(gradient.storage)) {
    taken.add(gradient.storage);
    const own = new Tensor(gradient.storage, tensor.shape);
    own.rowCounts = gradient.rowCounts;
    return own;
  }
  const copyOf = (of: Tensor) => new Tensor(Storage.uninitialized(of.dtype, of.numel), of.shape).copy_(of);
  return noGrad(() => {
    const copy = copyOf(gradient);
    copy.rowCounts = gradient.rowCounts && copyOf(gradient.rowCounts);
    return copy;
  });
}

/** Gradients for a caller, each in separate memory; those of results that retain theirs go where they belong. */
export function handOut({ arrived, retained }: Walk, given: readonly Tensor[]): Map<Tensor, Tensor> {
  const taken = new Set<Storage>(given.map(({ storage }) => storage));
  const own = new Map(arrived.map(([tensor, gradient]) => [tensor, owned(tensor, gradient, taken)]));
  deliver(retained, [...given, ...own.values()]);
  return own;
}

/** Before any gradient is changed: a compiled step may have left some without numbers, or be writing them. */
function checkGradient({ grad }: Tensor): void {
  if (grad === null || currentTrace() !== null) return;
  for (const each of [grad, grad.rowCounts]) {
    each?.storage.assertNumbers();
    each?.storage.assertUnpinned();
  }
}

const sum = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.input(0).add(graph.input(1))]).program;
})();

function add(a: Tensor, b: Tensor, out: Tensor): void {
  currentOps().pointwise({
    ...plainCall,
    program: sum,
    inputs: [a.storage, b.storage],
    outputs: [out.storage],
    layout: denseLayout(out.numel, 2),
  });
}

/** Releases the inputs too: a loss that is kept to be printed later would keep all that led to it. */
function free(node: Node<Tensor>): void {
  if (node.saved === null || node.saved.length === 0) return;
  node.saved = null;
  node.backward = null;
  node.inputs = [];
}
