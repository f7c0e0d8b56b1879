/** The rules of the architecture: which folder may import which, and how long a file may be. */
import { describe, expect, it } from 'vitest';
import { format, readTree } from './architecture/files.js';
import { rules } from './architecture/rules.js';

const files = readTree();

describe('the house', () => {
  it('is looked at in full', () => {
    for (const path of [
      'src/index.ts',
      'src/ops/ops.ts',
      'native/sources.txt',
      'native/kernels/kernels.inc',
      'binding.gyp',
    ])
      expect(files.map((file) => file.path)).toContain(path);
    expect(files.length).toBeGreaterThan(150);
  });

  it.each(Object.entries(rules))('%s', (_name, rule) => {
    expect(rule(files).map(format)).toEqual([]);
  });
});
