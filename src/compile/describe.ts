import { printGraph } from './print.js';
import type { Program } from './program.js';

/** The lists of a program as text: as traced, and after each pass that changed it. */
export function describe(title: string, program: Program): string {
  const lists = [{ name: 'as traced', graph: program.graph }];
  for (const { name, graph } of program.stages)
    lists.push({ name: graph === lists.at(-1)!.graph ? `after ${name}: the same` : `after ${name}`, graph });
  const blocks = lists.map(({ name, graph }) =>
    name.endsWith('the same') ? `-- ${name}` : `-- ${name}\n${printGraph(graph, { costs: true })}`,
  );
  return `${title}, arena of ${program.arenaBytes} bytes\n${blocks.join('\n')}`;
}
