import { ListContainer } from './list-container.js';
import type { AnyModule } from './module.js';
import { className, formatModule } from './repr.js';

/**
 * A list of modules that a module finds in a field, which it does not in an array. It computes nothing itself.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html | torch.nn.ModuleList}.
 */
export class ModuleList<M extends AnyModule = AnyModule> extends ListContainer<M, never, never> {
  /** @param modules the members, none by default. */
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /**
   * A ModuleList of the modules from `start` to before `end`, each `step`th, as a slice in Python counts: the same modules, renumbered.
   * @throws ArgumentError for anything but whole numbers, or a step of 0.
   */
  slice(start?: number, end?: number, step?: number): ModuleList<M> {
    return new ModuleList(this.sliced(start, end, step).map(([, module]) => module));
  }

  /** A ModuleList of these modules and others behind them, renumbered: Python's `a + b`. */
  concat(...others: readonly Iterable<M>[]): ModuleList<M> {
    return new ModuleList(this.joined('concat', others));
  }

  /** Neighbours that print alike are counted: `(0-2): 3 x ReLU()`. */
  override toString(): string {
    this.modules();
    const groups: { first: number; last: number; text: string }[] = [];
    [...this].forEach((module, i) => {
      const text = String(module);
      const group = groups.at(-1);
      if (group?.text === text) group.last = i;
      else groups.push({ first: i, last: i, text });
    });
    const children = groups.map(({ first, last, text }) =>
      first === last
        ? ([String(first), text] as const)
        : ([`${first}-${last}`, `${last - first + 1} x ${text}`] as const),
    );
    return formatModule(className(this), this.extraRepr(), children);
  }
}
