import { describe, expect, it } from 'vitest';
import { OptionError, readOptions } from '../../bench/options.js';

describe('readOptions', () => {
  it('has defaults', () => {
    const defaults = { json: null, filter: '', quick: false, python: [], contenders: null, isas: null };
    expect(readOptions([])).toEqual({ ...defaults, rounds: 5, seconds: 60 });
    expect(readOptions(['--quick'])?.rounds).toBe(3);
  });

  it('reads what it is given', () => {
    const line = '--json out.json --filter gemm/512 --quick --rounds 7 --seconds 5 --isa scalar,avx2';
    const pythons = '--python python3 --python jax=other/python --contenders native,jax';
    expect(readOptions(`${line} ${pythons}`.split(' '))).toEqual({
      json: 'out.json',
      filter: 'gemm/512',
      quick: true,
      python: ['python3', 'jax=other/python'],
      contenders: ['native', 'jax'],
      isas: ['scalar', 'avx2'],
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
    [['--contenders', 'native,numpy'], "--contenders: 'numpy' is none of reference, native,"],
    [['--contenders', 'native,'], "--contenders: '' is none of"],
    [['--isa', ','], "--isa: '' is none of"],
    [['--python', ''], '--python must not be empty'],
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
