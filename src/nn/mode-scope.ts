/** Modes that modules have while a function runs, whatever their own are: how a model is evaluated while it trains. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { className } from './repr.js';

/** The mode of a module, or undefined for its own. */
export type Modes = (module: object) => boolean | undefined;

let current: Modes | null = null;

/** Runs `run` with `training` of every module as `modes` says; the modules themselves are left as they are. @internal */
export function withModes<T>(modes: Modes, run: () => T): T {
  const before = current;
  current = modes;
  try {
    return run();
  } finally {
    current = before;
  }
}

/** The mode that a module has been given by {@link withModes}. @internal */
export function scopedMode(module: object): boolean | undefined {
  return current?.(module);
}

/** @throws ArgumentError unless mode is a boolean, in PyTorch's words. */
export function checkMode(module: object, mode: unknown): boolean {
  if (typeof mode !== 'boolean')
    throw new ArgumentError(`${className(module)}: training mode is expected to be boolean, got ${show(mode)}`);
  return mode;
}
