/** The process of a Node contender: `node --import tsx node.ts ID`. */
import { loadCases, type NodeContender } from '../case.js';
import type { Description } from '../protocol.js';
import { bareStart, nativePrefix, withImport } from './contenders.js';
import { type Library, loadLibrary } from './library.js';
import { serve } from './serve.js';

const id = process.argv[2] ?? '';
const library = id === bareStart || id === withImport ? null : await loadLibrary(id);
const isa = id.startsWith(nativePrefix) ? id.slice(nativePrefix.length) : null;
const cases = new Map((await loadCases()).map((each) => [each.name, each]));

const contender: NodeContender = { id, library: needLibrary };

function needLibrary(): Library {
  if (library === null) throw new Error(`${id} runs without the library`);
  return library;
}

function describe(): Description {
  const versions = { node: process.versions.node };
  if (library === null) return { versions, isa, threads: 1, threadSource: 'one process', backends: [] };
  const { available, threads, threadSource, native } = library.lanewise.backend.info();
  const addon = native.version === null ? {} : { 'lanewise addon': native.version };
  return { versions: { ...versions, ...addon }, isa, threads, threadSource, backends: available };
}

await serve(
  {
    describe,
    prepare(caseName, params) {
      const found = cases.get(caseName);
      if (found === undefined) throw new Error(`no case ${caseName}`);
      return found.prepare(params, contender);
    },
    setThreads(count) {
      if (isa !== null) needLibrary().lanewise.backend.threads = count;
    },
    peak(threads, ms) {
      if (isa === null) throw new Error(`${id} has no instruction set of its own`);
      return needLibrary().fmaPeak(isa, threads, ms);
    },
  },
  process.stdin,
  process.stdout,
);
