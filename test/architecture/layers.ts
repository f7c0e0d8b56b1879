/** Which TypeScript folder may import which: the table of src/README.md, as data. */
import type { Rule, SourceFile, Violation } from './files.js';
import { type Import, importsOf, isTypeScript } from './imports.js';

/** What the files of a floor of src may import; its own floor is always allowed. */
const floors = {
  errors: [],
  realm: [],
  copies: [],
  check: ['errors', 'realm', 'copies'],
  ops: ['errors', 'check', 'realm', 'copies'],
  pointwise: ['errors', 'check', 'ops'],
  random: ['errors', 'check', 'realm', 'copies'],
  tensor: ['errors', 'check', 'ops', 'pointwise', 'random', 'realm', 'copies'],
  files: ['errors', 'check', 'tensor', 'realm'],
  functional: ['errors', 'check', 'ops', 'pointwise', 'random', 'tensor', 'realm', 'copies'],
  distributed: ['errors', 'check', 'ops', 'tensor', 'realm', 'copies'],
  nn: ['errors', 'check', 'random', 'tensor', 'functional', 'distributed', 'realm', 'copies'],
  optim: ['errors', 'check', 'ops', 'pointwise', 'tensor', 'functional', 'nn', 'realm', 'copies'],
  data: ['errors', 'check', 'files', 'random', 'tensor', 'functional', 'distributed', 'realm', 'copies'],
  io: ['errors', 'check', 'files', 'random', 'tensor', 'functional', 'nn', 'optim', 'realm', 'copies'],
  compile: ['errors', 'check', 'ops', 'pointwise', 'random', 'tensor', 'functional', 'nn', 'optim', 'realm', 'copies'],
  train: [
    'errors',
    'check',
    'files',
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
    'realm',
    'copies',
  ],
  onnx: ['errors', 'check', 'ops', 'tensor', 'files', 'nn', 'io', 'compile', 'realm', 'copies'],
  // A program of a user that comes with the library.
  cli: null,
  index: null,
  internal: null,
} as const satisfies Record<string, readonly string[] | null>;

type Floor = keyof typeof floors;
const isFloor = (name: string): name is Floor => Object.hasOwn(floors, name);

/** Single files that a floor may reach beyond its line above. */
const besides: readonly { floor: Floor; file: string; typesOnly: boolean }[] = [
  // The mask is a pure function of a key, defined next to the ops that draw it; the generator makes the keys.
  { floor: 'random', file: 'src/ops/mask.ts', typesOnly: false },
  { floor: 'random', file: 'src/ops/ops.ts', typesOnly: true },
  // What the public classes tell a trace: what they read and what they set. It knows neither ops nor tensors.
  { floor: 'random', file: 'src/ops/trace.ts', typesOnly: false },
  { floor: 'nn', file: 'src/ops/trace.ts', typesOnly: false },
  // The order in which a program takes its samples is the generator's permutation.
  { floor: 'ops', file: 'src/random/distributions.ts', typesOnly: false },
  { floor: 'ops', file: 'src/random/mt19937.ts', typesOnly: false },
  // The names of dtypes, arrays and reductions; no arithmetic.
  { floor: 'data', file: 'src/ops/ops.ts', typesOnly: true },
  // Worker threads of a loader compute on the backend that it does, and their code lies in the package.
  { floor: 'data', file: 'src/ops/backend.ts', typesOnly: false },
  { floor: 'files', file: 'src/ops/ops.ts', typesOnly: true },
  { floor: 'io', file: 'src/ops/ops.ts', typesOnly: true },
  { floor: 'nn', file: 'src/ops/ops.ts', typesOnly: true },
];

/** The folder under src that a file lies in, or its stem when it lies in src itself. */
export function floorOf(path: string): string | null {
  return /^src\/([^/.]+)/.exec(path)?.[1] ?? null;
}

const importsOfAll = (files: readonly SourceFile[]): Import[] => files.filter(isTypeScript).flatMap(importsOf);

const violation = ({ from, to, line }: Import, rule: string): Violation => ({
  path: `${from}:${line}`,
  what: `imports ${to}`,
  rule,
});

/** A file of src imports only floors below its own. */
export const layerOrder: Rule = (files) =>
  importsOfAll(files).flatMap((item) => {
    const from = floorOf(item.from);
    const to = floorOf(item.to);
    if (from === null || to === null || from === to) return [];
    if (!isFloor(from)) return [violation(item, `src/${from} has no place in the table of floors`)];
    const below: readonly string[] | null = floors[from];
    if (below === null || below.includes(to)) return [];
    const exception = besides.find(({ floor, file }) => floor === from && file === item.to);
    if (exception !== undefined && (item.typesOnly || !exception.typesOnly)) return [];
    const law =
      exception === undefined ? (below.length === 0 ? 'nothing' : `only ${below.join(', ')}`) : 'only the types of it';
    return [violation(item, `src/${from} may reach ${law}`)];
  });

/** Only these know the addon: addon-files.ts finds it, load.ts loads it, native*.ts call it, backend.ts chooses; the benchmark asks it for the peak. */
const addonFiles = [
  'addon-files',
  'load',
  'native',
  'native-programs',
  'native-jobs',
  'native-group',
  'wasm',
  'wasm-module',
].map((stem) => `src/ops/${stem}.ts`);
const addonUsers = [...addonFiles, 'src/ops/load-advice.ts', 'src/ops/backend.ts', 'src/internal.ts'];
const finders = ['src/ops/addon-files.ts', 'src/ops/load.ts'];

export const addonIsHidden: Rule = (files) => [
  ...importsOfAll(files)
    .filter(({ from, to }) => from.startsWith('src/') && !addonUsers.includes(from) && addonFiles.includes(to))
    .map((item) => violation(item, 'only src/ops knows the addon: use src/ops/backend.ts')),
  ...files
    .filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !finders.includes(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/createRequire|process\.dlopen|\.node['"`]/g)].map(([what]) => ({
        path,
        what: `has ${what}`,
        rule: 'only src/ops/load.ts loads the addon, and addon-files.ts finds it',
      })),
    ),
];

/** What others import: nothing of src imports these, but for the CLI, which is a program of a user. */
const entries = ['src/index.ts', 'src/internal.ts', 'src/onnx/index.ts', 'src/cli/main.ts'];
const forTheCli = ['src/index.ts', 'src/onnx/index.ts'];

/** Packages that are bundled, and where: the package that is published depends on none. */
const bundled: Readonly<Record<string, readonly string[]>> = {
  'src/onnx/proto.ts': ['@bufbuild/protobuf', 'onnx-buf'],
  'src/onnx/proto-read.ts': ['@bufbuild/protobuf', 'onnx-buf'],
  'src/cli/csv.ts': ['csv-parse'],
};

/** Packages that users install who want what needs them. */
const optional: Readonly<Record<string, readonly string[]>> = {
  'src/train/logs/plot-svg.ts': ['echarts'],
  'src/train/logs/plot-terminal.ts': ['simple-ascii-chart'],
};

/** src stands alone: nothing of tests, benches and examples, no package, and its entries are for others. */
export const srcStandsAlone: Rule = (files) =>
  importsOfAll(files)
    .filter(({ from }) => from.startsWith('src/'))
    .flatMap((item) => {
      if (item.from.startsWith('src/cli/') && forTheCli.includes(item.to)) return [];
      if (entries.includes(item.to)) return [violation(item, `${item.to} is for others`)];
      if (item.to.startsWith('src/') || item.to.startsWith('node:')) return [];
      if (bundled[item.from]?.includes(item.to) || optional[item.from]?.includes(item.to)) return [];
      return [violation(item, 'src imports nothing but itself and node: modules')];
    });

/** Examples are programs of users; what is measured does not depend on what tests it. */
export const othersKeepToTheirSide: Rule = (files) =>
  importsOfAll(files).flatMap((item) => {
    if (item.from.startsWith('examples/') && /^(src|test|bench|dist)\//.test(item.to))
      return [violation(item, "examples import 'lanewise', as users do")];
    if (item.from.startsWith('bench/') && /^(test|examples)\//.test(item.to))
      return [violation(item, 'bench imports nothing of test and examples')];
    if (item.from.startsWith('test/') && item.to.startsWith('bench/contenders/node_modules'))
      return [violation(item, 'tests need nothing of the contenders')];
    return [];
  });

/** No circle of imports, those of types counted too. */
export const noCircles: Rule = (files) => {
  const graph = new Map<string, string[]>();
  for (const { from, to } of importsOfAll(files)) graph.set(from, [...(graph.get(from) ?? []), to]);
  const done = new Set<string>();
  const found: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push({ path, what: [...trail.slice(start), path].join(' -> '), rule: 'imports form no circle' });
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
};
