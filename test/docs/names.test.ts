/** The table of PyTorch's names: complete, and true of what is exported. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { differences, ours } from '../../docs/generate/differences.js';
import { complete, partial } from '../../docs/generate/exported.js';
import { inCamelCase, type PytorchNames, rowsOf, unexplained } from '../../docs/generate/names.js';

const pytorch = JSON.parse(readFileSync(new URL('../golden/names.json', import.meta.url), 'utf8')) as PytorchNames;

it('spells names as the library does', () => {
  expect(['log_softmax', 'relu_', 'conv2d', 'LSTM', 'xavier_uniform_', 'max_pool2d'].map(inCamelCase)).toEqual([
    'logSoftmax',
    'relu_',
    'conv2d',
    'LSTM',
    'xavierUniform_',
    'maxPool2d',
  ]);
});

it.each([...complete, ...partial])('explains every export of $module ($path) that PyTorch has not', (exported) => {
  expect(unexplained(exported, pytorch)).toEqual([]);
});

it('has a row for every name of PyTorch, and finds what is here', () => {
  const rows = rowsOf(complete[0]!, pytorch, true);
  expect(rows.length).toBeGreaterThan(120);
  expect(rows.find((row) => row.pytorch === 'Linear')?.lanewise).toBe('nn.Linear');
  expect(rows.find((row) => row.pytorch === 'AdaptiveLogSoftmaxWithLoss')?.lanewise).toBeNull();
  const listed = new Set(rows.map((row) => row.pytorch));
  const left = pytorch.nn!.filter((each) => !listed.has(each) && !each.startsWith('Lazy'));
  expect(left).toEqual(['Container', 'RNNBase', 'RNNCellBase']);
});

it('has notes only of names that exist', () => {
  const known = Object.entries(pytorch).flatMap(([module, names]) => names.map((name) => `${module}.${name}`));
  const here = [...complete, ...partial].flatMap(({ path, names }) =>
    names.map((name) => (path === '' ? name : `${path}.${name}`)),
  );
  expect(Object.keys(differences).filter((key) => !known.includes(key))).toEqual([]);
  expect(Object.keys(ours).filter((key) => !here.includes(key))).toEqual([]);
});
