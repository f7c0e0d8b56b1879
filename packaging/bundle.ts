/**
 * Makes the code of the package in dist/lib, once, as CommonJS, and the entries for `import` that hand it on: so a process that uses both
 * `import` and `require` has one library. README.md says why this way round.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = join(root, 'dist/lib');

/** By name under dist/lib. */
const entries = {
  index: 'src/index.ts',
  internal: 'src/internal.ts',
  'onnx/index': 'src/onnx/index.ts',
  'cli/main': 'src/cli/main.ts',
  'data-worker': 'src/data/workers/entry.ts',
};

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: Object.entries(entries).map(([name, source]) => ({ in: source, out: name })),
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  keepNames: true,
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true,
  metafile: true,
  write: false,
});

/** Where a file of CommonJS lies, as `import.meta.url` of a module; empty in a bundle of modules, which has no `__filename`. */
const place =
  "const fileUrl = typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : '';";

/** What few programs need and Node takes milliseconds to load: zlib brings the streams. */
const slowBuiltins = new Set(
  ['zlib', 'stream', 'stream/promises', 'fs/promises', 'crypto', 'timers/promises'].map((name) => `node:${name}`),
);
const atFirstUse =
  'const atFirstUse = (name) => new Proxy({}, { get: (_, key) => process.getBuiltinModule(name)[key] });';

const notBundled = '/* webpackIgnore: true *//* turbopackIgnore: true *//* @vite-ignore */';

/** The files of the package that are CommonJS: chunks of the bundle, one by one. */
async function asCommonJs(code: string): Promise<string> {
  const usesPlace = code.includes('import.meta.url');
  const made = await transform(code, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    define: { 'import.meta.url': 'fileUrl' },
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    lineLimit: 160,
  });
  // esbuild breaks lines within strings too, where bundlers that indent would add to the string.
  const whole = made.code.replaceAll('\\\n', '');
  // In CommonJS ncc and nft look for __dirname.
  const located = whole.replace(
    /new URL\(([`'"])(\.\.\/\.\.\/(?:prebuilds|dist)\/[^`'"]*)\1,fileUrl\)/g,
    'process.getBuiltinModule("node:url").pathToFileURL(__dirname+`/$2`)',
  );
  const renamed = located.replace(/\b(require|import)\("(\.[^"]*)\.js"\)/g, '$1("$2.cjs")');
  // Not `require`, which esbuild has no way to write into a bundle of modules.
  const built = renamed.replace(/\brequire\("([^".][^"]*)"\)/g, (all, name) =>
    isBuiltin(name) ? `process.getBuiltinModule("${name}")` : all,
  );
  const late = built.replace(/=process\.getBuiltinModule\("(node:[^"]*)"\)/g, (all, name) =>
    slowBuiltins.has(name) ? `=atFirstUse("${name}")` : all,
  );
  const usesSlow = late !== built;
  // What a program names at run time is no business of bundlers, whose comments esbuild takes away.
  const free = late.replace(/\bimport\((?=[\w$]+\))/g, `import(${notBundled}`);
  const hashbang = free.match(/^#!.*\n/)?.[0] ?? '';
  return `${hashbang}"use strict";${usesPlace ? place : ''}${usesSlow ? atFirstUse : ''}${free.slice(hashbang.length).replace(/^"use strict";/, '')}`;
}

/** The entry for `import`, which also says where it lies itself, in words that bundlers understand. */
function asModule(name: string, exported: readonly string[]): string {
  const file = `./${basename(name)}.cjs`;
  if (name === 'cli/main') return `#!/usr/bin/env node\nimport '${file}';\n`;
  const names = exported.filter((each) => each !== 'default');
  const handOn = `import api from '${file}';\nexport const {\n${names.map((each) => `  ${each},\n`).join('')}} = api;\n`;
  if (name !== 'index')
    return name === 'internal' ? handOn : `import '${relative(dirname(name), 'index.js')}';\n${handOn}`;
  return `import internal from './internal.cjs';
${handOn}
internal.places.unshift({
  here: import.meta.url,
  prebuilt() {
    try {
      return internal.isMusl()
        ? new URL(\`../../prebuilds/\${process.platform}-\${process.arch}/lanewise.musl.node\`, import.meta.url)
        : new URL(\`../../prebuilds/\${process.platform}-\${process.arch}/lanewise.node\`, import.meta.url);
    } catch {
      return null;
    }
  },
  wasm() {
    try {
      return new URL('../../prebuilds/wasm/lanewise.wasm', import.meta.url);
    } catch {
      return null;
    }
  },
});
`;
}

rmSync(out, { recursive: true, force: true });
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path.replace(/\.js$/, '.cjs'), await asCommonJs(text));
}
for (const name of Object.keys(entries)) {
  // Started as a thread, never imported.
  if (name === 'data-worker') continue;
  const exported = metafile.outputs[`dist/lib/${name}.js`]?.exports ?? [];
  writeFileSync(join(out, `${name}.js`), asModule(name, exported));
}
