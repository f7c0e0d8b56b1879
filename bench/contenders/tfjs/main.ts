/** The process of TensorFlow.js: `node --import tsx main.ts tfjs-cpu|tfjs-wasm`. */
import { tfjsWasm } from '../contenders.js';
import { serve } from '../serve.js';

const { programs, settle } = await import('./programs.js').catch((error: unknown) => {
  console.error(error);
  console.error('is not installed: npm ci --prefix bench');
  process.exit(1);
});
const { version, isa, notes } = await settle(process.argv[2] === tfjsWasm ? 'wasm' : 'cpu');

await serve({
  describe: () => ({
    versions: { tfjs: version, node: process.versions.node },
    isa,
    threads: 1,
    threadSource: 'its backends have one thread in Node',
    notes,
    programs: [...programs.keys()],
    backends: [],
  }),
  prepare(_case, program, params) {
    const prepare = programs.get(program);
    if (prepare === undefined) throw new Error(`no program ${program}`);
    return prepare(params);
  },
});
