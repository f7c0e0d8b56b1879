// A unity build: sources of one folder are compiled several at a time, as one translation unit. Most of a compiler's time goes into the
// headers that they share.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const posix = (path) => path.replaceAll('\\', '/');

/** A table of kernels takes as long as a unit; of core the C++ tests replace a file. */
const isJoined = (source) => /^native\/(binding|distributed|ops|program)\//.test(source);
const mostInUnit = 9;

/** All C++ sources of the library, relative to the root. */
export function nativeSources() {
  return readFileSync(join(root, 'native/sources.txt'), 'utf8').trim().split(/\s+/);
}

/**
 * Writes the units, which include their sources. A file that would not change is left as it is, for make.
 * @param folder where to, relative to the root
 * @param kindOf how a source is compiled: those of a unit are of one kind, which ends its name
 * @returns what to compile: the units, and sources that stay alone
 */
export function writeUnits(folder, sources, kindOf = () => '') {
  const groups = new Map();
  const result = [];
  for (const source of sources) {
    const kind = kindOf(source);
    if (isJoined(source)) {
      const key = source.split('/')[1] + kind;
      if (!groups.has(key)) groups.set(key, { kind, sources: [] });
      groups.get(key).sources.push(source);
    } else {
      result.push({ source, kind });
    }
  }
  mkdirSync(join(root, folder), { recursive: true });
  for (const [key, { kind, sources }] of groups) {
    const units = Math.ceil(sources.length / mostInUnit);
    for (let i = 0; i < units; i++) {
      const source = posix(join(folder, `${key}-${i + 1}.cc`));
      // Every nth, since neighbours by name are alike, large ones too.
      const text = sources
        .filter((_, j) => j % units === i)
        .map((each) => `#include "${posix(relative(join(root, folder), join(root, each)))}"\n`)
        .join('');
      writeWhereNew(join(root, source), text);
      result.push({ source, kind });
    }
  }
  return result;
}

function writeWhereNew(file, text) {
  let before;
  try {
    before = readFileSync(file, 'utf8');
  } catch {
    // There is none yet.
  }
  if (before !== text) writeFileSync(file, text);
}

// For binding.gyp and CMakeLists.txt: the units of node-gyp's build.
if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  for (const { source } of writeUnits('build/units', nativeSources())) console.log(source);
}
