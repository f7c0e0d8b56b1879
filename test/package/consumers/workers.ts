/** `numWorkers` of a DataLoader in bundles: the threads run a file of the package, which no bundler takes in. */
import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { esbuild, rollup, tracedCopy, webpack } from './bundlers.js';
import { body, type Case, type Project } from './support.js';

/** @param mayFail whether it goes on after an error of the loader, having said it. */
const program = (mayFail: boolean) => `
async function main() {
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  try {
    const numbers = await lanewise.data.fromModule(pathToFileURL('numbers.mjs'));
    let sum = 0;
    for await (const batch of new lanewise.data.DataLoader(numbers, { batchSize: 3, numWorkers: 2 })) sum += batch.sum().item();
    if (sum !== 28) throw new Error('the sum of the batches is ' + sum);
  } catch (error) {
    ${mayFail ? 'console.error(error.message);' : 'throw error;'}
  }
  ${body}
}
main();
`;
const asModule = (mayFail: boolean) => `import * as lanewise from 'lanewise';${program(mayFail)}`;
const asScript = (mayFail: boolean) => `const lanewise = require('lanewise');${program(mayFail)}`;
const advice = /numWorkers needs dist\/lib of lanewise's package, which is not here: leave lanewise out of the bundle/;

function withNumbers(project: Project): Project {
  project.write('numbers.mjs', 'export default { length: 8, get: (i) => i };');
  return project;
}

/** Runs what has been bundled where nothing is installed. */
function runElsewhere(project: Project, file: string) {
  const elsewhere = project.moveOut(dirname(file));
  copyFileSync(join(project.folder, 'numbers.mjs'), join(elsewhere, 'numbers.mjs'));
  return project.node([file.replace(/^.*\//, '')], elsewhere);
}

export const workers: readonly Case[] = [
  ...(['esm', 'cjs'] as const).flatMap((format): Case[] => {
    const source = format === 'esm' ? asModule : asScript;
    const name = `out/main.${format === 'esm' ? 'mjs' : 'cjs'}`;
    return [
      {
        name: `numWorkers: esbuild, ${format}, lanewise external`,
        expected: 'native',
        quick: format === 'esm',
        run: async (project) => {
          await esbuild(withNumbers(project), format, ['lanewise'], source(false));
          return project.node([name]);
        },
      },
      {
        name: `numWorkers: esbuild, ${format}, bundled, next to its node_modules`,
        expected: 'native',
        quick: format === 'esm',
        run: async (project) => {
          await esbuild(withNumbers(project), format, [], source(false));
          return project.node([name]);
        },
      },
      {
        name: `numWorkers: esbuild, ${format}, bundled, elsewhere`,
        expected: advice,
        quick: format === 'esm',
        run: async (project) => {
          await esbuild(withNumbers(project), format, [], source(true));
          return runElsewhere(project, name);
        },
      },
    ];
  }),
  ...[true, false].flatMap((module): Case[] => {
    const entry = module ? 'main.mjs' : 'main.cjs';
    const source = module ? asModule : asScript;
    const how = `numWorkers: webpack, ${module ? 'modules' : 'require'}`;
    return [
      {
        name: `${how}, next to its node_modules`,
        expected: 'native',
        run: async (project) => project.node([await webpack(withNumbers(project), entry, source(false), module)]),
      },
      {
        name: `${how}, elsewhere`,
        // webpack takes the binary of the entry for import along.
        expected: module ? 'native' : advice,
        run: async (project) => runElsewhere(project, await webpack(withNumbers(project), entry, source(true), module)),
      },
    ];
  }),
  {
    name: 'numWorkers: rollup with node-resolve and commonjs, next to its node_modules',
    expected: 'native',
    run: (project) => project.node([rollup(withNumbers(project), asModule(false))]),
  },
  {
    name: 'numWorkers: rollup with node-resolve and commonjs, elsewhere',
    expected: advice,
    run: (project) => runElsewhere(project, rollup(withNumbers(project), asModule(true))),
  },
  ...(
    [
      ['import', 'main.mjs', asModule],
      ['require', 'main.cjs', asScript],
    ] as const
  ).map(
    ([how, entry, source]): Case => ({
      name: `numWorkers: @vercel/nft, ${how}, its files elsewhere`,
      expected: 'native',
      run: async (project) => {
        withNumbers(project).write(entry, source(false));
        const elsewhere = await tracedCopy(project, entry);
        copyFileSync(join(project.folder, 'numbers.mjs'), join(elsewhere, 'numbers.mjs'));
        return project.node([entry], elsewhere);
      },
    }),
  ),
];
