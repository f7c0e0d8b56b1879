/** `fromBrain`: the weights of a feed-forward network of brain.js. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { StateDict } from '../nn/state-dict.js';
import { isArray, isRecord } from '../realm.js';
import { tensor } from '../tensor/from-values.js';
import { noteInfo } from './file-info.js';

const caller = 'io.fromBrain';

/**
 * The weights of what `toJSON()` of brain.js's `NeuralNetwork` gives, versions 1 and 2, for a `Sequential` of Linear and activation in turn: `0.weight`,
 * `0.bias`, `2.weight` and so on, as float64 (brain.js computes with that or float32; `loadStateDict` converts).
 *
 * ```ts
 * const state = io.fromBrain(JSON.parse(readFileSync('net.json', 'utf8')));
 * new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1), new nn.Sigmoid()).loadStateDict(state);
 * ```
 *
 * @throws ArgumentError for anything else, as recurrent networks, naming the layer.
 */
export function fromBrain(json: unknown): StateDict {
  const layers = isRecord(json) ? json.layers : undefined;
  if (!isArray(layers) || layers.length < 2)
    throw new ArgumentError(`${caller}: expected toJSON() of a NeuralNetwork with its layers, got ${show(json)}`);
  const state: StateDict = Object.create(null);
  // The first layer is the input.
  for (const [i, layer] of layers.slice(1).entries()) {
    const { weights, biases } = parametersOf(layer, i + 1);
    const width = weights[0]?.length ?? 0;
    const isNumber = (value: unknown) => typeof value === 'number';
    const isWhole = weights.every((row) => row.length === width && row.every(isNumber)) && biases.every(isNumber);
    if (weights.length === 0 || width === 0 || weights.length !== biases.length || !isWhole)
      throw new ArgumentError(`${caller}: layer ${i + 1} must have a row of numbers and a bias for each node`);
    state[`${2 * i}.weight`] = tensor(weights as number[][], { dtype: 'float64' });
    state[`${2 * i}.bias`] = tensor(biases as number[], { dtype: 'float64' });
  }
  return noteInfo(state, { format: 'brain.js', metadata: Object.create(null), converted: [] });
}

/** Version 2 has arrays; version 1 an object for each node: `{ 0: { bias, weights: { ... } } }`. */
function parametersOf(layer: unknown, index: number): { weights: unknown[][]; biases: unknown[] } {
  if (isRecord(layer) && isArray(layer.weights) && isArray(layer.biases) && layer.weights.every(isArray))
    return { weights: layer.weights as unknown[][], biases: layer.biases };
  const nodes = isRecord(layer) ? Object.values(layer) : [];
  if (nodes.length === 0 || !nodes.every((node) => isRecord(node) && isRecord(node.weights)))
    throw new ArgumentError(`${caller}: layer ${index} has neither weights and biases nor nodes, got ${show(layer)}`);
  const rows = nodes as { weights: Record<string, unknown>; bias: unknown }[];
  return { weights: rows.map(({ weights }) => Object.values(weights)), biases: rows.map(({ bias }) => bias) };
}
