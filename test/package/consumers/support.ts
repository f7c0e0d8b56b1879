/** A user's project for each case, and programs that are run in it or somewhere else. */
import { spawn, spawnSync } from 'node:child_process';
import { constants, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = fileURLToPath(new URL('./', import.meta.url));
const require = createRequire(import.meta.url);

/** Computes natively, or without a binary, on WebAssembly or the reference, with a warning that fits. */
export type Expected = 'native' | RegExp;

export interface Case {
  readonly name: string;
  readonly expected: Expected;
  /** Takes seconds, so that it runs with the suite. */
  readonly quick?: boolean;
  /** Builds something from the project and runs it; what it printed. */
  run(project: Project): Outcome | Promise<Outcome>;
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program that is bundled: trains a step and says on what. */
export const body = `
const model = new lanewise.nn.Linear(4, 2);
const optimizer = new lanewise.optim.SGD(model.parameters(), { lr: 0.1 });
const loss = new lanewise.nn.MSELoss().forward(model.forward(lanewise.ones(3, 4)), lanewise.zeros(3, 2));
loss.backward();
optimizer.step();
console.log('computed on ' + lanewise.backend.name + ', loss ' + (loss.item() > 0));
`;
export const asModule = `import * as lanewise from 'lanewise';${body}`;
export const asScript = `const lanewise = require('lanewise');${body}`;

export class Project {
  readonly folder: string;
  /** @param installed a folder with lanewise in its node_modules. */
  constructor(folder: string, installed: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    cpSync(join(installed, 'node_modules/lanewise'), join(folder, 'node_modules/lanewise'), { recursive: true });
    this.write('package.json', JSON.stringify({ name: 'project', private: true, version: '1.0.0' }));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Lets the project import packages of this folder. */
  link(...names: string[]): void {
    for (const name of names) {
      const to = join(this.folder, 'node_modules', name);
      mkdirSync(dirname(to), { recursive: true });
      symlinkSync(join(here, 'node_modules', name), to, 'junction');
    }
  }

  /** Makes the project one whose dependencies are all within it, as frameworks want it. */
  installAll(): void {
    for (const entry of readdirSync(join(here, 'node_modules')))
      if (entry !== '.bin')
        cpSync(join(here, 'node_modules', entry), join(this.folder, 'node_modules', entry), {
          recursive: true,
          mode: constants.COPYFILE_FICLONE,
          verbatimSymlinks: true,
        });
  }

  /** A copy of part of the project where nothing is installed. */
  moveOut(part: string): string {
    const elsewhere = `${this.folder}-elsewhere`;
    cpSync(join(this.folder, part), elsewhere, { recursive: true, verbatimSymlinks: true });
    return elsewhere;
  }

  node(args: readonly string[], cwd = this.folder, env: Readonly<Record<string, string>> = {}): Outcome {
    return run(process.execPath, args, cwd, env);
  }

  /** A program of a package of this folder. @throws Error when it fails. */
  tool(path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
    const outcome = run(process.execPath, [join(here, 'node_modules', path), ...args], this.folder, env);
    if (outcome.status !== 0) throw new Error(`${path} ${args.join(' ')}: ${outcome.stdout}${outcome.stderr}`);
    return outcome;
  }
}

function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) => !/^(LANEWISE|NODE|VITEST|CI$)/.test(key));
  return { ...Object.fromEntries(kept), NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1', ...more } as NodeJS.ProcessEnv;
}

export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Outcome {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: environment(env),
    timeout: 200_000,
  });
  return { status, stdout, stderr };
}

/** Starts a server, asks it once, and ends it. */
export async function askServer(command: string, args: readonly string[], cwd: string, path: string): Promise<Outcome> {
  const port = 20_000 + (process.pid % 10_000);
  const env = environment({ PORT: String(port), HOSTNAME: '127.0.0.1', NODE_ENV: 'production' });
  const server = spawn(command, [...args], { cwd, env });
  let stderr = '';
  server.stderr.on('data', (data) => (stderr += data));
  try {
    for (let tries = 0; tries < 150; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
      if (answer !== null) return { status: answer.ok ? 0 : 1, stdout: await answer.text(), stderr };
    }
    return { status: 1, stdout: '', stderr: `no answer: ${stderr}` };
  } finally {
    server.kill();
  }
}

/** Nothing, or what is wrong. */
export function judge({ status, stdout, stderr }: Outcome, expected: Expected): string {
  const backend = stdout.match(/computed on ([\w:]+), loss true/)?.[1];
  if (status !== 0 || backend === undefined) return `ended with ${status}: ${stdout}${stderr}`;
  if (expected === 'native') return backend.startsWith('native:') ? '' : `computes on ${backend}: ${stderr}`;
  if (backend.startsWith('native:')) return `computes on ${backend}`;
  return expected.test(stderr) ? '' : `does not say what to do: ${stderr}`;
}

export const requireHere = require;
