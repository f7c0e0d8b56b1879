/** `lanewise info`: what computes here, and why. */
import { version } from '../copies.js';
import { backend } from '../index.js';
import type { Command } from './command.js';

export const infoCommand: Command = {
  name: 'info',
  summary: 'say what computes on this machine, and why',
  usage: '[options]',
  about: `Prints the backend in use, its instruction set, the number of threads, and what each of them comes from. LANEWISE_BACKEND and
LANEWISE_NUM_THREADS set them.`,
  options: { json: { type: 'boolean', help: 'print backend.info() as JSON' } },
  examples: ['lanewise info', 'LANEWISE_BACKEND=reference lanewise info'],
  arguments: [0, 0],
  async run(_positionals, values, terminal) {
    const info = backend.info();
    if (values.json === true) {
      terminal.print(JSON.stringify({ version, node: process.version, ...info }));
      return 0;
    }
    const lines: [string, string][] = [
      ['lanewise', `${version} on Node ${process.version}, ${process.platform} ${process.arch}`],
      ['backend', `${info.name} (${info.nameSource})`],
      ['available', info.available.join(', ')],
      ['threads', `${info.threads} (${info.threadSource})`],
      ['addon', info.native.path ?? 'none: everything is computed in TypeScript'],
      ...info.native.tried.map(({ path, error }): [string, string] => ['', `tried ${path}: ${error}`]),
    ];
    for (const [name, text] of lines) terminal.print(`${name.padEnd(11)}${text}`);
    return 0;
  },
};
