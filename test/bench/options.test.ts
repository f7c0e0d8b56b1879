import { describe, expect, it } from 'vitest';
import { OptionError, readOptions } from '../../bench/options.js';

describe('readOptions', () => {
  it('has defaults', () => {
    expect(readOptions([])).toEqual({ json: null, filter: '', quick: false, python: null, rounds: 5, seconds: 60 });
    expect(readOptions(['--quick'])?.rounds).toBe(3);
  });

  it('reads what it is given', () => {
    const args = [
      '--json',
      'out.json',
      '--filter',
      'gemm/512',
      '--quick',
      '--python',
      'python3',
      '--rounds',
      '7',
    ].concat(['--seconds', '5']);
    expect(readOptions(args)).toEqual({
      json: 'out.json',
      filter: 'gemm/512',
      quick: true,
      python: 'python3',
      rounds: 7,
      seconds: 5,
    });
  });

  it.each([['--help'], ['-h']])('gives null for %s', (arg) => expect(readOptions([arg])).toBeNull());

  it.each([
    [['--rounds', '0'], "--rounds must be an integer from 1 to 1000, got '0'"],
    [['--rounds', '1001'], "got '1001'"],
    [['--rounds', '2.5'], "got '2.5'"],
    [['--rounds', '1e2'], "got '1e2'"],
    [['--rounds', 'many'], "got 'many'"],
    [['--rounds', ''], '--rounds must not be empty'],
    [['--seconds', '1'], "--seconds must be an integer from 2 to 3600, got '1'"],
    [['--filter='], '--filter must not be empty'],
    [['--json'], 'json'],
    [['--fast'], "'--fast'"],
    [['gemm'], "'gemm'"],
    [['--quick=yes'], 'quick'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(OptionError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
