/**
 * Rolls the declarations that tsc has written to dist/types up into a few files next to the code in dist/lib. They belong to the CommonJS
 * files; those of the entries for `import` hand them on, so that both are the same types.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const root = fileURLToPath(new URL('../', import.meta.url));
const types = join(root, 'dist/types');
const out = join(root, 'dist/lib');
const tensor = join(types, 'tensor/tensor.d.ts');

/** What a file adds to the class Tensor, which no roll-up understands: `declare module '../tensor/tensor.js' { interface Tensor {...} }`. */
const augmentation = /declare module '\.\.\/tensor\/tensor\.js' \{\n {4}interface Tensor \{\n([\s\S]*?)\n {4}\}\n\}\n/;

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The files that add to Tensor, each with the name of the interface that its part becomes. */
const parts = new Map(
  files(types)
    .filter((path) => augmentation.test(readFileSync(path, 'utf8')))
    .sort()
    .map((path, i) => [path, `TensorMethods${i + 1}`]),
);

/** Says the same without augmentation: an interface for each part, and a Tensor that extends them all. */
const withoutAugmentation: Plugin = {
  name: 'without-augmentation',
  transform(code, id) {
    const path = resolve(id);
    const name = parts.get(path);
    if (name !== undefined) {
      const importsTensor = /import (?:type )?\{[^}]*\bTensor\b[^}]*\} from '\.\.\/tensor\/tensor\.js'/.test(code);
      const text = code.replace(augmentation, (_all, body) => `export interface ${name} {\n${body}\n}\n`);
      return importsTensor ? text : `import { Tensor } from '../tensor/tensor.js';\n${text}`;
    }
    if (path !== tensor) return null;
    const imports = [...parts].map(
      ([file, part]) => `import { ${part} } from './${relative(dirname(tensor), file).replace(/\.d\.ts$/, '.js')}';\n`,
    );
    return `${imports.join('')}${code}\nexport interface Tensor extends ${[...parts.values()].join(', ')} {}\n`;
  },
};

if (parts.size === 0) throw new Error('no file adds methods to Tensor: has the way they are declared changed?');
const inputs = ['index.d.ts', 'onnx/index.d.ts'].map((name) => join(types, name));
const bundle = await rollup({
  input: { index: inputs[0]!, 'onnx/index': inputs[1]! },
  external: ['echarts', 'simple-ascii-chart'],
  plugins: [withoutAugmentation, dts()],
  onwarn(warning) {
    // Types that only the shared file exports were never to be named from outside; names marked @internal are missing in what re-exports them.
    if (
      !['CIRCULAR_DEPENDENCY', 'MISSING_EXPORT'].includes(warning.code ?? '') &&
      !warning.message.includes('private shared type')
    )
      throw new Error(warning.message);
  },
});
const { output } = await bundle.generate({
  format: 'es',
  entryFileNames: '[name].d.cts',
  // In one file: of a namespace in another one the roll-up makes values of types.
  manualChunks: (id) => (inputs.includes(resolve(id)) ? null : 'types'),
  chunkFileNames: 'types.d.cts',
  minifyInternalExports: false,
});
for (const chunk of output as OutputChunk[]) {
  // An alias of a class must not repeat the `const` of its type parameters.
  writeFileSync(join(out, chunk.fileName), chunk.code.replace(/^(\s*type [\w$]+<)const /gm, '$1'));
  if (chunk.isEntry) writeFileSync(join(out, `${chunk.name}.d.ts`), `export * from './index.cjs';\n`);
}
if (!existsSync(join(out, 'types.d.cts'))) throw new Error('the entries share no declarations');
