/** Bundlers and tracers of files. What is run elsewhere has no node_modules. */
import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { asModule, asScript, type Case, type Project, requireHere } from './support.js';

const advice = /bundled without its binary: put prebuilds\/\S+ of the package next to the bundle/;
const native = 'native';

/** @returns the file of the bundle */
export async function esbuild(
  project: Project,
  format: 'esm' | 'cjs',
  external: string[] = [],
  source = format === 'esm' ? asModule : asScript,
): Promise<string> {
  const entry = project.write(format === 'esm' ? 'main.mjs' : 'main.cjs', source);
  const outfile = join(project.folder, `out/main.${format === 'esm' ? 'mjs' : 'cjs'}`);
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format, external, logLevel: 'error' });
  return outfile;
}

/** As the advice says. */
function shipBinaries(project: Project, folder: string): void {
  cpSync(join(project.folder, 'node_modules/lanewise/prebuilds'), join(folder, 'prebuilds'), { recursive: true });
}

const webpackConfig = (entry: string, module: boolean) => `
import { createRequire } from 'node:module';
export default {
  mode: 'production', target: 'node', entry: './${entry}',
  ${module ? "experiments: { outputModule: true }, output: { filename: 'main.mjs', module: true, chunkFormat: 'module' }," : "output: { filename: 'main.cjs' },"}
};`;

/** @returns the file of the bundle, as seen from the project; of rollup's too */
export async function webpack(project: Project, entry: string, source: string, module: boolean): Promise<string> {
  project.write(entry, source);
  project.write('webpack.config.mjs', webpackConfig(entry, module));
  project.write(
    'build.mjs',
    `import webpack from 'webpack';
import config from './webpack.config.mjs';
webpack(config, (error, stats) => {
  const text = error ? String(error) : stats.toString({ all: false, errors: true });
  if (error || stats.hasErrors()) { console.error(text); process.exitCode = 1; }
});`,
  );
  project.link('webpack');
  const { status, stderr } = project.node(['build.mjs']);
  if (status !== 0) throw new Error(stderr);
  return `dist/main.${module ? 'mjs' : 'cjs'}`;
}

export function rollup(project: Project, source: string): string {
  project.write('main.mjs', source);
  project.link('@rollup/plugin-node-resolve', '@rollup/plugin-commonjs');
  project.write(
    'rollup.config.mjs',
    `import resolve from '@rollup/plugin-node-resolve';
import commonjs from '@rollup/plugin-commonjs';
export default { input: 'main.mjs', output: { file: 'out/main.mjs', format: 'es', inlineDynamicImports: true },
  plugins: [resolve({ preferBuiltins: true }), commonjs()] };`,
  );
  project.tool('rollup/dist/bin/rollup', ['--config', 'rollup.config.mjs']);
  return 'out/main.mjs';
}

/** What is used of @vercel/nft, whose types are installed with the packages of this folder only. */
interface FileTracer {
  nodeFileTrace(files: readonly string[], options: { base: string }): Promise<{ fileList: ReadonlySet<string> }>;
}

/** A folder with the files that the tracer finds the program to need, and no others. */
export async function tracedCopy(project: Project, entry: string): Promise<string> {
  const { nodeFileTrace } = requireHere('@vercel/nft') as FileTracer;
  const { fileList } = await nodeFileTrace([join(project.folder, entry)], { base: project.folder });
  const elsewhere = `${project.folder}-elsewhere`;
  for (const file of fileList) {
    mkdirSync(dirname(join(elsewhere, file)), { recursive: true });
    copyFileSync(join(project.folder, file), join(elsewhere, file));
  }
  return elsewhere;
}

export const bundlers: readonly Case[] = [
  ...(['esm', 'cjs'] as const).flatMap((format): Case[] => [
    {
      name: `esbuild, ${format}, lanewise external`,
      expected: native,
      quick: true,
      run: async (project) => project.node([await esbuild(project, format, ['lanewise'])]),
    },
    {
      name: `esbuild, ${format}, bundled, next to its node_modules`,
      expected: native,
      quick: true,
      run: async (project) => project.node([await esbuild(project, format)]),
    },
    {
      name: `esbuild, ${format}, bundled, elsewhere`,
      expected: advice,
      quick: true,
      run: async (project) => {
        await esbuild(project, format);
        return project.node([`main.${format === 'esm' ? 'mjs' : 'cjs'}`], project.moveOut('out'));
      },
    },
    {
      name: `esbuild, ${format}, bundled, elsewhere with prebuilds as advised`,
      expected: native,
      quick: true,
      run: async (project) => {
        await esbuild(project, format);
        const elsewhere = project.moveOut('out');
        shipBinaries(project, elsewhere);
        return project.node([`main.${format === 'esm' ? 'mjs' : 'cjs'}`], elsewhere);
      },
    },
  ]),
  {
    name: 'webpack, modules, elsewhere',
    expected: native,
    run: async (project) => {
      await webpack(project, 'main.mjs', asModule, true);
      return project.node(['main.mjs'], project.moveOut('dist'));
    },
  },
  {
    name: 'webpack, import into CommonJS, elsewhere',
    expected: native,
    run: async (project) => {
      await webpack(project, 'main.mjs', asModule, false);
      return project.node(['main.cjs'], project.moveOut('dist'));
    },
  },
  {
    name: 'webpack, require, next to its node_modules',
    expected: native,
    run: async (project) => project.node([await webpack(project, 'main.cjs', asScript, false)]),
  },
  {
    name: 'rollup, lanewise external',
    expected: native,
    run: (project) => {
      project.write('main.mjs', asModule);
      project.tool('rollup/dist/bin/rollup', [
        'main.mjs',
        '--external',
        'lanewise',
        '--format',
        'es',
        '--file',
        'out/main.mjs',
      ]);
      return project.node(['out/main.mjs']);
    },
  },
  {
    name: 'rollup with node-resolve and commonjs, next to its node_modules',
    expected: native,
    run: (project) => project.node([rollup(project, asModule)]),
  },
  ...[false, true].map(
    (noExternal): Case => ({
      name: `Vite SSR${noExternal ? ', noExternal' : ''}`,
      expected: native,
      run: (project) => {
        project.write('main.mjs', asModule);
        project.write(
          'vite.config.mjs',
          `export default { build: { ssr: 'main.mjs', outDir: 'out' }${noExternal ? ', ssr: { noExternal: true }' : ''} };`,
        );
        project.tool('vite/bin/vite.js', ['build', '--logLevel', 'error']);
        return project.node(['out/main.mjs']);
      },
    }),
  ),
  ...(
    [
      ['import', 'main.mjs', asModule],
      ['require', 'main.cjs', asScript],
    ] as const
  ).map(
    ([how, entry, source]): Case => ({
      name: `@vercel/nft, ${how}, its files elsewhere`,
      expected: native,
      run: async (project) => {
        project.write(entry, source);
        return project.node([entry], await tracedCopy(project, entry));
      },
    }),
  ),
  ...(
    [
      ['import', 'main.mjs', asModule],
      ['require', 'main.cjs', asScript],
    ] as const
  ).map(
    ([how, entry, source]): Case => ({
      name: `ncc, ${how}, elsewhere`,
      expected: advice,
      run: (project) => {
        project.write(entry, source);
        project.tool('@vercel/ncc/dist/ncc/cli.js', ['build', entry, '-o', 'out']);
        return project.node([how === 'import' ? 'index.mjs' : 'index.cjs'], project.moveOut('out'));
      },
    }),
  ),
];
