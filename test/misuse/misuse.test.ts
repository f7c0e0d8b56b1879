/**
 * Bad input: the right error with a stable code and a message that names the place, and a fixture
 * that is as it was: parameters, gradients, optimizer state, generators, modes, backend.
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { backend, LanewiseError } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import { makeFixture, picture } from './fixture.js';
import type { Row } from './row.js';
import { rows } from './rows/index.js';

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
}

function tryRow({ act, error, code, message }: Row): void {
  const fixture = makeFixture();
  const before = picture(fixture);
  const thrown = thrownBy(() => act(fixture));
  expect(thrown).toBeInstanceOf(error);
  const { message: said } = thrown as Error;
  if (typeof message === 'string') expect(said).toContain(message);
  else expect(said).toMatch(message);
  if (code === null) expect(thrown).not.toBeInstanceOf(LanewiseError);
  else expect((thrown as LanewiseError).code).toBe(code);
  const after = picture(fixture);
  // Much faster than expect; which then says where they differ.
  if (!isDeepStrictEqual(after, before)) expect(after).toStrictEqual(before);
}

it('has no row twice', () => {
  const names = rows.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

// Arguments are checked above the backends: two of them tell as much as all.
const natives = backend.available.filter((name) => name.startsWith('native:'));
describe.each(['reference', ...natives.slice(-1)])('bad input on %s', (name) => {
  runOn(name);
  it.each(rows)('$name', tryRow);
});
