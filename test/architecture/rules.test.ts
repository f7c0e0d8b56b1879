/** Every rule is shown sources that break it, so that a rule that never finds anything fails here. */
import { describe, expect, it } from 'vitest';
import { format } from './files.js';
import { type RuleName, rules } from './rules.js';

type Tree = Readonly<Record<string, string>>;

/** A small house that keeps every rule. */
const good: Tree = {
  'src/errors.ts': 'export class ShapeError extends Error {}',
  'src/check.ts': "import { ShapeError } from './errors.js';\nexport const check = () => new ShapeError();",
  'src/ops/ops.ts': "export type DType = 'float32';",
  'src/ops/mask.ts': 'export const maskKey = 1;',
  'src/ops/load.ts':
    "import { createRequire } from 'node:module';\nexport const load = () => createRequire('')('x.node');",
  'src/ops/native.ts': "import type { load } from './load.js';\nexport type Native = typeof load;",
  'src/ops/backend.ts':
    "import { load } from './load.js';\nimport type { Native } from './native.js';\nexport const b: Native = load;",
  'src/random/generator.ts':
    "import { maskKey } from '../ops/mask.js';\nimport { type DType } from '../ops/ops.js';\nexport const g: [number, DType?] = [maskKey];",
  'src/tensor/tensor.ts':
    "import { b } from '../ops/backend.js';\nimport { g } from '../random/generator.js';\nexport const t = [b, g];",
  'src/functional/relu.ts':
    "import { t } from '../tensor/tensor.js';\nexport const relu = (): unknown => t as unknown;",
  'src/nn/relu.ts':
    "import { relu } from '../functional/relu.js';\nexport const layer = relu; // as unknown, and as unknown again",
  'src/data/idx.ts': "import type { DType } from '../ops/ops.js';\nexport const any: DType = 'float32';",
  'src/index.ts': "export * as nn from './nn/relu.js';\nexport * as data from './data/idx.js';",
  'examples/a/main.ts': "import { nn } from 'lanewise';\nconsole.log(nn);",
  'bench/run.ts': "import { nn } from '../src/index.js';\nconsole.log(nn);",
  'test/a.test.ts': "import { nn } from '../src/index.js';\nconsole.log(nn);",
  'native/core/aligned.h': '#include <new>',
  'native/core/thread_pool.h': '#include <atomic>\n#include "aligned.h"',
  'native/kernels/table.h': '#include <cstddef>\nstruct Table;  // a new table; not malloc()',
  'native/kernels/generic/relu-inl.h': 'static void relu(std::size_t n) { x[i] = a[n]; }  // std::vector, [&] { }',
  'native/ops/relu.cc': '#include <vector>\n#include "../core/thread_pool.h"\n#include "../kernels/table.h"',
  'native/binding/addon.cc':
    '#include <node_api.h>\n#include "../ops/relu.h"\nnapi_create_external_arraybuffer(env, instance.frame.data(), n);',
  'native/test/relu.cc': '#include "../ops/relu.h"',
  'binding.gyp': '{ "cflags": ["-O3"] }  # never -ffast-math',
  'package.json': '{}',
};

interface Row {
  readonly rule: RuleName;
  /** What is changed or added in the good house. */
  readonly bad: Tree;
  /** What the message must name. */
  readonly says: readonly string[];
}

const many = (count: number) => 'x\n'.repeat(count);

const rows: readonly Row[] = [
  {
    rule: 'layerOrder',
    bad: { 'src/nn/relu.ts': "import { b } from '../ops/backend.js';" },
    says: ['src/nn/relu.ts:1', 'src/ops/backend.ts', 'src/nn may reach only'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/ops/mask.ts': "\nimport { t } from '../tensor/tensor.js';" },
    says: ['src/ops/mask.ts:2', 'src/ops may reach only errors, check'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/errors.ts': "export * from './check.js';" },
    says: ['src/errors may reach nothing'],
  },
  { rule: 'layerOrder', bad: { 'src/check.ts': "const x = await import('./ops/ops.js');" }, says: ['src/check.ts:1'] },
  {
    rule: 'layerOrder',
    bad: { 'src/tensor/tensor.ts': "type R = import('../functional/relu.js').R;" },
    says: ['src/tensor/tensor.ts:1', 'src/functional/relu.ts'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/random/generator.ts': "import { b } from '../ops/backend.js';" },
    says: ['src/ops/backend.ts'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/random/generator.ts': "import { signatures } from '../ops/ops.js';" },
    says: ['only the types of it'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/random/generator.ts': "import { signatures, type DType } from '../ops/ops.js';" },
    says: ['only the types of it'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/optim/sgd.ts': "import { fit } from '../train/fit.js';" },
    says: ['src/optim may reach only'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/nn/linear.ts': "import { SGD } from '../optim/sgd.js';" },
    says: ['src/nn may reach only'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/data/loader.ts': "import { layer } from '../nn/relu.js';" },
    says: ['src/data may reach only'],
  },
  {
    rule: 'layerOrder',
    bad: { 'src/extras/a.ts': "import { t } from '../tensor/tensor.js';" },
    says: ['src/extras has no place'],
  },
  {
    rule: 'addonIsHidden',
    bad: { 'src/tensor/tensor.ts': "import { load } from '../ops/load.js';" },
    says: ['src/tensor/tensor.ts:1', 'only src/ops knows the addon'],
  },
  {
    rule: 'addonIsHidden',
    bad: { 'src/ops/native.ts': "import { createRequire } from 'node:module';" },
    says: ['src/ops/native.ts', 'createRequire'],
  },
  {
    rule: 'addonIsHidden',
    bad: { 'src/ops/host.ts': "export const path = 'build/Release/lanewise.node';" },
    says: ['src/ops/host.ts', '.node'],
  },
  {
    rule: 'srcStandsAlone',
    bad: { 'src/nn/relu.ts': "import '../../test/helpers/backends.js';" },
    says: ['test/helpers/backends.ts'],
  },
  { rule: 'srcStandsAlone', bad: { 'src/nn/relu.ts': "import lodash from 'lodash';" }, says: ['imports lodash'] },
  {
    rule: 'srcStandsAlone',
    bad: { 'src/cli/train.ts': "import { parse } from 'csv-parse';" },
    says: ['imports csv-parse'],
  },
  {
    rule: 'srcStandsAlone',
    bad: { 'src/cli/train.ts': "import { emit } from '../internal.js';" },
    says: ['src/internal.ts is for others'],
  },
  {
    rule: 'srcStandsAlone',
    bad: { 'src/onnx/export.ts': "import { create } from '@bufbuild/protobuf';" },
    says: ['imports @bufbuild/protobuf'],
  },
  {
    rule: 'srcStandsAlone',
    bad: { 'src/nn/relu.ts': "import { nn } from '../index.js';" },
    says: ['src/index.ts is for others'],
  },
  {
    rule: 'othersKeepToTheirSide',
    bad: { 'examples/a/main.ts': "import { nn } from '../../src/index.js';" },
    says: ['examples/a/main.ts:1'],
  },
  {
    rule: 'othersKeepToTheirSide',
    bad: { 'bench/run.ts': "import { x } from '../test/helpers/values.js';" },
    says: ['bench/run.ts:1'],
  },
  {
    rule: 'noCircles',
    bad: {
      'src/ops/ops.ts': "import type { maskKey } from './mask.js';",
      'src/ops/mask.ts': "export type { DType } from './ops.js';",
    },
    says: ['src/ops/ops.ts -> src/ops/mask.ts -> src/ops/ops.ts'],
  },
  { rule: 'noCircles', bad: { 'src/check.ts': "import './check.js';" }, says: ['src/check.ts -> src/check.ts'] },
  {
    rule: 'nativeOrder',
    bad: { 'native/core/aligned.h': '#include "../kernels/table.h"' },
    says: ['native/core/aligned.h:1', 'native/kernels/table.h', 'only itself'],
  },
  {
    rule: 'nativeOrder',
    bad: { 'native/kernels/table.h': '\n#  include "../ops/ops.h"' },
    says: ['native/kernels/table.h:2', 'may reach only core'],
  },
  {
    rule: 'nativeOrder',
    bad: { 'native/ops/relu.cc': '#include "../binding/call.h"' },
    says: ['native/ops may reach only'],
  },
  {
    rule: 'nativeOrder',
    bad: { 'native/test/relu.cc': '#include "../binding/call.h"' },
    says: ['native/test may reach only'],
  },
  { rule: 'nativeOrder', bad: { 'native/misc/a.h': '' }, says: ['native/misc'] },
  {
    rule: 'onlyBindingKnowsNode',
    bad: { 'native/ops/relu.cc': '#include <napi.h>' },
    says: ['native/ops/relu.cc:1', 'napi.h'],
  },
  { rule: 'onlyBindingKnowsNode', bad: { 'native/core/aligned.h': '#include <node_api.h>' }, says: ['node_api.h'] },
  {
    rule: 'noExternalMemory',
    bad: { 'native/binding/addon.cc': '\nnapi_create_external_buffer(env, n, data, nullptr, nullptr, &out);' },
    says: ['native/binding/addon.cc:2', 'napi_create_external_buffer'],
  },
  {
    rule: 'noExternalMemory',
    bad: { 'native/binding/addon.cc': 'napi_create_external_arraybuffer(env, other.data(), n, free, nullptr, &out);' },
    says: ['napi_create_external_arraybuffer'],
  },
  {
    rule: 'noIncludeCircles',
    bad: { 'native/core/aligned.h': '#include "thread_pool.h"' },
    says: ['a circle of includes'],
  },
  {
    rule: 'kernelsOnlyCompute',
    bad: { 'native/kernels/table.h': '#include <thread>' },
    says: ['native/kernels/table.h:1', 'thread'],
  },
  {
    rule: 'kernelsOnlyCompute',
    bad: { 'native/kernels/table.h': '#include "../core/thread_pool.h"' },
    says: ['thread_pool.h'],
  },
  { rule: 'kernelsOnlyCompute', bad: { 'native/kernels/table.h': '#include <vector>' }, says: ['includes vector'] },
  {
    rule: 'kernelsOnlyCompute',
    bad: { 'native/kernels/generic/relu-inl.h': '\nfloat* a = new float[3];' },
    says: ['relu-inl.h:2', 'allocation: new'],
  },
  {
    rule: 'kernelsOnlyCompute',
    bad: { 'native/kernels/generic/relu-inl.h': 'auto a = malloc (3);' },
    says: ['allocation: malloc'],
  },
  {
    rule: 'kernelsOnlyCompute',
    bad: { 'native/kernels/generic/relu-inl.h': 'static thread_local int a;' },
    says: ['threads: thread_local'],
  },
  {
    rule: 'regionsAreClean',
    bad: { 'native/kernels/generic/relu-inl.h': '#include <cmath>' },
    says: ['a system header'],
  },
  {
    rule: 'regionsAreClean',
    bad: { 'native/kernels/isa/avx2/vec.h': 'auto a = std::max(b, c);' },
    says: ['vec.h:1', 'std::max'],
  },
  {
    rule: 'regionsAreClean',
    bad: { 'native/kernels/isa/avx2/vec.h': 'auto f = [&](int i) { return i; };' },
    says: ['a lambda'],
  },
  { rule: 'shortFiles', bad: { 'src/nn/relu.ts': many(401) }, says: ['src/nn/relu.ts: has 401 lines'] },
  { rule: 'shortFiles', bad: { 'native/ops/relu.cc': many(500) }, says: ['500 lines'] },
  {
    rule: 'typesAreChecked',
    bad: { 'src/nn/relu.ts': '\nexport const f = (x: any) => x;' },
    says: ['src/nn/relu.ts:2', 'the type any'],
  },
  {
    rule: 'typesAreChecked',
    bad: { 'src/nn/relu.ts': 'export const x = (3 as unknown) as string;\nexport const y = 3 as unknown as string;' },
    says: ['src/nn/relu.ts:1', 'src/nn/relu.ts:2', 'as unknown as'],
  },
  { rule: 'typesAreChecked', bad: { 'src/nn/relu.ts': '// @ts-ignore' }, says: ['@ts-ignore'] },
  { rule: 'typesAreChecked', bad: { 'src/nn/relu.ts': '// biome-ignore lint: x' }, says: ['biome-ignore'] },
  { rule: 'noLeftovers', bad: { 'src/nn/relu.ts': '\n// TODO: more' }, says: ['src/nn/relu.ts:2', 'TODO'] },
  { rule: 'noLeftovers', bad: { 'native/ops/relu.cc': '// serial for now' }, says: ['for now'] },
  {
    rule: 'noMachinePaths',
    bad: { 'bench/run.ts': `const p = '${'/tm'}p/x';` },
    says: ['bench/run.ts', 'absolute path'],
  },
  { rule: 'noFastMath', bad: { 'binding.gyp': '{ "cflags": ["-ffast-math"] }' }, says: ['binding.gyp', '-ffast-math'] },
  { rule: 'noFastMath', bad: { 'native/CMakeLists.txt': 'add_compile_options(-Ofast)' }, says: ['-Ofast'] },
  {
    rule: 'noFastMath',
    bad: { 'native/ops/relu.cc': '#pragma GCC optimize("fast-math")' },
    says: ['native/ops/relu.cc'],
  },
  {
    rule: 'noRealmOfItsOwn',
    bad: {
      'src/nn/relu.ts':
        'const a = b instanceof Float32Array || b instanceof Promise || Array.isArray(b) || b instanceof ShapeError;',
    },
    says: ['instanceof Float32Array', 'instanceof Promise', 'Array.isArray('],
  },
];

const check = (rule: RuleName, tree: Tree): string =>
  rules[rule](Object.entries(tree).map(([path, text]) => ({ path, text })))
    .map(format)
    .join('\n');

describe('rules of the house', () => {
  it.each(Object.keys(rules) as RuleName[])('%s finds nothing in a good house', (rule) => {
    expect(check(rule, good)).toBe('');
  });

  it.each(Object.keys(rules) as RuleName[])('%s has a bad example', (rule) => {
    expect(rows.map((row) => row.rule)).toContain(rule);
  });

  it.each(rows)('$rule finds $says', ({ rule, bad, says }) => {
    const found = check(rule, { ...good, ...bad });
    for (const part of says) expect(found).toContain(part);
  });

  it('every floor may reach only what stands in its line', () => {
    // The order of the floors, said a second time: no floor may import one that may import it.
    const floors = [
      'errors',
      'realm',
      'copies',
      'check',
      'ops',
      'random',
      'tensor',
      'files',
      'functional',
      'distributed',
      'nn',
      'optim',
      'data',
      'io',
      'compile',
      'train',
      'onnx',
    ];
    const files = ['errors', 'realm', 'copies', 'check'];
    for (const low of floors)
      for (const high of floors.slice(floors.indexOf(low) + 1)) {
        const from = files.includes(low) ? `src/${low}.ts` : `src/${low}/a.ts`;
        const to = files.includes(high) ? `./${high}.js` : `${files.includes(low) ? './' : '../'}${high}/b.js`;
        expect(check('layerOrder', { [from]: `import '${to}';` }), `${low} imports ${high}`).not.toBe('');
      }
  });
});
