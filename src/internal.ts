/**
 * What the benchmark and the entries for `import` take from inside the built package, in addition to the public face and in the same
 * copy. Not part of the public API: package.json exports no path to it.
 */
export { Program } from './compile/program.js';
export { isMusl, places } from './ops/addon-files.js';
export { getBackend } from './ops/backend.js';
export { loadAddon } from './ops/load.js';
export { emit } from './pointwise/emit.js';
export { ExpressionGraph as Graph } from './pointwise/expression.js';
