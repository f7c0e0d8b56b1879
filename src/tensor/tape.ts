/**
 * Reverse-mode differentiation. Functions put a {@link Node} on their output while gradients are enabled;
 * {@link backward} walks the nodes from the newest to the oldest and adds up what reaches each leaf.
 */
import { show } from '../check.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { recording } from '../ops/recording.js';
import { ignoreRejection, isThenable } from '../realm.js';
import { isGradEnabled, setGradEnabled } from './grad-mode.js';
import type { Node } from './node.js';
import { formatShape, sameShape } from './shape.js';
import { Storage } from './storage.js';
import { Tensor } from './tensor.js';

let nextId = 1;

/**
 * Runs `fn` without noting anything for gradients, as `torch.no_grad()`: results do not require a gradient and
 * leaves may be written with `copy_`. Synchronous only: an async function would go on after the mode has ended.
 */
export function noGrad<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw new ArgumentError(`noGrad: expected a function, got ${show(fn)}`);
  const before = setGradEnabled(false);
  let result: T;
  try {
    result = fn();
  } finally {
    setGradEnabled(before);
  }
  if (isThenable(result)) {
    ignoreRejection(result);
    throw new StateError('noGrad: the function must not be async: gradients are enabled again at its first await');
  }
  return result;
}

/**
 * Puts a node on `output` when any input requires a gradient.
 * @param saved what `backward` reads: it must not be written before then, and can be used for one backward only.
 * A node that saves nothing can be walked any number of times, as in PyTorch.
 */
export function record(
  name: string,
  output: Tensor,
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  backward: (grad: Tensor) => readonly (Tensor | null)[],
): Tensor {
  if (!isGradEnabled() || !inputs.some((input) => input.requiresGrad)) return output;
  output.attach({
    name,
    id: nextId++,
    recordedBy: recording(),
    // Now, since a leaf may be told later to require a gradient: this call has not saved what that would take.
    inputs: inputs.map((input) => (input.requiresGrad ? input : null)),
    saved: saved.map((tensor) => ({ tensor, version: tensor.storage.version })),
    backward,
  });
  return output;
}

const secondBackward =
  'Trying to backward through the graph a second time (or directly access saved tensors after they have already ' +
  'been freed). Saved intermediate values of the graph are freed when you call backward(). Specify retainGraph: true ' +
  'if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.';

/**
 * Adds d(root)/d(leaf), times `gradient`, to `grad` of every leaf that requires a gradient.
 * Nothing is changed when it throws.
 * @throws StateError when root does not require a gradient, or what its graph saved is freed or overwritten.
 */
export function backward(root: Tensor, gradient: Tensor | undefined, retainGraph: boolean): void {
  if (!root.requiresGrad)
    throw new StateError('backward: element 0 of tensors does not require grad and does not have a grad_fn');
  const seed = checkSeed(root, gradient);
  const nodes = reachable(root);
  const now = recording();
  if (now !== null && nodes.some(({ recordedBy }) => recordedBy !== now))
    throw now.refuse('backward() through a graph that was made outside', 'call the function that makes it inside, too');
  for (const node of nodes) checkSaved(node);

  const pending: Pending = new Map([[root.node ?? root, { tensor: seed, owned: false }]]);
  noGrad(() => {
    for (const node of nodes) {
      const grad = pending.get(node);
      if (grad === undefined) continue;
      pending.delete(node);
      const grads = node.backward!(grad.tensor);
      node.inputs.forEach((input, index) => {
        const part = grads[index] ?? null;
        if (input?.requiresGrad && part !== null) accumulate(pending, input, part);
      });
    }
  });
  deliver(pending, gradient);
  if (!retainGraph) for (const node of nodes) free(node);
}

interface Gradient {
  readonly tensor: Tensor;
  /** Made here by adding up, so that more can be added in place. */
  readonly owned: boolean;
}

/** What has arrived so far: for results at their node, for leaves at the tensor. Only leaves are left at the end. */
type Pending = Map<Node<Tensor> | Tensor, Gradient>;

function checkSeed(root: Tensor, gradient: Tensor | undefined): Tensor {
  if (gradient === undefined) {
    if (root.numel !== 1) throw new StateError('backward: grad can be implicitly created only for scalar outputs');
    const seed = new Tensor(Storage.uninitialized(root.dtype, 1), root.shape);
    currentOps().fill({ out: seed.storage, value: 1, n: 1 });
    return seed;
  }
  if (!(gradient instanceof Tensor))
    throw new ArgumentError(`backward: the gradient must be a Tensor, got ${show(gradient)}`);
  if (!sameShape(gradient.shape, root.shape))
    throw new ShapeError(
      `backward: Mismatch in shape: the gradient has shape ${formatShape(gradient.shape)} and the output has shape ` +
        formatShape(root.shape),
    );
  if (gradient.dtype === root.dtype) return gradient;
  const seed = new Tensor(Storage.uninitialized(root.dtype, root.numel), root.shape);
  currentOps().cast({ x: gradient.storage, out: seed.storage, n: root.numel });
  return seed;
}

/** All nodes behind root, newest first: each comes after everything that uses its output. */
function reachable(root: Tensor): Node<Tensor>[] {
  const found = new Set<Node<Tensor>>();
  const stack = [root.node];
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === null || node === undefined || found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) if (input !== null) stack.push(input.node);
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
  pending.set(key, { tensor: target, owned: true });
}

/**
 * Hands the sums to the leaves at the very end. A leaf takes the gradient's memory over unless something else holds
 * it already (a sum passes one gradient to both operands, and the caller may keep the one it gave).
 */
function deliver(pending: Pending, given: Tensor | undefined): void {
  for (const leaf of pending.keys()) if (leaf instanceof Tensor) checkGradient(leaf);
  const taken = new Set<Storage>(given === undefined ? [] : [given.storage]);
  for (const [leaf, { tensor }] of pending) {
    if (!(leaf instanceof Tensor)) continue;
    if (leaf.grad !== null) {
      add(leaf.grad, tensor, leaf.grad);
    } else if (taken.has(tensor.storage)) {
      leaf.grad = new Tensor(Storage.uninitialized(leaf.dtype, leaf.numel), leaf.shape);
      leaf.grad.copy_(tensor);
    } else {
      leaf.grad = new Tensor(tensor.storage, leaf.shape);
      taken.add(tensor.storage);
    }
  }
}

/** Before any gradient is changed: a compiled step may have left some without numbers, or be writing them. */
function checkGradient({ grad }: Tensor): void {
  if (grad === null || recording() !== null) return;
  grad.storage.assertNumbers();
  grad.storage.assertUnpinned();
}

function add(a: Tensor, b: Tensor, out: Tensor): void {
  const layout = Float64Array.of(out.numel, 1, 1);
  currentOps().add({ a: a.storage, b: b.storage, out: out.storage, layout });
}

/** Lets go of the inputs too: whoever keeps a loss to print it later would keep all that led to it. */
function free(node: Node<Tensor>): void {
  if (node.saved === null || node.saved.length === 0) return;
  node.saved = null;
  node.backward = null;
  node.inputs = [];
}
