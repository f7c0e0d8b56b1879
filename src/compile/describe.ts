import { printListing } from './print.js';
import type { Program } from './program.js';

/** The lists of a program as text: as recorded, and after each pass that changed it. */
export function describe(title: string, program: Program): string {
  const lists = [{ name: 'as recorded', listing: program.listing }];
  for (const { name, listing } of program.stages)
    lists.push({ name: listing === lists.at(-1)!.listing ? `after ${name}: the same` : `after ${name}`, listing });
  const blocks = lists.map(({ name, listing }) =>
    name.endsWith('the same') ? `-- ${name}` : `-- ${name}\n${printListing(listing, { costs: true })}`,
  );
  return `${title}, arena of ${program.arenaBytes} bytes\n${blocks.join('\n')}`;
}
