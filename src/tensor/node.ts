import type { Trace } from '../ops/trace.js';

/**
 * One differentiable call on the tape: where its gradient goes and how to make it. Generic, so that tensors can
 * hold nodes and nodes tensors without their files importing each other.
 */
export interface Node<T> {
  /** Name of the function, for messages and debugging. */
  readonly name: string;
  /** Grows with every node, so that a larger id never feeds a smaller one. */
  readonly id: number;
  /** The trace during which the call was made, or null. */
  readonly tracedBy: Trace | null;
  /** What gradients go to; null for an input that required none when the call was made. Empty once freed. */
  inputs: readonly (T | null)[];
  /** What `backward` will read, with the storage versions it had: null once freed by a backward pass. */
  saved: readonly { readonly tensor: T; readonly version: number }[] | null;
  /** From the gradient of the output to those of the inputs; null where an input needs none. Null once freed. */
  backward: ((grad: T) => readonly (T | null)[]) | null;
  /** What `registerHook` has put on the output; null for none. */
  hooks: Set<GradientHook<T>> | null;
  /** The output, when it keeps its gradient. */
  retains: T | null;
  /** What it is a part of, or null. */
  joint: Joint<T> | null;
}

/** Nodes that were made one right after the other, whose gradients go on together. */
export interface Joint<T> {
  readonly nodes: readonly Node<T>[];
  /** From the gradients of the outputs of all nodes, null where none has arrived, to those of the inputs of each node. */
  backward(grads: readonly (T | null)[]): readonly (readonly (T | null)[])[];
}

/** Called with a gradient; what it returns takes its place. */
export type GradientHook<T> = (grad: T) => T | null | undefined;
