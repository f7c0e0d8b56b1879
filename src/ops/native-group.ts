/** Collectives over the ranks of a job in the addon: tasks for its communication thread, promises for their ends. */
import {
  type GroupArray,
  type GroupTask,
  type GroupTaskOptions,
  type GroupTasks,
  groupState,
  groupTasks,
  reduceOps,
} from './group-tasks.js';
import type { NativeAddon } from './load.js';
import { failure } from './native-programs.js';

/** The process group of an addon: one in a process. */
export class NativeGroup implements GroupTasks {
  readonly #addon: NativeAddon;
  /** Those who wait for tasks, by the numbers of these; 0 is the connection. */
  readonly #waiting = new Map<number, (error: Error | null) => void>();

  constructor(addon: NativeAddon) {
    this.#addon = addon;
  }

  open(library: string, timeout: number): Promise<{ rank: number; size: number; engine: string }> {
    return new Promise((resolve, reject) => {
      try {
        this.#addon.groupOpen(library, timeout, (id, error) => this.#settle(id, error));
      } catch (error) {
        reject(failure(error));
        return;
      }
      // After the call: one that is refused must not take the place of one that still connects.
      this.#waiting.set(0, (error) => {
        if (error !== null) return reject(failure(error));
        groupState.isOpen = true;
        resolve(this.#addon.groupInfo());
      });
    });
  }

  place(cpus: number, sharesHost: boolean): void {
    this.#addon.groupPlace(cpus, sharesHost);
  }

  #settle(id: number, error: Error | null): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(error);
  }

  run(
    task: GroupTask,
    options: GroupTaskOptions,
    from: readonly GroupArray[],
    to: readonly GroupArray[],
  ): Promise<void> {
    const { op = 'sum', divisor = 1, parts = 1, root = 0 } = options;
    return new Promise((resolve, reject) => {
      let id = -1;
      try {
        id = this.#addon.groupSubmit(groupTasks.indexOf(task), reduceOps.indexOf(op), divisor, parts, root, from);
      } catch (error) {
        reject(failure(error));
        return;
      }
      this.#waiting.set(id, (error) => {
        try {
          if (error !== null) throw error;
          if (task === 'finalize') groupState.isOpen = false;
          if (to.length > 0) this.#addon.groupTake(id, to);
          resolve();
        } catch (thrown) {
          reject(failure(thrown));
        }
      });
    });
  }

  abort(message: string, code: number): void {
    this.#addon.groupAbort(message, code);
  }

  leave(message: string, code: number): void {
    this.#addon.groupLeave(message, code);
  }
}
