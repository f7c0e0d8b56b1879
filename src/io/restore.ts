/** Takes over the state of a checkpoint: all of it, or none. */
import { ArgumentError, ShapeError } from '../errors.js';
import type { AnyModule } from '../nn/module.js';
import { type StateDict, stateFaults } from '../nn/state-dict.js';
import type { LRScheduler, SchedulerStateDict } from '../optim/lr-scheduler/scheduler.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { OptimizerStateDict } from '../optim/state-dict.js';
import type { Generator, GeneratorState } from '../random/generator.js';
import { isError } from '../realm.js';
import { sharingMemory } from '../tensor/snapshot.js';

/** What takes over a state. */
export interface Targets {
  readonly model: AnyModule | null;
  readonly optimizer: Optimizer | null;
  readonly schedulers: readonly LRScheduler[];
  readonly generator: Generator | null;
}

/** The states that it takes over. */
export interface SavedParts {
  readonly model: StateDict | null;
  readonly optimizer: OptimizerStateDict | null;
  readonly schedulers: readonly SchedulerStateDict[];
  readonly generator: GeneratorState | null;
}

/** A change that can be taken back. */
export interface Change {
  readonly make: () => void;
  readonly undo: () => void;
}

/**
 * Has the targets take over what is theirs.
 * @param more is done first, and taken back when anything does not fit.
 * @throws ArgumentError, ShapeError that names all differences; StateError while any of it is being trained. Nothing is changed then.
 */
export function restore(caller: string, targets: Targets, saved: SavedParts, more: readonly Change[] = []): void {
  throwDifferences(caller, differencesOf(targets, saved));
  const { model, optimizer, schedulers, generator } = targets;
  const tensors = [...(model?.parameters() ?? []), ...(model?.buffers() ?? []), ...(optimizer?.['~tensors']() ?? [])];
  for (const { storage } of tensors) storage.assertUnpinned();
  const changes = [...more];
  if (generator !== null) changes.push(stateChange(generator, saved.generator!));
  changes.push(...schedulers.map((scheduler, i) => schedulerChange(scheduler, saved.schedulers[i]!)));
  if (optimizer !== null) {
    const before = copyOfGroups(optimizer);
    changes.push({ make: () => optimizer.loadStateDict(saved.optimizer!), undo: before });
  }
  if (model !== null) changes.push({ make: () => void model.loadStateDict(saved.model!), undo: () => {} });
  makeAll(changes);
}

/** Makes changes one after the other; when one throws, those before it are taken back. */
export function makeAll(changes: readonly Change[]): void {
  const made: Change[] = [];
  try {
    for (const change of changes) {
      change.make();
      made.push(change);
    }
  } catch (error) {
    for (const { undo } of made.toReversed()) undo();
    throw error;
  }
}

/** Has a generator go on from a saved state. */
export function stateChange(generator: Generator, state: GeneratorState): Change {
  const before = generator.getState();
  return { make: () => void generator.setState(state), undo: () => void generator.setState(before) };
}

function schedulerChange(scheduler: LRScheduler, state: SchedulerStateDict): Change {
  const before = scheduler.stateDict();
  return { make: () => scheduler.loadStateDict(state), undo: () => scheduler.loadStateDict(before) };
}

/** Each difference in words; empty when the targets can take over the states. */
export function differencesOf({ model, optimizer, schedulers, generator }: Targets, saved: SavedParts): Difference[] {
  const differences: Difference[] = [];
  const lacks = (what: string) => differences.push({ text: `${what}: the checkpoint has none`, isSize: false });
  if (model !== null) {
    if (saved.model === null) lacks('model');
    else differences.push(...modelDifferences(model, saved.model));
  }
  if (optimizer !== null) {
    if (saved.optimizer === null) lacks('optimizer');
    else {
      const text = messageOf(() => optimizer['~readStateDict'](optimizer.constructor.name, saved.optimizer!));
      if (text !== null) differences.push({ text: `optimizer: ${text}`, isSize: false });
    }
  }
  if (schedulers.length > 0 && schedulers.length !== saved.schedulers.length)
    differences.push({
      text: `schedulers: ${saved.schedulers.length} in the checkpoint, ${schedulers.length} here`,
      isSize: false,
    });
  if (generator !== null && saved.generator === null) lacks('generator');
  return differences;
}

/** One way in which a checkpoint is not that of the training. */
export interface Difference {
  readonly text: string;
  /** Whether only sizes are at fault. */
  readonly isSize: boolean;
}

/** @throws ArgumentError with all differences, ShapeError when only sizes are at fault. */
export function throwDifferences(caller: string, differences: readonly Difference[]): void {
  if (differences.length === 0) return;
  const message = `${caller}: the checkpoint is that of another training:\n\t${differences.map(({ text }) => text).join('\n\t')}`;
  throw differences.every(({ isSize }) => isSize) ? new ShapeError(message) : new ArgumentError(message);
}

function modelDifferences(model: AnyModule, saved: StateDict): Difference[] {
  const targets = Object.entries(sharingMemory(() => model.stateDict()));
  const { faults, onlySizes } = stateFaults('model', targets, saved, true);
  return faults.map((fault) => ({ text: `model: ${fault.trimEnd()}`, isSize: onlySizes }));
}

function messageOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return isError(error) ? error.message : String(error);
  }
}

/** Puts back what the groups of an optimizer say, and what it keeps for its parameters. */
function copyOfGroups(optimizer: Optimizer): () => void {
  const before = optimizer.stateDict();
  const state = Object.entries(before.state).map(([index, own]) => {
    const copies = Object.entries(own).map(([name, tensor]) => [name, tensor.clone()] as const);
    return [index, Object.fromEntries(copies)] as const;
  });
  return () => optimizer.loadStateDict({ ...before, state: Object.fromEntries(state) });
}
