/** The package as users get it: what is in the tarball, and that it works where nothing else is. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../helpers/built.js';
import { install, makeFolder, pack, prebuilt, runProgram, type Tarball } from './install.js';

let folder = '';
let tarball: Tarball;
let user = '';
beforeAll(() => {
  folder = realpathSync(makeFolder('package'));
  tarball = pack(folder);
  user = install(folder, tarball.path);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tarball', () => {
  it('holds the library, its types, the binary and what to read, and nothing else', () => {
    const expected =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD-PARTY-NOTICES\.txt|dist\/lib\/[\w/-]+\.(c?js|d\.c?ts))$/;
    expect(tarball.files.filter((path) => !expected.test(path))).toEqual([prebuilt]);
    for (const path of ['dist/lib/index.js', 'dist/lib/index.cjs', 'dist/lib/index.d.ts', 'README.md', 'LICENSE'])
      expect(tarball.files).toContain(path);
  });

  it('tells bundlers to leave alone what is imported by a name that is known at run time', () => {
    const files = readdirSync(join(root, 'dist/lib'), { recursive: true, encoding: 'utf8' });
    const imports = files
      .filter((file) => file.endsWith('.cjs'))
      .flatMap((file) => readFileSync(join(root, 'dist/lib', file), 'utf8').match(/\bimport\((?!["'`]).{0,30}/g) ?? []);
    expect(imports.length).toBeGreaterThan(2);
    for (const each of imports) expect(each).toContain('webpackIgnore: true');
  });

  it('is small', () => {
    // With the binary of one platform and WebAssembly's. All of them in a tarball: 5 MB packed at most, which `npm run prebuilds -- --all` adds up.
    expect(tarball.unpackedSize).toBeLessThan(4.5 * 1024 * 1024);
  });

  it('brings no other package, and no script that runs at install', () => {
    const manifest = JSON.parse(readFileSync(join(user, 'node_modules/lanewise/package.json'), 'utf8'));
    for (const key of ['dependencies', 'optionalDependencies', 'bundleDependencies'])
      expect(manifest).not.toHaveProperty(key);
    const wanted = Object.keys(manifest.peerDependencies).filter(
      (name) => !manifest.peerDependenciesMeta[name]?.optional,
    );
    expect(wanted).toEqual([]);
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifest.scripts ?? {}).not.toHaveProperty(script);
    // Without this npm would run node-gyp wherever it sees a binding.gyp.
    expect(manifest.gypfile).toBe(false);
    expect(readdirSync(join(user, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['lanewise']);
  });
});

/** The body of a program that trains a few steps and says how it went. */
const training = `
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(20, 16), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(16, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const criterion = new nn.CrossEntropyLoss();
  const input = randn([30, 20]);
  const target = tensor(Int32Array.from({ length: 30 }, (_, i) => i % 3));
  const losses = [];
  for (let step = 0; step < 40; step++) {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  const { name, native } = backend.info();
  console.log(JSON.stringify({ name, path: native.path, first: losses[0], last: losses.at(-1) }));
`;
const names = '{ backend, manualSeed, nn, optim, randn, tensor }';
const asModule = `import ${names} from 'lanewise';${training}`;
const asScript = `const ${names} = require('lanewise');${training}`;

describe('the installed package', () => {
  it.each([
    ['import', 'program.mjs', asModule],
    ['require', 'program.cjs', asScript],
  ])('trains on the native backend by %s', (_how, name, source) => {
    const { status, stdout, stderr } = runProgram(user, name, source);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const told = JSON.parse(stdout);
    expect(told.name).toMatch(/^native:/);
    expect(told.path).toBe(join(user, 'node_modules/lanewise', prebuilt));
    expect(told.last).toBeLessThan(told.first / 2);
  });

  it('exports a model by its second entry, in the same copy of the library', () => {
    const source = `
      import { nn, ones } from 'lanewise';
      import { exportOnnx, importOnnxWeights } from 'lanewise/onnx';
      const model = new nn.Linear(2, 1);
      const other = new nn.Linear(2, 1);
      other.loadStateDict(await importOnnxWeights(exportOnnx(model, [1, 2])));
      console.log(other.forward(ones(1, 2)).equal(model.forward(ones(1, 2))));`;
    expect(runProgram(user, 'onnx.mjs', source)).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
  });

  it('brings the command lanewise', { timeout: 120_000 }, () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${i % 2 === 0 ? 'even' : 'odd'},${3 * i}`);
    writeFileSync(join(user, 'table.csv'), `x,kind,y\n${rows.join('\n')}\n`);
    const lanewise = (...args: string[]) => {
      const windows = process.platform === 'win32';
      const bin = join(user, 'node_modules/.bin', windows ? 'lanewise.cmd' : 'lanewise');
      const { status, stdout, stderr } = spawnSync(bin, args, { cwd: user, encoding: 'utf8', shell: windows });
      return { status, stdout, stderr };
    };
    expect(lanewise('info')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('native:') });
    const trained = lanewise('train', 'table.csv', '--target', 'y', '--epochs', '5', '--quiet');
    expect(trained).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('saved: table.safetensors'),
    });
    const predicted = lanewise('predict', 'table.safetensors', 'table.csv');
    expect(predicted.stdout.split('\n')).toHaveLength(62);
    expect(lanewise('export', 'table.safetensors', 'table.onnx').status).toBe(0);
    expect(lanewise('train').status).toBe(2);
  });

  it('names whose code is bundled', () => {
    const notices = readFileSync(join(user, 'node_modules/lanewise/THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['@bufbuild/protobuf', 'onnx-buf', 'csv-parse', 'Adaltas', 'Apache License', 'Google Inc.'])
      expect(notices).toContain(name);
  });

  it('says which package to install for a plot', () => {
    const source = `
      import { plot } from 'lanewise';
      const epochs = [{ epoch: 1, loss: 1, metrics: {}, lr: [0.1] }];
      for (const format of ['svg', 'terminal']) await plot(epochs, { format }).catch(({ code, message }) => console.log(code, message));`;
    const { status, stdout, stderr } = runProgram(user, 'plot.mjs', source);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'ERR_LANEWISE_STATE plot: needs the package echarts, which is not installed: npm install echarts',
      'ERR_LANEWISE_STATE plot: needs the package simple-ascii-chart, which is not installed: npm install simple-ascii-chart',
    ]);
  });

  it('lets no import past its index', () => {
    const { status, stderr } = runProgram(user, 'inside.mjs', "import 'lanewise/dist/lib/internal.js';");
    expect(status).not.toBe(0);
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it.each([
    ['with the types of Node', strict],
    ['with those of a browser only', { ...strict, compilerOptions: { ...strict.compilerOptions, ...browser } }],
  ])('has types that resolve in a strict project %s', { timeout: 180_000 }, (_with, config) => {
    writeFileSync(join(user, 'typed.mts'), typed);
    writeFileSync(join(user, 'tsconfig.json'), JSON.stringify(config));
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], {
      cwd: user,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('computes on the reference without its binary, and says so once', () => {
    const binary = join(user, 'node_modules/lanewise', prebuilt);
    rmSync(binary);
    expect(existsSync(binary)).toBe(false);
    const { status, stdout, stderr } = runProgram(user, 'program.mjs', asModule);
    expect(status).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ name: 'reference', path: null });
    expect(told.last).toBeLessThan(told.first / 2);
    const warnings = stderr.match(/Warning/g) ?? [];
    expect(warnings).toHaveLength(1);
    expect(stderr).toContain('LANEWISE_NO_NATIVE');
    expect(stderr).toContain(`${binary}: no such file`);
  });

  it('says nothing when the reference was asked for', () => {
    const { status, stdout, stderr } = runProgram(user, 'program.mjs', asModule, { LANEWISE_BACKEND: 'reference' });
    expect({ status, stderr, name: JSON.parse(stdout).name }).toEqual({ status: 0, stderr: '', name: 'reference' });
  });

  it('refuses a backend that is not there', () => {
    const { status, stderr } = runProgram(user, 'program.mjs', asModule, { LANEWISE_BACKEND: 'native' });
    expect(status).not.toBe(0);
    expect(stderr).toContain("LANEWISE_BACKEND: no backend 'native'; available: reference");
  });
});

const strict = {
  compilerOptions: {
    module: 'NodeNext',
    target: 'ES2023',
    lib: ['ES2023'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    // A user's project has its own types of Node; here they are the checkout's.
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  },
  files: ['typed.mts'],
};

const browser = { lib: ['ES2022', 'DOM'], types: [] };

const typed = `
import { backend, compile, data, functional as F, manualSeed, nn, noGrad, optim, ShapeError, type Tensor, tensor } from 'lanewise';
import { exportOnnx, importOnnxWeights } from 'lanewise/onnx';

class Residual extends nn.Module {
  readonly inner = new nn.Linear(4, 4);
  override forward(input: Tensor): Tensor {
    return F.relu(this.inner.forward(input)).add(input);
  }
}

manualSeed(0);
const model = new nn.Sequential(new Residual(), new nn.Linear(4, 2));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
const dataset = new data.TensorDataset(tensor([[1, 2, 3, 4]]), tensor([1], { dtype: 'int32' }));
for (const [input, target] of new data.DataLoader(dataset, { batchSize: 1 })) {
  const loss: Tensor = new nn.CrossEntropyLoss().forward(model.forward(input), target);
  loss.backward();
  optimizer.step();
}
const name: string = backend.name;
const sizes: readonly number[] = noGrad(() => model.forward(tensor([[1, 2, 3, 4]]))).shape;
if (sizes.length === 0) throw new ShapeError(name);
const bytes: Uint8Array = exportOnnx(model, [1, 4], { dynamicBatch: true });
model.loadStateDict(await importOnnxWeights(bytes));
const step = compile((x: Tensor) => x.mul(2));
step.dispose();
step[Symbol.dispose]();
for (const row of tensor([[1], [2]])) model.forward(row);
// @ts-expect-error: a number is no tensor
model.forward(3);
`;
