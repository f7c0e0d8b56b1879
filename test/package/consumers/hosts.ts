/** Frameworks, executables and processes that run the package. */
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { askServer, asModule, asScript, body, type Case, type Project, run } from './support.js';

const route = `
import * as lanewise from 'lanewise';
export const dynamic = 'force-dynamic';
export function GET() {
  const lines = [];
  const console = { log: (line) => lines.push(line) };
  ${body}
  return new Response(lines.join());
}`;

async function next(project: Project, config: string, flags: readonly string[], standalone: boolean) {
  project.installAll();
  project.write('app/api/route.js', route);
  project.write(
    'app/layout.js',
    "import { createElement as h } from 'react';\nexport default ({ children }) => h('html', null, h('body', null, children));",
  );
  project.write('app/page.js', "export default () => 'page';");
  project.write('next.config.mjs', `export default { ${config} };`);
  const built = project.node(['node_modules/next/dist/bin/next', 'build', ...flags]);
  if (built.status !== 0) return built;
  if (!standalone)
    return askServer(process.execPath, ['node_modules/next/dist/bin/next', 'start'], project.folder, '/api');
  const folder = join(project.folder, '.next/standalone');
  return askServer(process.execPath, ['server.js'], folder, '/api');
}

export const hosts: readonly Case[] = [
  { name: 'Next.js, next start', expected: 'native', run: (project) => next(project, '', [], false) },
  {
    name: 'Next.js with webpack, next start',
    expected: 'native',
    run: (project) => next(project, '', ['--webpack'], false),
  },
  {
    name: 'Next.js standalone',
    expected: 'native',
    run: (project) => next(project, "output: 'standalone',", [], true),
  },
  {
    name: 'single executable, with prebuilds next to it',
    expected: 'native',
    run: async (project) => {
      const outfile = join(project.folder, 'main.cjs');
      const entry = project.write('source.cjs', asScript);
      await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
      project.write(
        'sea.json',
        JSON.stringify({ main: 'main.cjs', output: 'sea.blob', disableExperimentalSEAWarning: true }),
      );
      const made = project.node(['--experimental-sea-config', 'sea.json']);
      if (made.status !== 0) return made;
      mkdirSync(join(project.folder, 'out'));
      const program = join(project.folder, 'out/program');
      copyFileSync(process.execPath, program);
      chmodSync(program, 0o755);
      const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
      project.tool('postject/dist/cli.js', [program, 'NODE_SEA_BLOB', 'sea.blob', '--sentinel-fuse', fuse]);
      const elsewhere = project.moveOut('out');
      cpSync(join(project.folder, 'node_modules/lanewise/prebuilds'), join(elsewhere, 'prebuilds'), {
        recursive: true,
      });
      return run(join(elsewhere, 'program'), [], elsewhere);
    },
  },
  {
    name: 'worker_threads, four at once, and the main thread',
    expected: 'native',
    quick: true,
    run: (project) => {
      project.write(
        'main.mjs',
        `import { isMainThread, Worker } from 'node:worker_threads';
${asModule}
if (isMainThread) {
  const ends = Array.from({ length: 4 }, () => new Promise((resolve, reject) =>
    new Worker(new URL(import.meta.url)).on('error', reject).on('exit', resolve)));
  const codes = await Promise.all(ends);
  if (codes.some((code) => code !== 0)) process.exitCode = 1;
}`,
      );
      const outcome = project.node(['main.mjs']);
      const count = outcome.stdout.match(/computed on native/g)?.length;
      return count === 5 ? outcome : { ...outcome, status: 1, stderr: `${count} of 5: ${outcome.stderr}` };
    },
  },
  {
    name: 'cluster, two processes',
    expected: 'native',
    quick: true,
    run: (project) => {
      project.write(
        'main.cjs',
        `const cluster = require('node:cluster');
if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('exit', (_worker, code) => { if (code !== 0) process.exitCode = 1; });
} else {
  ${asScript}
  process.exit();
}`,
      );
      const outcome = project.node(['main.cjs']);
      const count = outcome.stdout.match(/computed on native/g)?.length;
      return count === 2 ? outcome : { ...outcome, status: 1, stderr: `${count} of 2: ${outcome.stderr}` };
    },
  },
  {
    name: 'pm2, cluster mode, two instances',
    expected: 'native',
    run: async (project) => {
      project.write('main.cjs', `${asScript}\nsetInterval(() => {}, 1000);`);
      const env = { PM2_HOME: join(project.folder, 'pm2') };
      const pm2 = (...args: string[]) => project.tool('pm2/bin/pm2', args, env);
      try {
        pm2('start', 'main.cjs', '-i', '2', '--output', 'pm2.log', '--error', 'pm2-errors.log', '--merge-logs');
        let stdout = '';
        for (let tries = 0; tries < 50 && (stdout.match(/computed/g)?.length ?? 0) < 2; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          if (existsSync(join(project.folder, 'pm2.log'))) stdout = run('cat', ['pm2.log'], project.folder).stdout;
        }
        return { status: stdout.match(/computed/g)?.length === 2 ? 0 : 1, stdout, stderr: '' };
      } finally {
        pm2('kill');
      }
    },
  },
  {
    name: 'import and require in one process',
    expected: 'native',
    quick: true,
    run: (project) => {
      project.write(
        'main.mjs',
        `${asModule}
import { createRequire } from 'node:module';
import * as onnx from 'lanewise/onnx';
const require = createRequire(import.meta.url);
const other = require('lanewise');
for (const name of Object.keys(lanewise)) if (name !== 'default' && lanewise[name] !== other[name]) throw new Error(name);
for (const name of Object.keys(onnx)) if (onnx[name] !== require('lanewise/onnx')[name]) throw new Error(name);
if (require('lanewise/package.json').name !== 'lanewise') throw new Error('package.json');`,
      );
      return project.node(['main.mjs']);
    },
  },
];
