/** Having the outputs of all layers looked at while a step is traced. */
import { StateError } from '../errors.js';
import { withForwardObserver } from '../nn/hooked-module.js';
import type { AnyModule } from '../nn/module.js';
import { currentOps } from '../ops/backend.js';
import { NotFiniteError } from '../ops/graph.js';
import { mapTensors } from '../tensor/structure.js';
import type { Tensor } from '../tensor/tensor.js';

/** Numbers the layers of a model in the order in which their outputs are looked at, and names them when one is at fault. */
export class FiniteChecks {
  readonly #names: string[] = [];

  /** Runs `run` with every module that has none below it giving its output to the op `checkFinite`. */
  watch<T>(model: AnyModule, run: () => T): T {
    const names = new Map<object, string>();
    for (const [name, module] of model.namedModules())
      if (module.children().length === 0) names.set(module, nameOf(name, module));
    const after = (module: object, output: unknown): void => {
      const name = names.get(module);
      if (name === undefined) return;
      mapTensors(output, (tensor) => {
        this.check(tensor, name);
        return tensor;
      });
    };
    return withForwardObserver({ after }, run);
  }

  /** Has the tensor looked at; `name` stands in the message. */
  check(tensor: Tensor, name: string): void {
    if (tensor.dtype === 'int32') return;
    let layer = this.#names.indexOf(name);
    if (layer < 0) layer = this.#names.push(name) - 1;
    currentOps().checkFinite({ x: tensor.storage, n: tensor.numel, layer });
  }

  /** The error of a run, with the name of the layer when one was at fault. `where` says which step it was. */
  explain(caller: string, error: unknown, where: string): unknown {
    if (!(error instanceof NotFiniteError)) return error;
    const name = this.#names[error.layer] ?? `layer ${error.layer}`;
    return new StateError(`${caller}: the output of ${name} is not finite in ${where}; that step has changed nothing`, {
      cause: error,
    });
  }
}

function nameOf(path: string, module: AnyModule): string {
  const kind = module.constructor.name;
  return path === '' ? `the model (${kind})` : `layer '${path}' (${kind}) of the model`;
}
