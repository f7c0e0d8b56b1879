/** Who may include whom among the C++ files, and what kernels may not do. */
import { posix } from 'node:path';
import type { Rule, SourceFile, Violation } from './files.js';

/** What the files of a folder of native may include besides their own. */
const floors: Readonly<Record<string, readonly string[]>> = {
  core: [],
  kernels: ['core'],
  ops: ['core', 'kernels'],
  program: ['core', 'kernels', 'ops', 'distributed'],
  distributed: ['core'],
  binding: ['core', 'kernels', 'ops', 'program', 'distributed'],
  wasm: ['core', 'kernels', 'ops', 'program', 'distributed'],
  test: ['core', 'kernels', 'ops', 'program', 'distributed', 'bench'],
  bench: ['core', 'kernels', 'ops'],
};

const isNative = ({ path }: SourceFile): boolean => /^native\/.*\.(cc|h|inc)$/.test(path);
const isKernel = ({ path }: SourceFile): boolean => /^native\/kernels\/.*\.(cc|h|inc)$/.test(path);
/** Files that are included inside a target region. */
const isInRegion = ({ path }: SourceFile): boolean =>
  /^native\/kernels\/(generic\/.*-inl|isa\/[^/]+\/(vec|.*-inl))\.h$/.test(path);

/** Text without comments, of the same lines. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '));
}

interface Include {
  readonly name: string;
  readonly system: boolean;
  readonly path: string;
}

function includesOf(file: SourceFile): Include[] {
  const lines = withoutComments(file.text).split('\n');
  return lines.flatMap((line, i) => {
    const match = /^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")/.exec(line);
    if (match === null) return [];
    const [, system, own] = match;
    const name = system ?? posix.join(posix.dirname(file.path), own!);
    return [{ name, system: system !== undefined, path: `${file.path}:${i + 1}` }];
  });
}

const folderOf = (path: string): string | null => /^native\/([^/]+)\//.exec(path)?.[1] ?? null;

const violation = ({ path, name }: Include, rule: string): Violation => ({ path, what: `includes ${name}`, rule });

/** core <- kernels <- ops <- program <- binding, wasm; tests reach everything but these two. */
export const nativeOrder: Rule = (files) =>
  files.filter(isNative).flatMap((file) => {
    const from = folderOf(file.path);
    if (from === null || !Object.hasOwn(floors, from))
      return [{ path: file.path, what: `lies in native/${from ?? ''}`, rule: 'every folder of native has its floor' }];
    return includesOf(file).flatMap((include) => {
      if (include.system) return [];
      const to = folderOf(include.name);
      if (to === from || (to !== null && floors[from]!.includes(to))) return [];
      return [violation(include, `native/${from} may reach only ${floors[from]!.join(', ') || 'itself'}`)];
    });
  });

/** The library that tests preload into Node and the benchmark's measurement of the peak are separate addons. */
const isOtherAddon = ({ path }: SourceFile): boolean => /^native\/(test\/preload|bench\/peak)\//.test(path);

export const onlyBindingKnowsNode: Rule = (files) =>
  files
    .filter((file) => isNative(file) && folderOf(file.path) !== 'binding' && !isOtherAddon(file))
    .flatMap(includesOf)
    .filter(({ name }) => /(^|\/)(napi(-inl)?|node_api|js_native_api|node|v8|uv)\.h$/.test(name))
    .map((include) => violation(include, 'only native/binding includes the headers of Node'));

/** Memory of the instance outlives every array over it: the frame that lists of numbers cross in. */
const externalFrame = 'napi_create_external_arraybuffer(env, instance.frame.data()';

/** Results go out copied: Electron and others forbid buffers over memory of an addon. */
export const noExternalMemory: Rule = (files) =>
  files
    .filter((file) => folderOf(file.path) === 'binding')
    .flatMap(({ path, text }) =>
      [...text.matchAll(/(napi|node_api)_create_external\w*/g)]
        .filter(({ index }) => !text.startsWith(externalFrame, index))
        .map(({ 0: name, index }) => ({
          path: `${path}:${text.slice(0, index).split('\n').length}`,
          what: `calls ${name}`,
          rule: 'no memory of the addon is handed to JavaScript',
        })),
    );

/** No circle of includes. */
export const noIncludeCircles: Rule = (files) => {
  const graph = new Map(
    files.filter(isNative).map((file) => [file.path, includesOf(file).filter(({ system }) => !system)] as const),
  );
  return [...graph.keys()].flatMap((start) => {
    const seen = new Set<string>();
    const stack = [...(graph.get(start) ?? [])];
    for (let include = stack.pop(); include !== undefined; include = stack.pop()) {
      if (include.name === start) return [violation(include, `a circle of includes goes through ${start}`)];
      if (seen.has(include.name)) continue;
      seen.add(include.name);
      stack.push(...(graph.get(include.name) ?? []));
    }
    return [];
  });
};

const threadHeaders =
  /^(thread|mutex|shared_mutex|condition_variable|atomic|future|stop_token|semaphore|barrier|latch|pthread\.h|omp\.h)$/;
const memoryHeaders =
  /^(vector|string|memory|map|set|list|deque|functional|unordered_map|unordered_set|new|cstdlib|stdlib\.h|malloc\.h)$/;
const ownHeaders = /^native\/core\/(thread_pool|thread_count|function_ref|aligned)\.h$/;
const forbiddenInKernels: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\b(malloc|calloc|realloc|aligned_alloc|posix_memalign|_mm_malloc|alloca)\s*\(/, 'allocation'],
  [/\bnew\b(?!\s*line)|\bdelete\b(?!\s*;)/, 'allocation'],
  [/\bstd::(vector|string|unique_ptr|shared_ptr|make_unique|make_shared|function|map|set|deque)\b/, 'allocation'],
  [/\bstd::(thread|jthread|mutex|atomic|lock_guard|unique_lock|condition_variable|async)\b/, 'threads'],
  [/\bthread_local\b|#\s*pragma\s+omp\b/, 'threads'],
];

/** Kernels are single-threaded arithmetic on raw ranges. */
export const kernelsOnlyCompute: Rule = (files) =>
  files.filter(isKernel).flatMap((file) => {
    const rule = 'kernels know no threads and no allocation';
    const includes = includesOf(file)
      .filter(({ name }) => threadHeaders.test(name) || memoryHeaders.test(name) || ownHeaders.test(name))
      .map((include) => violation(include, rule));
    return [...includes, ...matches(file, forbiddenInKernels, rule)];
  });

const forbiddenInRegions: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\s*#\s*include\s*</m, 'a system header'],
  // What the compiler builds in, and types. Anything else would be instantiated for this instruction set only.
  [
    /\bstd::(?!(memcpy|memset|size_t|ptrdiff_t|u?int\d+_t|uintptr_t)\b)\w+/,
    'a function or template of the standard library',
  ],
  [/\[[&=]?[\w&, ]*\]\s*\([^)]*\)\s*(mutable\s*)?(->[^{]+)?\{/, 'a lambda'],
];

/** Nothing that the linker may share is compiled inside a target region. */
export const regionsAreClean: Rule = (files) =>
  files
    .filter(isInRegion)
    .flatMap((file) =>
      matches(file, forbiddenInRegions, 'nothing that the linker may share stands in a target region'),
    );

function matches(file: SourceFile, patterns: readonly (readonly [RegExp, string])[], rule: string): Violation[] {
  const text = withoutComments(file.text);
  return patterns.flatMap(([pattern, what]) =>
    [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map((match) => ({
      path: `${file.path}:${text.slice(0, match.index).split('\n').length}`,
      what: `has ${what}: ${match[0].trim()}`,
      rule,
    })),
  );
}
