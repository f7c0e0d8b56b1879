/**
 * Tries the packed tarball in bundlers, frameworks and process managers, and asks publint and attw about it: `npm run test:consumers`. A
 * line for each; fails when one fails. Names as arguments choose.
 */
import { execFileSync } from 'node:child_process';
import { realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { install, makeFolder, pack } from '../install.js';
import { bundlers } from './bundlers.js';
import { hosts } from './hosts.js';
import { here, judge, Project, run } from './support.js';
import { workers } from './workers.js';

const timeOf = (file: string) => statSync(join(here, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (timeOf('package-lock.json') > timeOf('node_modules/.package-lock.json'))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here });

const words = process.argv.slice(2);
const folder = realpathSync(makeFolder('consumers'));
const tarball = pack(folder, 'this platform and WebAssembly');
const installed = install(folder, tarball.path);
let [passed, failed] = [0, 0];

function say(name: string, wrong: string, start: number): void {
  if (wrong === '') passed++;
  else failed++;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${wrong === '' ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)${wrong && `: ${wrong.slice(0, 3000)}`}`);
}

for (const [i, each] of [...bundlers, ...workers, ...hosts].entries()) {
  if (words.length > 0 && !words.some((word) => each.name.includes(word))) continue;
  const start = performance.now();
  const project = new Project(join(folder, `case-${i}`), installed);
  let wrong: string;
  try {
    wrong = judge(await each.run(project), each.expected);
  } catch (error) {
    wrong = String(error);
  }
  const how = each.expected === 'native' ? 'native' : 'advice';
  say(`${each.name}: ${how}`, wrong, start);
}
for (const [name, path, ...args] of [
  ['publint', 'publint/src/cli.js', tarball.path, '--strict'],
  [
    'attw',
    '@arethetypeswrong/cli/dist/index.js',
    tarball.path,
    '--ignore-rules',
    'no-resolution',
    '--profile',
    'node16',
  ],
] as const) {
  if (words.length > 0 && !words.includes(name)) continue;
  const start = performance.now();
  const { status, stdout, stderr } = run(process.execPath, [join(here, 'node_modules', path), ...args], here);
  say(name, status === 0 ? '' : `${stdout}${stderr}`, start);
}
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
