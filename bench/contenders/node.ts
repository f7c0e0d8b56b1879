/** The process of a Node contender: `node --import tsx node.ts ID [BACKEND]`; without a backend on that of its id. */
import { loadCases, type NodeContender } from '../case.js';
import type { Description } from '../protocol.js';
import { bareStart, isasOf, nativeCompiled, withImport } from './contenders.js';
import { type Library, loadLibrary } from './library.js';
import { serve } from './serve.js';

const [id = '', backendName = id] = process.argv.slice(2);
const isa = isasOf([backendName])[0] ?? null;
const library = id === bareStart || id === withImport ? null : await loadLibrary(backendName);
const cases = new Map((await loadCases()).map((each) => [each.name, each]));

const contender: NodeContender = { id, compiles: id === nativeCompiled, library: needLibrary };

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

await serve({
  describe,
  prepare(caseName, _program, params) {
    const found = cases.get(caseName);
    if (found === undefined || found.contenders === 'study') throw new Error(`no case ${caseName} to time`);
    return found.prepare(params, contender);
  },
  study(caseName, params, seconds) {
    const found = cases.get(caseName);
    if (found?.contenders !== 'study') throw new Error(`no study ${caseName}`);
    return found.measure(params, contender, seconds);
  },
  setThreads(count) {
    if (isa !== null) needLibrary().lanewise.backend.threads = count;
  },
  peak(threads, ms) {
    if (isa === null) throw new Error(`${id} has no instruction set of its own`);
    return needLibrary().fmaPeak(isa, threads, ms);
  },
});
