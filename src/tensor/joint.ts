/** One place on the tape for several tensors, as a function with several outputs is. */
import type { Joint, Node } from './node.js';
import { setGradFn } from './tape.js';
import { Tensor } from './tensor.js';

/**
 * Tensors with the same memory instead of those that require gradients, each time their gradients come by, `backward` gets all of them
 * together: as many as there are values, null for what none has reached. What it returns goes on to the values.
 * @returns null where no gradient is noted.
 */
export function setJointGradFn(
  values: readonly unknown[],
  backward: (grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[],
): unknown[] | null {
  const nodes: Node<Tensor>[] = [];
  const positions: number[] = [];
  const views = values.map((value, i) => {
    if (!(value instanceof Tensor) || !value.requiresGrad) return value;
    const view = setGradFn('BackwardHookFunctionBackward', value.detach(), [value], [], (grad) => [grad]);
    if (view.node === null) return value;
    nodes.push(view.node);
    positions.push(i);
    return view;
  });
  if (nodes.length === 0) return null;
  const joint: Joint<Tensor> = {
    nodes,
    backward(arrived) {
      const grads: (Tensor | null)[] = values.map(() => null);
      for (const [n, position] of positions.entries()) grads[position] = arrived[n]!;
      const results = backward(grads);
      return positions.map((position) => [results[position] ?? null]);
    },
  };
  for (const node of nodes) node.joint = joint;
  return views;
}

/**
 * {@link setGradFn} for a function of several outputs: `backward` gets the gradients of all of them together, null for those that none has reached.
 */
export function setGradFns(
  name: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  backward: (grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[],
): void {
  // The first one carries inputs and what is saved; the others are there for their gradients.
  const nodes = outputs.flatMap((output, i) => {
    const { node } = setGradFn(name, output, inputs, i === 0 ? saved : [], () => []);
    if (node !== null && i > 0) node.inputs = [];
    return node ?? [];
  });
  if (nodes.length === 0) return;
  const joint: Joint<Tensor> = {
    nodes,
    backward: (grads) => outputs.map((_, i) => (i === 0 ? backward(grads) : [])),
  };
  for (const node of nodes) node.joint = joint;
}
