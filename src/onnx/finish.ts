/** The end of a graph: outputs under their names, and nothing that leads nowhere. */
import type { Graph, GraphNode, Value } from './graph.js';

/** Names the outputs, and leaves out nodes and constants that none of them needs. Returns the outputs. */
export function finish(graph: Graph, values: readonly Value[], names: readonly string[]): Value[] {
  const renamed = new Map<string, string>();
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const [i, { name }] of values.entries()) {
    // An input, a parameter, or what is an output already keeps its name.
    if (made.has(name) && !renamed.has(name)) renamed.set(name, names[i]!);
    else
      graph.nodes.push({ op: 'Identity', name: `/${names[i]}`, inputs: [name], outputs: [names[i]!], attributes: {} });
  }
  const newName = (name: string) => renamed.get(name) ?? name;
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(newName),
    outputs: node.outputs.map(newName),
  }));
  const needed = new Set(names);
  const kept: GraphNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  graph.nodes.splice(0, graph.nodes.length, ...kept.reverse());
  for (const name of [...graph.constants.keys()]) if (!needed.has(name)) graph.constants.delete(name);
  return values.map((value, i) => ({ ...value, name: names[i]! }));
}
