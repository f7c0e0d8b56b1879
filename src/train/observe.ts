/** Seeing that a model is no longer what was recorded. */
import { type AnyModule, Module } from '../nn/module.js';
import { Parameter } from '../nn/parameter.js';
import { recording } from '../ops/recording.js';

/**
 * While recording: has the fields of the model and of all modules below it that a `forward` may go by looked at again before each run.
 * Layers and containers of the library tell the recording by themselves what they read; a module of the caller's own does
 * not, and `model.head = other` or `model.scale = 2` must not leave a program standing.
 */
export function observeFields(model: AnyModule): void {
  const now = recording();
  if (now === null) return;
  for (const module of model.modules()) {
    const names = Object.keys(module);
    now.observe(module, 'fields', () => Object.keys(module).length);
    for (const name of names)
      if (isPart(Reflect.get(module, name))) now.observe(module, `field ${name}`, () => Reflect.get(module, name));
  }
  model.buffers();
}

/** Not other objects: what a forward keeps there, its last output say, is another each time. */
const isPart = (value: unknown): boolean =>
  value === null || Object(value) !== value || value instanceof Module || value instanceof Parameter;
